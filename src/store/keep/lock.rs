//! The lock: one process at a time has the book open.

use std::fs;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::fs::{FlockOperation, flock};

use crate::store::{FileError, OpenError};

/// Held while the book is open; the kernel lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub(in crate::store) struct Lock {
    _held: [fs::File; 2],
}

impl Lock {
    /// Takes the lock of the book in `dir`, which is created when absent.
    pub(in crate::store) fn take(dir: &Path) -> Result<Lock, OpenError> {
        crate::files::make_private(dir)
            .map_err(|error| FileError::new("cannot create the folder", dir, error.into_source()))?;
        Lock::take_existing(dir)
    }

    /// As [`Lock::take`], in a folder that is there.
    pub(in crate::store) fn take_existing(dir: &Path) -> Result<Lock, OpenError> {
        // The folder itself is locked too: the file may be removed by hand while the book is open.
        let folder = fs::File::open(dir).map_err(|source| FileError::new("cannot open", dir, source))?;
        lock(&folder, dir, dir)?;
        let path = dir.join("lock");
        let file = fs::OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(|source| FileError::new("cannot open", &path, source))?;
        lock(&file, &path, dir)?;
        Ok(Lock { _held: [folder, file] })
    }
}

/// How long a lock that is held is asked for again. A program that this process starts has a copy of each open file
/// between fork and exec, and with it the lock of a book that was closed meanwhile.
const PATIENCE: Duration = Duration::from_secs(2);
const PAUSE: Duration = Duration::from_millis(5);

fn lock(file: &fs::File, path: &Path, book: &Path) -> Result<(), OpenError> {
    let began = Instant::now();
    loop {
        match flock(file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(()),
            Err(rustix::io::Errno::WOULDBLOCK) if began.elapsed() < PATIENCE => std::thread::sleep(PAUSE),
            Err(rustix::io::Errno::WOULDBLOCK) => return Err(OpenError::InUse(book.to_path_buf())),
            Err(error) => return Err(FileError::new("cannot lock", path, error.into()).into()),
        }
    }
}
