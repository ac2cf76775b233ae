//! `backup` and `verify` of a running box: what goes into a backup, and how it reaches the command line.

use std::collections::VecDeque;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use axum::body::Body;
use axum::extract::{Path as UrlPath, State};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio_util::io::ReaderStream;

use super::AdminState;
use super::problem::AdminError;
use crate::accounts::audit;
use crate::files;
use crate::perseus;
use crate::pki::{self, DamagedFile};
use crate::store::{
    self, BackupError, BackupReport, Extra, Ledger, Place, Privacy, ReadError, RowError, Seal, SecretString, Store,
    Unseal, VerifyReport, schema,
};

/// The last backup that reached its place, under the empty key; those that are kept, under their names.
pub(super) const LAST: Ledger<LastRow> = Ledger::new(schema::BACKUPS);

/// How the copies that are made for the command line are called while they are under way.
const ON_THE_WAY: (&str, &str) = ("backup-", ".tmp");

/// Backups made for the command line that were not said to have arrived yet; older ones are forgotten.
const UNDER_WAY: usize = 16;

/// Makes backups of this box; clones share it.
#[derive(Clone)]
pub struct Backups {
    pub(super) store: Store,
    data_dir: PathBuf,
    /// Copies that a command line is writing, by the name it gave them.
    under_way: Arc<Mutex<VecDeque<(String, LastBackup)>>>,
    /// Why the box could not back itself up the last time it tried.
    trouble: Arc<Mutex<Option<String>>>,
}

/// The last backup that was whole and on disk where it belongs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LastBackup {
    /// When it was made.
    pub at: Timestamp,
    /// Whether the keys are in it; an earlier version did not note that.
    pub keys: Option<KeysIn>,
}

/// Whether a backup holds the keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum KeysIn {
    /// It does, sealed.
    Sealed,
    /// It does not: what is restored from it has new authorities.
    LeftOut,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(untagged)]
pub(super) enum LastRow {
    /// As earlier versions wrote it.
    At(Timestamp),
    Whole(LastBackup),
}

impl From<LastRow> for LastBackup {
    fn from(row: LastRow) -> LastBackup {
        match row {
            LastRow::At(at) => LastBackup { at, keys: None },
            LastRow::Whole(last) => last,
        }
    }
}

/// What a verification found, as data and in words.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Verified {
    /// Whether nothing is damaged.
    pub whole: bool,
    pub words: String,
    /// In full.
    pub report: serde_json::Value,
}

/// What a running box knows beside its files.
#[derive(Default)]
pub struct KnownBeside {
    /// Files that it misses.
    pub missing: Vec<DamagedFile>,
    /// How far the audit had come.
    pub audit: Option<audit::Head>,
}

impl Verified {
    /// What was found in the book, and what is found now in the files of `data_dir` that a start reads beside it, with
    /// those that a running box misses.
    #[must_use]
    pub fn of(report: VerifyReport, data_dir: &Path, beside: KnownBeside) -> Verified {
        let mut damaged = pki::examine_pki(&data_dir.join("pki"));
        damaged.extend(perseus::examine_words(&data_dir.join("perseus/words")));
        damaged.extend(beside.missing);
        damaged.extend(
            ["acme", "uplink"]
                .iter()
                .flat_map(|folder| pki::examine(&data_dir.join(folder))),
        );
        let mut words = report.to_string();
        for DamagedFile { path, why } in &damaged {
            words.push_str(&format!("\n  {}: {why}", path.display()));
        }
        let folder = data_dir.join("audit");
        let known = beside.audit.as_ref();
        let audit =
            (folder.exists() || known.is_some()).then(|| audit::walk(&folder, known).map(|(examined, _)| examined));
        let audit = audit.map(|examined| examined.map_err(|error| error.to_string()));
        let audit_is_whole = match &audit {
            None => true,
            Some(Ok(examined)) => {
                let said = match &examined.broken {
                    None if examined.missing => {
                        format!("audit: lines that were written are not there: {} are", examined.lines)
                    }
                    None => format!(
                        "audit: {} lines in {} months, each tied to the one before",
                        examined.lines, examined.months
                    ),
                    Some((file, line)) => format!(
                        "audit: line {line} of {} does not follow the one before: it, or one before it, was changed",
                        file.display()
                    ),
                };
                words.push_str(&format!("\n  {said}"));
                examined.broken.is_none() && !examined.missing
            }
            Some(Err(error)) => {
                words.push_str(&format!("\n  audit: cannot be read: {error}"));
                false
            }
        };
        let whole = report.is_whole() && damaged.is_empty() && audit_is_whole;
        let mut report = serde_json::to_value(report).unwrap_or_default();
        report["audit"] = json!(audit.and_then(Result::ok));
        report["damaged_files"] = json!(damaged);
        Verified { whole, words, report }
    }
}

/// What happens to the keys in a backup.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Keys {
    /// They are sealed to an age recipient.
    Recipient(String),
    /// They are sealed with a passphrase.
    Passphrase(String),
    /// They are left out.
    LeftOut,
}

