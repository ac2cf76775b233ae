//! The keeper: makes snapshots, unlinks and thins segments, beside the pen and out of its way.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

use crate::domain::Seq;
use crate::store::files::{self, Disk};
use crate::store::health::Health;
use crate::store::keep::call::Call;
use crate::store::keep::clock::{Clock, Trust};
use crate::store::keep::clock_fixes::Eras;
use crate::store::keep::generation::Generation;
use crate::store::keep::snapshot::{self, Overlay};
use crate::store::log::replay;
use crate::store::log::segment::{Header, Thinning};
use crate::store::log::segments::{Segment, Segments};
use crate::store::log::spare_file;
use crate::store::log::thinning;
use crate::store::read::cursors::Cursors;
use crate::store::write::reserve::reserve;
use crate::store::{FileError, ReadError};

/// How long a table that is made anew waits for the files of snapshot and log.
const FILES_IN_USE: Duration = Duration::from_secs(2);

/// A log longer than this since the last snapshot would make starting slow.
const LONGEST_REPLAY: u64 = 64 << 20;

/// A round of the keeper did not end well.
#[derive(Debug, thiserror::Error)]
pub(in crate::store) enum KeepError {
    /// A file could not be used; the next round tries again.
    #[error(transparent)]
    File(#[from] FileError),
    /// What lies on disk is damaged; starting again salvages it.
    #[error("{} is damaged", .0.display())]
    Damaged(PathBuf),
}

/// How far the journal may grow for readers that lag.
#[derive(Clone, Copy, Debug)]
pub(in crate::store) struct Bounds {
    pub(in crate::store) bytes: u64,
    pub(in crate::store) age: Duration,
    pub(in crate::store) segment_bytes: u64,
}

/// Everything the keeper works with.
pub(in crate::store) struct Keeper {
    pub(in crate::store) disk: Arc<dyn Disk>,
    pub(in crate::store) generation: Generation,
    pub(in crate::store) epoch: u32,
    pub(in crate::store) segments: Arc<Segments>,
    pub(in crate::store) cursors: Arc<Cursors>,
    pub(in crate::store) bounds: Bounds,
    pub(in crate::store) clock: Arc<dyn Clock>,
    pub(in crate::store) trust: Mutex<Trust>,
    pub(in crate::store) eras: Arc<Eras>,
    pub(in crate::store) health: watch::Sender<Health>,
    /// Oldest first.
    pub(in crate::store) snapshots: Mutex<Vec<Seq>>,
    pub(in crate::store) snapshot_bytes: Arc<AtomicU64>,
    /// Whether the next sealed segment is to have a snapshot, however small it is.
    pub(in crate::store) shedding: AtomicBool,
    /// Held while files are taken away, and while a backup takes hold of them.
    pub(in crate::store) files: Mutex<()>,
    /// Held while a backup is made.
    pub(in crate::store) backing_up: Mutex<()>,
}

impl Keeper {
    /// Works whenever it is called, until it is to stop.
    pub(in crate::store) fn run(&self, call: &Call) {
        while call.wait() {
            match self.tend() {
                Ok(()) => {}
                Err(KeepError::File(error)) => tracing::warn!("the book is not tidied for now: {error}"),
                Err(error @ KeepError::Damaged(_)) => {
                    Health::fail(&self.health, error.to_string());
                    return;
                }
            }
        }
    }

    /// One round: a snapshot when one is due, then what is not needed goes.
    pub(in crate::store) fn tend(&self) -> Result<(), KeepError> {
        let (now, trusted) = self.read_clock();
        self.make_spare()?;
        self.snapshot_if_due()?;
        let _held = self.hold_files();
        self.drop_old_snapshots()?;
        if trusted {
            self.unlink()?;
            self.thin_by_age(now)?;
        }
        self.thin_by_size()
    }

    /// Makes the next segment's file ready when it will be wanted soon; on a full disk its room is wanted more.
    fn make_spare(&self) -> Result<(), FileError> {
        let (disk, log, segment) = (&*self.disk, self.generation.log(), self.bounds.segment_bytes);
        let rows = self.snapshot_bytes.load(Ordering::Relaxed);
        // A disk that this would bring near the reserve would be full, and not, and full again.
        let plenty = || {
            disk.room(&log)
                .is_ok_and(|room| room >= reserve(segment, rows) + 4 * segment)
        };
        if self.health.borrow().disk_full {
            spare_file::release(disk, &log);
        } else if self.segments.newest_bytes() >= segment / 2 && plenty() {
            spare_file::make(disk, &log, segment)?;
        }
        Ok(())
    }

