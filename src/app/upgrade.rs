//! The first start of another version: a backup of everything as the version before left it, so that there is a way back.
//!
//! ```text
//! <data>/written-by                       the version that ran last
//! <data>/upgrades/gatelodge-0.1.0-….backup  made by the next one, before it wrote anything
//! ```
//!
//! Rows and formats only grow, so that nothing has to be rewritten; a version that is older than the book says so and names the
//! backup here that it can read (`store::OpenError::Newer`).

use std::path::{Path, PathBuf};

use anyhow::Context;
use jiff::Timestamp;

use crate::admin::{Backups, Keys};
use crate::files::{self, Readers};
use crate::store::UPGRADES;

/// Holds the version that ran last.
const WRITTEN_BY: &str = "written-by";
/// What a version is called that did not say which it was.
const UNNAMED: &str = "earlier";
/// So many backups are kept.
const KEEP: usize = 2;

/// What is to be done at a start.
#[derive(Debug, PartialEq, Eq)]
enum Start {
    /// The same version as before, or a box that is new.
    Same,
    /// Another one ran before.
    After(String),
}

/// Makes a backup when another version ran here before, and notes that this one does. `existed`: whether there was a book.
/// Without room for a backup the box starts all the same, and says so: nothing that it does needs one.
pub(super) async fn settle(backups: &Backups, data_dir: &Path, existed: bool) {
    let file = data_dir.join(WRITTEN_BY);
    // A link would lead to what somebody else wrote.
    let is_plain = std::fs::symlink_metadata(&file).is_ok_and(|about| about.is_file());
    let said = is_plain.then(|| std::fs::read_to_string(&file).ok()).flatten();
    let this = env!("CARGO_PKG_VERSION");
    if let Start::After(before) = judge(said.as_deref(), this, existed) {
        match back_up(backups, data_dir, &before).await {
            Ok(to) => tracing::info!(
                file = %to.display(), before, "another version ran here before: backed up before anything is written"
            ),
            Err(error) => tracing::error!(
                error = %format_args!("{error:#}"),
                before,
                "another version ran here before, and no backup could be made: gatelodge backup FILE, to another disk"
            ),
        }
    }
    if said.as_deref().map(str::trim) != Some(this)
        && let Err(error) = files::write(&file, format!("{this}\n").as_bytes(), Readers::All)
    {
        tracing::warn!(%error, "it could not be noted which version runs");
    }
}

fn judge(said: Option<&str>, this: &str, existed: bool) -> Start {
    match said.map(str::trim) {
        Some(before) if before == this => Start::Same,
        Some(before) if is_version(before) => Start::After(before.to_owned()),
        Some(_) => Start::After(UNNAMED.to_owned()),
        None if existed => Start::After(UNNAMED.to_owned()),
        None => Start::Same,
    }
}

/// What may stand in the name of a file.
fn is_version(text: &str) -> bool {
    (1..=32).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b".-+".contains(&byte))
}

async fn back_up(backups: &Backups, data_dir: &Path, before: &str) -> anyhow::Result<PathBuf> {
    let folder = data_dir.join(UPGRADES);
    files::make_private(&folder)?;
    let stamp = Timestamp::now().strftime("%Y%m%dT%H%M%SZ");
    let to = folder.join(format!("gatelodge-{before}-{stamp}.backup"));
    backups.copy(to.clone(), Keys::LeftOut).await?;
    let found = std::fs::read_dir(&folder)?.flatten().map(|entry| entry.path());
    let mut all: Vec<PathBuf> = found.filter(|path| is_ours(path)).collect();
    // By when they were made, whatever the versions are called.
    all.sort_by_key(|path| std::fs::metadata(path).and_then(|about| about.modified()).ok());
    let over = all.len().saturating_sub(KEEP);
    for old in &all[..over] {
        std::fs::remove_file(old).with_context(|| format!("removing {}", old.display()))?;
    }
    Ok(to)
}

/// Whether it is a backup of an upgrade; what else lies in the folder is somebody's.
fn is_ours(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    name.starts_with("gatelodge-") && name.ends_with(".backup")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_version_is_known_by_what_it_said() {
        let after = |version: &str| Start::After(version.to_owned());
        for (said, existed, start) in [
            (None, false, Start::Same),
            (None, true, after("earlier")),
            (Some("0.2.0\n"), true, Start::Same),
            (Some("0.1.0"), true, after("0.1.0")),
            (Some("0.3.0-rc.1"), true, after("0.3.0-rc.1")),
            (Some("../../etc/passwd"), true, after("earlier")),
            (Some(""), true, after("earlier")),
        ] {
            assert_eq!(judge(said, "0.2.0", existed), start, "{said:?}");
        }
    }
}
