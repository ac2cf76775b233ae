//! The disk under the book: every file the store itself writes is opened through [`Disk`].
//!
//! The seam is there for the proof: a simulated disk drops, tears and reorders whatever was not
//! synced, fails any call and cuts the power at any point. Nothing here is clever on purpose.

use std::fmt;
use std::fs;
use std::io;
use std::os::unix::fs::{DirBuilderExt, FileExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::FileError;

/// What the book asks of a file system.
pub trait Disk: fmt::Debug + Send + Sync {
    /// Creates `path` for reading and writing, emptying what stood there; only the owner may read it.
    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>>;
    /// Opens `path`, which exists, for reading and writing.
    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>>;
    /// What lies in `dir`, in no order.
    fn list(&self, dir: &Path) -> io::Result<Vec<Found>>;
    /// Creates `dir` if it is not there; its parent exists.
    fn make_dir(&self, dir: &Path) -> io::Result<()>;
    /// Lets everybody read the file `path` who gets to its folder.
    fn show(&self, path: &Path) -> io::Result<()>;
    /// Makes what was created, renamed and removed in `dir` durable.
    fn sync_dir(&self, dir: &Path) -> io::Result<()>;
    /// Gives `from` the name `to`, in place of what stood there.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Gives the file `from` the second name `to`.
    fn link(&self, from: &Path, to: &Path) -> io::Result<()>;
    /// Removes the file `path`.
    fn remove(&self, path: &Path) -> io::Result<()>;
    /// Removes the empty folder `dir`.
    fn remove_dir(&self, dir: &Path) -> io::Result<()>;
    /// Bytes that can still be written below `dir`.
    fn room(&self, dir: &Path) -> io::Result<u64>;
}

/// An open file; calls may be made from several threads.
#[allow(clippy::len_without_is_empty)]
pub trait DiskFile: fmt::Debug + Send + Sync {
    /// Reads some bytes at `offset`; 0 at the end.
    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize>;
    /// Writes some of `bytes` at `offset`; says how many.
    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize>;
    /// Length in bytes.
    fn len(&self) -> io::Result<u64>;
    /// Cuts or extends the file.
    fn set_len(&self, bytes: u64) -> io::Result<()>;
    /// Makes content and length durable (`fdatasync`).
    fn sync(&self) -> io::Result<()>;
}

/// One name in a folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its name, without the folder.
    pub name: String,
    /// Its length in bytes; 0 for a folder.
    pub bytes: u64,
    /// Whether it is a folder.
    pub folder: bool,
}

/// The disk of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct RealDisk;

impl Disk for RealDisk {
    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        let file = fs::OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .mode(0o600)
            .open(path)?;
        Ok(Arc::new(file))
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        Ok(Arc::new(fs::OpenOptions::new().read(true).write(true).open(path)?))
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<Found>> {
        fs::read_dir(dir)?
            .map(|entry| {
                let entry = entry?;
                let about = entry.metadata()?;
                Ok(Found {
                    name: entry.file_name().to_string_lossy().into_owned(),
                    bytes: if about.is_dir() { 0 } else { about.len() },
                    folder: about.is_dir(),
                })
            })
            .collect()
    }