    /// While this is held, no file of the book is taken away or replaced.
    pub(in crate::store) fn hold_files(&self) -> MutexGuard<'_, ()> {
        self.files.lock().expect("nothing panics under the lock")
    }

    /// Gives every row as snapshot and log have it, up to the newest change that is shown, to `each`: what the table is
    /// made of. Files cannot be pruned meanwhile.
    pub(in crate::store) fn rows(
        &self,
        each: impl FnMut(&[u8], &[u8]) -> Result<(), ReadError>,
    ) -> Result<(), ReadError> {
        // Whoever holds the files may be the one who looked a row up and found the table broken.
        let deadline = std::time::Instant::now() + FILES_IN_USE;
        let _held = loop {
            match self.files.try_lock() {
                Ok(held) => break held,
                Err(_) if std::time::Instant::now() < deadline => std::thread::sleep(Duration::from_millis(10)),
                Err(_) => return Err(ReadError::Table("the files it is made of are in use".to_owned())),
            }
        };
        let disk = &*self.disk;
        let base = self.newest_snapshot();
        let after = base.unwrap_or(Seq::ZERO);
        let mut rows = Overlay::new();
        for segment in self.segments.all().iter().filter(|segment| segment.last() > after) {
            let shown = after.next()..=segment.last();
            replay::replay(disk, &segment.path, &segment.header, shown, &mut rows)?;
        }
        let snapshot = base.map(|seq| self.generation.snapshots().join(snapshot::name(seq)));
        let snapshot = snapshot.map(|path| snapshot::Rows::open(disk, &path)).transpose()?;
        snapshot::merge(snapshot, rows, each)
    }

    /// Now, and whether the clock is trusted.
    pub(in crate::store) fn read_clock(&self) -> (Timestamp, bool) {
        let mut trust = self.trust.lock().expect("nothing panics under the lock");
        trust.read(&*self.clock)
    }

    /// The newest snapshot.
    pub(in crate::store) fn newest_snapshot(&self) -> Option<Seq> {
        self.snapshots().last().copied()
    }

    /// The snapshot that segments are kept for; `None` while there are not two.
    fn older_snapshot(&self) -> Option<Seq> {
        let snapshots = self.snapshots();
        snapshots.len().checked_sub(2).map(|place| snapshots[place])
    }

    /// Snapshots, oldest first.
    pub(in crate::store) fn snapshots(&self) -> Vec<Seq> {
        self.snapshots.lock().expect("nothing panics under the lock").clone()
    }

    fn snapshot_if_due(&self) -> Result<(), KeepError> {
        let base = self.newest_snapshot();
        let done = base.unwrap_or_default();
        let sealed: Vec<_> = self.segments.all().into_iter().filter(|one| one.sealed()).collect();
        let new: Vec<_> = sealed.into_iter().filter(|segment| segment.last() > done).collect();
        let bytes: u64 = new.iter().map(|segment| segment.shown()).sum();
        let rows = self.snapshot_bytes.load(Ordering::Relaxed);
        let due = bytes >= self.bounds.segment_bytes.max(rows / 2).min(LONGEST_REPLAY);
        if new.is_empty() || !due && !self.shedding.load(Ordering::Relaxed) {
            return Ok(());
        }
        self.snapshot(base, &new)?;
        self.shedding.store(false, Ordering::Relaxed);
        Ok(())
    }

    /// Makes a snapshot of the one at `base` and the segments after it (BOOK P13).
    fn snapshot(&self, base: Option<Seq>, segments: &[Arc<Segment>]) -> Result<(), KeepError> {
        let mut rows = Overlay::new();
        let mut header = snapshot::Header {
            epoch: self.epoch,
            seq: segments.last().map_or(Seq::ZERO, |last| last.last()),
            at: None,
            trusted: None,
        };
        for segment in segments {
            let walk = replay::replay(
                &*self.disk,
                &segment.path,
                &segment.header,
                replay::after(base.unwrap_or_default()),
                &mut rows,
            )?;
            if !walk.holes.is_empty() || walk.last != segment.last() || segment.kept() != Thinning::All {
                return Err(KeepError::Damaged(segment.path.clone()));
            }
            header.at = header.at.max(walk.newest);
            header.trusted = header.trusted.max(walk.trusted);
        }
        let dir = self.generation.snapshots();
        let base = match base {
            Some(seq) => {
                let path = dir.join(snapshot::name(seq));
                let check = snapshot::check(&*self.disk, &path)?;
                if !check.damaged.is_empty() {
                    return Err(KeepError::Damaged(path));
                }
                let before = check.header.and_then(|header| header.trusted);
                header.trusted = header.trusted.max(before);
                Some(snapshot::Rows::open(&*self.disk, &path)?)
            }
            None => None,
        };
        let path = snapshot::make(&*self.disk, &dir, &header, base, rows)?;
        let bytes = snapshot::check(&*self.disk, &path)?.bytes;
        self.snapshot_bytes.store(bytes, Ordering::Relaxed);
        self.snapshots
            .lock()
            .expect("nothing panics under the lock")
            .push(header.seq);
        tracing::debug!(seq = header.seq.0, bytes, "snapshot made");
        Ok(())
    }

