//! `backup` and `verify` of a running box: what goes into a backup, and how it reaches the command line.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use axum::{Json, Router};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio_util::io::ReaderStream;

use super::Desk;
use super::problem::Refusal;
use super::status::running;
use crate::store::{
    BackupError, BackupReport, Extra, Ledger, Privacy, ReadError, RowError, Seal, SecretString, Store, VerifyReport,
    schema,
};

/// When the last backup was made, under the empty key.
const LAST: Ledger<Timestamp> = Ledger::new(schema::BACKUPS);

/// Makes backups of this box; clones share it.
#[derive(Clone)]
pub struct Backups {
    store: Store,
    data_dir: PathBuf,
}

/// What a verification found, as data and in words.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Verified {
    /// Whether nothing is damaged.
    pub whole: bool,
    /// In words.
    pub words: String,
    /// In full.
    pub report: serde_json::Value,
}

impl From<VerifyReport> for Verified {
    fn from(report: VerifyReport) -> Verified {
        Verified {
            whole: report.is_whole(),
            words: report.to_string(),
            report: serde_json::to_value(report).unwrap_or_default(),
        }
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
        Backups { store, data_dir }
    }

    /// Makes one at `to`: whole, or not there.
    pub async fn make(&self, to: PathBuf, keys: Keys) -> Result<BackupReport, MakeError> {
        let this = self.clone();
        let made = tokio::task::spawn_blocking(move || this.store.backup(&to, &this.beside(), &keys.into())).await;
        let report = made.map_err(|_| MakeError::Interrupted)??;
        let at = report.made;
        let noted = self.store.write(move |page| LAST.put_on(page, b"", &at)).await;
        if let Err(error) = noted {
            tracing::warn!(%error, "the time of the backup was not noted");
        }
        Ok(report)
    }

    /// When the last one was made.
    pub fn last(&self) -> Result<Option<Timestamp>, ReadError> {
        LAST.get(&self.store, b"")
    }

    /// The PKI, the keys of ACME, and what the box was told remotely. A file that only its owner may read is a secret.
    fn beside(&self) -> Vec<Extra> {
        let mut found = Vec::new();
        for folder in ["pki", "acme", "conf.d"] {
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
    /// The work's thread ended before the work.
    #[error("the work was interrupted")]
    Interrupted,
}

fn collect(root: &Path, folder: &Path, found: &mut Vec<Extra>) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let (path, Ok(meta)) = (entry.path(), entry.metadata()) else {
            continue;
        };
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

pub(super) fn router() -> Router<Desk> {
    Router::new()
        .route("/backup", post(backup))
        .route("/verification", post(verify))
}

/// The backup itself as the answer: the command line writes it where its own user may.
async fn backup(State(desk): State<Desk>, Json(keys): Json<Keys>) -> Result<Response, Refusal> {
    let backups = &running(&desk)?.backups;
    let on_the_way = backups
        .data_dir
        .join(format!("backup-{}.tmp", crate::accounts::random_id()));
    let made = backups.make(on_the_way.clone(), keys).await;
    let opened = match made {
        Ok(_) => tokio::fs::File::open(&on_the_way)
            .await
            .map_err(|error| Refusal::failed(error.to_string())),
        Err(MakeError::Backup(BackupError::Seal(error))) => Err(Refusal::bad(error.to_string())),
        Err(MakeError::Backup(error @ BackupError::Busy)) => Err(Refusal::unavailable(error.to_string())),
        Err(error) => Err(Refusal::failed(error.to_string())),
    };
    // Its name goes now; the open file lives until it was sent.
    let _ = std::fs::remove_file(&on_the_way);
    Ok(Body::from_stream(ReaderStream::with_capacity(opened?, 64 << 10)).into_response())
}

async fn verify(State(desk): State<Desk>) -> Result<Json<Verified>, Refusal> {
    let store = running(&desk)?.store.clone();
    let verified = tokio::task::spawn_blocking(move || store.verify_live()).await;
    let report = verified.map_err(|error| Refusal::failed(error.to_string()))?;
    Ok(Json(Verified::from(
        report.map_err(|error| Refusal::failed(error.to_string()))?,
    )))
}

impl From<RowError> for Refusal {
    fn from(error: RowError) -> Refusal {
        Refusal::failed(error.to_string())
    }
}
