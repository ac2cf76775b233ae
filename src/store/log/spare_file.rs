//! The spare: the file of the next segment, written full of zeros beforehand.
//!
//! Appending to a file that grows makes every `fdatasync` wait for the file system's journal, and in it for what
//! other files are writing; where blocks stand already, it writes just those. So the keeper makes a file ready while
//! the last half of a segment is filled, and the pen gives it its name. A book that is hardly written in never has
//! one. It is also room that a full disk can be given back.

use std::path::{Path, PathBuf};

use crate::store::FileError;
use crate::store::files::{self, Disk, UNFINISHED};
use crate::store::page::GROUP_LIMIT;

/// Zeros written at once.
const PIECE: usize = 256 << 10;

/// Opening sweeps it away, as everything that is called so.
fn path(dir: &Path) -> PathBuf {
    dir.join(format!("next{UNFINISHED}"))
}

/// Makes a spare for segments of `segment_bytes` in `dir` unless there is one. Without room there is none.
pub(in crate::store) fn make(disk: &dyn Disk, dir: &Path, segment_bytes: u64) -> Result<(), FileError> {
    let path = path(dir);
    if disk.open(&path).is_ok() {
        return Ok(());
    }
    // It has the name only when it is whole.
    let making = files::beside(&path);
    // The last group may go over the end.
    let wrote = fill(disk, &making, segment_bytes + segment_bytes.min(GROUP_LIMIT as u64));
    match wrote {
        Ok(()) => files::rename_synced(disk, &making, &path),
        Err(error) => {
            // The next round begins anew; that it failed is what is told.
            let _: std::io::Result<()> = disk.remove(&making);
            if error.is_full() { Ok(()) } else { Err(error) }
        }
    }
}

fn fill(disk: &dyn Disk, path: &Path, bytes: u64) -> Result<(), FileError> {
    let file = disk
        .create(path)
        .map_err(|source| FileError::new("cannot create", path, source))?;
    let zeros = vec![0; PIECE];
    let mut at = 0;
    while at < bytes {
        let piece = PIECE.min(usize::try_from(bytes - at).unwrap_or(PIECE));
        files::write_all_at(&*file, &zeros[..piece], at)
            .map_err(|source| FileError::new("cannot write", path, source))?;
        at += piece as u64;
    }
    file.sync()
        .map_err(|source| FileError::new("cannot sync", path, source))
}

/// Gives the spare in `dir` the name `to`, not yet durably. Says whether there was one.
pub(in crate::store) fn take(disk: &dyn Disk, dir: &Path, to: &Path) -> bool {
    disk.rename(&path(dir), to).is_ok()
}

/// Gives the spare's room back.
pub(in crate::store) fn release(disk: &dyn Disk, dir: &Path) {
    // There is mostly none.
    let _: std::io::Result<()> = disk.remove(&path(dir));
}
