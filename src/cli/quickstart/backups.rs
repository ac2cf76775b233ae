//! Backups with keys, and one that is read to its end to prove that it restores.

use std::fs::File;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use clap::Args;
use jiff::Timestamp;
use tokio::time::{Instant, sleep};

use super::super::reach::absolute;
use super::super::steps::{bad, good, look as waits};
use super::super::{CliError, print};
use super::{Walk, sandbox};
use crate::admin::KeysIn;
use crate::app;
use crate::config::{self, Backup};
use crate::files::{self, Readers};
use crate::store::{BackupKey, MemberKind, Place, SecretString, Unseal, restore_dry_run};
use crate::tls::{Step, StepVerdict};

/// The folder that the package makes for them.
const PACKAGED: &str = "/var/backups/gatelodge";
/// Beside the configuration: whom keys are sealed to. It opens nothing.
const RECIPIENT: &str = "backup-recipient.txt";
/// Where the key is written when nothing else is said.
const KEY: &str = "gatelodge-backup-key.txt";
/// For the first backup.
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Args)]
pub(super) struct BackupFlags {
    /// The folder that daily backups go to, best on another disk
    #[arg(long, value_name = "FOLDER")]
    backup_to: Option<PathBuf>,
    /// Where the key that opens them is written, to be taken away from the box [default: gatelodge-backup-key.txt]
    #[arg(long, value_name = "FILE")]
    backup_key: Option<PathBuf>,
}

pub(super) async fn walk(walk: &mut Walk<'_>) -> Result<Vec<Step>, CliError> {
    let Some(folder) = folder(walk)? else {
        let next = "gatelodge quickstart --backup-to FOLDER, best on a stick or a share";
        return Ok(vec![waits("backup", "none is made: what breaks is gone", next)]);
    };
    if !folder.is_dir() {
        let next = format!(
            "mount its disk, or: install -d -m 700 -o gatelodge {}",
            folder.display()
        );
        return Ok(vec![bad(
            "backup",
            format_args!("{} is no folder", folder.display()),
            &next,
        )]);
    }
    if sandbox::lets_in(walk.status().await?.process, &folder) == Some(false) {
        sandbox::let_in(&folder)?;
        walk.started_again().await?;
    }
    let before = Timestamp::now();
    let old = walk.config.backup.as_ref().and_then(Backup::folder).map(Path::to_owned);
    let is_new = settle(walk, &folder)?;
    walk.apply().await?;
    let mut steps = vec![made(walk, is_new.then_some(before)).await?];
    if let Some(old) = old.filter(|old| *old != folder && steps[0].verdict == StepVerdict::Bad) {
        // What worked goes on.
        walk.settings.set("backup", "directory", old.display().to_string());
        walk.apply().await?;
        steps.push(good(
            "backup",
            format_args!("they go on to {}, as before", old.display()),
        ));
        return Ok(steps);
    }
    steps.extend(elsewhere(&walk.config.data_dir, &folder));
    let key = key_place(walk);
    match key.exists() {
        true => steps.extend(proved(walk, &folder, &key).await),
        false => steps.push(good(
            "key",
            format_args!("it is not at {} any more, as it should be", key.display()),
        )),
    }
    Ok(steps)
}

/// What the recipient's file says of where the other half was written.
const WRITTEN_TO: &str = "# What opens them was written to ";

/// Beside the configuration.
fn recipient_place(walk: &Walk<'_>) -> PathBuf {
    absolute(&config::beside(&walk.common.file()).with_file_name(RECIPIENT))
}

/// Where the key is, or is to be: as it is said now, was said then, or usual.
fn key_place(walk: &Walk<'_>) -> PathBuf {
    let said = walk.flags.backup.backup_key.as_deref().map(absolute);
    let then = || {
        let text = std::fs::read_to_string(recipient_place(walk)).ok()?;
        let place = text.lines().find_map(|line| line.strip_prefix(WRITTEN_TO))?;
        Some(PathBuf::from(place))
    };
    said.or_else(then).unwrap_or_else(|| absolute(Path::new(KEY)))
}

/// Where they go: as it is said, configured, or answered.
fn folder(walk: &Walk<'_>) -> Result<Option<PathBuf>, CliError> {
    let configured = walk.config.backup.as_ref().and_then(Backup::folder).map(Path::to_owned);
    let said = walk.flags.backup.backup_to.as_deref().map(absolute);
    if let Some(folder) = said.or(configured) {
        return Ok(Some(folder));
    }
    let usual = Path::new(PACKAGED).is_dir().then_some(PACKAGED);
    let question = "Where do daily backups go? A folder, best on a stick or a share; - for none.";
    let said = walk.asker.ask(question, usual)?;
    Ok(said.filter(|said| said != "-").map(|said| absolute(Path::new(&said))))
}

