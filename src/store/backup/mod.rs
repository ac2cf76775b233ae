//! Backup: the newest snapshot, every segment that it or a cursor needs, month files, and files beside the
//! book, in one file, while the book goes on being written (BOOK P14).

pub(in crate::store) mod archive;
pub(in crate::store) mod encryption;
pub(in crate::store) mod key;
pub(in crate::store) mod restore;
pub(in crate::store) mod restore_error;
pub(in crate::store) mod restore_sink;
pub(in crate::store) mod sealed;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::backup::archive::{Member, MemberKind, Writer};
use super::files::{self, DiskFile};
use super::keep::generation::FORMAT;
use super::keep::keeper::Keeper;
use super::log::segments::Extent;
use super::{FileError, keep::snapshot, log::segment, readings};
use crate::domain::{Epoch, Seq};
use encryption::{Seal, SealError, Secrets};

/// A file beside the book that goes along.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Extra {
    /// What it is called in the backup: a relative path.
    pub name: String,
    /// Where it lies.
    pub path: PathBuf,
    /// Whether anyone may read it.
    pub privacy: Privacy,
}

/// Whether anyone may read a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Privacy {
    /// It goes along as it is.
    Public,
    /// It goes along sealed, or not at all.
    Secret,
}

/// What the backup is of.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct About {
    pub(super) format: u32,
    pub(super) epoch: Epoch,
    pub(super) through: Seq,
    pub(super) made: Timestamp,
}

/// A backup that was made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct BackupReport {
    /// Where it lies.
    pub path: PathBuf,
    /// Its length.
    pub bytes: u64,
    /// The life of the book it is of.
    pub epoch: Epoch,
    /// The newest change in it.
    pub through: Seq,
    /// When it was made.
    pub made: Timestamp,
    /// What is in it.
    pub members: Vec<Member>,
    /// Names of secret files that were left out.
    pub left_out: Vec<String>,
}

/// A backup was not made; nothing stands at its path that did not stand there before.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// Another backup is being made.
    #[error("another backup is being made")]
    Busy,
    /// A file could not be used.
    #[error(transparent)]
    File(#[from] FileError),
    /// Secrets could not be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
}

/// A file of the book with a second name, so that pruning cannot take it.
struct Held {
    kind: MemberKind,
    name: String,
    file: Arc<dyn DiskFile>,
    path: PathBuf,
    bytes: u64,
}

/// Makes a backup of the running book at `to`.
pub(super) fn backup(keeper: &Keeper, to: &Path, extra: &[Extra], seal: &Seal) -> Result<BackupReport, BackupError> {
    let _only = keeper.backing_up.try_lock().map_err(|_| BackupError::Busy)?;
    let disk = &*keeper.disk;
    let held_dir = keeper.generation.held();
    files::remove_tree(disk, &held_dir)?;
    let made = keeper.clock.now();
    let written = hold(keeper).map(|(held, through)| {
        let about = About {
            format: FORMAT,
            epoch: Epoch(keeper.epoch),
            through,
            made,
        };
        (held, about)
    });
    let result = written
        .map_err(BackupError::from)
        .and_then(|(held, about)| write(keeper, to, &held, &about, (extra, seal)));
    // Leftovers do no harm: the next backup or start removes them.
    if let Err(error) = files::remove_tree(disk, &held_dir) {
        tracing::warn!("{error}");
    }
    result
}

/// Gives second names to the newest snapshot, to every segment that it or a cursor needs, and to month files.
fn hold(keeper: &Keeper) -> Result<(Vec<Held>, Seq), FileError> {
    let disk = &*keeper.disk;
    let dir = keeper.generation.held();
    let _held = keeper.hold_files();
    disk.make_dir(&dir)
        .map_err(|source| FileError::new("cannot create the folder", &dir, source))?;
    let mut held = Vec::new();
    let mut link = |kind, name: String, from: &Path, bytes: Option<u64>| {
        let path = dir.join(&name);
        disk.link(from, &path)
            .map_err(|source| FileError::new("cannot link", from, source))?;
        let file = disk
            .open(&path)
            .map_err(|source| FileError::new("cannot open", &path, source))?;
        let length = file
            .len()
            .map_err(|source| FileError::new("cannot read", &path, source))?;
        held.push(Held {
            kind,
            name,
            file,
            path,
            bytes: bytes.unwrap_or(length),
        });
        Ok::<(), FileError>(())
    };
    let newest = keeper.newest_snapshot();
    if let Some(seq) = newest {
        let name = snapshot::name(seq);
        let from = keeper.generation.snapshots().join(&name);
        link(MemberKind::Snapshot, name, &from, None)?;
    }
    let past = newest.unwrap_or_default();
    let past = keeper.cursors.floor().map_or(past, |floor| floor.min(past));
    let extents = keeper.segments.extents();
    let newest = extents.len().saturating_sub(1);
    let mut through = past;
    for (place, Extent { segment, bytes, last }) in extents.iter().enumerate() {
        if *last > past || place == newest {
            let name = segment::name(segment.header.first);
            link(MemberKind::Segment, name, &segment.path, Some(*bytes))?;
            through = through.max(*last);
        }
    }
    // After the segments: whatever their rows name was there before them, and nothing is removed meanwhile.
    let month_files = keeper.generation.month_files();
    for found in files::list(disk, &month_files)? {
        if readings::parse_name(&found.name).is_some() {
            let from = month_files.join(&found.name);
            link(MemberKind::MonthFile, found.name, &from, None)?;
        }
    }
    Ok((held, through))
}

fn write(
    keeper: &Keeper,
    to: &Path,
    held: &[Held],
    about: &About,
    (extra, seal): (&[Extra], &Seal),
) -> Result<BackupReport, BackupError> {
    let disk = &*keeper.disk;
    let beside = files::beside(to);
    let mut writer = Writer::create(disk, &beside)?;
    let json = serde_json::to_vec(about).expect("a plain struct");
    let mut members = vec![writer.add(MemberKind::About, "about.json", &json)?];
    for one in held {
        members.push(writer.add_file((one.kind, &one.name), &*one.file, &one.path, one.bytes)?);
    }
    let (mut secrets, mut left_out) = (Secrets::new(), Vec::new());
    for one in extra {
        match (one.privacy, seal) {
            (Privacy::Public, _) => {
                let content = read(keeper, &one.path)?;
                members.push(writer.add(MemberKind::File, &one.name, &content)?);
            }
            (Privacy::Secret, Seal::LeaveOut) => left_out.push(one.name.clone()),
            (Privacy::Secret, Seal::Recipient(_) | Seal::Passphrase(_)) => {
                secrets.insert(one.name.clone(), read(keeper, &one.path)?);
            }
        }
    }
    if !secrets.is_empty()
        && let Some(sealed) = encryption::seal(&secrets, seal)?
    {
        members.push(writer.add(MemberKind::Secrets, "secrets.age", &sealed)?);
    }
    let bytes = writer.finish()?;
    files::rename_synced(disk, &beside, to)?;
    Ok(BackupReport {
        path: to.to_path_buf(),
        bytes,
        epoch: about.epoch,
        through: about.through,
        made: about.made,
        members,
        left_out,
    })
}

fn read(keeper: &Keeper, path: &Path) -> Result<Zeroizing<Vec<u8>>, FileError> {
    let bytes = files::read_path(&*keeper.disk, path)?;
    bytes
        .map(Zeroizing::new)
        .ok_or_else(|| FileError::new("cannot read", path, std::io::ErrorKind::NotFound.into()))
}