    /// Keeps the newest two. What lies in the folder counts, not what is remembered: one whose
    /// making failed at the very end has its name all the same.
    fn drop_old_snapshots(&self) -> Result<(), KeepError> {
        let mut kept = self.snapshots();
        kept.drain(..kept.len().saturating_sub(2));
        let dir = self.generation.snapshots();
        for found in files::list(&*self.disk, &dir)? {
            if snapshot::parse_name(&found.name).is_some_and(|seq| !kept.contains(&seq)) {
                self.remove(&dir.join(&found.name))?;
            }
        }
        let mut known = self.snapshots.lock().expect("nothing panics under the lock");
        if *known != kept {
            // An earlier try may have removed one and failed to make that durable.
            files::sync_parent(&*self.disk, &dir.join("snapshot"))?;
            *known = kept;
        }
        Ok(())
    }

    /// Unlinks segments that the older snapshot and every cursor are past, oldest first; the
    /// folder is synced after each, so that a power cut leaves no hole.
    fn unlink(&self) -> Result<(), KeepError> {
        let Some(older) = self.older_snapshot() else {
            return Ok(());
        };
        let past = self.cursors.floor().map_or(older, |floor| floor.min(older));
        for segment in self.segments.all() {
            if !segment.sealed() || segment.last() > past {
                break;
            }
            // The name first: one that stays behind while later ones go would leave a hole after it.
            self.remove(&segment.path)?;
            self.segments.drop_oldest();
        }
        Ok(())
    }

    fn thin_by_age(&self, now: Timestamp) -> Result<(), KeepError> {
        let age = SignedDuration::try_from(self.bounds.age).unwrap_or(SignedDuration::MAX);
        for segment in self.thinnable() {
            if segment.newest().is_some_and(|newest| now.duration_since(newest) > age) {
                self.thin(&segment, Thinning::Nothing)?;
            }
        }
        Ok(())
    }

    /// Over its bounds the journal loses, oldest segment first: rows, then measurements, then
    /// events, and critical events only after all the rest (BOOK P9).
    fn thin_by_size(&self) -> Result<(), KeepError> {
        for kept in [
            Thinning::Events,
            Thinning::NoMeasurements,
            Thinning::Critical,
            Thinning::Nothing,
        ] {
            for segment in self.thinnable() {
                if self.segments.bytes() <= self.bounds.bytes {
                    return Ok(());
                }
                self.thin(&segment, kept)?;
            }
        }
        Ok(())
    }

    /// Segments whose rows stand in the older snapshot.
    fn thinnable(&self) -> Vec<Arc<Segment>> {
        let older = self.older_snapshot().unwrap_or_default();
        let mut segments = self.segments.all();
        segments.retain(|segment| segment.sealed() && segment.last() <= older);
        segments
    }

    fn thin(&self, segment: &Segment, kept: Thinning) -> Result<(), KeepError> {
        if segment.kept() >= kept {
            return Ok(());
        }
        let path = &segment.path;
        let bytes = files::read_all(&*segment.file).map_err(|source| FileError::new("cannot read", path, source))?;
        let thinned = thinning::thin(&bytes, segment.last(), kept).ok_or_else(|| KeepError::Damaged(path.clone()))?;
        files::write_beside(&*self.disk, path, &thinned)?;
        let file = self
            .disk
            .open(path)
            .map_err(|source| FileError::new("cannot open", path, source))?;
        let header = Header::decode(&thinned).ok_or_else(|| KeepError::Damaged(path.clone()))?;
        let fresh = Segment::new(header, path.clone(), file, thinned.len() as u64, segment.last());
        fresh.show(thinned.len() as u64, segment.last(), segment.newest());
        fresh.seal();
        self.segments.replace(Arc::new(fresh));
        tracing::debug!(first = segment.header.first.0, ?kept, "segment thinned");
        Ok(())
    }

    /// Removes a file, durably. One that an earlier try removed already is synced again.
    fn remove(&self, path: &std::path::Path) -> Result<(), FileError> {
        match self.disk.remove(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                return Err(FileError::new("cannot remove", path, error));
            }
            Ok(()) | Err(_) => {}
        }
        files::sync_parent(&*self.disk, path)
    }
}
