//! Why a backup was not restored.

use crate::store::backup::archive::ArchiveError;
use crate::store::backup::encryption::SealError;
use crate::store::open::loss::Loss;
use crate::store::{FileError, OpenError};

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
