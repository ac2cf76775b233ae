//! Folders: made, renamed and synced so that a power cut keeps the names in them.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use super::{FileError, error};

/// Makes `dir` and what is missing above it, for the owner only (0700).
pub fn make_private(dir: &Path) -> Result<(), FileError> {
    make(dir, 0o700)
}

/// Makes `dir` and what is missing above it, as the process's umask wants it.
pub fn make_shared(dir: &Path) -> Result<(), FileError> {
    make(dir, 0o777)
}

fn make(dir: &Path, mode: u32) -> Result<(), FileError> {
    if dir.as_os_str().is_empty() || dir.is_dir() {
        return Ok(());
    }
    make(of(dir), mode)?;
    match DirBuilder::new().mode(mode).create(dir) {
        Err(source) if source.kind() != io::ErrorKind::AlreadyExists || !dir.is_dir() => {
            Err(FileError::new("made", dir, source))
        }
        Ok(()) | Err(_) => sync(of(dir)),
    }
}

/// The folder that `path` stands in. A path without one is in the working directory, whose name is not the empty one.
pub(super) fn of(path: &Path) -> &Path {
    match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => Path::new("/"),
    }
}

/// Makes the names in `dir` durable.
pub fn sync(dir: &Path) -> Result<(), FileError> {
    File::open(dir)
        .and_then(|dir| dir.sync_all())
        .map_err(error("synced", dir))
}

/// Gives `from` the name `to`, durably; both on one file system.
pub fn rename(from: &Path, to: &Path) -> Result<(), FileError> {
    fs::rename(from, to).map_err(error("renamed", from))?;
    sync(of(to))?;
    if of(from) == of(to) { Ok(()) } else { sync(of(from)) }
}
