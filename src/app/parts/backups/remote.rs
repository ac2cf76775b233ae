//! Backups that leave the building: made here, read to their end, sealed as a whole, put into the bucket, read again there, and
//! only then counted.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use jiff::{SignedDuration, Timestamp};

use super::bucket::Bucket;
use super::{PREFIX, SUFFIX, recipient, trial};
use crate::accounts::random_id;
use crate::admin::{Backups, Keys, KeysIn, LastBackup};
use crate::config::Backup;
use crate::store::{self, SealedFile};

/// What a sealed backup is called behind the name of one that is not.
pub(super) const SEALED: &str = ".age";

/// What is known of the bucket.
#[derive(Default)]
pub(super) struct Remote {
    /// The backups in it, oldest first; `None`: it was not looked at since the box was started, or since a fault.
    known: Option<Vec<(Timestamp, String)>>,
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
    /// Makes one when it is due, and takes away those over the number to keep.
    pub(super) async fn look(&mut self, config: &Backup, backups: &Backups, data_dir: &Path) -> Result<()> {
        let Some(place) = config.bucket() else { return Ok(()) };
        let looked = self.look_into(Bucket::open(place)?, config, backups, data_dir).await;
        if looked.is_err() {
            // Whatever is there now is seen by the next look.
            self.known = None;
        }
        looked.with_context(|| format!("s3://{}/{} at {}", place.0, place.1, place.2.endpoint))
    }

    async fn look_into(&mut self, bucket: Bucket, config: &Backup, backups: &Backups, data_dir: &Path) -> Result<()> {
        let known = match self.known.take() {
            Some(known) => known,
            None => bucket.backups().await?,
        };
        let known = self.known.insert(known);
        let now = Timestamp::now();
        let interval = SignedDuration::try_from(config.interval.0).unwrap_or(SignedDuration::MAX);
        let newest = known.last().map(|(at, _)| *at);
        if newest.is_some_and(|at| now.duration_since(at).abs() < interval) {
            return trial::last(backups);
        }
        let name = format!("{PREFIX}{}{SUFFIX}{SEALED}", now.strftime("%Y%m%dT%H%M%SZ"));
        let key_file = config.key_file.as_ref().context("backup.key_file is not said")?;
        let recipient = recipient(key_file)?;
        let plain = OnTheWay::new(data_dir);
        let report = backups
            .copy(plain.0.clone(), Keys::Recipient(recipient.clone()))
            .await?;
        let tried = trial::look(config, backups, data_dir, (&plain.0, &name)).await;
        let sealed = OnTheWay::new(data_dir);
        let made = seal(&plain.0, &sealed.0, recipient).await?;
        drop(plain);
        bucket.put(&name, &sealed.0).await?;
        if bucket.sha256(&name).await? != made.sha256 {
            bucket.remove(&name).await?;
            bail!("what was written to {name} is not what is read again");
        }
        drop(sealed);
        known.push((now, name.clone()));
        tracing::info!(name, bytes = made.bytes, "backed up to the bucket");
        let (at, keys) = (report.made, Some(KeysIn::Sealed));
        backups.arrived(LastBackup { at, keys }).await;
        let over = known.len().saturating_sub(config.keep as usize);
        for (_, old) in known.drain(..over) {
            bucket.remove(&old).await?;
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
