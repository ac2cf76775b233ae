//! What was lost, in words and values: the report of salvage and of `verify`.

use std::fmt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::{Epoch, Seq};
use crate::store::keep::snapshot::LostKeys;
use crate::store::log::segment::{Hole, Walk};
use crate::store::schema;

/// What is damaged.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LossKind {
    /// The note that names format and epoch.
    BookNote,
    /// A range of rows in a snapshot.
    SnapshotRows,
    /// A snapshot that should be there.
    SnapshotMissing,
    /// The head of a segment; its records can be read.
    SegmentHeader,
    /// Records in a segment.
    Records,
    /// A segment that should be there.
    SegmentMissing,
    /// A month of readings.
    #[serde(rename = "side_file")]
    MonthFile,
    /// A month of readings that should be there.
    #[serde(rename = "side_file_missing")]
    MonthFileMissing,
}

/// One damaged or missing place, and what that means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Loss {
    /// What is damaged.
    pub kind: LossKind,
    /// The file it is in, or the folder it is missing from.
    pub path: PathBuf,
    /// The first change that cannot be read; `None` when no change is concerned.
    pub from: Option<Seq>,
    /// The last one; `None` when it is not known how many there were.
    pub to: Option<Seq>,
    /// It was written after this moment.
    pub after: Option<Timestamp>,
    /// It was written before this moment.
    pub before: Option<Timestamp>,
    /// Ledgers that are or may be concerned; empty when that cannot be said.
    pub ledgers: Vec<String>,
    /// Whether rows may be missing or older than they were.
    pub rows: bool,
    /// Whether events are missing from the journal.
    pub events: bool,
}

impl Loss {
    pub(in crate::store) fn of(kind: LossKind, path: &Path) -> Loss {
        Loss {
            kind,
            path: path.to_path_buf(),
            from: None,
            to: None,
            after: None,
            before: None,
            ledgers: Vec::new(),
            rows: false,
            events: false,
        }
    }

    pub(in crate::store) fn records(path: &Path, hole: &Hole, known_end: Seq) -> Loss {
        Loss {
            from: Some(hole.from),
            to: Some(hole.to.unwrap_or(known_end)),
            after: hole.after,
            before: hole.before,
            ledgers: hole.prefixes.iter().map(|prefix| schema::name_of(*prefix)).collect(),
            ..Loss::of(LossKind::Records, path)
        }
    }

    pub(in crate::store) fn tail(path: &Path, walk: &Walk, known_end: Seq) -> Loss {
        Loss {
            from: Some(walk.last.next()),
            to: Some(known_end),
            after: walk.newest,
            ..Loss::of(LossKind::Records, path)
        }
    }

    pub(in crate::store) fn segment(path: &Path, from: Seq, to: Seq) -> Loss {
        Loss {
            from: Some(from),
            to: Some(to),
            ..Loss::of(LossKind::SegmentMissing, path)
        }
    }

    pub(in crate::store) fn open_end(path: &Path, from: Seq) -> Loss {
        Loss {
            from: Some(from),
            ..Loss::of(LossKind::SegmentMissing, path)
        }
    }

    pub(in crate::store) fn keys(path: &Path, seq: Seq, lost: &LostKeys, rows: bool) -> Loss {
        let first = lost.after.as_ref().and_then(|key| key.first()).copied().unwrap_or(0);
        let last = lost
            .before
            .as_ref()
            .and_then(|key| key.first())
            .copied()
            .unwrap_or(u8::MAX);
        Loss {
            to: Some(seq),
            ledgers: schema::names_between(first, last),
            rows,
            ..Loss::of(LossKind::SnapshotRows, path)
        }
    }

    /// Settles what a range of changes that cannot be read means, when rows stand up to `base` without it.
    pub(in crate::store) fn settle(&mut self, base: Seq) {
        if let Some(from) = self.from {
            let some = self.to.is_none_or(|to| to >= from);
            self.events = some;
            self.rows = some && self.to.is_none_or(|to| to > base);
        }
    }

    /// Whether anything is lost by it, or the rest of the book makes good for it.
    #[must_use]
    pub fn is_real(&self) -> bool {
        self.rows || self.events
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            LossKind::BookNote => "the note that names the book's format is damaged",
            LossKind::SnapshotRows => "rows of a snapshot are damaged",
            LossKind::SnapshotMissing => "a snapshot is missing",
            LossKind::SegmentHeader => "the head of a segment is damaged",
            LossKind::Records => "records of a segment are damaged",
            LossKind::SegmentMissing => "a segment is missing",
            LossKind::MonthFile => "a month of readings is damaged",
            LossKind::MonthFileMissing => "a month of readings is missing",
        };
        write!(f, "{}: {what}", self.path.display())?;
        match (self.from, self.to) {
            (Some(from), Some(to)) if to >= from => write!(f, "; changes {from} to {to}")?,
            (Some(from), None) => write!(f, "; changes from {from} on")?,
            (Some(_) | None, _) => {}
        }
        if let Some(after) = self.after {
            write!(f, "; written after {after}")?;
        }
        if let Some(before) = self.before {
            write!(f, "; written before {before}")?;
        }
        if !self.ledgers.is_empty() {
            write!(f, "; ledgers: {}", self.ledgers.join(", "))?;
        }
        f.write_str(match (self.rows, self.events) {
            (true, true) => "; rows may be missing or old, events are lost",
            (true, false) => "; rows may be missing or old",
            (false, true) => "; no row is lost, events are lost",
            (false, false) => "; nothing is lost",
        })
    }
}

/// What salvage found and did; kept with the book that it made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SalvageReport {
    /// When.
    pub at: Timestamp,
    /// Where the damaged files lie, unchanged.
    pub damaged_copy: PathBuf,
    /// The life of the book that began with it; the one before when nothing was lost.
    pub epoch: Epoch,
    /// The newest change that could be read.
    pub readable_to: Seq,
    /// Each damaged place.
    pub losses: Vec<Loss>,
}

impl SalvageReport {
    /// Whether anything is lost.
    #[must_use]
    pub fn lost_anything(&self) -> bool {
        self.losses.iter().any(Loss::is_real)
    }
}

impl fmt::Display for SalvageReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let verdict = if self.lost_anything() {
            "something is lost"
        } else {
            "nothing is lost"
        };
        writeln!(f, "the book was damaged and is mended; {verdict}")?;
        for loss in &self.losses {
            writeln!(f, "  {loss}")?;
        }
        write!(f, "the damaged files are kept in {}", self.damaged_copy.display())
    }
}
