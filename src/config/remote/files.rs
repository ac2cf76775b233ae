//! The file of what the box was told remotely, and what stood there before a trial: each put in place whole or not at
//! all, so that a crash at any moment leaves one of the two.

use std::io;
use std::path::{Path, PathBuf};

use super::{Candidate, RemoteError};
use crate::config::layers::remote_file;
use crate::files::{self, FileError};

/// Where that stands which was before a trial.
fn before(data_dir: &Path) -> PathBuf {
    data_dir.join("conf.d/remote.toml.before")
}

impl Candidate {
    /// Puts it where it is read from now on; what was before stands beside it until the trial is over.
    pub fn put(&self, data_dir: &Path) -> Result<(), RemoteError> {
        let (path, before) = (remote_file(data_dir), before(data_dir));
        let folder = data_dir.join("conf.d");
        files::make_private(&folder)?;
        let was = std::fs::read(&path).or_else(|error| match error.kind() {
            io::ErrorKind::NotFound => Ok(Vec::new()),
            _ => Err(error),
        });
        let was = was.map_err(|source| FileError::new("read", &path, source))?;
        files::write_private(&before, &was)?;
        files::write_private(&path, self.text.as_bytes())?;
        Ok(())
    }
}

/// The trial is over, and what is in force stays.
pub fn keep(data_dir: &Path) -> Result<(), RemoteError> {
    let before = before(data_dir);
    std::fs::remove_file(&before).map_err(|source| FileError::new("removed", &before, source))?;
    files::sync(&data_dir.join("conf.d"))?;
    Ok(())
}

/// Puts back what was before a trial, when one was under way. Answers whether it was.
pub fn roll_back(data_dir: &Path) -> Result<bool, RemoteError> {
    let (path, before) = (remote_file(data_dir), before(data_dir));
    let was = match std::fs::read(&before) {
        Ok(was) => was,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(FileError::new("read", &before, error).into()),
    };
    if was.is_empty() {
        match std::fs::remove_file(&path) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(FileError::new("removed", &path, error).into()),
        }
    } else {
        files::write_private(&path, &was)?;
    }
    keep(data_dir)?;
    Ok(true)
}
