//! What can go wrong with the book, by stage.

use std::convert::Infallible;
use std::io;
use std::path::{Path, PathBuf};

/// A change was not made.
#[derive(Debug, thiserror::Error)]
pub enum WriteError<E> {
    /// The change itself said no; nothing was written.
    #[error("{0}")]
    Refused(E),
    /// The queue to the pen is full; nothing was written. Try again in a second.
    #[error("too many changes are waiting")]
    Busy,
    /// The disk has no room beyond the reserve; nothing was written, reads go on.
    #[error("the disk is full")]
    DiskFull,
    /// The closure panicked; nothing was written and its neighbours are unharmed.
    #[error("the change failed inside")]
    Panicked,
    /// The book is closing or closed; nothing was written.
    #[error("the book is closed")]
    Closed,
}

/// Why the book did not take a change that was right in itself.
pub type Unwritten = WriteError<Infallible>;

impl<E> WriteError<E> {
    /// Tells the change's own refusal from the book's.
    pub fn split(self) -> Result<E, Unwritten> {
        match self {
            WriteError::Refused(refusal) => Ok(refusal),
            WriteError::Busy => Err(WriteError::Busy),
            WriteError::DiskFull => Err(WriteError::DiskFull),
            WriteError::Panicked => Err(WriteError::Panicked),
            WriteError::Closed => Err(WriteError::Closed),
        }
    }
}

/// A row could not be read or written on a page.
#[derive(Debug, thiserror::Error)]
pub enum RowError {
    /// The row is larger than a page takes; larger things are month files.
    #[error("a row of {bytes} bytes in {ledger} is over the limit of {limit} bytes")]
    TooLarge {
        /// Which ledger.
        ledger: &'static str,
        /// How large it is.
        bytes: usize,
        /// How large it may be.
        limit: usize,
    },
    /// The change is larger than the pen takes at once; make it several.
    #[error("a change of {rows} rows and {bytes} bytes is over the limit of {limit} bytes or, for bulk, 128 rows")]
    PageFull {
        /// Rows with this one.
        rows: usize,
        /// Bytes with this one.
        bytes: usize,
        /// How many bytes it may be.
        limit: usize,
    },
    /// The row could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// Rows could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The stored bytes are not what this version writes.
    #[error("a row of {ledger} is not in its format: {source}")]
    Format {
        /// Which ledger.
        ledger: &'static str,
        /// What the decoder said.
        source: serde_json::Error,
    },
    /// The table under the rows failed; it is rebuilt at the next start.
    #[error("the table of rows failed: {0}")]
    Table(String),
    /// A file of the book could not be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// The stored bytes are not a day of readings.
    #[error("a row of readings of {series} is not in its format")]
    Readings {
        /// Whose.
        series: String,
    },
    /// A month file cannot be read. Starting again salvages what is left of it.
    #[error("{} is damaged: restart gatelodge to mend it, `gatelodge verify` says what is lost", .0.display())]
    MonthFile(PathBuf),
    /// Bytes of the journal are not records.
    #[error("{}: no record at byte {at}", .path.display())]
    Journal {
        /// The segment.
        path: PathBuf,
        /// Where in it.
        at: u64,
    },
}

/// A file or folder could not be used.
#[derive(Debug, thiserror::Error)]
#[error("{what} {}: {source}", .path.display())]
pub struct FileError {
    /// What was tried.
    pub what: &'static str,
    /// On which path.
    pub path: PathBuf,
    /// What the system said.
    pub source: io::Error,
}

impl FileError {
    pub(super) fn new(what: &'static str, path: &Path, source: io::Error) -> FileError {
        FileError {
            what,
            path: path.to_path_buf(),
            source,
        }
    }

    /// What was written does not read back as it was written.
    pub(super) fn not_as_written(path: &Path) -> FileError {
        FileError::new("cannot read back", path, io::ErrorKind::InvalidData.into())
    }

    pub(super) fn is_full(&self) -> bool {
        matches!(
            self.source.kind(),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded
        )
    }
}

impl From<FileError> for OpenError {
    fn from(error: FileError) -> OpenError {
        let FileError { what, path, source } = error;
        OpenError::File { what, path, source }
    }
}

/// The book could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// Another process holds it.
    #[error("{} is in use by another gatelodge process", .0.display())]
    InUse(PathBuf),
    /// A file or folder of it could not be used.
    #[error("{what} {}: {source}", .path.display())]
    File {
        /// What was tried.
        what: &'static str,
        /// On which path.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The table of rows could not be made anew.
    #[error("cannot make the table of rows: {0}")]
    Table(ReadError),
    /// It was written by a newer version of gatelodge.
    #[error(
        "the book was written by format {found}, this version reads up to {known}; install the newer gatelodge{}",
        or_restore(.way_back.as_deref())
    )]
    Newer {
        /// The format found.
        found: u32,
        /// The newest format known here.
        known: u32,
        /// The backup that was made before a newer version wrote here.
        way_back: Option<PathBuf>,
    },
}

fn or_restore(backup: Option<&Path>) -> String {
    backup.map_or_else(String::new, |backup| {
        format!(
            ", or go back to the backup that was made before it wrote anything: gatelodge restore {}",
            backup.display()
        )
    })
}
