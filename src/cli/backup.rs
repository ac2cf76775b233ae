//! `backup`, `restore`, `verify`.

use std::io::IsTerminal;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use hyper::Method;
use serde_json::json;

use super::reach::{absolute, block_on, secret_from};
use super::{Common, Failure, print};
use crate::admin::{Keys, Verified};
use crate::store::{self, OpenError, Privacy, RestoreError, RestoreReport, SecretString, Unseal};

#[derive(Args)]
pub(super) struct Backup {
    /// The file to write
    file: PathBuf,
    /// Seal the keys to the age recipient (age1…) in this file [default: backup.key_file of the configuration]
    #[arg(long, value_name = "FILE", conflicts_with_all = ["passphrase_file", "without_keys"])]
    key_file: Option<PathBuf>,
    /// Seal the keys with the passphrase in this file, or `-` for standard input
    #[arg(long, value_name = "FILE", conflicts_with = "without_keys")]
    passphrase_file: Option<PathBuf>,
    /// Leave the keys out: what is restored has new authorities
    #[arg(long)]
    without_keys: bool,
}

#[derive(Args)]
pub(super) struct Restore {
    /// The backup
    file: PathBuf,
    /// Read and check everything, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// Open the keys with the age identity (AGE-SECRET-KEY-1…) in this file
    #[arg(long, value_name = "FILE", conflicts_with = "passphrase_file")]
    identity_file: Option<PathBuf>,
    /// Open the keys with the passphrase in this file, or `-` for standard input
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

impl Backup {
    pub(super) fn run(self, common: &Common) -> Result<(), Failure> {
        let keys = self.keys(common)?;
        let keys = serde_json::to_value(keys).map_err(Failure::failed)?;
        let beside = beside(&self.file);
        let bytes = block_on(async {
            let client = common.running().await?;
            let fetched = client
                .fetch_into(Method::POST, "/backup", Some(&keys), &beside, progress)
                .await;
            fetched.map_err(|error| {
                let _ = std::fs::remove_file(&beside);
                Failure::from(error)
            })
        })?;
        std::fs::rename(&beside, &self.file).map_err(|error| fault(&self.file, &error))?;
        if common.json {
            print::json(&json!({ "file": absolute(&self.file), "bytes": bytes }));
        } else {
            print::line(format_args!("{}: {} KiB", self.file.display(), bytes / 1024));
        }
        Ok(())
    }

    fn keys(&self, common: &Common) -> Result<Keys, Failure> {
        if self.without_keys {
            return Ok(Keys::LeftOut);
        }
        if let Some(file) = &self.passphrase_file {
            return Ok(Keys::Passphrase(secret_from(file)?.reveal().to_owned()));
        }
        let configured = common.load().ok().and_then(|loaded| loaded.config.backup?.key_file);
        let file = self.key_file.clone().or(configured).ok_or_else(|| {
            Failure::usage("it is not said what becomes of the keys")
                .hint("--passphrase-file FILE, --key-file FILE (an age recipient), or --without-keys")
        })?;
        Ok(Keys::Recipient(word_in(&file, "age1")?))
    }
}

impl Restore {
    pub(super) fn run(self, common: &Common) -> Result<(), Failure> {
        let data_dir = common.load_or_default()?.data_dir;
        let unseal = self.unseal()?;
        let folder = data_dir.join("store");
        if self.dry_run {
            let report = store::restore_dry_run(&self.file, &folder, &unseal).map_err(failed)?;
            say(common, &report, "would be restored", &[]);
            return Ok(());
        }
        let made = std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&data_dir);
        made.map_err(|error| fault(&data_dir, &error))?;
        let report = store::restore(&self.file, &folder, &unseal).map_err(failed)?;
        let kept = put_back(&report, &data_dir)?;
        say(common, &report, "is restored", &kept);
        Ok(())
    }

    fn unseal(&self) -> Result<Unseal, Failure> {
        if let Some(file) = &self.identity_file {
            return Ok(Unseal::Identity(SecretString::from(word_in(file, "AGE-SECRET-KEY-1")?)));
        }
        if let Some(file) = &self.passphrase_file {
            return Ok(Unseal::Passphrase(SecretString::from(
                secret_from(file)?.reveal().to_owned(),
            )));
        }
        Ok(Unseal::LeaveOut)
    }
}