impl Keys {
    fn kept(&self) -> KeysIn {
        match self {
            Keys::Recipient(_) | Keys::Passphrase(_) => KeysIn::Sealed,
            Keys::LeftOut => KeysIn::LeftOut,
        }
    }
}

impl From<Keys> for Seal {
    fn from(keys: Keys) -> Seal {
        match keys {
            Keys::Recipient(recipient) => Seal::Recipient(recipient),
            Keys::Passphrase(passphrase) => Seal::Passphrase(SecretString::from(passphrase)),
            Keys::LeftOut => Seal::LeaveOut,
        }
    }
}

impl Backups {
    /// Backups of the book and of what lies beside it in the data folder.
    #[must_use]
    pub fn new(store: Store, data_dir: PathBuf) -> Backups {
        Backups {
            store,
            data_dir,
            under_way: Arc::default(),
            trouble: Arc::default(),
        }
    }

    /// Removes copies that a killed box left on their way to a command line.
    pub fn sweep(&self) {
        for entry in std::fs::read_dir(&self.data_dir).into_iter().flatten().flatten() {
            let name = entry.file_name();
            let name = name.to_string_lossy();
            if name.starts_with(ON_THE_WAY.0) && name.contains(ON_THE_WAY.1) {
                match std::fs::remove_file(entry.path()) {
                    Ok(()) => tracing::info!(file = %entry.path().display(), "removed what is left of a backup"),
                    Err(error) => tracing::warn!(file = %entry.path().display(), %error, "could not be removed"),
                }
            }
        }
    }

    /// Makes one where backups belong, as [`copy`](Self::copy) does, and only then notes it as the last one.
    pub async fn make(&self, to: PathBuf, keys: Keys) -> Result<BackupReport, MakeError> {
        let kept = keys.kept();
        let name = to.file_name().map(|name| name.to_string_lossy().into_owned());
        let report = self.copy(to, keys).await?;
        let (at, keys) = (report.made, Some(kept));
        self.arrived(LastBackup { at, keys }, name).await;
        Ok(report)
    }

    fn read_again(&self, made: &Path) -> Result<(), MakeError> {
        let file = std::fs::File::open(made).map_err(MakeError::Open)?;
        let place = Place::in_data_dir(&self.data_dir);
        let read = store::restore_dry_run(file, made, &place, &Unseal::LeaveOut);
        read.map(drop).map_err(|error| MakeError::Unreadable(error.to_string()))
    }

    /// Makes one at `to`, whole or not there, and reads it to its end as a restore does. It is not noted as the last one: where
    /// it lies it may not outlive the box, or it is on its way.
    pub async fn copy(&self, to: PathBuf, keys: Keys) -> Result<BackupReport, MakeError> {
        let this = self.clone();
        let made = tokio::task::spawn_blocking(move || {
            let report = this.store.backup(&to, &this.beside(), &keys.into())?;
            this.read_again(&to).inspect_err(|_| {
                // A name like those of good ones would be counted among them.
                let _ = std::fs::remove_file(&to);
            })?;
            Ok::<_, MakeError>(report)
        });
        made.await.map_err(|_| MakeError::Interrupted)?
    }

    /// Makes one without a name, for whoever reads the open file; it counts once `delivery` is said to have arrived.
    async fn make_for(&self, delivery: Option<String>, keys: Keys) -> Result<std::fs::File, MakeError> {
        let (this, kept) = (self.clone(), keys.kept());
        let made = tokio::task::spawn_blocking(move || {
            let name = format!("{}{}{}", ON_THE_WAY.0, crate::accounts::random_id(), ON_THE_WAY.1);
            let to = this.data_dir.join(name);
            let made = this.store.backup(&to, &this.beside(), &keys.into());
            let opened = made.map(|report| (std::fs::File::open(&to), report));
            // Its name goes now, in the same breath; the open file lives until it was sent.
            let _ = std::fs::remove_file(&to);
            opened
        });
        let (file, report) = made.await.map_err(|_| MakeError::Interrupted)??;
        let file = file.map_err(MakeError::Open)?;
        if let Some(delivery) = delivery {
            let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
            if under_way.len() == UNDER_WAY {
                under_way.pop_front();
            }
            let last = LastBackup {
                at: report.made,
                keys: Some(kept),
            };
            under_way.push_back((delivery, last));
        }
        Ok(file)
    }

    /// Notes that a backup was read to its end and lies where it belongs; under its name, where it is kept.
    pub async fn arrived(&self, last: LastBackup, name: Option<String>) {
        let noted = self
            .store
            .write(move |page| {
                let row = LastRow::Whole(last);
                if let Some(name) = &name {
                    LAST.put_on(page, name.as_bytes(), &row)?;
                }
                LAST.put_on(page, b"", &row)
            })
            .await;
        if let Err(error) = noted {
            tracing::warn!(%error, "the time of the backup was not noted");
        }
    }

