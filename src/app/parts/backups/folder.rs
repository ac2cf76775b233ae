//! The folder that the box backs itself up to: whether what is there now is what was there before.
//!
//! A stick or a share that is not mounted leaves its mount point: an empty folder of the box's own disk. A backup
//! there is worth nothing on the day the disk breaks, so it is refused and told. The folder is known by a marker that
//! lies in it, and by the file system that it is on.

use std::io;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::accounts::random_id;
use crate::files::{self, FileError, Readers};
use crate::store::{Ledger, RowError, Store, schema};

/// By path.
const FOLDERS: Ledger<Remembered> = Ledger::new(schema::BACKUP_FOLDERS);
/// Lies in the folder and holds its name. An empty one, made by hand, says that this folder is wanted too.
pub(super) const MARKER: &str = ".gatelodge-backups";

/// What is known of a folder from before.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Remembered {
    /// What its markers may say: sticks that take turns have one each.
    names: Vec<String>,
    /// The file system that it was on last.
    file_system: u64,
}

/// Most names of one folder that are remembered; more sticks than that nobody turns in.
const NAMES: usize = 16;

/// Backups cannot be written to the folder.
#[derive(Debug, thiserror::Error)]
pub(super) enum BackupFolderError {
    /// It is not there, and is not made: it may be a disk that is not there.
    #[error("{} is not there: is its disk mounted? It is never made by the box", .0.display())]
    Missing(PathBuf),
    /// It is not the one of before.
    #[error(
        "{} is another file system than before, without the backups made there: is its disk mounted? If this one is meant: touch {}",
        .0.display(), .0.join(MARKER).display()
    )]
    Another(PathBuf),
    /// It cannot be looked at or written to.
    #[error("{}: {source}", .path.display())]
    Unusable {
        /// The folder or its marker.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// The marker could not be written.
    #[error(transparent)]
    Marker(#[from] FileError),
    /// What is remembered could not be read or written.
    #[error("the folder of before could not be looked up: {0}")]
    Book(String),
}

/// What a look at a folder found.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Found {
    /// What the marker says; `None` without one.
    marker: Option<String>,
    file_system: u64,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Verdict {
    /// It is the one.
    Known,
    /// It is the one, once this name is remembered.
    Remember(String),
    /// It is the one, once it is marked anew.
    Mark,
    Another,
}

/// Whether `found` is the folder that is `known`.
fn judge(known: Option<&Remembered>, found: &Found) -> Verdict {
    match (known, found.marker.as_deref()) {
        // Marked by hand, or never seen.
        (_, Some("")) | (None, None) => Verdict::Mark,
        (None, Some(name)) => Verdict::Remember(name.to_owned()),
        (Some(known), Some(name)) if known.names.iter().any(|one| one == name) => Verdict::Known,
        // Somebody cleaned up there.
        (Some(known), None) if known.file_system == found.file_system => Verdict::Mark,
        (Some(_), Some(_) | None) => Verdict::Another,
    }
}

/// Makes sure that backups go where those of before went.
pub(super) async fn check(store: &Store, folder: &Path) -> Result<(), BackupFolderError> {
    let found = look(folder)?;
    let key = folder.as_os_str().as_encoded_bytes().to_vec();
    let known = FOLDERS
        .get(store, &key)
        .map_err(|error| BackupFolderError::Book(error.to_string()))?;
    let name = match judge(known.as_ref(), &found) {
        Verdict::Another => return Err(BackupFolderError::Another(folder.to_owned())),
        Verdict::Known => None,
        Verdict::Remember(name) => Some(name),
        Verdict::Mark => {
            let name = random_id();
            files::write(&folder.join(MARKER), name.as_bytes(), Readers::All)?;
            Some(name)
        }
    };
    let mut row = known.clone().unwrap_or_default();
    row.file_system = found.file_system;
    row.names.extend(name);
    let over = row.names.len().saturating_sub(NAMES);
    row.names.drain(..over);
    if known.as_ref() == Some(&row) {
        return Ok(());
    }
    let noted = store.write(move |page| FOLDERS.put_on(page, &key, &row)).await;
    noted.map_err(|error: crate::store::WriteError<RowError>| BackupFolderError::Book(error.to_string()))
}

fn look(folder: &Path) -> Result<Found, BackupFolderError> {
    let unusable = |path: &Path| {
        let path = path.to_owned();
        move |source| BackupFolderError::Unusable { path, source }
    };
    match std::fs::metadata(folder) {
        Ok(about) if about.is_dir() => {}
        Ok(_) => return Err(unusable(folder)(io::ErrorKind::NotADirectory.into())),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(BackupFolderError::Missing(folder.to_owned()));
        }
        Err(error) => return Err(unusable(folder)(error)),
    }
    let about = rustix::fs::statvfs(folder).map_err(|error| unusable(folder)(error.into()))?;
    let path = folder.join(MARKER);
    let marker = match std::fs::read_to_string(&path) {
        Ok(text) => Some(text.trim().to_owned()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => None,
        Err(error) => return Err(unusable(&path)(error)),
    };
    Ok(Found {
        marker,
        file_system: about.f_fsid,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_known_by_its_marker_else_by_its_file_system() {
        let known = |names: &[&str]| Remembered {
            names: names.iter().map(|&name| name.to_owned()).collect(),
            file_system: 7,
        };
        let found = |marker: Option<&str>, file_system| Found {
            marker: marker.map(str::to_owned),
            file_system,
        };
        let sticks = known(&["one", "two"]);
        for (known, found, verdict) in [
            (None, found(None, 7), Verdict::Mark),
            (None, found(Some("one"), 7), Verdict::Remember("one".to_owned())),
            (Some(&sticks), found(Some("two"), 8), Verdict::Known),
            // The mount point of a stick that is not there.
            (Some(&sticks), found(None, 8), Verdict::Another),
            (Some(&sticks), found(Some("three"), 7), Verdict::Another),
            (Some(&sticks), found(Some(""), 8), Verdict::Mark),
            (Some(&sticks), found(None, 7), Verdict::Mark),
        ] {
            assert_eq!(judge(known, &found), verdict, "{known:?} {found:?}");
        }
    }
}
