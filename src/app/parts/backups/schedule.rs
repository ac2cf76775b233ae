//! When a backup is made, and what somebody may have it do: one thing after the other.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result};
use jiff::{SignedDuration, Timestamp};
use tokio::sync::Mutex;
use tokio_util::sync::CancellationToken;

use super::kept::{self, Kept, PREFIX, SUFFIX, made_before, name_of};
use super::recipient::recipient;
use super::work::{Order, Step, Told, Work};
use super::{folder, remote, trial};
use crate::admin::{Backups, Keys};
use crate::config::Backup;
use crate::store::Store;

/// How often it is asked whether one is due: the clock may be set, the folder may be full for a while.
const LOOK_EVERY: Duration = Duration::from_secs(60);

/// Makes backups as it is configured.
pub struct Schedule {
    config: Backup,
    backups: Backups,
    store: Store,
    data_dir: PathBuf,
    /// What is known of the bucket; its only user is the service.
    remote: Mutex<remote::Remote>,
    /// What the bucket held when it was looked at last.
    in_bucket: remote::Seen,
    work: Work,
}

/// What is asked for cannot be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AskError {
    /// Something that was asked for before is not done yet.
    Busy,
    /// There is no backup of that name.
    Unknown,
    /// It is sealed to somebody, and cannot be opened here.
    Sealed,
}

impl Schedule {
    /// As `config` says; nothing of it runs yet.
    pub(super) fn new(config: Backup, backups: Backups, store: Store, data_dir: PathBuf) -> Schedule {
        Schedule {
            config,
            backups,
            store,
            data_dir,
            remote: Mutex::default(),
            in_bucket: remote::Seen::default(),
            work: Work::default(),
        }
    }

    /// Looks whether one is due, and does what is asked for, until it is told to stop.
    pub(super) async fn run(self: Arc<Self>, stop: CancellationToken) -> Result<()> {
        self.work.begin(Timestamp::now());
        let mut looks = tokio::time::interval(LOOK_EVERY);
        loop {
            tokio::select! {
                () = stop.cancelled() => return Ok(()),
                order = self.work.asked() => if let Some(order) = order {
                    let fault = self.carry_out(&order).await.err().map(|error| format!("{error:#}"));
                    self.work.ended(order, fault);
                },
                _ = looks.tick() => drop(self.look(false).await),
            }
        }
    }

    /// As it is configured.
    pub fn config(&self) -> &Backup {
        &self.config
    }

    /// How the work stands.
    pub fn told(&self) -> Told {
        self.work.told()
    }

    /// Those that are kept, the newest first. Reads the folder: a thread that may block.
    pub fn kept(&self) -> Result<Vec<Kept>> {
        let mut all = match self.config.folder() {
            Some(folder) => kept::in_folder(folder, &self.backups)?,
            None => Vec::new(),
        };
        all.extend(self.in_bucket.kept(&self.backups)?);
        all.sort_by_key(|one| std::cmp::Reverse((one.at, one.place)));
        Ok(all)
    }

    /// Has the service do something; what comes of it is told by [`Schedule::told`]. Reads the folder: a thread that may block.
    pub fn ask(&self, order: Order) -> Result<(), AskError> {
        if let Order::Trial { of } = &order
            && self.in_folder(of).is_none()
        {
            return Err(match self.in_bucket.has(of) {
                true => AskError::Sealed,
                false => AskError::Unknown,
            });
        }
        match self.work.ask(order) {
            true => Ok(()),
            false => Err(AskError::Busy),
        }
    }

    /// The one of that name in the folder. The name is looked for among those that are there, and is never a path.
    fn in_folder(&self, name: &str) -> Option<PathBuf> {
        let made = made_before(self.config.folder()?).ok()?;
        let found = made.into_iter().find(|(_, path)| name_of(path) == name);
        found.map(|(_, path)| path)
    }

    async fn carry_out(&self, order: &Order) -> Result<()> {
        match order {
            Order::BackUp => self.look(true).await,
            Order::Trial { of } => {
                let file = self.in_folder(of).context("it is not there any more")?;
                let tried = {
                    let _under = self.work.step(Step::Trying);
                    trial::tried((&self.backups, &self.data_dir), (&file, of)).await?
                };
                // What is told of all of them follows from the newest.
                let _ = self.look(false).await;
                trial::outcome(Some(tried))
            }
        }
    }

    /// Makes one when it is due, or `at_once`, and tries the newest when that is due. What went wrong is told.
    async fn look(&self, at_once: bool) -> Result<()> {
        // One that fails does not keep the other from being made.
        let here = self.look_here(at_once).await;
        let there = self
            .remote
            .lock()
            .await
            .look(
                (&self.config, at_once),
                &self.backups,
                &self.data_dir,
                (&self.work, &self.in_bucket),
            )
            .await;
        let looked = match (here, there) {
            (Err(here), Err(there)) => Err(anyhow::anyhow!("{here:#}; and {there:#}")),
            (here, there) => here.and(there),
        };
        let trouble = looked.as_ref().err().map(|error| format!("{error:#}"));
        if let Some(error) = &trouble {
            tracing::error!(
                error,
                "backups are not as they should be; it is tried again in a minute"
            );
        }
        self.backups.tried(trouble);
        looked
    }

    async fn look_here(&self, at_once: bool) -> Result<()> {
        let Some(folder) = self.config.folder() else {
            return Ok(());
        };
        self.make((folder, at_once)).await?;
        let Some((_, newest)) = made_before(folder)?.pop() else {
            return Ok(());
        };
        let of = (newest.as_path(), name_of(&newest));
        trial::look(&self.config, (&self.backups, &self.data_dir), &self.work, (of.0, &of.1)).await
    }

    /// Makes one when it is due, or `at_once`, and takes away those over the number to keep.
    async fn make(&self, (folder, at_once): (&Path, bool)) -> Result<()> {
        folder::check(&self.store, folder).await?;
        let now = Timestamp::now();
        let made = made_before(folder)?;
        let interval = SignedDuration::try_from(self.config.interval.0).unwrap_or(SignedDuration::MAX);
        let due = made
            .last()
            .is_none_or(|(at, _)| now.duration_since(*at).abs() >= interval);
        if !due && !at_once {
            return Ok(());
        }
        let keys = match &self.config.key_file {
            Some(file) => Keys::Recipient(recipient(file)?),
            None => Keys::LeftOut,
        };
        let _under = self.work.step(Step::Making);
        let to = folder.join(format!("{PREFIX}{}{SUFFIX}", now.strftime("%Y%m%dT%H%M%SZ")));
        let report = self.backups.make(to.clone(), keys).await?;
        tracing::info!(file = %to.display(), bytes = report.bytes, left_out = report.left_out.len(), "backed up");
        let made = made_before(folder)?;
        let over = made.len().saturating_sub(self.config.keep as usize);
        for (_, old) in &made[..over] {
            std::fs::remove_file(old).with_context(|| format!("removing {}", old.display()))?;
            self.backups.removed(name_of(old)).await;
        }
        Ok(())
    }
}
