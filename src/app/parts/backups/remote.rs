//! Backups that leave the building: made here, read to their end, sealed as a whole, put into the bucket, read again there, and
//! only then counted.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use anyhow::{Context, Result, bail};
use jiff::{SignedDuration, Timestamp};

use super::bucket::{Bucket, InBucket};
use super::kept::{Kept, PREFIX, SEALED, SUFFIX, Where};
use super::recipient::recipient;
use super::trial;
use super::work::{Step, Work};
use crate::accounts::random_id;
use crate::admin::{Backups, Keys, KeysIn, LastBackup};
use crate::config::Backup;
use crate::store::{self, SealedFile};

/// What is known of the bucket.
#[derive(Default)]
pub(super) struct Remote {
    /// The backups in it, oldest first; `None`: it was not looked at since the box was started, or since a fault.
    known: Option<Vec<InBucket>>,
}

/// What the bucket held when it was looked at last, for whoever asks while it is at work.
#[derive(Default)]
pub(super) struct Seen(Mutex<Vec<InBucket>>);

impl Seen {
    /// The backups in it, with what the book knows of them.
    pub(super) fn kept(&self, backups: &Backups) -> Result<Vec<Kept>> {
        let all = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
            .into_iter();
        all.map(|one| Kept::of(backups, (one.name, one.at), (Where::Bucket, one.bytes)))
            .collect()
    }

    /// Whether one of that name lies there.
    pub(super) fn has(&self, name: &str) -> bool {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.iter().any(|one| one.name == name)
    }

    fn set(&self, all: &[InBucket]) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = all.to_vec();
    }
}

/// Files of this box on their way; they go with it.
struct OnTheWay(PathBuf);

impl OnTheWay {
    /// Called as what a killed box leaves is called, so that the next start sweeps it.
    fn new(data_dir: &Path) -> OnTheWay {
        OnTheWay(data_dir.join(format!("backup-{}.tmp", random_id())))
    }
}

impl Drop for OnTheWay {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.0);
    }
}

impl Remote {
    /// Makes one when it is due, or `at_once`, and takes away those over the number to keep.
    pub(super) async fn look(
        &mut self,
        (config, at_once): (&Backup, bool),
        backups: &Backups,
        data_dir: &Path,
        (work, seen): (&Work, &Seen),
    ) -> Result<()> {
        let Some(place) = config.bucket() else { return Ok(()) };
        let looked = match Bucket::open(place) {
            Ok(bucket) => {
                self.look_into((bucket, at_once), config, (backups, data_dir), work)
                    .await
            }
            Err(error) => Err(error),
        };
        if let Some(known) = &self.known {
            seen.set(known);
        }
        if looked.is_err() {
            // Whatever is there now is seen by the next look.
            self.known = None;
        }
        looked.with_context(|| format!("s3://{}/{} at {}", place.0, place.1, place.2.endpoint))
    }

    async fn look_into(
        &mut self,
        (bucket, at_once): (Bucket, bool),
        config: &Backup,
        (backups, data_dir): (&Backups, &Path),
        work: &Work,
    ) -> Result<()> {
        let known = match self.known.take() {
            Some(known) => known,
            None => bucket.backups().await?,
        };
        let known = self.known.insert(known);
        let now = Timestamp::now();
        let interval = SignedDuration::try_from(config.interval.0).unwrap_or(SignedDuration::MAX);
        let newest = known.last().map(|one| one.at);
        if !at_once && newest.is_some_and(|at| now.duration_since(at).abs() < interval) {
            return trial::last(backups);
        }
        let name = format!("{PREFIX}{}{SUFFIX}{SEALED}", now.strftime("%Y%m%dT%H%M%SZ"));
        let key_file = config.key_file.as_ref().context("backup.key_file is not said")?;
        let recipient = recipient(key_file)?;
        let plain = OnTheWay::new(data_dir);
        let under = work.step(Step::Making);
        let report = backups
            .copy(plain.0.clone(), Keys::Recipient(recipient.clone()))
            .await?;
        drop(under);
        let tried = trial::look(config, (backups, data_dir), work, (&plain.0, &name)).await;
        let _under = work.step(Step::Sending);
        let sealed = OnTheWay::new(data_dir);
        let made = seal(&plain.0, &sealed.0, recipient).await?;
        drop(plain);
        bucket.put(&name, &sealed.0).await?;
        if bucket.sha256(&name).await? != made.sha256 {
            bucket.remove(&name).await?;
            bail!("what was written to {name} is not what is read again");
        }
        drop(sealed);
        let (at, bytes) = (now, Some(made.bytes));
        known.push(InBucket {
            at,
            name: name.clone(),
            bytes,
        });
        tracing::info!(name, bytes = made.bytes, "backed up to the bucket");
        let (at, keys) = (report.made, Some(KeysIn::Sealed));
        backups.arrived(LastBackup { at, keys }, Some(name)).await;
        let over = known.len().saturating_sub(config.keep as usize);
        for old in known.drain(..over) {
            bucket.remove(&old.name).await?;
            backups.removed(old.name).await;
        }
        tried
    }
}

async fn seal(from: &Path, to: &Path, recipient: String) -> Result<SealedFile> {
    let (from, to) = (from.to_owned(), to.to_owned());
    let sealed = tokio::task::spawn_blocking(move || -> Result<SealedFile> {
        let mut file = private(&to)?;
        let sealed = store::seal_file(&from, &mut file, &recipient)?;
        file.sync_all()?;
        Ok(sealed)
    });
    sealed.await.context("sealing was interrupted")?
}

/// Nobody but the box reads what is on its way.
fn private(path: &Path) -> std::io::Result<File> {
    use std::os::unix::fs::OpenOptionsExt;
    File::options().write(true).create_new(true).mode(0o600).open(path)
}
