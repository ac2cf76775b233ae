//! Verify: says everything salvage would say, and changes nothing.

use std::fmt;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::Serialize;

use crate::domain::{Epoch, Seq};
use crate::store::files::Disk;
use crate::store::files::RealDisk;
use crate::store::keep::generation::{self, CleanMark};
use crate::store::keep::keeper::Keeper;
use crate::store::keep::lock::Lock;
use crate::store::keep::note::{self, Note};
use crate::store::keep::snapshot;
use crate::store::log::segment;
use crate::store::open::loss::Loss;
use crate::store::open::survey::Survey;
use crate::store::readings::{Lookup, MonthFiles, Standing};
use crate::store::{FileError, OpenError, ReadError};

/// What was found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct VerifyReport {
    /// The folder that was read; `None` when there is no book yet.
    pub folder: Option<PathBuf>,
    /// The life of the book.
    pub epoch: Epoch,
    /// The newest readable change.
    pub last: Seq,
    /// When it was written.
    pub newest: Option<Timestamp>,
    /// Rows in the newest whole snapshot.
    pub snapshot_rows: u64,
    /// Whether the log ends in a torn record, which the next start cuts off: nothing is lost by it.
    pub torn_tail: bool,
    /// Each damaged place.
    pub losses: Vec<Loss>,
}

impl VerifyReport {
    /// Whether nothing is damaged.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.losses.is_empty()
    }
}

impl fmt::Display for VerifyReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(folder) = &self.folder else {
            return f.write_str("there is no book yet");
        };
        let verdict = if self.is_whole() { "whole" } else { "damaged" };
        write!(
            f,
            "{}: {verdict}, epoch {}, newest change {}",
            folder.display(),
            self.epoch,
            self.last
        )?;
        if let Some(newest) = self.newest {
            write!(f, " of {newest}")?;
        }
        if self.torn_tail {
            f.write_str("; the log ends in a torn record, which the next start cuts off")?;
        }
        self.losses.iter().try_for_each(|loss| write!(f, "\n  {loss}"))
    }
}

/// Reads the whole book in `dir`, which is not in use, and says what is damaged. Only its lock is
/// touched.
pub fn verify(dir: &Path) -> Result<VerifyReport, OpenError> {
    let _lock = Lock::take_existing(dir)?;
    verify_on(&RealDisk, dir)
}

/// As [`verify`], on any disk and without a lock.
pub(in crate::store) fn verify_on(disk: &dyn Disk, dir: &Path) -> Result<VerifyReport, OpenError> {
    let Some(newest) = generation::find(disk, dir)?.pop() else {
        return Ok(VerifyReport {
            folder: None,
            epoch: Epoch(0),
            last: Seq::ZERO,
            newest: None,
            snapshot_rows: 0,
            torn_tail: false,
            losses: Vec::new(),
        });
    };
    let clean = match note::read::<CleanMark>(disk, &generation::clean_mark(dir))? {
        Note::Whole(mark) => Some(mark),
        Note::Absent | Note::Damaged => None,
    };
    Ok(of(Survey::take(disk, newest, clean)?))
}

fn of(survey: Survey) -> VerifyReport {
    VerifyReport {
        epoch: Epoch(survey.book.as_ref().map_or(0, |book| book.epoch)),
        last: survey.last,
        newest: survey.segments.iter().filter_map(|found| found.walk.newest).max(),
        snapshot_rows: survey.base().map_or(0, |base| base.check.rows),
        torn_tail: !survey.torn.is_empty(),
        losses: survey.losses,
        folder: Some(survey.generation.dir),
    }
}

/// Reads what a running book will not write to any more: sealed segments, snapshots and month files.
pub(in crate::store) fn verify_running(
    keeper: &Keeper,
    readings: &Lookup,
    last: Seq,
) -> Result<VerifyReport, ReadError> {
    let _held = keeper.hold_files();
    let mut report = VerifyReport {
        folder: Some(keeper.generation.dir.clone()),
        epoch: Epoch(keeper.epoch),
        last,
        newest: keeper.segments.newest(),
        snapshot_rows: 0,
        torn_tail: false,
        losses: Vec::new(),
    };
    for seq in keeper.snapshots() {
        let path = keeper.generation.snapshots().join(snapshot::name(seq));
        let check = snapshot::check(&*keeper.disk, &path)?;
        report.snapshot_rows = check.rows;
        let lost = check.damaged.iter().map(|lost| Loss::keys(&path, seq, lost, false));
        report.losses.extend(lost);
    }
    let base = keeper.newest_snapshot().unwrap_or_default();
    for sealed in keeper.segments.all().into_iter().filter(|one| one.sealed()) {
        let bytes = crate::store::files::read_all(&*sealed.file)
            .map_err(|source| FileError::new("cannot read", &sealed.path, source))?;
        let walk = segment::walk(&bytes, &sealed.header, |_, _| ());
        let mut losses: Vec<Loss> = walk
            .holes
            .iter()
            .map(|hole| Loss::records(&sealed.path, hole, sealed.last()))
            .collect();
        if walk.last < sealed.last() && losses.is_empty() {
            losses.push(Loss::tail(&sealed.path, &walk, sealed.last()));
        }
        losses.iter_mut().for_each(|loss| loss.settle(base));
        report.losses.append(&mut losses);
    }
    let standing = Standing::live(readings)?;
    let month_files = MonthFiles::look(&*keeper.disk, &keeper.generation.month_files(), &standing)?;
    report.losses.extend(month_files.losses());
    Ok(report)
}