/// Says where they go and whom their keys are sealed to; whether that is new.
fn settle(walk: &mut Walk<'_>, folder: &Path) -> Result<bool, CliError> {
    let configured = walk.config.backup.as_ref();
    let is_known = configured.is_some_and(|backup| backup.folder() == Some(folder));
    let has_key = configured.is_some_and(|backup| backup.key_file.is_some());
    if !is_known {
        walk.settings.set("backup", "directory", folder.display().to_string());
    }
    if !has_key {
        let (recipient, place) = (recipient_place(walk), key_place(walk));
        let key = key(&place)?;
        let text = format!(
            "# Keys in backups are sealed to this; it opens nothing.\n{WRITTEN_TO}{}\n{}\n",
            place.display(),
            key.recipient
        );
        files::write(&recipient, text.as_bytes(), Readers::All).map_err(CliError::failed)?;
        walk.settings.set("backup", "key_file", recipient.display().to_string());
    }
    Ok(!is_known || !has_key)
}

/// The key in `file`, which is made when there is none; one that an earlier quickstart left there goes on.
fn key(file: &Path) -> Result<BackupKey, CliError> {
    files::place(file).map_err(CliError::failed)?;
    if file.exists() {
        let text = files::read(file).map_err(CliError::failed)?;
        return BackupKey::read(&text).map_err(|error| {
            CliError::failed(format_args!("{}: {error}", file.display())).hint("name another file with --backup-key")
        });
    }
    let key = BackupKey::generate();
    let text = format!(
        "# Opens the keys in backups of this box: gatelodge restore BACKUP --identity-file THIS\n# Keep it away from the box; \
         without it a restored box has new authorities.\n# public key: {}\n{}\n",
        key.recipient,
        key.identity()
    );
    files::write_new(file, text.as_bytes(), Readers::Owner).map_err(CliError::failed)?;
    Ok(key)
}

/// Whether the box made one: since `after`, where the place is new.
async fn made(walk: &Walk<'_>, after: Option<Timestamp>) -> Result<Step, CliError> {
    let until = Instant::now() + PATIENCE;
    loop {
        let store = walk.status().await?.store;
        let last = store.last_backup.filter(|at| after.is_none_or(|after| *at >= after));
        match (last, store.backup_trouble) {
            (Some(at), None) if store.last_backup_keys == Some(KeysIn::Sealed) => {
                let words = format!(
                    "made at {}, with keys; the next ones by itself",
                    print::moment(Some(at))
                );
                return Ok(good("backup", words));
            }
            (_, Some(trouble)) => return Ok(bad("backup", trouble, "mend it; the box tries again every minute")),
            (_, None) if Instant::now() > until => {
                return Ok(waits(
                    "backup",
                    "none has been made within a minute",
                    "gatelodge status says why",
                ));
            }
            (_, None) => sleep(Duration::from_millis(300)).await,
        }
    }
}

/// A backup on the disk that it is to outlive is not much of one.
fn elsewhere(data_dir: &Path, folder: &Path) -> Option<Step> {
    let disk = |path: &Path| std::fs::metadata(path).map(|about| about.dev());
    let same = disk(data_dir).ok()? == disk(folder).ok()?;
    let words = format!(
        "{} is on the disk of the box itself: when it breaks, both are gone",
        folder.display()
    );
    same.then(|| {
        waits(
            "place",
            words,
            "gatelodge quickstart --backup-to FOLDER of a stick or a share",
        )
    })
}

/// Reads the newest one to its end as a restore does, keys and all.
async fn proved(walk: &Walk<'_>, folder: &Path, key: &Path) -> Vec<Step> {
    let newest = app::backups_in(folder).ok().and_then(|mut made| made.pop());
    let Some((_, backup)) = newest else {
        return vec![bad(
            "restores",
            "there is no backup to try",
            "gatelodge status says why",
        )];
    };
    let place = Place::in_data_dir(&walk.config.data_dir);
    let read = || -> Result<(), String> {
        let text = files::read(key).map_err(|error| error.to_string())?;
        let identity = BackupKey::read(&text).map_err(|error| error.to_string())?;
        let file = File::open(&backup).map_err(|error| error.to_string())?;
        let unseal = Unseal::Identity(SecretString::from(identity.identity().to_owned()));
        let report = restore_dry_run(file, &backup, &place, &unseal).map_err(|error| error.to_string())?;
        let keys = report.members.iter().any(|member| member.kind == MemberKind::Secrets);
        let opened = keys && !report.sealed_left;
        opened.then_some(()).ok_or_else(|| "it holds no keys".to_owned())
    };
    let shown = backup.display();
    let words = format!("{shown} was read to its end just now, and its keys opened: it can be restored");
    match read() {
        Ok(()) => vec![
            good("restores", words),
            waits(
                "key",
                format_args!("{} opens the keys in backups, and still lies on the box", key.display()),
                "take it away (a stick, a safe, a password manager), and remove it here",
            ),
        ],
        Err(error) => vec![bad(
            "restores",
            format_args!("{shown}: {error}"),
            "gatelodge verify; gatelodge doctor",
        )],
    }
}
