//! What becomes of the members of a backup when it is read: nothing, or files of a new generation and beside it.

use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use crate::domain::Seq;
use crate::store::backup::Privacy;
use crate::store::backup::archive::{Member, MemberKind};
use crate::store::backup::restore_error::RestoreError;
use crate::store::files::{self, Disk, DiskFile};
use crate::store::keep::beside::{self, KEYS};
use crate::store::keep::generation::Generation;
use crate::store::{FileError, keep::snapshot, log::segment, readings};

/// Bytes of one part of a name; Linux takes 255, and what waits has a longer one.
const MOST_OF_A_NAME: usize = 200;
/// Bytes of a whole name; Linux takes 4,096 with the folder in front.
const MOST_OF_A_PATH: usize = 2_048;

/// What becomes of members.
pub(in crate::store) trait Sink {
    fn begin(&mut self, member: &Member) -> Result<(), RestoreError>;
    fn piece(&mut self, piece: &[u8]) -> Result<(), RestoreError>;
    fn end(&mut self) -> Result<(), RestoreError>;
    fn secret(&mut self, name: &str, content: &[u8]) -> Result<(), RestoreError>;
}

/// Reads and writes nothing.
pub(in crate::store) struct Dry;

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
        companion(name).map(drop)
    }
}

/// Writes members into a generation that is being built, and what goes with it beside the book, where it waits.
pub(in crate::store) struct Build<'a> {
    pub(in crate::store) disk: &'a dyn Disk,
    pub(in crate::store) generation: &'a Generation,
    pub(in crate::store) beside: &'a Path,
    pub(in crate::store) open: Option<(Arc<dyn DiskFile>, PathBuf, u64)>,
    /// The first sequence of the log.
    pub(in crate::store) first: Option<Seq>,
    /// What goes beside the book, by the names in the backup.
    pub(in crate::store) files: Vec<(String, Privacy)>,
}

impl Build<'_> {
    /// Creates the file at `below` in the folder `dir`, with the folders between them.
    fn create(&mut self, dir: &Path, below: &Path) -> Result<(), FileError> {
        let path = dir.join(below);
        let mut dir = dir.to_owned();
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

    /// Creates a file that goes beside the book, under the name by which it waits.
    fn create_beside(&mut self, name: &str, privacy: Privacy) -> Result<(), RestoreError> {
        let below = companion(name)?;
        let mut parts = below.components();
        let first = parts.next().map(|part| part.as_os_str().to_string_lossy().into_owned());
        let first = first.ok_or_else(|| RestoreError::Name(name.to_owned()))?;
        let waiting = beside::waiting(self.beside, &first, self.generation);
        let mut below = PathBuf::from(waiting.file_name().unwrap_or_default());
        below.extend(parts);
        self.create(self.beside, &below)?;
        if privacy == Privacy::Public
            && let Some((_, path, _)) = &self.open
        {
            self.disk
                .show(path)
                .map_err(|source| FileError::new("cannot show", path, source))?;
        }
        self.files.push((name.to_owned(), privacy));
        Ok(())
    }

    /// What goes beside the book, once all is read. Certificates without their keys would only be in the way: then the
    /// authorities stay as they are, or new ones are made, and a note allows it.
    pub(in crate::store) fn companions(mut self, sealed_left: bool) -> Result<Vec<String>, RestoreError> {
        let has_keys = !sealed_left && self.files.iter().any(|(_, privacy)| *privacy == Privacy::Secret);
        if !has_keys {
            beside::remove(self.disk, &beside::waiting(self.beside, KEYS, self.generation))?;
            self.files.retain(|(name, _)| name.split('/').next() != Some(KEYS));
            self.create_beside(beside::NEW_AUTHORITIES, Privacy::Public)?;
            self.end()?;
            self.files.pop();
        }
        self.disk
            .sync_dir(self.beside)
            .map_err(|source| FileError::new("cannot sync the folder", self.beside, source))?;
        Ok(self.files.into_iter().map(|(name, _)| name).collect())
    }
}

impl Sink for Build<'_> {
    fn begin(&mut self, member: &Member) -> Result<(), RestoreError> {
        match member.kind {
            MemberKind::Segment => {
                let first = segment::parse_name(&member.name);
                self.first = self
                    .first
                    .map_or(first, |known| Some(known.min(first.unwrap_or(known))));
            }
            MemberKind::File => return self.create_beside(&member.name, Privacy::Public),
            MemberKind::About | MemberKind::Snapshot | MemberKind::MonthFile | MemberKind::Secrets => {}
        }
        let below = place(member.kind, &member.name)?;
        Ok(self.create(&self.generation.dir.clone(), &below)?)
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
        self.create_beside(name, Privacy::Secret)?;
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
        MemberKind::MonthFile => book("side", readings::parse_name(name).is_some()),
        MemberKind::About | MemberKind::File | MemberKind::Secrets => companion(name),
    }
}

/// A relative path that stays below its folder and that a file system takes, with what is added to it while it waits.
fn companion(name: &str) -> Result<PathBuf, RestoreError> {
    let mut parts = Path::new(name).components();
    let inside = parts.all(|part| matches!(part, Component::Normal(part) if part.len() <= MOST_OF_A_NAME));
    if inside && !name.is_empty() && name.len() <= MOST_OF_A_PATH && !name.contains('\0') {
        Ok(PathBuf::from(name))
    } else {
        Err(RestoreError::Name(name.to_owned()))
    }
}
