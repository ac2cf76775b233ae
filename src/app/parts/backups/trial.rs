//! A backup that nobody has restored is a hope: the newest one is restored now and then into a folder of its own, looked
//! through, and thrown away.

use std::fs::File;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};
use jiff::{SignedDuration, Timestamp};

use super::work::{Step, Work};
use crate::admin::{Backups, RestoreTrial};
use crate::config::Backup;
use crate::files;
use crate::store::{self, Place, Unseal};

/// In the data folder, while a trial goes on.
const FOLDER: &str = "restore-trial";

/// Restores the newest backup for trial when that is due. As long as the last trial found a fault this is one, too: it is
/// tried again with the next backup.
pub(super) async fn look(
    config: &Backup,
    (backups, data_dir): (&Backups, &Path),
    work: &Work,
    (newest, name): (&Path, &str),
) -> Result<()> {
    let every = SignedDuration::try_from(config.test_restore.0).unwrap_or(SignedDuration::MAX);
    if every.is_zero() {
        return Ok(());
    }
    let last = backups.last_trial()?;
    if !is_due(last.as_ref(), name, every, Timestamp::now()) {
        return outcome(last);
    }
    let _under = work.step(Step::Trying);
    outcome(Some(tried((backups, data_dir), (newest, name)).await?))
}

/// Restores the backup of that name for trial, and notes how that went.
pub(super) async fn tried((backups, data_dir): (&Backups, &Path), (of, name): (&Path, &str)) -> Result<RestoreTrial> {
    let at = Timestamp::now();
    let (file, folder) = (of.to_owned(), data_dir.join(FOLDER));
    let tried = tokio::task::spawn_blocking(move || restored(&file, &folder)).await;
    let fault = tried.context("the trial was interrupted")?.err();
    let trial = RestoreTrial {
        at,
        of: name.to_owned(),
        fault: fault.map(|error| format!("{error:#}")),
    };
    match &trial.fault {
        None => tracing::info!(of = trial.of, "a backup was restored for trial, and is whole"),
        Some(fault) => tracing::error!(of = trial.of, fault, "a backup could not be restored for trial"),
    }
    backups.tried_restore(trial.clone()).await?;
    Ok(trial)
}

/// What came of the last one.
pub(super) fn last(backups: &Backups) -> Result<()> {
    outcome(backups.last_trial()?)
}

fn is_due(last: Option<&RestoreTrial>, newest: &str, every: SignedDuration, now: Timestamp) -> bool {
    match last {
        None => true,
        Some(last) if last.fault.is_some() => last.of != newest,
        Some(last) => now.duration_since(last.at).abs() >= every,
    }
}

/// What a trial says of backups.
pub(super) fn outcome(last: Option<RestoreTrial>) -> Result<()> {
    match last {
        Some(RestoreTrial {
            of, fault: Some(fault), ..
        }) => bail!("{of} could not be restored for trial: {fault}"),
        Some(_) | None => Ok(()),
    }
}

/// Restores `file` below `folder` as it would be on a new box, and reads all of the book that comes of it.
fn restored(file: &Path, folder: &Path) -> Result<()> {
    let bytes = std::fs::metadata(file)?.len();
    let _swept = Swept::of(folder)?;
    let disk = rustix::fs::statvfs(folder)?;
    let room = disk.f_bavail.saturating_mul(disk.f_frsize);
    // The book of a backup is not larger than it; its table is made anew beside it.
    let wanted = bytes.saturating_mul(2);
    if room < wanted {
        bail!(
            "there is no room to try it: {} MiB are wanted",
            wanted.div_ceil(1 << 20)
        );
    }
    let place = Place::in_data_dir(folder);
    store::restore(File::open(file)?, file, &place, &Unseal::LeaveOut)?;
    let report = store::verify(&place.book)?;
    match report.is_whole() {
        true => Ok(()),
        false => bail!("what came of it is not whole: {report}"),
    }
}

/// The folder of a trial, which goes with it; one that a killed box left goes before.
struct Swept(PathBuf);

impl Swept {
    fn of(folder: &Path) -> Result<Swept> {
        match std::fs::symlink_metadata(folder) {
            Ok(there) if there.is_dir() => std::fs::remove_dir_all(folder)?,
            // A link is taken away, and not what it leads to.
            Ok(_) => std::fs::remove_file(folder)?,
            Err(_) => {}
        }
        files::make_private(folder)?;
        Ok(Swept(folder.to_owned()))
    }
}

impl Drop for Swept {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(folder = %self.0.display(), %error, "what is left of a trial could not be removed");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trial_is_due_after_a_while_and_after_a_fault_with_the_next_backup() {
        let every = SignedDuration::from_hours(30 * 24);
        let now: Timestamp = "2027-03-01T12:00:00Z".parse().unwrap();
        let trial = |days: i64, fault: Option<&str>| RestoreTrial {
            at: now - SignedDuration::from_hours(days * 24),
            of: "one".to_owned(),
            fault: fault.map(str::to_owned),
        };
        for (last, newest, due) in [
            (None, "one", true),
            (Some(trial(1, None)), "two", false),
            (Some(trial(30, None)), "one", true),
            (Some(trial(-31, None)), "one", true),
            (Some(trial(40, Some("torn"))), "one", false),
            (Some(trial(0, Some("torn"))), "two", true),
        ] {
            assert_eq!(is_due(last.as_ref(), newest, every, now), due, "{last:?} {newest}");
        }
    }
}
