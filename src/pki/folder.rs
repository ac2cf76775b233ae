//! Files of the PKI: written beside, synced, renamed; keys are for their owner's eyes.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use uuid::Uuid;

/// A file or folder of the PKI could not be used.
#[derive(Debug, thiserror::Error)]
#[error("{} could not be {done}: {source}", .path.display())]
pub struct FolderError {
    done: &'static str,
    path: PathBuf,
    source: io::Error,
}

/// Who may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Readers {
    /// Its owner (0600).
    Owner,
    /// Everybody who gets to its folder (0644).
    All,
}

fn error(done: &'static str, path: &Path) -> impl FnOnce(io::Error) -> FolderError {
    let path = path.to_owned();
    move |source| FolderError { done, path, source }
}

/// Makes `dir` and what is missing above it, for the owner only (0700).
pub fn make(dir: &Path) -> Result<(), FolderError> {
    DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(dir)
        .map_err(error("made", dir))
}

/// Puts `bytes` at `path` whole or not at all, in place of what was there.
pub(super) fn write(path: &Path, bytes: &[u8], readers: Readers) -> Result<(), FolderError> {
    let dir = path.parent().unwrap_or(Path::new("."));
    let beside = dir.join(format!(".{}.new", Uuid::new_v4().simple()));
    let mode = match readers {
        Readers::Owner => 0o600,
        Readers::All => 0o644,
    };
    let put = || {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, path)?;
        // A path without a folder is in the working directory, whose name is not the empty one.
        let dir = if dir.as_os_str().is_empty() {
            Path::new(".")
        } else {
            dir
        };
        File::open(dir)?.sync_all()
    };
    put().map_err(|source| {
        // Best effort: the rename may have taken it away, and the failure itself is what gets told.
        let _ = fs::remove_file(&beside);
        error("written", path)(source)
    })
}

/// Puts `bytes` at `path` whole or not at all, for its owner only (0600).
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<(), FolderError> {
    write(path, bytes, Readers::Owner)
}

/// The text of `path`.
pub(super) fn read(path: &Path) -> Result<String, FolderError> {
    fs::read_to_string(path).map_err(error("read", path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn what_is_written_is_whole_private_and_alone() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("a/b");
        make(&dir).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode(&dir), 0o700);
        let path = dir.join("key.pem");
        for text in ["one", "two"] {
            write(&path, text.as_bytes(), Readers::Owner).unwrap();
            assert_eq!(read(&path).unwrap(), text);
        }
        assert_eq!(mode(&path), 0o600);
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 1);
        let missing = write(&dir.join("no/such"), b"", Readers::All).unwrap_err().to_string();
        assert!(missing.contains("no/such could not be written"), "{missing}");
    }
}
