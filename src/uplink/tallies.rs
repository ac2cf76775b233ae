//! What is counted of the uplink: for metrics, and for what the box tells of itself.

use std::collections::BTreeMap;
use std::time::Duration;

/// Bounds between how long messages take to be acknowledged, in seconds.
pub const TOOK: [f64; 9] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1.0, 5.0, 30.0];

/// What came from the platform and is not for this box, so that it has no answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ignored {
    /// Lines of templates that are not known here.
    pub templates: u64,
    /// Operations for devices that are not ours.
    pub operations: u64,
}

/// What was counted since the room was built.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tallies {
    /// Entries that wait, by lane.
    pub queue: [u64; 3],
    /// Why sessions ended or did not begin, by kind.
    pub ended: BTreeMap<&'static str, u64>,
    /// What the platform did not like, by what it begins with.
    pub complained: BTreeMap<String, u64>,
    /// Messages dropped and entries lost, by the lane they were of.
    pub dropped: BTreeMap<&'static str, u64>,
    /// Values that are no numbers and were left out.
    pub skipped: u64,
    /// What came and has no answer.
    pub ignored: Ignored,
    /// How operations ended, by kind and result.
    pub operations: BTreeMap<(String, &'static str), u64>,
    /// How many messages were acknowledged within each bound of [`TOOK`], and beyond.
    pub took: [u64; TOOK.len() + 1],
    /// How long that took all together, in seconds.
    pub took_s: f64,
}

/// How the road is just now, as the box tells it of itself.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LinkHealth {
    /// Entries that wait.
    pub rows: u64,
    /// About so many bytes hold them.
    pub bytes: u64,
    /// How long the oldest has waited, in seconds.
    pub oldest_s: u64,
    /// Messages dropped and entries lost.
    pub dropped: u64,
    /// Sessions after the first.
    pub reconnects: u64,
    /// How long the last message took to be acknowledged.
    pub taken_in: Option<Duration>,
}
