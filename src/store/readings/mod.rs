//! Readings of meters: the rows that the meter room writes and everybody may read (BOOK P17).
//!
//! One row a meter, register and day. Months that are over stand in month files (`month_file.rs`), where the compactor moves
//! them; readings that come later stand in rows again, which win over the file, until it moves those too. Whoever
//! reads sees no difference. Energy of half-hours is worked out when it is asked for, in `domain/interval.rs`.

mod between;
mod block;
mod compactor;
mod day;
mod expire;
mod lookup;
mod month_file;
mod series;
mod survey;
mod writer;

pub use between::Between;
pub use compactor::{Sealed, SealingError};
pub use expire::Expired;
pub use writer::{Batch, ReadingError, ReadingsWriter, Recorded};

pub(super) use block::{decode, encode};
pub(super) use compactor::Compactor;
pub(super) use day::Day;
pub(super) use lookup::Lookup;
pub(super) use month_file::{MonthFile, check, parse_name};
pub(super) use series::Month;
pub(super) use survey::{MonthFiles, Standing};

use jiff::{SignedDuration, Timestamp};
use series::Series;

use super::{ReadError, Store};
use crate::domain::{Interval, MeterId, Rating, Register, intervals};

/// Reads readings.
#[derive(Clone)]
pub struct Readings {
    store: Store,
}

impl Readings {
    /// The readings of this book.
    #[must_use]
    pub fn new(store: Store) -> Readings {
        Readings { store }
    }

    /// The readings of a register at `from` or later and before `to`, in order, a month in memory at once.
    ///
    /// Each step may read the disk: long stretches belong on a thread that may block.
    #[must_use]
    pub fn between(&self, meter: &MeterId, register: Register, from: Timestamp, to: Timestamp) -> Between {
        let series = Series {
            meter: meter.clone(),
            register,
        };
        Between::new(self.store.shared().readings(), series, from, to)
    }

    /// Every half-hour that lies wholly in [`from`, `to`), gaps among them; see [`intervals`].
    pub fn intervals(
        &self,
        meter: &MeterId,
        register: Register,
        from: Timestamp,
        to: Timestamp,
    ) -> impl Iterator<Item = Result<Interval, ReadError>> + use<> {
        self.intervals_within(meter, register, (from, to), Rating::of(register))
    }

    /// The same of a meter that carries no more than this.
    pub fn intervals_within(
        &self,
        meter: &MeterId,
        register: Register,
        (from, to): (Timestamp, Timestamp),
        rating: Rating,
    ) -> impl Iterator<Item = Result<Interval, ReadError>> + use<> {
        // The reading at the very end closes the last half-hour.
        let closing = to
            .saturating_add(SignedDuration::from_secs(1))
            .unwrap_or(Timestamp::MAX);
        let readings = self.between(meter, register, from, closing);
        let readings =
            readings.filter(move |reading| reading.as_ref().map_or(true, |reading| register.holds(reading.value)));
        intervals(readings, from, to, rating)
    }
}
