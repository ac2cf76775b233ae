//! How much waits: entries of the journal are counted as they are written and as they are dealt with, and the
//! difference is what people see.

use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::interval;

use super::names::READER;
use super::outbox::AckedCounts;
use super::status::Status;
use crate::domain::{Lane, Seq};
use crate::store::{Backlog, Store};

/// What waits is noted so often.
const SAMPLED: Duration = Duration::from_secs(10);

/// What of the journal was counted since the room was built.
#[derive(Debug, Default)]
pub(super) struct Counted {
    /// Entries of each lane.
    entries: [AtomicU64; 3],
    /// The last change that was looked at.
    until: AtomicU64,
}

impl Counted {
    /// Entries of each lane that were looked at and not dealt with.
    pub(super) fn waiting(&self, acked: &AckedCounts) -> [u64; 3] {
        Lane::ALL.map(|lane| {
            let entries = self.entries[lane as usize].load(Ordering::Relaxed);
            entries.saturating_sub(acked.count(lane))
        })
    }

    /// Counting begins behind this change; what was counted and dealt with before stays even.
    pub(super) fn begin(&self, from: Seq, acked: &AckedCounts) {
        self.even(acked);
        self.looked_at(from);
    }

    /// Everything up to this change was looked at.
    pub(super) fn looked_at(&self, until: Seq) {
        self.until.store(until.0, Ordering::Relaxed);
    }

    /// An entry with events of these lanes is there; a gap is one of values.
    pub(super) fn add(&self, lanes: [bool; 3]) {
        for (entries, is_there) in self.entries.iter().zip(lanes) {
            entries.fetch_add(u64::from(is_there), Ordering::Relaxed);
        }
    }

    /// Nothing waits.
    fn even(&self, acked: &AckedCounts) {
        for lane in Lane::ALL {
            self.entries[lane as usize].store(acked.count(lane), Ordering::Relaxed);
        }
    }
}

/// Evens the counts when everything is acknowledged. Answers how far the uplink is behind, and in how many entries.
pub(super) fn waiting(store: &Store, counted: &Counted, acked: &AckedCounts) -> (Backlog, u64) {
    let behind = store.backlog(READER).unwrap_or_default();
    if behind.changes == 0 {
        counted.even(acked);
        return (behind, 0);
    }
    // What was not looked at yet may all be entries.
    let looked_at = counted.until.load(Ordering::Relaxed).max(behind.after.0);
    let unknown = (behind.after.0 + behind.changes).saturating_sub(looked_at);
    let known: u64 = counted.waiting(acked).into_iter().sum();
    (behind, (known + unknown).min(behind.changes.saturating_mul(3)))
}

/// Notes now and then how much waits.
pub(super) async fn sample(store: &Store, counted: &Counted, acked: &AckedCounts, status: &Status) -> Infallible {
    let mut ticks = interval(SAMPLED);
    loop {
        ticks.tick().await;
        let (_, rows) = waiting(store, counted, acked);
        status.sample(rows);
    }
}
