//! The lock: one process at a time has the book open.

use std::fs;
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::Path;

use rustix::fs::{FlockOperation, flock};

use super::{FileError, OpenError};

/// Held while the book is open; the kernel lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub(super) struct Lock {
    _file: fs::File,
}

impl Lock {
    /// Takes the lock of the book in `dir`, which is created when absent.
    pub(super) fn take(dir: &Path) -> Result<Lock, OpenError> {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(dir)
            .map_err(|source| FileError::new("cannot create the folder", dir, source))?;
        Lock::take_existing(dir)
    }

    /// As [`Lock::take`], in a folder that is there.
    pub(super) fn take_existing(dir: &Path) -> Result<Lock, OpenError> {
        let path = dir.join("lock");
        let file = fs::OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(|source| FileError::new("cannot open", &path, source))?;
        match flock(&file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => Ok(Lock { _file: file }),
            Err(rustix::io::Errno::WOULDBLOCK) => Err(OpenError::InUse(dir.to_path_buf())),
            Err(error) => Err(FileError::new("cannot lock", &path, error.into()).into()),
        }
    }
}
