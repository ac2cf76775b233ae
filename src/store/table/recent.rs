//! Rows that were written lately: they are read from memory until they stand in sled.
//!
//! A group of changes becomes visible here, all at once, and costs no work of sled's. A thread of its own, the
//! *settler*, carries what gathered to sled about once a second, so a row that changes a thousand times in that
//! second is carried once, and sled has nothing in its buffers in between.

use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use sled::IVec;

use crate::store::table::draft::{self, Draft};

/// Rows are carried at once when they are over so many bytes.
const ENOUGH: usize = 2 << 20;

/// With so many bytes the writer must carry some itself before it goes on.
const TOO_MUCH: usize = 8 << 20;

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
