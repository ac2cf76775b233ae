//! Files of ours beside the book: each is whole under its name, or the name is as it was.
//!
//! What is written goes to a file beside, is synced, takes its name, and the folder is synced: only then is it
//! said to be there. A file beside that a killed process left is known by its name and can be [`sweep`](sweep())t.

mod credential;
mod folder;
mod sweep;
mod whole;

use std::io;
use std::path::{Path, PathBuf};

pub use credential::{is_credential, read_secret, resolved};
pub use folder::{make_private, make_shared, rename, sync};
pub use sweep::{sweep, sweep_below};
pub use whole::{Readers, Unfinished, is_unfinished, place, read, write, write_new, write_private};

/// A file or folder could not be used.
#[derive(Debug, thiserror::Error)]
#[error("{} could not be {done}: {source}", .path.display())]
pub struct FileError {
    done: &'static str,
    path: PathBuf,
    source: io::Error,
}

impl FileError {
    /// `path` could not be `done` ("written", "read", …).
    pub fn new(done: &'static str, path: &Path, source: io::Error) -> FileError {
        FileError {
            done,
            path: path.to_owned(),
            source,
        }
    }

    /// What the system said, whole.
    #[must_use]
    pub fn into_source(self) -> io::Error {
        self.source
    }

    /// What kind of error the system said.
    #[must_use]
    pub fn kind(&self) -> io::ErrorKind {
        self.source.kind()
    }
}

fn error(done: &'static str, path: &Path) -> impl FnOnce(io::Error) -> FileError {
    move |source| FileError::new(done, path, source)
}
