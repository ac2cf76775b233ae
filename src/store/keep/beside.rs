//! What lies beside the book and belongs to it: keys, certificates, settings. A backup brings them along, and a restore
//! puts them back together with the book, all or nothing.
//!
//! ```text
//! <data>/store/                    the book
//! <data>/pki/…                     beside it
//! <data>/pki.restored-g000002/…    of the generation that is being restored: whole and synced before that is the book
//! <data>/pki.before-epoch-17…      what was there before
//! ```
//!
//! The book's new generation getting its name decides: from then on what was restored with it is put in place, by the
//! restore itself or, when that was cut short, by whoever opens the book next. Before it, it is swept away.

use std::path::{Path, PathBuf};

use crate::store::files::{self, Disk};
use crate::store::keep::generation::Generation;
use crate::store::{FileError, OpenError};

/// Stands between a name and the generation it was restored with.
const RESTORED: &str = ".restored-";

/// Put beside the book by a restore without keys: authorities may be made anew, what the old ones issued is given up.
pub const NEW_AUTHORITIES: &str = "new-authorities";

/// The folder beside the book with backups that were made at the first start of another version, each called
/// `gatelodge-<version before>-<time>.backup`.
pub const UPGRADES: &str = "upgrades";

/// The folder of the authorities, which only goes along with its keys.
pub(in crate::store) const KEYS: &str = "pki";

/// Where the book and what belongs to it lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The folder of the book.
    pub book: PathBuf,
    /// The folder that its companions lie in.
    pub beside: PathBuf,
}

impl Place {
    /// As a box has it: the book in `store`, all else around it.
    #[must_use]
    pub fn in_data_dir(data_dir: &Path) -> Place {
        Place {
            book: data_dir.join("store"),
            beside: data_dir.to_owned(),
        }
    }
}

/// The backup in [`UPGRADES`] that this version is most likely to read: of what it wrote itself, else the newest.
pub(in crate::store) fn way_back(disk: &dyn Disk, generation: &Generation) -> Option<PathBuf> {
    let folder = generation.dir.parent()?.parent()?.join(UPGRADES);
    let ours = concat!("gatelodge-", env!("CARGO_PKG_VERSION"), "-");
    let names = files::list(disk, &folder).ok()?.into_iter().map(|found| found.name);
    let newest = names.filter(|name| name.ends_with(".backup")).max_by_key(|name| {
        let made = name.rsplit_once('-').map(|(_, made)| made.to_owned());
        (name.starts_with(ours), made)
    })?;
    Some(folder.join(newest))
}

/// Where the file or folder `name` waits that comes with `generation`.
pub(in crate::store) fn waiting(beside: &Path, name: &str, generation: &Generation) -> PathBuf {
    beside.join(format!("{name}{RESTORED}{}", folder_name(generation)))
}

/// What waits beside the book: its own name, and the number of the generation it came with.
fn all_waiting(disk: &dyn Disk, beside: &Path) -> Result<Vec<(PathBuf, String, u64)>, FileError> {
    let found = files::list(disk, beside)?.into_iter().filter_map(|found| {
        let (name, generation) = found.name.rsplit_once(RESTORED)?;
        let number = generation.strip_prefix('g')?.parse().ok()?;
        Some((beside.join(&found.name), name.to_owned(), number))
    });
    Ok(found.collect())
}

/// Puts in place what came with the `newest` generation and still waits, and removes what came with one that never
/// became the book. Says what was kept of before. Doing it again does nothing.
pub(in crate::store) fn settle(
    disk: &dyn Disk,
    beside: &Path,
    newest: Option<&Generation>,
    epoch: u32,
) -> Result<Vec<PathBuf>, FileError> {
    let mut kept = Vec::new();
    let came = |number| newest.is_some_and(|newest| newest.number == number);
    let all = all_waiting(disk, beside)?;
    if all.iter().any(|(_, name, number)| name == KEYS && came(*number)) {
        // What a restore without keys allowed is over. Before the keys are in place, so that it is done again when it
        // is cut short here.
        remove(disk, &beside.join(NEW_AUTHORITIES))?;
    }
    for (path, name, number) in all {
        if !came(number) {
            remove(disk, &path)?;
            continue;
        }
        let place = beside.join(&name);
        // The note says the same each time.
        if name != NEW_AUTHORITIES && stands(disk, &place)? {
            let before = free_name(disk, beside, &format!("{name}.before-epoch-{epoch}"))?;
            files::rename_synced(disk, &place, &before)?;
            kept.push(before);
        }
        files::rename_synced(disk, &path, &place)?;
    }
    Ok(kept)
}

/// Whether a restore was cut short after it made its book the book, so that a part of it still waits.
pub(in crate::store) fn is_waiting(disk: &dyn Disk, beside: &Path) -> Result<bool, FileError> {
    Ok(!all_waiting(disk, beside)?.is_empty())
}

/// Ends a restore that was cut short, if there is one: what is read before the book is opened, such as settings, is
/// then that of the restored book. Says whether it changed something.
pub fn settle_restore(at: &Place) -> Result<bool, OpenError> {
    let disk = &crate::store::files::RealDisk;
    if !is_waiting(disk, &at.beside)? {
        return Ok(false);
    }
    let _lock = crate::store::keep::lock::Lock::take(&at.book)?;
    let newest = crate::store::keep::generation::find(disk, &at.book)?.pop();
    settle(disk, &at.beside, newest.as_ref(), epoch_of(disk, newest.as_ref())?)?;
    Ok(true)
}

/// The epoch that a generation's note says.
pub(in crate::store) fn epoch_of(disk: &dyn Disk, generation: Option<&Generation>) -> Result<u32, FileError> {
    use crate::store::keep::generation::BookNote;
    use crate::store::keep::note::{self, Note};
    let Some(generation) = generation else { return Ok(0) };
    Ok(match note::read::<BookNote>(disk, &generation.note())? {
        Note::Whole(book) => book.epoch,
        Note::Absent | Note::Damaged => 0,
    })
}

fn folder_name(generation: &Generation) -> String {
    let name = generation.dir.file_name().unwrap_or_default().to_string_lossy();
    name.strip_suffix(files::UNFINISHED).unwrap_or(&name).to_owned()
}

fn stands(disk: &dyn Disk, path: &Path) -> Result<bool, FileError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let dir = path.parent().unwrap_or(Path::new("/"));
    Ok(files::list(disk, dir)?.iter().any(|found| found.name == name))
}

fn free_name(disk: &dyn Disk, dir: &Path, wanted: &str) -> Result<PathBuf, FileError> {
    let found = files::list(disk, dir)?;
    let names = std::iter::once(wanted.to_owned()).chain((2..).map(|number| format!("{wanted}-{number}")));
    let mut free = names.filter(|name| found.iter().all(|found| found.name != *name));
    Ok(dir.join(free.next().expect("numbers do not end")))
}

/// Removes a file, or a folder with all that is in it.
pub(in crate::store) fn remove(disk: &dyn Disk, path: &Path) -> Result<(), FileError> {
    if disk.list(path).is_ok() {
        return files::remove_tree(disk, path);
    }
    match disk.remove(path) {
        Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
            Err(FileError::new("cannot remove", path, source))
        }
        Ok(()) | Err(_) => Ok(()),
    }
}