    fn make_dir(&self, dir: &Path) -> io::Result<()> {
        match fs::DirBuilder::new().mode(0o700).create(dir) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            done => done,
        }
    }

    fn show(&self, path: &Path) -> io::Result<()> {
        fs::set_permissions(path, fs::Permissions::from_mode(0o644))
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        fs::File::open(dir)?.sync_all()
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::hard_link(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn remove_dir(&self, dir: &Path) -> io::Result<()> {
        fs::remove_dir(dir)
    }

    fn room(&self, dir: &Path) -> io::Result<u64> {
        let about = rustix::fs::statvfs(dir)?;
        Ok(about.f_bavail * about.f_frsize)
    }
}

impl DiskFile for fs::File {
    fn read_at(&self, into: &mut [u8], offset: u64) -> io::Result<usize> {
        FileExt::read_at(self, into, offset)
    }

    fn write_at(&self, bytes: &[u8], offset: u64) -> io::Result<usize> {
        FileExt::write_at(self, bytes, offset)
    }

    fn len(&self) -> io::Result<u64> {
        Ok(self.metadata()?.len())
    }

    fn set_len(&self, bytes: u64) -> io::Result<()> {
        fs::File::set_len(self, bytes)
    }

    fn sync(&self) -> io::Result<()> {
        self.sync_data()
    }
}

/// Writes all of `bytes` at `offset`; a disk that takes nothing more is full.
pub(super) fn write_all_at(file: &dyn DiskFile, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
    while !bytes.is_empty() {
        match file.write_at(bytes, offset) {
            Ok(0) => return Err(io::ErrorKind::StorageFull.into()),
            Ok(count) => {
                bytes = &bytes[count..];
                offset += count as u64;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Fills `into` from `offset` on as far as the file goes; says how many bytes there were.
pub(super) fn read_full_at(file: &dyn DiskFile, into: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut done = 0;
    while done < into.len() {
        match file.read_at(&mut into[done..], offset + done as u64) {
            Ok(0) => break,
            Ok(count) => done += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(done)
}

/// The whole of an open file.
pub(super) fn read_all(file: &dyn DiskFile) -> io::Result<Vec<u8>> {
    let mut bytes = vec![0; usize::try_from(file.len()?).expect("files of the book fit in memory")];
    let count = read_full_at(file, &mut bytes, 0)?;
    bytes.truncate(count);
    Ok(bytes)
}

/// The whole of the file at `path`; `None` when there is none.
pub(super) fn read_path(disk: &dyn Disk, path: &Path) -> Result<Option<Vec<u8>>, FileError> {
    match disk.open(path).and_then(|file| read_all(&*file)) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(FileError::new("cannot read", path, source)),
    }
}

/// Puts `bytes` at `path`, whole or not at all: written beside, synced, renamed, folder synced.
pub(super) fn write_beside(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let beside = beside(path);
    let file = disk
        .create(&beside)
        .map_err(|source| FileError::new("cannot create", &beside, source))?;
    write_all_at(&*file, bytes, 0).map_err(|source| FileError::new("cannot write", &beside, source))?;
    file.sync()
        .map_err(|source| FileError::new("cannot sync", &beside, source))?;
    rename_synced(disk, &beside, path)
}

/// Renames within one folder and makes it durable.
pub(super) fn rename_synced(disk: &dyn Disk, from: &Path, to: &Path) -> Result<(), FileError> {
    disk.rename(from, to)
        .map_err(|source| FileError::new("cannot rename", from, source))?;
    sync_parent(disk, to)
}

/// Makes the name of `path` durable.
pub(super) fn sync_parent(disk: &dyn Disk, path: &Path) -> Result<(), FileError> {
    let dir = path.parent().unwrap_or(Path::new("/"));
    let dir = if dir.as_os_str().is_empty() {
        Path::new(".")
    } else {
        dir
    };
    disk.sync_dir(dir)
        .map_err(|source| FileError::new("cannot sync the folder", dir, source))
}

/// The name a file has while it is being written.
pub(super) fn beside(path: &Path) -> PathBuf {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(UNFINISHED);
    path.with_file_name(name)
}

/// How names of files end that were not finished.
pub(super) const UNFINISHED: &str = ".unfinished";

/// Removes `dir` and all below it; nothing there is fine.
pub(super) fn remove_tree(disk: &dyn Disk, dir: &Path) -> Result<(), FileError> {
    let found = match disk.list(dir) {
        Ok(found) => found,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(source) => return Err(FileError::new("cannot list", dir, source)),
    };
    for one in found {
        let path = dir.join(&one.name);
        if one.folder {
            remove_tree(disk, &path)?;
        } else {
            disk.remove(&path)
                .map_err(|source| FileError::new("cannot remove", &path, source))?;
        }
    }
    disk.remove_dir(dir)
        .map_err(|source| FileError::new("cannot remove", dir, source))
}

/// Names in `dir`; none when it does not exist.
pub(super) fn list(disk: &dyn Disk, dir: &Path) -> Result<Vec<Found>, FileError> {
    match disk.list(dir) {
        Ok(found) => Ok(found),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(source) => Err(FileError::new("cannot list", dir, source)),
    }
}
