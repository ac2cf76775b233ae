//! The reserve: room on the disk that changes may not use, so that pruning and starting always work.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::store::files::Disk;

/// Between two looks at the disk while there is plenty of room.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

/// Room for a new table, small notes and the file system's own needs.
const TABLE: u64 = 4 << 20;

/// What must stay free while the newest snapshot has `rows` bytes: the next snapshot with the one before it and what
/// a segment adds, a segment, and a table made anew, which takes about twice its rows while it is filled.
pub(in crate::store) fn reserve(segment_bytes: u64, rows: u64) -> u64 {
    TABLE + 2 * segment_bytes + 4 * rows
}

/// Says whether there is room beyond the reserve.
pub(in crate::store) struct Reserve {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    segment_bytes: u64,
    /// Bytes of the newest snapshot, which the keeper keeps up to date.
    snapshot_bytes: Arc<AtomicU64>,
    looked: Option<Instant>,
    room: u64,
}

impl Reserve {
    pub(in crate::store) fn new(
        disk: Arc<dyn Disk>,
        dir: PathBuf,
        segment_bytes: u64,
        snapshot_bytes: Arc<AtomicU64>,
    ) -> Reserve {
        Reserve {
            disk,
            dir,
            segment_bytes,
            snapshot_bytes,
            looked: None,
            room: 0,
        }
    }

    /// Whether `bytes` more can be written while the reserve stays free. A disk that cannot be
    /// asked is taken to have room: the write itself will tell.
    pub(in crate::store) fn has_room_for(&mut self, bytes: u64) -> bool {
        let rows = self.snapshot_bytes.load(Ordering::Relaxed);
        let needed = reserve(self.segment_bytes, rows).saturating_add(bytes);
        let stale = self.looked.is_none_or(|looked| looked.elapsed() >= LOOK_AGAIN);
        if stale || self.room < needed + self.segment_bytes {
            self.room = self.disk.room(&self.dir).unwrap_or(u64::MAX);
            self.looked = Some(Instant::now());
        }
        let fits = self.room >= needed;
        if fits {
            self.room -= bytes;
        }
        fits
    }
}
