//! Folders: made, renamed and synced so that a power cut keeps the names in them.

use std::fs::{self, DirBuilder, File};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

use super::whole::{BEGINS, ENDS};
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

/// As [`sweep`], in all folders below `dir` too; links are not followed.
pub fn sweep_below(dir: &Path) -> Result<(), FileError> {
    sweep(dir)?;
    let found = match fs::read_dir(dir) {
        Err(source) if source.kind() == io::ErrorKind::NotFound => return Ok(()),
        found => found.map_err(error("listed", dir))?,
    };
    for entry in found.flatten() {
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            sweep_below(&entry.path())?;
        }
    }
    Ok(())
}

/// Removes files in `dir` that were begun and never finished. Only where nobody writes meanwhile.
pub fn sweep(dir: &Path) -> Result<(), FileError> {
    let found = match fs::read_dir(dir) {
        Err(source) if source.kind() == io::ErrorKind::NotFound => return Ok(()),
        found => found.map_err(error("listed", dir))?,
    };
    for entry in found {
        let entry = entry.map_err(error("listed", dir))?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(BEGINS) && name.ends_with(ENDS) && entry.file_type().is_ok_and(|kind| kind.is_file()) {
            fs::remove_file(entry.path()).map_err(error("removed", &entry.path()))?;
        }
    }
    Ok(())
}
