//! The archive: one file with many members, as backups are written (BOOK F5).
//!
//! The text `gatelodge backup 1` and a line feed, then frames (`frame.rs`, each with a checksum):
//! a JSON head of a member with its name and length, pieces of its content, the next head, and at
//! the end a count of members and bytes. Pure but for the reader's and writer's calls on the file.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::store::FileError;
use crate::store::files::{self, Disk, DiskFile};
use crate::store::log::frame::{self, Body, Frame};

const GREETING: &[u8] = b"gatelodge backup 1\n";
const HEAD: u8 = 32;
const PIECE: u8 = 33;
const END: u8 = 34;
const PIECE_BYTES: usize = 256 << 10;

/// What a member is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MemberKind {
    /// What the backup is of.
    About,
    /// A snapshot of the book.
    Snapshot,
    /// A segment of the book's log.
    Segment,
    /// A month of readings.
    #[serde(rename = "side_file")]
    MonthFile,
    /// A file beside the book that is no secret.
    File,
    /// Secret files, sealed.
    Secrets,
}

/// One member.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Member {
    /// What it is.
    pub kind: MemberKind,
    /// Its name.
    pub name: String,
    /// Its length in bytes.
    pub bytes: u64,
}

/// An archive cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// The file is something else.
    #[error("{} is not a backup of gatelodge", .0.display())]
    NotABackup(PathBuf),
    /// It is damaged or cut short.
    #[error("{} is damaged at byte {at}", .path.display())]
    Damaged {
        /// The archive.
        path: PathBuf,
        /// Where.
        at: u64,
    },
    /// A file could not be used.
    #[error(transparent)]
    File(#[from] FileError),
}

/// Writes an archive.
pub(in crate::store) struct Writer {
    file: Arc<dyn DiskFile>,
    path: PathBuf,
    offset: u64,
    buffer: Vec<u8>,
    members: u64,
    bytes: u64,
}

impl Writer {
    /// Begins the archive at `path`, which only its owner may read.
    pub(in crate::store) fn create(disk: &dyn Disk, path: &Path) -> Result<Writer, FileError> {
        let file = disk
            .create(path)
            .map_err(|source| FileError::new("cannot create", path, source))?;
        let mut writer = Writer {
            file,
            path: path.to_path_buf(),
            offset: 0,
            buffer: Vec::new(),
            members: 0,
            bytes: 0,
        };
        writer.write(GREETING)?;
        Ok(writer)
    }

    /// Adds a member from memory.
    pub(in crate::store) fn add(&mut self, kind: MemberKind, name: &str, content: &[u8]) -> Result<Member, FileError> {
        let member = self.head(kind, name, content.len() as u64)?;
        content.chunks(PIECE_BYTES).try_for_each(|piece| self.piece(piece))?;
        Ok(member)
    }

    /// Adds the first `bytes` of a file.
    pub(in crate::store) fn add_file(
        &mut self,
        (kind, name): (MemberKind, &str),
        from: &dyn DiskFile,
        path: &Path,
        bytes: u64,
    ) -> Result<Member, FileError> {
        let member = self.head(kind, name, bytes)?;
        let mut piece = vec![0; PIECE_BYTES];
        let mut done = 0;
        while done < bytes {
            let want = piece.len().min(usize::try_from(bytes - done).unwrap_or(usize::MAX));
            let count = files::read_full_at(from, &mut piece[..want], done)
                .map_err(|source| FileError::new("cannot read", path, source))?;
            if count < want {
                return Err(FileError::new(
                    "the file ends too early",
                    path,
                    std::io::ErrorKind::UnexpectedEof.into(),
                ));
            }
            self.piece(&piece[..want])?;
            done += want as u64;
        }
        Ok(member)
    }

    /// Ends the archive and makes it durable; gives its length.
    pub(in crate::store) fn finish(mut self) -> Result<u64, FileError> {
        let numbers = [self.members.to_le_bytes(), self.bytes.to_le_bytes()].concat();
        self.frame(END, &numbers)?;
        self.file
            .sync()
            .map_err(|source| FileError::new("cannot sync", &self.path, source))?;
        Ok(self.offset)
    }

