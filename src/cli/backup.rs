//! `backup`, `restore`, `verify`.

use std::fs::File;
use std::io::{IsTerminal, Seek};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::Args;
use hyper::Method;
use serde_json::{Value, json};

use super::owner::AsOwner;
use super::reach::{absolute, block_on, secret_from};
use super::{CliError, Common, print};
use crate::accounts::random_id;
use crate::admin::KnownBeside;
use crate::admin::{Keys, Verified};
use crate::files::{self, Readers, Unfinished};
use crate::store::{self, OpenError, Place, RestoreError, RestoreReport, SecretString, Unseal};

/// What a restore says of a backup that it put in place.
const DONE: &str = "is restored";

/// Whoever has a backup may try as long as they like.
const SHORTEST_PASSPHRASE: usize = 8;

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
    pub(super) fn run(self, common: &Common) -> Result<(), CliError> {
        let keys = self.keys(common)?;
        if self.file == Path::new("-") {
            return Err(CliError::usage("a backup goes to a file, and not to standard output").hint("name a file"));
        }
        let to = files::place(&self.file).map_err(CliError::usage)?;
        let delivery = random_id();
        let wanted = json!({ "keys": keys, "delivery": delivery });
        let bytes = block_on(async {
            let client = common.running().await?;
            let mut file = Unfinished::create(&to, Readers::Owner).map_err(CliError::failed)?;
            let into = (to.as_path(), file.file());
            let bytes = client
                .fetch_into(Method::POST, "/backup", Some(&wanted), into, progress)
                .await?;
            file.finish().map_err(CliError::failed)?;
            let arrival = format!("/backup/{delivery}/arrival");
            let _: Value = client.ask(Method::POST, &arrival, None).await?;
            Ok(bytes)
        })?;
        if common.json {
            print::json(&json!({ "file": absolute(&self.file), "bytes": bytes }));
        } else {
            print::line(format_args!("{}: {} KiB", self.file.display(), bytes / 1024));
        }
        Ok(())
    }

    fn keys(&self, common: &Common) -> Result<Keys, CliError> {
        if self.without_keys {
            return Ok(Keys::LeftOut);
        }
        if let Some(file) = &self.passphrase_file {
            let passphrase = secret_from(file)?;
            if passphrase.reveal().chars().count() < SHORTEST_PASSPHRASE {
                return Err(CliError::usage(format_args!(
                    "the passphrase is shorter than {SHORTEST_PASSPHRASE} characters: whoever has the backup would guess it"
                ))
                .hint("several words, such as those of `head -c 16 /dev/urandom | base64`"));
            }
            return Ok(Keys::Passphrase(passphrase.reveal().to_owned()));
        }
        let configured = common.load().ok().and_then(|loaded| loaded.config.backup?.key_file);
        let file = self.key_file.clone().or(configured).ok_or_else(|| {
            CliError::usage("it is not said what becomes of the keys")
                .hint("--passphrase-file FILE, --key-file FILE (an age recipient), or --without-keys")
        })?;
        Ok(Keys::Recipient(word_in(&file, "age1")?))
    }
}

impl Restore {
    pub(super) fn run(self, common: &Common) -> Result<(), CliError> {
        let data_dir = common.load_or_default()?.data_dir;
        let at = Place::in_data_dir(&data_dir);
        // What only the caller may read is read or opened before the owner of the data folder goes on.
        let unseal = self.unseal()?;
        let file = self.opened(&unseal)?;
        let _owner = AsOwner::of(&data_dir)?;
        if self.dry_run {
            let report = store::restore_dry_run(file, &self.file, &at, &unseal).map_err(failed)?;
            say(common, &report, "would be restored");
            return Ok(());
        }
        files::make_private(&data_dir).map_err(CliError::failed)?;
        let report = store::restore(file, &self.file, &at, &unseal).map_err(failed)?;
        say(common, &report, DONE);
        Ok(())
    }

