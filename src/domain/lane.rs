//! The lanes in which events travel.

use serde::{Deserialize, Serialize};

/// Three streams of the journal; order is promised within one, and what may be lost first differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Lane {
    /// Alarms and ends of operations: kept the longest.
    Critical,
    /// Things that came, went or were set.
    Event,
    /// Values that the next value replaces.
    Measurement,
}

impl Lane {
    /// Every lane, the one to keep longest first.
    pub const ALL: [Lane; 3] = [Lane::Critical, Lane::Event, Lane::Measurement];

    /// The lane's name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Lane::Critical => "critical",
            Lane::Event => "event",
            Lane::Measurement => "measurement",
        }
    }
}
