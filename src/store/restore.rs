//! Restore: makes a backup the book, beside the one that was there, which is kept.

use std::path::{Component, Path, PathBuf};

use jiff::Timestamp;
use serde::Serialize;

use super::archive::{ArchiveError, Member, MemberKind, Part, Reader};
use super::backup::{About, Privacy};
use super::files::{self, Disk, DiskFile};
use super::generation::{self, BookNote, FORMAT, Generation};
use super::lock::Lock;
use super::loss::Loss;
use super::note::{self, Note};
use super::seal::{self, SealError, Unseal};
use super::survey::Survey;
use super::{FileError, OpenError, RealDisk, readings, segment, snapshot};
use crate::domain::{Epoch, Seq};

/// A file that came out of a backup, and where it lies now.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RestoredFile {
    /// What it was called in the backup.
    pub name: String,
    /// Where it lies, for its owner to take.
    pub path: PathBuf,
    /// Whether it came out of the seal.
    pub privacy: Privacy,
}

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
    /// The files that came along; empty when nothing was written.
    pub files: Vec<RestoredFile>,
    /// Whether sealed files are in the backup that were not opened.
    pub sealed_left: bool,
}

/// A backup was not restored; the book is as it was.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The archive cannot be read.
    #[error(transparent)]
    Archive(#[from] ArchiveError),
    /// The secrets cannot be opened.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The book is in use, or of a newer format.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// A file could not be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// A member has no place in a book.
    #[error("the backup holds a file called {0:?}, which has no place")]
    Name(String),
    /// The archive does not say what it is of.
    #[error("the backup does not say what it is of")]
    NoAbout,
    /// What came out is not a whole book.
    #[error("the backup does not hold a whole book: {0}")]
    NotWhole(Box<Loss>),
}

/// Makes the backup `file` the book in `dir`, which must not be in use. The book that was there is
/// kept beside it; sequence numbers go on in a new epoch.
pub fn restore(file: &Path, dir: &Path, unseal: &Unseal) -> Result<RestoreReport, RestoreError> {
    let _lock = Lock::take(dir)?;
    restore_on(&RealDisk, file, dir, unseal)
}

/// Reads the backup `file` to its end, opens what is sealed, and says what [`restore`] would do.
pub fn restore_dry_run(file: &Path, dir: &Path, unseal: &Unseal) -> Result<RestoreReport, RestoreError> {
    let mut sink = Dry;
    let read = read(&RealDisk, file, unseal, &mut sink)?;
    let before = newest(&RealDisk, dir)?;
    let epoch = next_epoch(&read.about, before.as_ref().map(|(_, epoch)| *epoch));
    Ok(read.report(epoch, before.map(|(generation, _)| generation.dir), Vec::new()))
}

/// As [`restore`], on any disk and without a lock.
#[doc(hidden)]
pub fn restore_on(disk: &dyn Disk, file: &Path, dir: &Path, unseal: &Unseal) -> Result<RestoreReport, RestoreError> {
    let before = newest(disk, dir)?;
    let number = before.as_ref().map_or(1, |(generation, _)| generation.number + 1);
    let unfinished = Generation::new(dir, number).unfinished();
    unfinished.make(disk)?;
    let mut sink = Build {
        disk,
        generation: &unfinished,
        open: None,
        first: None,
        files: Vec::new(),
    };
    let read = read(disk, file, unseal, &mut sink)?;
    let (first, files) = (sink.first, sink.files);
    let epoch = next_epoch(&read.about, before.as_ref().map(|(_, epoch)| *epoch));
    let note = BookNote {
        format: FORMAT,
        epoch: epoch.0,
        begins: first.unwrap_or(Seq(1)),
        salvage: None,
    };
    note::write(disk, &unfinished.note(), &note)?;
    let survey = Survey::take(disk, unfinished.clone(), None)?;
    if let Some(loss) = survey.losses.into_iter().next() {
        return Err(RestoreError::NotWhole(Box::new(loss)));
    }
    let finished = unfinished.clone().finish(disk, dir)?;
    let files = files
        .into_iter()
        .map(|file| RestoredFile {
            path: file
                .path
                .strip_prefix(&unfinished.dir)
                .map_or_else(|_| file.path.clone(), |below| finished.dir.join(below)),
            ..file
        })
        .collect();
    Ok(read.report(epoch, before.map(|(generation, _)| generation.dir), files))
}

fn newest(disk: &dyn Disk, dir: &Path) -> Result<Option<(Generation, u32)>, FileError> {
    let Some(generation) = generation::find(disk, dir)?.pop() else {
        return Ok(None);
    };
    let epoch = match note::read::<BookNote>(disk, &generation.note())? {
        Note::Whole(book) => book.epoch,
        Note::Absent | Note::Damaged => 0,
    };
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
    fn report(self, epoch: Epoch, kept: Option<PathBuf>, files: Vec<RestoredFile>) -> RestoreReport {
        RestoreReport {
            made: self.about.made,
            through: self.about.through,
            epoch,
            members: self.members,
            kept,
            files,
            sealed_left: self.sealed_left,
        }
    }
}

/// What becomes of members.
trait Sink {
    fn begin(&mut self, member: &Member) -> Result<(), RestoreError>;
    fn piece(&mut self, piece: &[u8]) -> Result<(), RestoreError>;
    fn end(&mut self) -> Result<(), RestoreError>;
    fn secret(&mut self, name: &str, content: &[u8]) -> Result<(), RestoreError>;
}