    /// The backup; of one that is sealed as a whole, as those from a bucket are, what is in it, in a file without a name.
    fn opened(&self, unseal: &Unseal) -> Result<File, CliError> {
        let mut file = File::open(&self.file).map_err(|error| fault(&self.file, &error))?;
        if !store::is_sealed_file(&mut file).map_err(|error| fault(&self.file, &error))? {
            return Ok(file);
        }
        let Unseal::Identity(identity) = unseal else {
            return Err(
                CliError::usage(format_args!("{} is sealed as a whole", self.file.display()))
                    .hint("--identity-file FILE names the key that opens it"),
            );
        };
        let path = std::env::temp_dir().join(format!("gatelodge-{}.restore", random_id()));
        let mut options = File::options();
        let mut plain = options.read(true).write(true).create_new(true).mode(0o600).open(&path);
        let _ = std::fs::remove_file(&path);
        let plain = plain.as_mut().map_err(|error| fault(&path, error))?;
        store::open_file(&file, plain, identity).map_err(CliError::failed)?;
        plain.rewind().map_err(|error| fault(&path, &error))?;
        plain.try_clone().map_err(|error| fault(&path, &error))
    }

    fn unseal(&self) -> Result<Unseal, CliError> {
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

fn say(common: &Common, report: &RestoreReport, what: &str) {
    if common.json {
        print::json(&json!({ "report": report, "kept_beside": report.kept_beside }));
        return;
    }
    print::line(format_args!(
        "the backup of {} up to change {} {what}, as epoch {}",
        report.made, report.through, report.epoch
    ));
    for kept in report.kept.iter().chain(&report.kept_beside) {
        print::line(format_args!("  kept from before: {}", kept.display()));
    }
    if report.sealed_left {
        print::line(format_args!(
            "  its keys are sealed and were not opened: --identity-file or --passphrase-file opens them"
        ));
    }
    // A dry run puts nothing in its place.
    if what == DONE && !report.files.iter().any(|file| file.starts_with("pki/")) {
        print::line(format_args!(
            "  no keys come with it: the box goes on with those that it has, or makes new authorities at its next start, \
             and then every client needs a new certificate"
        ));
    }
}

/// `verify`: of the running box what it does not write to any more, else of the whole data folder.
pub(super) fn verify(common: &Common) -> Result<ExitCode, CliError> {
    let found: Verified = block_on(async {
        match common.running().await {
            Ok(client) => Ok(client.ask(Method::POST, "/verification", None).await?),
            Err(_) if common.socket.is_none() => {
                let data_dir = common.load_or_default()?.data_dir;
                let _owner = AsOwner::of(&data_dir)?;
                match store::verify(&data_dir.join("store")) {
                    Ok(report) => Ok(Verified::of(report, &data_dir, KnownBeside::default())),
                    Err(error @ OpenError::InUse(_)) => Err(CliError::not_reachable(error)
                        .hint("another command works there: try again; or the box runs with another admin socket")),
                    Err(error) => Err(CliError::failed(error)),
                }
            }
            Err(unreachable) => Err(unreachable),
        }
    })?;
    if common.json {
        print::json(&found.report);
    } else {
        print::lines(format_args!("{}", found.words));
    }
    Ok(if found.whole {
        ExitCode::SUCCESS
    } else {
        ExitCode::FAILURE
    })
}

/// The first word of that kind in a file that may hold comments, as age-keygen writes them.
fn word_in(file: &Path, kind: &str) -> Result<String, CliError> {
    let text = std::fs::read_to_string(file).map_err(|error| fault(file, &error))?;
    let line = text.lines().map(str::trim).find(|line| line.starts_with(kind));
    line.map(str::to_owned)
        .ok_or_else(|| CliError::usage(format_args!("{} holds no line that begins with {kind}", file.display())))
}

/// Says how much has come, when somebody looks on.
fn progress(bytes: u64) {
    if std::io::stderr().is_terminal() {
        print::note_on(format_args!("{} KiB ", bytes / 1024));
    }
}

fn failed(error: RestoreError) -> CliError {
    match error {
        RestoreError::Open(error @ OpenError::InUse(_)) => {
            CliError::refused(error).hint("stop the box first: systemctl stop gatelodge")
        }
        RestoreError::Archive(_)
        | RestoreError::Seal(_)
        | RestoreError::Open(_)
        | RestoreError::File(_)
        | RestoreError::Name(_)
        | RestoreError::NoAbout
        | RestoreError::NotWhole(_) => CliError::failed(error),
    }
}

fn fault(path: &Path, error: &std::io::Error) -> CliError {
    CliError::failed(format_args!("{}: {error}", path.display()))
}
