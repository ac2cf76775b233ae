//! The backups of this box where they lie: in the folder, and in the bucket.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use jiff::Timestamp;
use serde::Serialize;

use crate::admin::{Backups, KeysIn, RestoreTrial};

/// How the name of a backup begins and ends; between stands when it was made.
pub(super) const PREFIX: &str = "gatelodge-";
pub(super) const SUFFIX: &str = ".backup";
/// What a sealed backup is called behind the name of one that is not.
pub(super) const SEALED: &str = ".age";

/// Where one lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = BackupPlace)]
pub enum Where {
    /// In the folder: the box can restore it for trial.
    Folder,
    /// In the bucket, sealed: the box cannot open it.
    Bucket,
}

/// A backup that is kept.
#[derive(Clone, Debug)]
pub struct Kept {
    pub name: String,
    pub at: Timestamp,
    pub place: Where,
    pub bytes: Option<u64>,
    /// Whether the box read it again to its end before it counted it; of what an earlier version made, nobody knows.
    pub read_again: bool,
    /// Whether the keys are in it, as far as that is known.
    pub keys: Option<KeysIn>,
    /// When it was restored for trial last.
    pub trial: Option<RestoreTrial>,
}

impl Kept {
    /// A backup with what the book knows of it.
    pub(super) fn of(
        backups: &Backups,
        (name, at): (String, Timestamp),
        (place, bytes): (Where, Option<u64>),
    ) -> Result<Kept> {
        let known = backups.known(&name)?;
        Ok(Kept {
            trial: backups.trial_of(&name)?,
            read_again: known.is_some(),
            keys: known.and_then(|known| known.keys),
            name,
            at,
            place,
            bytes,
        })
    }
}

/// Those in the folder, oldest first.
pub(super) fn in_folder(folder: &Path, backups: &Backups) -> Result<Vec<Kept>> {
    let made = made_before(folder)?.into_iter();
    made.map(|(at, path)| {
        let bytes = std::fs::metadata(&path).ok().map(|about| about.len());
        Kept::of(backups, (name_of(&path), at), (Where::Folder, bytes))
    })
    .collect()
}

/// The name of a backup's file.
pub(super) fn name_of(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The backups of this box in `folder`, oldest first, by the time in their names.
///
/// # Errors
///
/// When the folder cannot be read.
pub fn made_before(folder: &Path) -> Result<Vec<(Timestamp, PathBuf)>> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
    let mut found: Vec<(Timestamp, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| Some((stamp(&entry.path())?, entry.path())))
        .collect();
    found.sort();
    Ok(found)
}

/// When the backup of that name was made; `None`: it is called like none.
pub(super) fn stamp(path: &Path) -> Option<Timestamp> {
    let name = path.file_name()?.to_str()?;
    let name = name.strip_suffix(SEALED).unwrap_or(name);
    let stamp = name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?;
    let civil = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", stamp).ok()?;
    civil
        .to_zoned(jiff::tz::TimeZone::UTC)
        .ok()
        .map(|zoned| zoned.timestamp())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn backups_are_known_by_the_time_in_their_names() {
        let at = stamp(Path::new("/b/gatelodge-20260102T030405Z.backup")).unwrap();
        assert_eq!(at.to_string(), "2026-01-02T03:04:05Z");
        for other in [
            "/b/gatelodge-x.backup",
            "/b/notes.txt",
            "/b/gatelodge-20260102T030405Z.backup.tmp",
        ] {
            assert_eq!(stamp(Path::new(other)), None, "{other}");
        }
    }
}