/// Puts the files that lay beside the book back in their places. Without the keys, the PKI stays as it is:
/// certificates without their keys would only be in the way. Answers what was kept of before.
fn put_back(report: &RestoreReport, data_dir: &Path) -> Result<Vec<PathBuf>, Failure> {
    let with_keys = report.files.iter().any(|file| file.privacy == Privacy::Secret);
    let mut kept = Vec::new();
    for folder in ["pki", "acme", "conf.d"] {
        let wanted: Vec<_> = report
            .files
            .iter()
            .filter(|file| file.name.starts_with(&format!("{folder}/")))
            .collect();
        if wanted.is_empty() || (folder == "pki" && !with_keys) {
            continue;
        }
        let place = data_dir.join(folder);
        if place.exists() {
            let before = data_dir.join(format!("{folder}.before-epoch-{}", report.epoch));
            std::fs::rename(&place, &before).map_err(|error| fault(&place, &error))?;
            kept.push(before);
        }
        for file in wanted {
            let to = data_dir.join(&file.name);
            let parent = to.parent().unwrap_or(data_dir);
            std::fs::DirBuilder::new()
                .recursive(true)
                .mode(0o700)
                .create(parent)
                .map_err(|error| fault(parent, &error))?;
            std::fs::rename(&file.path, &to).map_err(|error| fault(&to, &error))?;
            let mode = if file.privacy == Privacy::Secret { 0o600 } else { 0o644 };
            let set = std::fs::set_permissions(&to, std::fs::Permissions::from_mode(mode));
            set.map_err(|error| fault(&to, &error))?;
        }
    }
    Ok(kept)
}

fn say(common: &Common, report: &RestoreReport, what: &str, kept: &[PathBuf]) {
    if common.json {
        print::json(&json!({ "report": report, "kept_beside": kept }));
        return;
    }
    print::line(format_args!(
        "the backup of {} up to change {} {what}, as epoch {}",
        report.made, report.through, report.epoch
    ));
    for kept in report.kept.iter().chain(kept) {
        print::line(format_args!("  kept from before: {}", kept.display()));
    }
    if report.sealed_left {
        print::line(format_args!(
            "  its keys are sealed and were not opened: --identity-file or --passphrase-file opens them"
        ));
    }
}

/// `verify`: of the running box what it does not write to any more, else of the whole data folder.
pub(super) fn verify(common: &Common) -> Result<ExitCode, Failure> {
    let found: Verified = block_on(async {
        match common.running().await {
            Ok(client) => Ok(client.ask(Method::POST, "/verification", None).await?),
            Err(unreachable) if common.socket.is_none() => {
                let folder = common.load_or_default()?.data_dir.join("store");
                match store::verify(&folder) {
                    Ok(report) => Ok(report.into()),
                    Err(OpenError::InUse(_)) => Err(unreachable),
                    Err(error) => Err(Failure::failed(error)),
                }
            }
            Err(unreachable) => Err(unreachable),
        }
    })?;
    if common.json {
        print::json(&found.report);
    } else {
        print::line(format_args!("{}", found.words));
    }
    Ok(if found.whole {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The first word of that kind in a file that may hold comments, as age-keygen writes them.
fn word_in(file: &Path, kind: &str) -> Result<String, Failure> {
    let text = std::fs::read_to_string(file).map_err(|error| fault(file, &error))?;
    let line = text.lines().map(str::trim).find(|line| line.starts_with(kind));
    line.map(str::to_owned)
        .ok_or_else(|| Failure::usage(format_args!("{} holds no line that begins with {kind}", file.display())))
}

/// Says how much has come, when somebody looks on.
fn progress(bytes: u64) {
    if std::io::stderr().is_terminal() {
        eprint!("\r{} KiB ", bytes / 1024);
    }
}

fn beside(file: &Path) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".part");
    file.with_file_name(name)
}

fn failed(error: RestoreError) -> Failure {
    match error {
        RestoreError::Open(error @ OpenError::InUse(_)) => {
            Failure::refused(error).hint("stop the box first: systemctl stop gatelodge")
        }
        RestoreError::Archive(_)
        | RestoreError::Seal(_)
        | RestoreError::Open(_)
        | RestoreError::File(_)
        | RestoreError::Name(_)
        | RestoreError::NoAbout
        | RestoreError::NotWhole(_) => Failure::failed(error),
    }
}

fn fault(path: &Path, error: &std::io::Error) -> Failure {
    Failure::failed(format_args!("{}: {error}", path.display()))
}
