//! The month's file, as it stands.

use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::{Map, Value};

use crate::accounts::audit::{Head, file_of, months};

/// The name of the month's file.
pub(super) fn month_of(at: Timestamp) -> String {
    at.to_zoned(TimeZone::UTC).strftime("%Y-%m").to_string()
}

/// The files, as they stand.
pub(super) struct Book {
    folder: PathBuf,
    month: String,
    file: Option<File>,
    pub(super) head: Head,
    /// Bytes of the month's file, as far as they were written here.
    length: u64,
    pub(super) unsynced: bool,
}

impl Book {
    /// Goes on where the chain stands, in the newest month's file or, at `now`, in a newer one.
    pub(super) fn begin(folder: &Path, head: Head, now: Timestamp) -> io::Result<Book> {
        let mut book = Book {
            folder: folder.to_owned(),
            // A clock that was set back, now or while the box was down, does not part what is tied together.
            month: months(folder)?.pop().unwrap_or_default(),
            file: None,
            head,
            length: 0,
            unsynced: false,
        };
        book.open(now)?;
        Ok(book)
    }

    fn open(&mut self, at: Timestamp) -> io::Result<()> {
        let month = month_of(at).max(self.month.clone());
        let mut options = OpenOptions::new();
        let file = options
            .create(true)
            .append(true)
            .mode(0o600)
            .open(file_of(&self.folder, &month))?;
        self.length = file.metadata()?.len();
        (self.file, self.month) = (Some(file), month);
        Ok(())
    }

    /// Writes a line.
    pub(super) fn write(&mut self, at: Timestamp, what: &str, fields: Map<String, Value>) -> io::Result<()> {
        if self.file.is_none() || month_of(at) > self.month {
            self.open(at)?;
        }
        let (line, head) = self.head.next(at, what, fields);
        let Some(file) = &mut self.file else { return Ok(()) };
        let before = file.metadata()?.len();
        let line = format!("{line}\n");
        if let Err(error) = file.write_all(line.as_bytes()) {
            // Half a line would break the chain for whoever reads it.
            let _ = file.set_len(before);
            return Err(error);
        }
        self.length = before + u64::try_from(line.len()).unwrap_or(0);
        (self.head, self.unsynced) = (head, true);
        Ok(())
    }

    /// The file, when it has what is not on disk yet.
    pub(super) fn take_unsynced(&mut self) -> Option<File> {
        let unsynced = std::mem::take(&mut self.unsynced);
        self.file.as_ref().filter(|_| unsynced)?.try_clone().ok()
    }

    /// Whether the file that is written is still the one that everybody finds, and no shorter than it was; when it is
    /// not, the next line begins another.
    pub(super) fn is_there(&mut self) -> bool {
        let Some(file) = &self.file else { return true };
        let (Ok(ours), Ok(found)) = (
            file.metadata(),
            std::fs::symlink_metadata(file_of(&self.folder, &self.month)),
        ) else {
            self.file = None;
            return false;
        };
        let same = ours.ino() == found.ino() && ours.dev() == found.dev() && found.len() >= self.length;
        if !same {
            self.file = None;
        }
        same
    }
}