    /// What is known of the one of that name; `None`: the box did not make it, or by an earlier version.
    ///
    /// # Errors
    ///
    /// When the book cannot be read.
    pub fn known(&self, name: &str) -> Result<Option<LastBackup>, ReadError> {
        Ok(LAST.get(&self.store, name.as_bytes())?.map(LastBackup::from))
    }

    /// The last one that arrived.
    pub fn last(&self) -> Result<Option<LastBackup>, ReadError> {
        Ok(LAST.get(&self.store, b"")?.map(LastBackup::from))
    }

    /// Says that the box could not back itself up, and why; or that it could.
    pub fn tried(&self, trouble: Option<String>) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }

    /// Why the box could not back itself up the last time it tried.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The PKI, the keys of ACME, the keys that seal codes and sign tokens, the words that people agreed to, and what the box was
    /// told remotely. A file that only its owner may read is a secret.
    fn beside(&self) -> Vec<Extra> {
        let mut found = Vec::new();
        for folder in ["pki", "acme", "keys", "perseus", "conf.d"] {
            collect(&self.data_dir, &self.data_dir.join(folder), &mut found);
        }
        found
    }
}

/// A backup was not made.
#[derive(Debug, thiserror::Error)]
pub enum MakeError {
    /// The store could not.
    #[error(transparent)]
    Backup(#[from] BackupError),
    /// It was written, and what is read again is not it.
    #[error("what was written cannot be restored, look at the disk: {0}")]
    Unreadable(String),
    /// The copy cannot be read again.
    #[error("the copy could not be opened: {0}")]
    Open(std::io::Error),
    /// The work's thread ended before the work.
    #[error("the work was interrupted")]
    Interrupted,
}

fn collect(root: &Path, folder: &Path, found: &mut Vec<Extra>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, Ok(meta)) = (entry.path(), entry.metadata()) else {
            continue;
        };
        // What is being written has its name as soon as it is whole.
        if files::is_unfinished(&entry.file_name().to_string_lossy()) {
            continue;
        }
        if meta.is_dir() {
            collect(root, &path, found);
        } else if let (true, Ok(below)) = (meta.is_file(), path.strip_prefix(root)) {
            let privacy = if meta.permissions().mode() & 0o077 == 0 {
                Privacy::Secret
            } else {
                Privacy::Public
            };
            found.push(Extra {
                name: below.display().to_string(),
                path: path.clone(),
                privacy,
            });
        }
    }
}

pub(super) fn router() -> Router<AdminState> {
    Router::new()
        .route("/backup", post(backup))
        .route("/backup/{delivery}/arrival", post(delivered))
        .route("/verification", post(verify))
}

/// What a command line wants.
#[derive(Deserialize)]
struct BackupRequest {
    keys: Keys,
    /// By this name it says that the backup arrived.
    delivery: Option<String>,
}

/// The backup itself as the answer: the command line writes it where its own user may.
async fn backup(State(state): State<AdminState>, Json(wanted): Json<BackupRequest>) -> Result<Response, AdminError> {
    let backups = &state.running()?.backups;
    let made = backups.make_for(wanted.delivery, wanted.keys).await;
    let file = made.map_err(|error| match error {
        MakeError::Backup(BackupError::Seal(error)) => AdminError::bad(error.to_string()),
        MakeError::Backup(error @ BackupError::Busy) => AdminError::unavailable(error.to_string()),
        error => AdminError::failed(error.to_string()),
    })?;
    let file = tokio::fs::File::from_std(file);
    Ok(Body::from_stream(ReaderStream::with_capacity(file, 64 << 10)).into_response())
}

/// The command line has it whole and on disk: only now was the box backed up.
async fn delivered(
    State(state): State<AdminState>,
    UrlPath(delivery): UrlPath<String>,
) -> Result<Json<()>, AdminError> {
    let backups = &state.running()?.backups;
    let found = {
        let mut under_way = backups.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        let at = under_way.iter().position(|(name, _)| *name == delivery);
        at.and_then(|at| under_way.remove(at))
    };
    let (_, last) = found.ok_or_else(|| AdminError::bad(format!("no backup is under way as {delivery:?}")))?;
    backups.arrived(last, None).await;
    Ok(Json(()))
}

async fn verify(State(state): State<AdminState>) -> Result<Json<Verified>, AdminError> {
    let running = state.running()?;
    let (store, data_dir) = (running.store.clone(), running.backups.data_dir.clone());
    let room = running.perseus.borrow().clone();
    let verified = tokio::task::spawn_blocking(move || {
        let beside = KnownBeside {
            missing: room.map_or_else(|| Ok(Vec::new()), |room| room.missing_words())?,
            audit: audit::known_head(&store)?,
        };
        Ok(Verified::of(store.verify_live()?, &data_dir, beside))
    })
    .await;
    let found: Result<Verified, ReadError> = verified.map_err(|error| AdminError::failed(error.to_string()))?;
    Ok(Json(found.map_err(|error| AdminError::failed(error.to_string()))?))
}

impl From<RowError> for AdminError {
    fn from(error: RowError) -> AdminError {
        AdminError::failed(error.to_string())
    }
}
