//! Takes away what was begun and never finished.

use std::fs;
use std::io;
use std::path::Path;

use super::whole::is_unfinished;
use super::{FileError, error};

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
        if is_unfinished(&name) && entry.file_type().is_ok_and(|kind| kind.is_file()) {
            fs::remove_file(entry.path()).map_err(error("removed", &entry.path()))?;
        }
    }
    Ok(())
}
