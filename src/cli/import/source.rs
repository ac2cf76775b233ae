//! The files of others: regular files alone, bounded, and within the folder that was named (MOVE §1.1).

use std::ffi::OsString;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, FileType, Mode, OFlags, ResolveFlags};
use zeroize::Zeroizing;

use crate::cli::CliError;

/// A file that is read whole has no more bytes than this: keys, certificates, settings.
pub(super) const SMALL: u64 = 1 << 20;
/// Names in one folder at most.
const MOST: usize = 200_000;

/// A file of others is not read.
#[derive(Debug, thiserror::Error)]
#[error("{}: {why}", .path.display())]
pub(super) struct Unread {
    path: PathBuf,
    /// Why, without its name.
    pub(super) why: String,
}

impl From<Unread> for CliError {
    fn from(error: Unread) -> CliError {
        CliError::failed(error)
    }
}

/// The folder that was named: nothing outside of it is opened, whatever links or names lie in it.
pub(super) struct Folder {
    path: PathBuf,
    open: File,
}

impl Folder {
    pub(super) fn open(path: &Path) -> Result<Folder, Unread> {
        let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
        let open = rustix::fs::open(path, flags, Mode::empty());
        Ok(Folder {
            path: path.to_owned(),
            open: open.map_err(|errno| fault(path, &errno.into()))?.into(),
        })
    }

    /// How a file in it is called in what is said.
    pub(super) fn shown(&self, name: impl AsRef<Path>) -> PathBuf {
        self.path.join(name)
    }

    /// A file in it; `None`: there is none of that name.
    pub(super) fn file(&self, name: impl AsRef<Path>) -> Result<Option<File>, Unread> {
        let (name, shown) = (name.as_ref(), self.shown(name.as_ref()));
        // Not waiting for the other end of a pipe; what it is is looked at when it is open.
        let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let beneath = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        match rustix::fs::openat2(&self.open, name, flags, Mode::empty(), beneath) {
            Ok(file) => Ok(Some(regular(file.into(), &shown)?)),
            Err(rustix::io::Errno::NOENT) => Ok(None),
            Err(rustix::io::Errno::XDEV) => {
                let named = self.path.display();
                let why = format!("it leads out of {named}, and nothing outside of the folder that was named is read");
                Err(unread(&shown, why))
            }
            Err(errno) => Err(fault(&shown, &errno.into())),
        }
    }

    /// A small file in it, whole; `None`: there is none of that name.
    pub(super) fn small(&self, name: impl AsRef<Path>) -> Result<Option<Zeroizing<Vec<u8>>>, Unread> {
        let name = name.as_ref();
        self.file(name)?.map(|file| whole(file, &self.shown(name))).transpose()
    }

    /// The names in a folder in it, sorted; none when there is no such folder.
    pub(super) fn names(&self, folder: impl AsRef<Path>) -> Result<Vec<OsString>, Unread> {
        let shown = self.shown(folder.as_ref());
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let beneath = ResolveFlags::BENEATH | ResolveFlags::NO_MAGICLINKS;
        let open = match rustix::fs::openat2(&self.open, folder.as_ref(), flags, Mode::empty(), beneath) {
            Ok(open) => open,
            Err(rustix::io::Errno::NOENT | rustix::io::Errno::NOTDIR) => return Ok(Vec::new()),
            Err(errno) => return Err(fault(&shown, &errno.into())),
        };
        let read = rustix::fs::Dir::read_from(open).map_err(|errno| fault(&shown, &errno.into()))?;
        let mut names = Vec::new();
        for entry in read {
            let entry = entry.map_err(|errno| fault(&shown, &errno.into()))?;
            let name = std::os::unix::ffi::OsStrExt::from_bytes(entry.file_name().to_bytes());
            let name: &std::ffi::OsStr = name;
            if name != "." && name != ".." {
                names.push(name.to_owned());
            }
            if names.len() > MOST {
                let many = format!("more than {MOST} files lie in it; bring them in parts");
                return Err(unread(&shown, many));
            }
        }
        names.sort();
        Ok(names)
    }
}

/// What a name in the folder is of, a link being a link.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Folder,
    Other,
}

impl Folder {
    pub(super) fn kind(&self, name: &Path) -> Result<Kind, Unread> {
        let about = rustix::fs::statat(&self.open, name, AtFlags::SYMLINK_NOFOLLOW);
        let about = about.map_err(|errno| fault(&self.shown(name), &errno.into()))?;
        Ok(match FileType::from_raw_mode(about.st_mode) {
            FileType::Directory => Kind::Folder,
            _ => Kind::Other,
        })
    }
}

/// A file that was named itself: behind a link, if that is what it is.
pub(super) fn named(path: &Path) -> Result<File, Unread> {
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let open = rustix::fs::openat(CWD, path, flags, Mode::empty());
    regular(open.map_err(|errno| fault(path, &errno.into()))?.into(), path)
}

fn regular(file: File, shown: &Path) -> Result<File, Unread> {
    let about = file.metadata().map_err(|error| fault(shown, &error))?;
    match about.is_file() {
        true => Ok(file),
        false => Err(unread(shown, "it is no file")),
    }
}

fn whole(file: File, shown: &Path) -> Result<Zeroizing<Vec<u8>>, Unread> {
    // All of it at once, so that no part of a key is left behind where a growing buffer was.
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(SMALL).unwrap_or(0) + 1));
    let read = file.take(SMALL + 1).read_to_end(&mut bytes);
    read.map_err(|error| fault(shown, &error))?;
    match bytes.len() as u64 > SMALL {
        true => Err(unread(
            shown,
            format!("it has more than {} KiB, which nothing of its kind has", SMALL / 1024),
        )),
        false => Ok(bytes),
    }
}

pub(super) fn fault(path: &Path, error: &io::Error) -> Unread {
    unread(path, error.to_string())
}

fn unread(path: &Path, why: impl Into<String>) -> Unread {
    Unread {
        path: path.to_owned(),
        why: why.into(),
    }
}
