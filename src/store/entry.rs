//! A change as it stands in the journal.

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