    fn head(&mut self, kind: MemberKind, name: &str, bytes: u64) -> Result<Member, FileError> {
        let member = Member {
            kind,
            name: name.to_owned(),
            bytes,
        };
        self.members += 1;
        let json = serde_json::to_vec(&member).expect("a plain struct");
        self.frame(HEAD, &json)?;
        Ok(member)
    }

    fn piece(&mut self, piece: &[u8]) -> Result<(), FileError> {
        self.bytes += piece.len() as u64;
        self.frame(PIECE, piece)
    }

    fn frame(&mut self, kind: u8, body: &[u8]) -> Result<(), FileError> {
        let mut buffer = std::mem::take(&mut self.buffer);
        buffer.clear();
        let at = frame::begin(&mut buffer);
        buffer.push(kind);
        buffer.extend_from_slice(body);
        frame::finish(&mut buffer, at);
        self.write(&buffer)?;
        self.buffer = buffer;
        Ok(())
    }

    fn write(&mut self, bytes: &[u8]) -> Result<(), FileError> {
        files::write_all_at(&*self.file, bytes, self.offset)
            .map_err(|source| FileError::new("cannot write", &self.path, source))?;
        self.offset += bytes.len() as u64;
        Ok(())
    }
}

/// What comes next in an archive.
pub(in crate::store) enum Part {
    /// A member begins.
    Head(Member),
    /// The next piece of the member that began last.
    Piece(Vec<u8>),
    /// The archive is over, and whole.
    End,
}

/// Reads an archive from its beginning to its end.
pub(in crate::store) struct Reader {
    file: Arc<dyn DiskFile>,
    path: PathBuf,
    offset: u64,
    members: u64,
    bytes: u64,
    /// Bytes of the member that began last which are still to come.
    left: u64,
}

impl Reader {
    pub(in crate::store) fn new(file: Arc<dyn DiskFile>, path: &Path) -> Result<Reader, ArchiveError> {
        let mut greeting = [0; GREETING.len()];
        files::read_full_at(&*file, &mut greeting, 0).map_err(|source| FileError::new("cannot read", path, source))?;
        if greeting != GREETING {
            return Err(ArchiveError::NotABackup(path.to_path_buf()));
        }
        Ok(Reader {
            file,
            path: path.to_path_buf(),
            offset: GREETING.len() as u64,
            members: 0,
            bytes: 0,
            left: 0,
        })
    }

    /// The next part; what is damaged, cut short or does not add up is an error.
    pub(in crate::store) fn next(&mut self) -> Result<Part, ArchiveError> {
        let mut bytes = vec![0; frame::OVERHEAD + 1 + PIECE_BYTES];
        let count = files::read_full_at(&*self.file, &mut bytes, self.offset)
            .map_err(|source| FileError::new("cannot read", &self.path, source))?;
        let Frame::Whole { body, next } = frame::read(&bytes[..count], 0) else {
            return Err(self.damaged());
        };
        let part = self.part(body).ok_or_else(|| self.damaged())?;
        self.offset += next as u64;
        Ok(part)
    }

    fn part(&mut self, body: &[u8]) -> Option<Part> {
        let (kind, rest) = body.split_first()?;
        match *kind {
            HEAD if self.left == 0 => {
                let member: Member = serde_json::from_slice(rest).ok()?;
                self.members += 1;
                self.left = member.bytes;
                Some(Part::Head(member))
            }
            PIECE => {
                self.left = self.left.checked_sub(rest.len() as u64)?;
                self.bytes += rest.len() as u64;
                Some(Part::Piece(rest.to_vec()))
            }
            END if self.left == 0 => {
                let mut numbers = Body(rest);
                let whole = numbers.u64()? == self.members && numbers.u64()? == self.bytes;
                whole.then_some(Part::End)
            }
            _ => None,
        }
    }

    fn damaged(&self) -> ArchiveError {
        ArchiveError::Damaged {
            path: self.path.clone(),
            at: self.offset,
        }
    }
}
