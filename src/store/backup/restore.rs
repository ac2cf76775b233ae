//! Restore: makes a backup the book, beside the one that was there, which is kept.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use crate::domain::{Epoch, Seq};
use crate::store::backup::About;
use crate::store::backup::archive::{Member, MemberKind, Part, Reader};
use crate::store::backup::encryption::{self, Unseal};
use crate::store::backup::restore_error::RestoreError;
use crate::store::backup::restore_sink::{Build, Dry, Sink};
use crate::store::files::RealDisk;
use crate::store::files::{Disk, DiskFile};
use crate::store::keep::beside::{self, Place};
use crate::store::keep::generation::{self, BookNote, CleanMark, FORMAT, Generation, PastLife};
use crate::store::keep::lock::Lock;
use crate::store::keep::note::{self, Note};
use crate::store::open::survey::Survey;
use crate::store::{FileError, OpenError};

/// A restore that was done, or would be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RestoreReport {
    /// When the backup was made.
    pub made: Timestamp,
    /// The newest change in it.
    pub through: Seq,
    /// The life of the book that begins with it.
    pub epoch: Epoch,
    /// What is in the backup.
    pub members: Vec<Member>,
    /// Where the book that was there before is kept.
    pub kept: Option<PathBuf>,
    /// What was kept of the files beside it.
    pub kept_beside: Vec<PathBuf>,
    /// The files beside the book that were put back.
    pub files: Vec<String>,
    /// Whether sealed files are in the backup that were not opened.
    pub sealed_left: bool,
}

/// Makes the open backup `file` (called `name` in errors) the book at `at`, which must not be in use, together with
/// the files that go with it: all of it or nothing, and on disk when this returns. What was there is kept beside it;
/// sequence numbers go on in a new epoch.
pub fn restore(file: std::fs::File, name: &Path, at: &Place, unseal: &Unseal) -> Result<RestoreReport, RestoreError> {
    let _lock = Lock::take(&at.book)?;
    restore_on(&RealDisk, Arc::new(file), name, at, unseal)
}

/// Reads the open backup `file` to its end, opens what is sealed, and says what [`restore`] would do.
pub fn restore_dry_run(
    file: std::fs::File,
    name: &Path,
    at: &Place,
    unseal: &Unseal,
) -> Result<RestoreReport, RestoreError> {
    let mut sink = Dry;
    let read = read(Arc::new(file), name, unseal, &mut sink)?;
    let before = newest(&RealDisk, &at.book)?;
    let epoch = next_epoch(&read.about, before.as_ref().map(|(_, epoch)| *epoch));
    Ok(read.report(epoch, before.map(|(generation, _)| generation.dir)))
}

/// As [`restore`], on any disk and without a lock.
#[doc(hidden)]
pub fn restore_on(
    disk: &dyn Disk,
    file: Arc<dyn DiskFile>,
    name: &Path,
    at: &Place,
    unseal: &Unseal,
) -> Result<RestoreReport, RestoreError> {
    let before = newest(disk, &at.book)?;
    let newest = before.as_ref().map(|(generation, _)| generation);
    // What an earlier restore left waiting is ended or swept first.
    beside::settle(disk, &at.beside, newest, before.as_ref().map_or(0, |(_, epoch)| *epoch))?;
    let number = newest.map_or(1, |generation| generation.number + 1);
    let unfinished = Generation::new(&at.book, number).unfinished();
    unfinished.make(disk)?;
    let mut sink = Build {
        disk,
        generation: &unfinished,
        beside: &at.beside,
        open: None,
        first: None,
        files: Vec::new(),
    };
    let read = read(file, name, unseal, &mut sink)?;
    let first = sink.first;
    let files = sink.companions(read.sealed_left)?;
    let epoch = next_epoch(&read.about, before.as_ref().map(|(_, epoch)| *epoch));
    let note = BookNote {
        format: FORMAT,
        epoch: epoch.0,
        life: Some(generation::new_life()),
        begins: first.unwrap_or(Seq(1)),
        aside: before.as_ref().map_or_else(Vec::new, |(generation, epoch)| {
            aside(disk, &at.book, generation, *epoch)
        }),
        restored: Some(read.about.through),
        salvage: None,
    };
    note::write(disk, &unfinished.note(), &note)?;
    let survey = Survey::take(disk, unfinished.clone(), None)?;
    if let Some(loss) = survey.losses.into_iter().next() {
        return Err(RestoreError::NotWhole(Box::new(loss)));
    }
    // The mark is of the book that was there: a folder of the same number is none of its.
    let mark = generation::clean_mark(&at.book);
    match disk.remove(&mark) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(FileError::new("cannot remove", &mark, error).into());
        }
        Ok(()) | Err(_) => {}
    }
    let finished = unfinished.finish(disk, &at.book)?;
    let kept_beside = beside::settle(disk, &at.beside, Some(&finished), epoch.0)?;
    let mut report = read.report(epoch, before.map(|(generation, _)| generation.dir));
    (report.files, report.kept_beside) = (files, kept_beside);
    Ok(report)
}

