//! What stands in the journal: changes, and where some are no more.

use jiff::Timestamp;

use super::keep::clock::ClockState;
use crate::domain::{Event, Seq};

/// One change as readers of the journal see it.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// Its place in the log.
    pub seq: Seq,
    /// When it was written, by the clock as it stood then.
    pub at: Timestamp,
    /// How far that clock could be believed.
    pub clock: ClockState,
    /// What happened in it, in order.
    pub events: Vec<Event>,
}

/// Events of a lane that a reader will not get: the journal was thinned over its bounds, or salvaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Gap {
    /// How many, at most.
    pub n: u64,
    /// The first change that is concerned.
    pub from: Seq,
    /// The last one; acknowledge this.
    pub to: Seq,
    /// When the first and the last of them were recorded, by the clock of that time, where that is known.
    pub times: Option<(Timestamp, Timestamp)>,
}
