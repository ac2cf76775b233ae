//! What the survey finds on disk, one by one: snapshots, segments, torn ends.

use std::path::PathBuf;

use crate::domain::Seq;
use crate::store::FileError;
use crate::store::files::{self, Disk};
use crate::store::keep::snapshot::Check;
use crate::store::log::segment::{self, Header, Walk};

/// A snapshot and what was found in it.
pub(in crate::store) struct FoundSnapshot {
    pub(in crate::store) seq: Seq,
    pub(in crate::store) path: PathBuf,
    pub(in crate::store) check: Check,
}

impl FoundSnapshot {
    pub(in crate::store) fn whole(&self) -> bool {
        self.check.damaged.is_empty()
    }
}

/// A segment and what was found in it.
pub(in crate::store) struct FoundSegment {
    pub(in crate::store) first: Seq,
    pub(in crate::store) path: PathBuf,
    /// `None`: the header is not whole.
    pub(in crate::store) header: Option<Header>,
    pub(in crate::store) walk: Walk,
}

impl FoundSegment {
    /// The header to read it with, even when its own is not whole.
    pub(in crate::store) fn effective_header(&self) -> Header {
        self.header.unwrap_or(Header {
            epoch: 0,
            first: self.first,
            last: None,
            kept: segment::Thinning::All,
        })
    }

    /// Takes the segment as ending at the byte `at`.
    pub(in crate::store) fn cut_at(&mut self, disk: &dyn Disk, at: usize) -> Result<TornTail, FileError> {
        let bytes = files::read_path(disk, &self.path)?.unwrap_or_default();
        let keep = at.min(bytes.len());
        self.walk = segment::walk(&bytes[..keep], &self.effective_header(), |_, _| ());
        Ok(TornTail {
            path: self.path.clone(),
            keep: Some(keep as u64),
        })
    }
}

/// A torn end of a segment, which is cut off before anything is appended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::store) struct TornTail {
    pub(in crate::store) path: PathBuf,
    /// How many bytes stay; `None`: the file was being created and goes as a whole.
    pub(in crate::store) keep: Option<u64>,
}
