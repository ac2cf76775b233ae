//! The shelf: the segments that readers may read, shared between the pen, the keeper and readers.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, RwLock};

use jiff::Timestamp;

use super::files::DiskFile;
use super::latest::Latest;
use super::segment::{Header, Kept};
use crate::domain::Seq;

/// One segment as readers see it. An open file outlives its name, so a reader that holds one is
/// not disturbed when it is thinned or unlinked.
#[derive(Debug)]
pub(super) struct Segment {
    pub(super) header: Header,
    pub(super) path: PathBuf,
    pub(super) file: Arc<dyn DiskFile>,
    shown: AtomicU64,
    last: AtomicU64,
    newest: AtomicI64,
    sealed: AtomicBool,
}

impl Segment {
    /// A segment of which `shown` bytes, up to the change `last`, may be read.
    pub(super) fn new(header: Header, path: PathBuf, file: Arc<dyn DiskFile>, shown: u64, last: Seq) -> Segment {
        Segment {
            header,
            path,
            file,
            shown: AtomicU64::new(shown),
            last: AtomicU64::new(last.0),
            newest: AtomicI64::new(i64::MIN),
            sealed: AtomicBool::new(false),
        }
    }

    /// Bytes that readers may read.
    pub(super) fn shown(&self) -> u64 {
        self.shown.load(Ordering::Acquire)
    }

    /// The newest sequence in it that readers may see.
    pub(super) fn last(&self) -> Seq {
        Seq(self.last.load(Ordering::Acquire))
    }

    /// Stamp of its newest change.
    pub(super) fn newest(&self) -> Option<Timestamp> {
        Timestamp::from_microsecond(self.newest.load(Ordering::Relaxed)).ok()
    }

    /// Whether nothing will be added to it.
    pub(super) fn sealed(&self) -> bool {
        self.sealed.load(Ordering::Acquire)
    }

    /// How much of it thinning left.
    pub(super) fn kept(&self) -> Kept {
        self.header.kept
    }

    pub(super) fn seal(&self) {
        self.sealed.store(true, Ordering::Release);
    }

    /// Lets readers see up to `bytes` and the change `last`.
    pub(super) fn show(&self, bytes: u64, last: Seq, newest: Option<Timestamp>) {
        if let Some(newest) = newest {
            self.newest.fetch_max(newest.as_microsecond(), Ordering::Relaxed);
        }
        self.last.store(last.0, Ordering::Release);
        self.shown.store(bytes, Ordering::Release);
    }
}

/// All segments, oldest first.
#[derive(Debug)]
pub(super) struct Shelf {
    segments: RwLock<Vec<Arc<Segment>>>,
    /// What was written last, beside the segments in which it stands too.
    pub(super) latest: Latest,
}

impl Shelf {
    pub(super) fn new(segments: Vec<Arc<Segment>>, latest: usize) -> Shelf {
        let last = segments.last().map_or(Seq::ZERO, |last| last.last());
        Shelf {
            segments: RwLock::new(segments),
            latest: Latest::new(last, latest),
        }
    }

    /// All of them.
    pub(super) fn all(&self) -> Vec<Arc<Segment>> {
        self.read().clone()
    }

    /// Bytes that readers may read of the newest one.
    pub(super) fn newest_bytes(&self) -> u64 {
        self.read().last().map_or(0, |segment| segment.shown())
    }

    /// The segment in which the change after `after` stands or will stand; the oldest one when
    /// that change is no more.
    pub(super) fn after(&self, after: Seq) -> Arc<Segment> {
        let segments = self.read();
        let place = segments.partition_point(|segment| segment.header.first <= after.next());
        Arc::clone(&segments[place.saturating_sub(1)])
    }

    /// The segment after `segment`, if there is one.
    pub(super) fn following(&self, segment: &Segment) -> Option<Arc<Segment>> {
        let segments = self.read();
        let place = segments.partition_point(|other| other.header.first <= segment.header.first);
        segments.get(place).cloned()
    }

    /// The oldest sequence that is still in the log.
    pub(super) fn first(&self) -> Seq {
        self.read().first().map_or(Seq(1), |segment| segment.header.first)
    }

    /// Stamp of the newest change.
    pub(super) fn newest(&self) -> Option<Timestamp> {
        self.read().iter().filter_map(|segment| segment.newest()).max()
    }

    /// Bytes of all segments.
    pub(super) fn bytes(&self) -> u64 {
        self.read().iter().map(|segment| segment.shown()).sum()
    }

    /// How many there are.
    pub(super) fn count(&self) -> usize {
        self.read().len()
    }

    pub(super) fn push(&self, segment: Arc<Segment>) {
        self.write().push(segment);
    }

    /// Puts `thinned` in the place of the segment that begins with the same sequence.
    pub(super) fn replace(&self, thinned: Arc<Segment>) {
        for segment in self.write().iter_mut() {
            if segment.header.first == thinned.header.first {
                *segment = Arc::clone(&thinned);
            }
        }
    }

    /// Takes the oldest segment away.
    pub(super) fn drop_oldest(&self) {
        self.write().remove(0);
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Vec<Arc<Segment>>> {
        self.segments.read().expect("nothing panics while it holds the shelf")
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, Vec<Arc<Segment>>> {
        self.segments.write().expect("nothing panics while it holds the shelf")
    }
}
