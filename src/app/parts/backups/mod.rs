//! Backups that the box makes by itself, as `[backup]` says.

mod bucket;
mod folder;
mod remote;
mod trial;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use super::Deps;
use crate::admin::{Backups, Keys};
use crate::app::part::{Part, Service, service};
use crate::config::{Backup, Config};
use crate::files::read_secret;
use crate::store::Store;

/// How often it is asked whether one is due: the clock may be set, the folder may be full for a while.
const LOOK_EVERY: Duration = Duration::from_secs(60);
const PREFIX: &str = "gatelodge-";
const SUFFIX: &str = ".backup";

/// Makes backups as it is configured.
pub(in crate::app) struct Schedule {
    config: Backup,
    backups: Backups,
    store: Store,
    data_dir: PathBuf,
    /// What is known of the bucket; its only user is the service.
    remote: Mutex<remote::Remote>,
}

#[async_trait]
impl Part<Deps> for Schedule {
    const NAME: &'static str = "backup";
    const IS_ROOM: bool = false;
    type Section = Backup;

    fn section(config: &Config) -> Option<Backup> {
        config.backup.clone()
    }

    async fn build(section: &Backup, deps: &Deps) -> Result<Arc<Schedule>> {
        // What went wrong by another section says nothing of this one, which is tried at once.
        deps.backups.tried(None);
        Ok(Arc::new(Schedule {
            config: section.clone(),
            backups: deps.backups.clone(),
            store: deps.store.clone(),
            data_dir: deps.data_dir.clone(),
            remote: Mutex::default(),
        }))
    }

    fn services(self: &Arc<Self>) -> Vec<Service> {
        vec![service("backup", self, Schedule::run)]
    }

    fn close(deps: &Deps) {
        deps.backups.tried(None);
    }
}

impl Schedule {
    async fn run(self: Arc<Self>, stop: CancellationToken) -> Result<()> {
        let mut looks = tokio::time::interval(LOOK_EVERY);
        loop {
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                _ = looks.tick() => {
                    let looked = self.look().await;
                    let trouble = looked.err().map(|error| format!("{error:#}"));
                    if let Some(error) = &trouble {
                        tracing::error!(error, "backups are not as they should be; it is tried again in a minute");
                    }
                    self.backups.tried(trouble);
                }
            }
        }
    }
}

impl Schedule {
    /// Makes one when it is due, and tries the newest when that is.
    async fn look(&self) -> Result<()> {
        // One that fails does not keep the other from being made.
        let here = self.look_here().await;
        let there = self
            .remote
            .lock()
            .await
            .look(&self.config, &self.backups, &self.data_dir)
            .await;
        match (here, there) {
            (Err(here), Err(there)) => anyhow::bail!("{here:#}; and {there:#}"),
            (here, there) => here.and(there),
        }
    }

    async fn look_here(&self) -> Result<()> {
        let Some(folder) = self.config.folder() else {
            return Ok(());
        };
        look((&self.config, folder), &self.backups, &self.store).await?;
        let Some((_, newest)) = made_before(folder)?.pop() else {
            return Ok(());
        };
        let name = newest.file_name().unwrap_or_default().to_string_lossy();
        trial::look(&self.config, &self.backups, &self.data_dir, (&newest, &name)).await
    }
}

/// Makes one when it is due, and takes away those over the number to keep.
async fn look((config, folder): (&Backup, &Path), backups: &Backups, store: &Store) -> Result<()> {
    folder::check(store, folder).await?;
    let now = Timestamp::now();
    let made = made_before(folder)?;
    let interval = SignedDuration::try_from(config.interval.0).unwrap_or(SignedDuration::MAX);
    let due = made
        .last()
        .is_none_or(|(at, _)| now.duration_since(*at).abs() >= interval);
    if !due {
        return Ok(());
    }
    let keys = match &config.key_file {
        Some(file) => Keys::Recipient(recipient(file)?),
        None => Keys::LeftOut,
    };
    let to = folder.join(format!("{PREFIX}{}{SUFFIX}", now.strftime("%Y%m%dT%H%M%SZ")));
    let report = backups.make(to.clone(), keys).await?;
    tracing::info!(file = %to.display(), bytes = report.bytes, left_out = report.left_out.len(), "backed up");
    let made = made_before(folder)?;
    let over = made.len().saturating_sub(config.keep as usize);
    for (_, old) in &made[..over] {
        std::fs::remove_file(old).with_context(|| format!("removing {}", old.display()))?;
    }
    Ok(())
}

/// The backups of this box in `folder`, oldest first, by the time in their names.
pub fn made_before(folder: &Path) -> Result<Vec<(Timestamp, PathBuf)>> {
    let entries = std::fs::read_dir(folder).with_context(|| format!("reading {}", folder.display()))?;
    let mut found: Vec<(Timestamp, PathBuf)> = entries
        .flatten()
        .filter_map(|entry| Some((stamp(&entry.path())?, entry.path())))
        .collect();
    found.sort();
    Ok(found)
}

fn stamp(path: &Path) -> Option<Timestamp> {
    let name = path.file_name()?.to_str()?;
    let name = name.strip_suffix(remote::SEALED).unwrap_or(name);
    let stamp = name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?;
    let civil = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", stamp).ok()?;
    civil
        .to_zoned(jiff::tz::TimeZone::UTC)
        .ok()
        .map(|zoned| zoned.timestamp())
}

/// The first line of a file that is neither empty nor a comment.
pub(in crate::app) fn recipient(file: &Path) -> Result<String> {
    let text = read_secret(file).with_context(|| format!("reading the recipient in {}", file.display()))?;
    let line = text
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty() && !line.starts_with('#'));
    Ok(line
        .with_context(|| format!("{} holds no recipient", file.display()))?
        .to_owned())
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
