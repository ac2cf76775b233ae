//! How far a day's download came, kept in the system's temporary folder until the day is whole: a meter behind a weak
//! radio link is not asked twice for the same half hours (EMOP §14).

use std::collections::{BTreeMap, BTreeSet};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use super::super::settings::variable;
use crate::domain::MeterId;
use crate::files::{make_private, write_private};

/// What is there of a day. Keys are the beginnings of half hours and of requests.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Progress {
    pub(super) log1_chunks_done: BTreeSet<Timestamp>,
    pub(super) log1_records: BTreeMap<Timestamp, Pair>,
    pub(super) log2_chunks_done: BTreeSet<Timestamp>,
    pub(super) log2_records: BTreeMap<Timestamp, Pair>,
}

/// A register of each element, Wh.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Pair {
    pub(super) a: u32,
    pub(super) b: u32,
}

/// Where a day's progress is kept; nowhere when the folder is not ours alone.
pub(super) struct ProgressFolder(Option<PathBuf>);

impl ProgressFolder {
    pub(super) fn of(serial: &MeterId, date: Date) -> ProgressFolder {
        let user = variable("USER").unwrap_or_else(|| rustix::process::getuid().as_raw().to_string());
        let formed = user
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte));
        let folder = std::env::temp_dir().join(format!("simt-emlite-cache-{user}"));
        // Others write in the temporary folder too: what lies there counts only when nobody else could put it there.
        let is_ours = formed
            && make_private(&folder).is_ok()
            && folder.symlink_metadata().is_ok_and(|found| {
                found.is_dir() && found.uid() == rustix::process::getuid().as_raw() && found.mode() & 0o077 == 0
            });
        if !is_ours {
            tracing::warn!(folder = %folder.display(), "progress is not kept: the folder is not ours alone");
        }
        let file = format!("{serial}-{}.download_cache.json", date.strftime("%Y%m%d"));
        ProgressFolder(is_ours.then(|| folder.join(file)))
    }

    /// What an earlier try left; what cannot be read counts for nothing.
    pub(super) fn load(&self) -> Progress {
        let text = self.0.as_ref().and_then(|file| std::fs::read_to_string(file).ok());
        text.and_then(|text| serde_json::from_str(&text).ok())
            .unwrap_or_default()
    }

    pub(super) fn save(&self, progress: &Progress) {
        let text = serde_json::to_string(progress).expect("plain data");
        if let Some(file) = &self.0
            && let Err(error) = write_private(file, text.as_bytes())
        {
            tracing::warn!(%error, "progress could not be kept");
        }
    }

    pub(super) fn clear(&self) {
        if let Some(file) = &self.0 {
            // It may never have been written.
            let _ = std::fs::remove_file(file);
        }
    }
}