fn read(disk: &dyn Disk, file: &Path, unseal: &Unseal, sink: &mut dyn Sink) -> Result<Read, RestoreError> {
    let mut reader = Reader::open(disk, file)?;
    let (mut about, mut members): (Option<About>, Vec<Member>) = (None, Vec::new());
    let mut sealed_left = false;
    let mut memory: Vec<u8> = Vec::new();
    loop {
        let part = reader.next()?;
        if let (Part::Head(_) | Part::End, Some(last)) = (&part, members.last()) {
            match last.kind {
                MemberKind::About => about = serde_json::from_slice(&memory).ok(),
                MemberKind::Secrets => match seal::open(&memory, unseal)? {
                    Some(secrets) => {
                        for (name, content) in &secrets {
                            sink.secret(name, content)?;
                        }
                    }
                    None => sealed_left = true,
                },
                MemberKind::Snapshot | MemberKind::Segment | MemberKind::SideFile | MemberKind::File => sink.end()?,
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
        return Err(OpenError::Newer { found, known }.into());
    }
    Ok(Read {
        about,
        members,
        sealed_left,
    })
}

/// Reads and writes nothing.
struct Dry;

impl Sink for Dry {
    fn begin(&mut self, member: &Member) -> Result<(), RestoreError> {
        place(member.kind, &member.name).map(drop)
    }

    fn piece(&mut self, _: &[u8]) -> Result<(), RestoreError> {
        Ok(())
    }

    fn end(&mut self) -> Result<(), RestoreError> {
        Ok(())
    }

    fn secret(&mut self, name: &str, _: &[u8]) -> Result<(), RestoreError> {
        below("secrets", name).map(drop)
    }
}

/// Writes members into a generation that is being built.
struct Build<'a> {
    disk: &'a dyn Disk,
    generation: &'a Generation,
    open: Option<(std::sync::Arc<dyn DiskFile>, PathBuf, u64)>,
    first: Option<Seq>,
    files: Vec<RestoredFile>,
}

impl Build<'_> {
    fn create(&mut self, below: &Path) -> Result<(), FileError> {
        let path = self.generation.dir.join(below);
        let mut dir = self.generation.dir.clone();
        for part in below.parent().into_iter().flat_map(Path::components) {
            let parent = dir.clone();
            dir.push(part);
            self.disk
                .make_dir(&dir)
                .and_then(|()| self.disk.sync_dir(&parent))
                .map_err(|source| FileError::new("cannot create the folder", &dir, source))?;
        }
        let file = self
            .disk
            .create(&path)
            .map_err(|source| FileError::new("cannot create", &path, source))?;
        self.open = Some((file, path, 0));
        Ok(())
    }

    fn restored(&mut self, name: &str, below: &Path, privacy: Privacy) {
        self.files.push(RestoredFile {
            name: name.to_owned(),
            path: self.generation.dir.join(below),
            privacy,
        });
    }
}

impl Sink for Build<'_> {
    fn begin(&mut self, member: &Member) -> Result<(), RestoreError> {
        let below = place(member.kind, &member.name)?;
        match member.kind {
            MemberKind::Segment => {
                let first = segment::parse_name(&member.name);
                self.first = self
                    .first
                    .map_or(first, |known| Some(known.min(first.unwrap_or(known))));
            }
            MemberKind::File => self.restored(&member.name, &below, Privacy::Public),
            MemberKind::About | MemberKind::Snapshot | MemberKind::SideFile | MemberKind::Secrets => {}
        }
        Ok(self.create(&below)?)
    }

    fn piece(&mut self, piece: &[u8]) -> Result<(), RestoreError> {
        if let Some((file, path, offset)) = &mut self.open {
            files::write_all_at(&**file, piece, *offset)
                .map_err(|source| FileError::new("cannot write", path, source))?;
            *offset += piece.len() as u64;
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), RestoreError> {
        if let Some((file, path, _)) = self.open.take() {
            file.sync()
                .map_err(|source| FileError::new("cannot sync", &path, source))?;
            files::sync_parent(self.disk, &path)?;
        }
        Ok(())
    }

    fn secret(&mut self, name: &str, content: &[u8]) -> Result<(), RestoreError> {
        let below = below("secrets", name)?;
        self.create(&below)?;
        self.restored(name, &below, Privacy::Secret);
        self.piece(content)?;
        self.end()
    }
}

/// Where a member goes, below the generation's folder.
fn place(kind: MemberKind, name: &str) -> Result<PathBuf, RestoreError> {
    let book = |dir: &str, right: bool| {
        right
            .then(|| Path::new(dir).join(name))
            .ok_or_else(|| RestoreError::Name(name.to_owned()))
    };
    match kind {
        MemberKind::Snapshot => book("snap", snapshot::parse_name(name).is_some()),
        MemberKind::Segment => book("log", segment::parse_name(name).is_some()),
        MemberKind::SideFile => book("side", readings::parse_name(name).is_some()),
        MemberKind::About | MemberKind::File | MemberKind::Secrets => below("files", name),
    }
}

/// A relative path that stays below `dir`.
fn below(dir: &str, name: &str) -> Result<PathBuf, RestoreError> {
    let inside = Path::new(name)
        .components()
        .all(|part| matches!(part, Component::Normal(_)));
    if inside && !name.is_empty() {
        Ok(Path::new(dir).join(name))
    } else {
        Err(RestoreError::Name(name.to_owned()))
    }
}
