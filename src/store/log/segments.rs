//! The segments that readers may read, shared between the pen, the keeper and readers.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, RwLock};

use jiff::Timestamp;

use crate::domain::Seq;
use crate::store::files::DiskFile;
use crate::store::log::latest::Latest;
use crate::store::log::segment::{Header, Thinning};

/// One segment as readers see it. An open file outlives its name, so a reader that holds one is
/// not disturbed when it is thinned or unlinked.
#[derive(Debug)]
pub(in crate::store) struct Segment {
    pub(in crate::store) header: Header,
    pub(in crate::store) path: PathBuf,
    pub(in crate::store) file: Arc<dyn DiskFile>,
    shown: AtomicU64,
    last: AtomicU64,
    newest: AtomicI64,
    sealed: AtomicBool,
}

impl Segment {
    /// A segment of which `shown` bytes, up to the change `last`, may be read.
    pub(in crate::store) fn new(
        header: Header,
        path: PathBuf,
        file: Arc<dyn DiskFile>,
        shown: u64,
        last: Seq,
    ) -> Segment {
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
    pub(in crate::store) fn shown(&self) -> u64 {
        self.shown.load(Ordering::Acquire)
    }

    /// The newest sequence in it that readers may see.
    pub(in crate::store) fn last(&self) -> Seq {
        Seq(self.last.load(Ordering::Acquire))
    }

    /// Stamp of its newest change.
    pub(in crate::store) fn newest(&self) -> Option<Timestamp> {
        Timestamp::from_microsecond(self.newest.load(Ordering::Relaxed)).ok()
    }

    /// Whether nothing will be added to it.
    pub(in crate::store) fn sealed(&self) -> bool {
        self.sealed.load(Ordering::Acquire)
    }

    /// How much of it thinning left.
    pub(in crate::store) fn kept(&self) -> Thinning {
        self.header.kept
    }

    pub(in crate::store) fn seal(&self) {
        self.sealed.store(true, Ordering::Release);
    }

    /// Lets readers see up to `bytes` and the change `last`.
    pub(in crate::store) fn show(&self, bytes: u64, last: Seq, newest: Option<Timestamp>) {
        if let Some(newest) = newest {
            self.newest.fetch_max(newest.as_microsecond(), Ordering::Relaxed);
        }
        self.last.store(last.0, Ordering::Release);
        self.shown.store(bytes, Ordering::Release);
    }
}

/// A segment and what belonged to it at one moment.
#[derive(Debug)]
pub(in crate::store) struct Extent {
    pub(in crate::store) segment: Arc<Segment>,
    /// Bytes that readers could read.
    pub(in crate::store) bytes: u64,
    /// The newest change in them.
    pub(in crate::store) last: Seq,
}

/// All segments, oldest first.
///
/// What is shown of a segment, and which segments there are, changes only while the list is held, so that whoever holds
/// it sees a log that fits together: no seal without the segment that it announces, no bytes beyond the last change.
#[derive(Debug)]
pub(in crate::store) struct Segments {
    segments: RwLock<Vec<Arc<Segment>>>,
    /// Whether the newest is to end before it is full.
    turning: AtomicBool,
    /// What was written last, beside the segments in which it stands too.
    pub(in crate::store) latest: Latest,
}

impl Segments {
    pub(in crate::store) fn new(segments: Vec<Arc<Segment>>, latest: usize) -> Segments {
        let last = segments.last().map_or(Seq::ZERO, |last| last.last());
        Segments {
            segments: RwLock::new(segments),
            turning: AtomicBool::new(false),
            latest: Latest::new(last, latest),
        }
    }

    /// Has the newest one end with the next change, however full it is.
    pub(in crate::store) fn turn(&self) {
        self.turning.store(true, Ordering::Relaxed);
    }

    /// Whether the newest one is to end; asked once.
    pub(in crate::store) fn is_to_turn(&self) -> bool {
        self.turning.swap(false, Ordering::Relaxed)
    }

    /// All of them.
    pub(in crate::store) fn all(&self) -> Vec<Arc<Segment>> {
        self.read().clone()
    }

    /// Bytes that readers may read of the newest one.
    pub(in crate::store) fn newest_bytes(&self) -> u64 {
        self.read().last().map_or(0, |segment| segment.shown())
    }

    /// The segment in which the change after `after` stands or will stand; the oldest one when
    /// that change is no more.
    pub(in crate::store) fn after(&self, after: Seq) -> Arc<Segment> {
        let segments = self.read();
        let place = segments.partition_point(|segment| segment.header.first <= after.next());
        Arc::clone(&segments[place.saturating_sub(1)])
    }

    /// The segment after `segment`, if there is one.
    pub(in crate::store) fn following(&self, segment: &Segment) -> Option<Arc<Segment>> {
        let segments = self.read();
        let place = segments.partition_point(|other| other.header.first <= segment.header.first);
        segments.get(place).cloned()
    }

    /// The oldest sequence that is still in the log.
    pub(in crate::store) fn first(&self) -> Seq {
        self.read().first().map_or(Seq(1), |segment| segment.header.first)
    }

    /// Stamp of the newest change.
    pub(in crate::store) fn newest(&self) -> Option<Timestamp> {
        self.read().iter().filter_map(|segment| segment.newest()).max()
    }

    /// Bytes of all segments.
    pub(in crate::store) fn bytes(&self) -> u64 {
        self.read().iter().map(|segment| segment.shown()).sum()
    }

    /// How many there are.
    pub(in crate::store) fn count(&self) -> usize {
        self.read().len()
    }

    /// The log as it stood at one moment: what a copy of it may hold.
    pub(in crate::store) fn extents(&self) -> Vec<Extent> {
        let extent = |segment: &Arc<Segment>| Extent {
            segment: Arc::clone(segment),
            bytes: segment.shown(),
            last: segment.last(),
        };
        self.read().iter().map(extent).collect()
    }

    /// Lets readers see `bytes` of the newest segment, up to the change `last`.
    pub(in crate::store) fn show(&self, bytes: u64, last: Seq, newest: Timestamp) {
        if let Some(segment) = self.write().last() {
            segment.show(bytes, last, Some(newest));
        }
    }

    /// Ends the newest segment with the seal that reaches to `end`, and begins `next`, in one.
    pub(in crate::store) fn roll(&self, end: u64, next: Arc<Segment>) {
        let mut segments = self.write();
        if let Some(sealed) = segments.last() {
            sealed.show(end, sealed.last(), None);
            sealed.seal();
        }
        segments.push(next);
    }

    /// Puts `thinned` in the place of the segment that begins with the same sequence.
    pub(in crate::store) fn replace(&self, thinned: Arc<Segment>) {
        for segment in self.write().iter_mut() {
            if segment.header.first == thinned.header.first {
                *segment = Arc::clone(&thinned);
            }
        }
    }

    /// Takes the oldest segment away.
    pub(in crate::store) fn drop_oldest(&self) {
        self.write().remove(0);
    }

    fn read(&self) -> std::sync::RwLockReadGuard<'_, Vec<Arc<Segment>>> {
        self.segments.read().expect("nothing panics while it holds them")
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, Vec<Arc<Segment>>> {
        self.segments.write().expect("nothing panics while it holds them")
    }
}
