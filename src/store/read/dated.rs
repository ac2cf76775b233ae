//! When an entry was written, by the clock as it is set now.

use std::time::Instant;

use jiff::Timestamp;

use crate::store::{ClockState, Entry, Store};

/// When an entry was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dated {
    /// Then, with what is known of the clock by now.
    At(Timestamp),
    /// That is known once the clock is set.
    NotYet,
    /// Nobody knows: another run of the box wrote it by a clock that stood wrong.
    Unknown,
}

impl Store {
    /// When an entry was written, by the clock as it is set now.
    #[must_use]
    pub fn dated(&self, entry: &Entry) -> Dated {
        if entry.clock != ClockState::Wrong {
            return Dated::At(entry.at);
        }
        if self.clock() == ClockState::Wrong {
            return Dated::NotYet;
        }
        let keeper = &self.shared().keeper;
        let corrected = keeper
            .eras
            .corrected((entry.seq, entry.at), keeper.clock.now(), Instant::now());
        corrected.map_or(Dated::Unknown, Dated::At)
    }
}
