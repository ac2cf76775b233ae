//! Rows that were written lately: they are read from memory until they stand in sled.
//!
//! A group of changes becomes visible here, all at once, and costs no work of sled's. A thread of its own, the
//! *settler*, carries what gathered to sled about once a second, so a row that changes a thousand times in that
//! second is carried once, and sled has nothing in its buffers in between. While the disk has no room beyond the
//! reserve nothing is carried: sled takes an error of its files as final (BOOK P12).

use std::sync::{Arc, Condvar, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::{Duration, Instant};

use sled::IVec;

use crate::store::table::Table;
use crate::store::table::draft::{self, Draft};
use crate::store::write::reserve::Reserve;

/// How long rows gather.
const GATHER: Duration = Duration::from_secs(1);

/// Rows are carried at once when they are over so many bytes.
const ENOUGH: usize = 2 << 20;

/// With so many bytes the writer must carry some itself before it goes on.
const TOO_MUCH: usize = 8 << 20;

/// How long a full disk is left alone.
const FULL: Duration = Duration::from_millis(500);

/// What a row costs in memory beside key and value, about.
const ROW_COST: usize = 96;

/// How much lies in memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum Pile {
    /// Less than is worth a word.
    Small,
    /// It should be carried now.
    Large,
    /// More than there should be.
    TooLarge,
}

/// Rows over sled.
#[derive(Default)]
pub(in crate::store) struct Recent {
    layers: RwLock<Layers>,
}

#[derive(Default)]
struct Layers {
    fresh: Draft,
    bytes: usize,
    /// What is being carried.
    settling: Arc<Draft>,
}

impl Recent {
    /// Makes a group of changes visible.
    pub(in crate::store) fn lay(&self, group: Draft) -> Pile {
        let mut layers = self.write();
        for (key, row) in group {
            layers.bytes += key.len() + row.as_ref().map_or(0, |row| row.len()) + ROW_COST;
            layers.fresh.insert(key, row);
        }
        match layers.bytes {
            TOO_MUCH.. => Pile::TooLarge,
            ENOUGH.. => Pile::Large,
            _ => Pile::Small,
        }
    }

    /// What stands under `key` now, if it was written lately: `Some(None)` says deleted.
    #[expect(
        clippy::option_option,
        reason = "not written lately, and deleted lately, are two things"
    )]
    pub(in crate::store) fn get(&self, key: &[u8]) -> Option<Option<IVec>> {
        let layers = self.read();
        layers.fresh.get(key).or_else(|| layers.settling.get(key)).cloned()
    }

    /// What was written lately from `from` on under `prefix`.
    pub(in crate::store) fn within(&self, prefix: &[u8], from: &[u8]) -> Draft {
        let layers = self.read();
        draft::within(&[&layers.settling, &layers.fresh], prefix, from)
    }

    /// Takes what is to be carried; it stays visible until [`Recent::settled`]. Only one may carry at a time. What could
    /// not be carried the last time is taken again.
    pub(in crate::store) fn take(&self) -> Arc<Draft> {
        let mut layers = self.write();
        layers.bytes = 0;
        let fresh = std::mem::take(&mut layers.fresh);
        if layers.settling.is_empty() {
            layers.settling = Arc::new(fresh);
        } else {
            let mut all = (*layers.settling).clone();
            for (key, row) in fresh {
                all.insert(key, row);
            }
            layers.settling = Arc::new(all);
        }
        Arc::clone(&layers.settling)
    }

    /// What was taken stands in sled.
    pub(in crate::store) fn settled(&self) {
        let carried = std::mem::take(&mut self.write().settling);
        // Outside the lock: it may be large.
        drop(carried);
    }

    /// Bytes that wait to be carried.
    pub(in crate::store) fn bytes(&self) -> usize {
        self.read().bytes
    }

    fn read(&self) -> RwLockReadGuard<'_, Layers> {
        self.layers.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Layers> {
        self.layers.write().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A way to tell the settler that there is something, and when it must be done.
#[derive(Clone, Debug, Default)]
pub(in crate::store) struct SettlerCall(Arc<(Mutex<CarryOrder>, Condvar)>);

#[derive(Debug, Default)]
struct CarryOrder {
    /// By when to carry.
    by: Option<Instant>,
    stop: bool,
}

impl SettlerCall {
    /// There is `pile` to carry.
    pub(in crate::store) fn tell(&self, pile: Pile) {
        let now = Instant::now();
        let wanted = match pile {
            Pile::Small => now + GATHER,
            Pile::Large | Pile::TooLarge => now,
        };
        let mut told = self.told();
        if told
            .by
            .is_none_or(|by| wanted + GATHER / 2 < by || by > now && wanted <= now)
        {
            told.by = Some(wanted);
            self.0.1.notify_one();
        }
    }

    /// It is to end.
    pub(in crate::store) fn stop(&self) {
        self.told().stop = true;
        self.0.1.notify_one();
    }

    /// Waits for its time; says whether to go on.
    fn wait(&self) -> bool {
        let mut told = self.told();
        loop {
            if told.stop {
                return false;
            }
            let wait = told.by.map(|by| by.saturating_duration_since(Instant::now()));
            told = match wait {
                Some(Duration::ZERO) => break,
                Some(wait) => {
                    self.0
                        .1
                        .wait_timeout(told, wait)
                        .unwrap_or_else(PoisonError::into_inner)
                        .0
                }
                None => self.0.1.wait(told).unwrap_or_else(PoisonError::into_inner),
            };
        }
        told.by = None;
        true
    }

    fn told(&self) -> std::sync::MutexGuard<'_, CarryOrder> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The settler's thread: carries rows to sled whenever it is time, until told to stop.
pub(in crate::store) fn settle(table: &Table, call: &SettlerCall, mut reserve: Reserve) {
    while call.wait() {
        // Sled writes a page for a row, and pages anew that it had before.
        if reserve.has_room_for(4 * table.unsettled() as u64) {
            // A failure has been told through the health, unless the disk has no room: then it is tried again.
            if table.settle().is_err() {
                std::thread::sleep(FULL);
                call.tell(Pile::Small);
            }
        } else {
            std::thread::sleep(FULL);
            call.tell(Pile::Small);
        }
    }
}
