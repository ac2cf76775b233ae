//! Counters of the book, for metrics.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::domain::Seq;

/// What the book has done since it was opened, and how large it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    /// Changes written.
    pub changes: u64,
    /// Groups they were written in.
    pub groups: u64,
    /// Syncs of the log.
    pub syncs: u64,
    /// Changes refused because the queue was full.
    pub busy: u64,
    /// Changes refused because the disk was full.
    pub disk_full: u64,
    /// Changes that wait now.
    pub waiting: usize,
    /// Bytes of the log.
    pub log_bytes: u64,
    /// Segments of the log.
    pub segments: usize,
    /// The newest snapshot.
    pub snapshot: Option<Seq>,
    /// The newest change.
    pub last: Seq,
    /// Changes that the slowest reader with a cursor has not acknowledged; 0 without readers.
    pub lag: u64,
}

/// The figures of [`Stats`], as they are counted.
#[derive(Debug, Default)]
pub(super) struct Counters {
    pub(super) changes: AtomicU64,
    pub(super) groups: AtomicU64,
    pub(super) syncs: AtomicU64,
    pub(super) busy: AtomicU64,
    pub(super) disk_full: AtomicU64,
}

impl Counters {
    pub(super) fn add(counter: &AtomicU64, count: u64) {
        counter.fetch_add(count, Ordering::Relaxed);
    }

    pub(super) fn read(&self) -> Stats {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        Stats {
            changes: read(&self.changes),
            groups: read(&self.groups),
            syncs: read(&self.syncs),
            busy: read(&self.busy),
            disk_full: read(&self.disk_full),
            ..Stats::default()
        }
    }
}
