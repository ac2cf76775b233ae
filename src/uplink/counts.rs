//! How much waits: entries of the journal are counted as they are written and as they are dealt with, and the
//! difference is what people see.

use std::convert::Infallible;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::time::{interval, timeout};

use super::live::Live;
use super::names::READER;
use super::outbox::AckedCounts;
use super::status::Status;
use crate::domain::Lane;
use crate::store::{Backlog, Delivery, ReadError, Store};

/// When nothing of interest came for so long, the journal was looked at up to its end.
const SETTLED: Duration = Duration::from_millis(20);
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
    pub(super) fn waiting(&self, dealt: &AckedCounts) -> [u64; 3] {
        Lane::ALL.map(|lane| {
            let entries = self.entries[lane as usize].load(Ordering::Relaxed);
            entries.saturating_sub(dealt.count(lane))
        })
    }

    /// Nothing waits.
    pub(super) fn even(&self, dealt: &AckedCounts) {
        for lane in Lane::ALL {
            self.entries[lane as usize].store(dealt.count(lane), Ordering::Relaxed);
        }
    }
}

/// Evens the counts when everything is acknowledged. Answers how far the uplink is behind, and in how many entries.
pub(super) fn settle(store: &Store, counted: &Counted, dealt: &AckedCounts) -> (Backlog, u64) {
    let behind = store.backlog(READER).unwrap_or_default();
    if behind.changes == 0 {
        counted.even(dealt);
        return (behind, 0);
    }
    // What was not looked at yet may all be entries.
    let looked_at = counted.until.load(Ordering::Relaxed).max(behind.after.0);
    let unknown = (behind.after.0 + behind.changes).saturating_sub(looked_at);
    let known: u64 = counted.waiting(dealt).into_iter().sum();
    (behind, (known + unknown).min(behind.changes.saturating_mul(3)))
}

/// Notes now and then how much waits.
pub(super) async fn sample(store: &Store, counted: &Counted, dealt: &AckedCounts, status: &Status) -> Infallible {
    let mut ticks = interval(SAMPLED);
    loop {
        ticks.tick().await;
        let (_, rows) = settle(store, counted, dealt);
        status.sample(rows);
    }
}

/// Counts what is written in the journal, and notes whose state it changes.
pub(super) async fn follow(store: &Store, counted: &Counted, dealt: &AckedCounts, live: &Live) -> ReadError {
    let from = store.backlog(READER).unwrap_or_default().after;
    // What was counted and dealt with before this run began anew stays even.
    counted.even(dealt);
    counted.until.store(from.0, Ordering::Relaxed);
    let (mut tail, mut bell) = (store.tail(from), store.bell());
    loop {
        bell.mark_unchanged();
        match timeout(SETTLED, tail.next()).await {
            Err(_) => {
                counted.until.store(tail.after().0, Ordering::Relaxed);
                if bell.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
            Ok(Ok(Delivery::Entry(entry))) => {
                let mut lanes = [false; 3];
                for event in &entry.events {
                    lanes[event.lane() as usize] = true;
                    live.note(event);
                }
                for (entries, is_there) in counted.entries.iter().zip(lanes) {
                    entries.fetch_add(u64::from(is_there), Ordering::Relaxed);
                }
                counted.until.store(entry.seq.0, Ordering::Relaxed);
            }
            Ok(Ok(Delivery::Gap(_))) => {
                counted.entries[Lane::Measurement as usize].fetch_add(1, Ordering::Relaxed);
            }
            Ok(Err(error)) => return error,
        }
    }
}
