//! The writer of whole files.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use uuid::Uuid;

use super::credential::resolved;
use super::{FileError, error, folder};

/// How the name of a file begins and ends that is not whole yet.
pub(super) const BEGINS: &str = ".";
pub(super) const ENDS: &str = ".new";

/// Whether a file of that name was begun and is not whole: it goes away or gets another name.
#[must_use]
pub fn is_unfinished(name: &str) -> bool {
    name.starts_with(BEGINS) && name.ends_with(ENDS)
}

/// Who may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readers {
    /// Its owner (0600).
    Owner,
    /// Everybody who gets to its folder (0644).
    All,
}

/// A file on its way to its name; dropped before it is finished, it goes away without a trace.
#[derive(Debug)]
pub struct Unfinished {
    file: File,
    beside: PathBuf,
    path: PathBuf,
    named: bool,
}

impl Unfinished {
    /// Begins the file that is to stand at `path`. What stands there stays until [`finish`](Self::finish).
    pub fn create(path: &Path, readers: Readers) -> Result<Unfinished, FileError> {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        // Short enough for a folder that takes names of 255 bytes, whatever the name is.
        let short: String = name.chars().take(48).collect();
        let beside = path.with_file_name(format!("{BEGINS}{short}.{}{ENDS}", Uuid::new_v4().simple()));
        let mode = match readers {
            Readers::Owner => 0o600,
            Readers::All => 0o644,
        };
        let file = OpenOptions::new()
            .read(true)
            .write(true)
            .create_new(true)
            .mode(mode)
            .open(&beside)
            .map_err(error("written", path))?;
        Ok(Unfinished {
            file,
            beside,
            path: path.to_owned(),
            named: false,
        })
    }

    /// Where it lies until it is finished.
    #[must_use]
    pub fn beside(&self) -> &Path {
        &self.beside
    }

    /// The open file.
    pub fn file(&mut self) -> &mut File {
        &mut self.file
    }

    /// Makes it durable under its name, in place of what stood there.
    pub fn finish(self) -> Result<(), FileError> {
        self.end(|beside, path| fs::rename(beside, path))
    }

    /// Makes it durable under its name; fails with [`io::ErrorKind::AlreadyExists`] when something stands there.
    pub fn finish_new(self) -> Result<(), FileError> {
        self.end(|beside, path| Ok(renameat_with(CWD, beside, CWD, path, RenameFlags::NOREPLACE)?))
    }

    fn end(mut self, name: impl FnOnce(&Path, &Path) -> io::Result<()>) -> Result<(), FileError> {
        self.file
            .sync_all()
            .and_then(|()| name(&self.beside, &self.path))
            .map_err(error("written", &self.path))?;
        self.named = true;
        folder::sync(folder::of(&self.path))
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.named {
            // Best effort: a sweep finds what stays behind.
            let _ = fs::remove_file(&self.beside);
        }
    }
}

/// Where a file goes that somebody names: behind a link, and in the place of nothing but a file. What is written beside
/// it and takes its name would take that of a device, too.
pub fn place(path: &Path) -> Result<PathBuf, FileError> {
    match fs::metadata(path) {
        Ok(there) if !there.is_file() => {
            let what = "it is there and is no file";
            Err(error("written", path)(io::Error::new(
                io::ErrorKind::InvalidInput,
                what,
            )))
        }
        Ok(_) => fs::canonicalize(path).map_err(error("written", path)),
        Err(_) => Ok(path.to_owned()),
    }
}

/// Puts `bytes` at `path`, in place of what was there.
pub fn write(path: &Path, bytes: &[u8], readers: Readers) -> Result<(), FileError> {
    begun(path, bytes, readers)?.finish()
}

/// Puts `bytes` at `path`, where nothing stands yet.
pub fn write_new(path: &Path, bytes: &[u8], readers: Readers) -> Result<(), FileError> {
    begun(path, bytes, readers)?.finish_new()
}

/// The text of `path`, which may be a credential of systemd's.
pub fn read(path: &Path) -> Result<String, FileError> {
    resolved(path).and_then(fs::read_to_string).map_err(error("read", path))
}

/// Puts `bytes` at `path`, for its owner only (0600).
pub fn write_private(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    write(path, bytes, Readers::Owner)
}

fn begun(path: &Path, bytes: &[u8], readers: Readers) -> Result<Unfinished, FileError> {
    let mut file = Unfinished::create(path, readers)?;
    file.file().write_all(bytes).map_err(error("written", path))?;
    Ok(file)
}

#[cfg(test)]
mod tests {
    use super::super::{make_private, sweep};
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn what_is_written_is_whole_private_and_alone() {
        let root = tempfile::tempdir().unwrap();
        let dir = root.path().join("a/b");
        make_private(&dir).unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode(&dir), mode(&root.path().join("a"))), (0o700, 0o700));
        let path = dir.join("key.pem");
        for text in ["one", "two"] {
            write_private(&path, text.as_bytes()).unwrap();
            assert_eq!(fs::read_to_string(&path).unwrap(), text);
        }
        assert_eq!(mode(&path), 0o600);
        assert_eq!(fs::read_dir(&dir).unwrap().count(), 1);
        let missing = write(&dir.join("no/such"), b"", Readers::All).unwrap_err().to_string();
        assert!(missing.contains("no/such could not be written"), "{missing}");
    }

    #[test]
    fn what_stands_there_is_not_replaced_by_something_new() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("one");
        write_new(&path, b"first", Readers::All).unwrap();
        let refused = write_new(&path, b"second", Readers::All).unwrap_err();
        assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(&path).unwrap(), b"first");
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 1);
    }

    #[test]
    fn what_a_kill_left_is_swept_and_nothing_else() {
        let root = tempfile::tempdir().unwrap();
        write_private(&root.path().join("kept.new"), b"").unwrap();
        let long = root.path().join("n".repeat(250));
        // As if the process ended here: no drop runs.
        std::mem::forget(Unfinished::create(&long, Readers::Owner).unwrap());
        assert_eq!(fs::read_dir(root.path()).unwrap().count(), 2);
        sweep(root.path()).unwrap();
        let left: Vec<_> = fs::read_dir(root.path())
            .unwrap()
            .map(|one| one.unwrap().file_name())
            .collect();
        assert_eq!(left, ["kept.new"]);
    }

    #[test]
    fn a_file_that_somebody_names_takes_no_device_s_place_and_goes_behind_links() {
        let root = tempfile::tempdir().unwrap();
        let (real, link) = (root.path().join("real"), root.path().join("link"));
        fs::write(&real, "").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        assert_eq!(place(&link).unwrap(), fs::canonicalize(&real).unwrap());
        let new = root.path().join("new");
        assert_eq!(place(&new).unwrap(), new);
        for taken in [Path::new("/dev/null"), root.path()] {
            assert!(place(taken).is_err(), "{}", taken.display());
        }
    }
}