/// The lives that the book before knew of, and its own, as it is when it is put aside.
fn aside(disk: &dyn Disk, book: &Path, before: &Generation, epoch: u32) -> Vec<PastLife> {
    let clean = match note::read::<CleanMark>(disk, &generation::clean_mark(book)) {
        Ok(Note::Whole(mark)) => Some(mark),
        Ok(Note::Absent | Note::Damaged) | Err(_) => None,
    };
    let Ok(survey) = Survey::take(disk, before.clone(), clean) else {
        let last = Seq::ZERO;
        return vec![PastLife {
            epoch,
            last,
            whole: false,
        }];
    };
    let mut lives = survey.book.as_ref().map(|note| note.aside.clone()).unwrap_or_default();
    lives.push(PastLife {
        epoch,
        last: survey.attested,
        whole: survey.losses.is_empty(),
    });
    lives
}

fn newest(disk: &dyn Disk, dir: &Path) -> Result<Option<(Generation, u32)>, FileError> {
    let Some(generation) = generation::find(disk, dir)?.pop() else {
        return Ok(None);
    };
    let epoch = beside::epoch_of(disk, Some(&generation))?;
    Ok(Some((generation, epoch)))
}

/// Newer than both books, and, because one backup may be restored on several boxes, or twice on one
/// whose disk was replaced, different each time: seconds since 1970 serve for that.
fn next_epoch(about: &About, here: Option<u32>) -> Epoch {
    let known = about.epoch.0.max(here.unwrap_or(0)).saturating_add(1);
    let now = u32::try_from(Timestamp::now().as_second()).unwrap_or(0);
    Epoch(known.max(now))
}

/// What was read out of an archive.
struct Read {
    about: About,
    members: Vec<Member>,
    sealed_left: bool,
}

impl Read {
    fn report(self, epoch: Epoch, kept: Option<PathBuf>) -> RestoreReport {
        RestoreReport {
            made: self.about.made,
            through: self.about.through,
            epoch,
            members: self.members,
            kept,
            kept_beside: Vec::new(),
            files: Vec::new(),
            sealed_left: self.sealed_left,
        }
    }
}

fn read(file: Arc<dyn DiskFile>, name: &Path, unseal: &Unseal, sink: &mut dyn Sink) -> Result<Read, RestoreError> {
    let mut reader = Reader::new(file, name)?;
    let (mut about, mut members): (Option<About>, Vec<Member>) = (None, Vec::new());
    let mut sealed_left = false;
    let mut memory: Vec<u8> = Vec::new();
    loop {
        let part = reader.next()?;
        if let (Part::Head(_) | Part::End, Some(last)) = (&part, members.last()) {
            match last.kind {
                MemberKind::About => about = serde_json::from_slice(&memory).ok(),
                MemberKind::Secrets => match encryption::open(&memory, unseal)? {
                    Some(secrets) => {
                        for (name, content) in &secrets {
                            sink.secret(name, content)?;
                        }
                    }
                    None => sealed_left = true,
                },
                MemberKind::Snapshot | MemberKind::Segment | MemberKind::MonthFile | MemberKind::File => sink.end()?,
            }
        }
        match part {
            Part::Head(member) => {
                memory.clear();
                if !matches!(member.kind, MemberKind::About | MemberKind::Secrets) {
                    sink.begin(&member)?;
                }
                members.push(member);
            }
            Part::Piece(piece) => match members.last().map(|member| member.kind) {
                Some(MemberKind::About | MemberKind::Secrets) => memory.extend_from_slice(&piece),
                Some(_) | None => sink.piece(&piece)?,
            },
            Part::End => break,
        }
    }
    let about = about.ok_or(RestoreError::NoAbout)?;
    if about.format > FORMAT {
        let (found, known) = (about.format, FORMAT);
        let way_back = None;
        return Err(OpenError::Newer { found, known, way_back }.into());
    }
    Ok(Read {
        about,
        members,
        sealed_left,
    })
}
