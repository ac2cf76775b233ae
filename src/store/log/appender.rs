//! The log as the pen writes it: append, sync, show; a new segment when one is full.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::Seq;
use crate::store::FileError;
use crate::store::files::{self, Disk};
use crate::store::log::latest::Latest;
use crate::store::log::record;
use crate::store::log::segment::{self, HEADER, Header, Thinning};
use crate::store::log::segments::{Segment, Segments};
use crate::store::log::spare_file;

/// An append did not happen.
#[derive(Debug)]
pub(in crate::store) enum AppendError {
    /// The disk is full; what was written of it was cut off again.
    Full,
    /// What stands in the file is not known: nothing may be written or answered any more.
    Lost(FileError),
}

/// Where a group was appended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) enum Appended {
    /// Behind the one before.
    Here,
    /// In a new segment: the one before is sealed.
    InNewSegment,
}

/// The writing end of the log.
pub(in crate::store) struct Log {
    disk: Arc<dyn Disk>,
    dir: PathBuf,
    epoch: u32,
    segment_bytes: u64,
    segments: Arc<Segments>,
    active: Arc<Segment>,
    length: u64,
    last: Seq,
}

impl Log {
    /// Goes on writing at the end of the last segment, which is cut to whole records and synced.
    pub(in crate::store) fn resume(
        disk: Arc<dyn Disk>,
        dir: PathBuf,
        epoch: u32,
        segment_bytes: u64,
        segments: Arc<Segments>,
    ) -> Log {
        let active = segments.all().pop().expect("a log has at least one segment");
        Log {
            disk,
            dir,
            epoch,
            segment_bytes,
            segments,
            length: active.shown(),
            last: active.last(),
            active,
        }
    }

    /// Creates the file of a new segment whose first change will be `first`, durably.
    pub(in crate::store) fn create(
        disk: &dyn Disk,
        dir: &std::path::Path,
        epoch: u32,
        first: Seq,
    ) -> Result<Segment, FileError> {
        let header = Header {
            epoch,
            first,
            last: None,
            kept: Thinning::All,
        };
        let path = dir.join(segment::name(first));
        let file = if spare_file::take(disk, dir, &path) {
            disk.open(&path)
        } else {
            disk.create(&path)
        }
        .map_err(|source| FileError::new("cannot create", &path, source))?;
        files::write_all_at(&*file, &header.encode(), 0)
            .map_err(|source| FileError::new("cannot write", &path, source))?;
        file.sync()
            .map_err(|source| FileError::new("cannot sync", &path, source))?;
        files::sync_parent(disk, &path)?;
        let before = Seq(first.0 - 1);
        Ok(Segment::new(header, path, file, HEADER as u64, before))
    }

    /// Where readers who keep up find what was written last.
    pub(in crate::store) fn latest(&self) -> &Latest {
        &self.segments.latest
    }

    /// The newest change in it.
    pub(in crate::store) fn last(&self) -> Seq {
        self.last
    }

    /// Appends the records of a group and makes them durable; readers do not see them yet.
    ///
    /// A full segment is sealed first, and one that is to end ([`Segments::turn`]). A failed or short append is cut off again, and the cut made
    /// durable, so that a change that was refused cannot come back after a power cut.
    pub(in crate::store) fn append(&mut self, records: &[u8], last: Seq) -> Result<Appended, AppendError> {
        let begun = self.length > HEADER as u64;
        let rolled = self.length >= self.segment_bytes || begun && self.segments.is_to_turn();
        if rolled {
            self.roll()?;
        }
        let file = &self.active.file;
        if let Err(source) = files::write_all_at(&**file, records, self.length) {
            file.set_len(self.length)
                .and_then(|()| file.sync())
                .map_err(|source| self.lost("cannot cut back", source))?;
            return match source.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Err(AppendError::Full),
                _ => Err(self.lost("cannot append to", source)),
            };
        }
        file.sync().map_err(|source| self.lost("cannot sync", source))?;
        self.length += records.len() as u64;
        self.last = last;
        Ok(if rolled { Appended::InNewSegment } else { Appended::Here })
    }

    /// Whether the next segment will be wanted before long.
    pub(in crate::store) fn is_half_full(&self) -> bool {
        self.length >= self.segment_bytes / 2
    }

    /// Lets readers see what was appended.
    pub(in crate::store) fn show(&self, newest: Timestamp) {
        self.segments.show(self.length, self.last, newest);
    }

    /// Begins a new segment: created and synced before its first record, then the old one is sealed.
    fn roll(&mut self) -> Result<(), AppendError> {
        let next = self.last.next();
        // A leftover of an earlier try has the same name, because nothing was written in between.
        let fresh = Log::create(&*self.disk, &self.dir, self.epoch, next).map_err(|error| {
            if error.is_full() {
                AppendError::Full
            } else {
                AppendError::Lost(error)
            }
        })?;
        let mut seal = Vec::new();
        record::put_seal(&mut seal, next);
        let file = &self.active.file;
        let end = match files::write_all_at(&**file, &seal, self.length) {
            // The seal is there for a missing next segment to be noticed; the log does without.
            Err(_) => self.length,
            Ok(()) => self.length + seal.len() as u64,
        };
        // What is left of a seal that was not written, or of the zeros it was filled with.
        file.set_len(end)
            .and_then(|()| file.sync())
            .map_err(|source| self.lost("cannot seal", source))?;
        self.active = Arc::new(fresh);
        self.length = HEADER as u64;
        self.segments.roll(end, Arc::clone(&self.active));
        Ok(())
    }

    fn lost(&self, what: &'static str, source: io::Error) -> AppendError {
        AppendError::Lost(FileError::new(what, &self.active.path, source))
    }
}
