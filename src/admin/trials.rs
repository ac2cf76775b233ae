//! When a backup of the box was last restored for trial, and how that went.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Backups;
use super::backup::LAST;
use crate::store::{Ledger, ReadError, RowError, WriteError, schema};

/// The last one under the empty key, those of backups that are kept under their names.
const TRIALS: Ledger<RestoreTrial> = Ledger::new(schema::RESTORE_TRIALS);

/// A backup that was restored into a folder of its own, looked through, and thrown away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RestoreTrial {
    pub at: Timestamp,
    /// The name of its file.
    pub of: String,
    /// What was wrong with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

impl Backups {
    /// Notes a trial.
    ///
    /// # Errors
    ///
    /// When the book does not take it.
    pub async fn tried_restore(&self, trial: RestoreTrial) -> Result<(), WriteError<RowError>> {
        self.store
            .write(move |page| {
                TRIALS.put_on(page, trial.of.as_bytes(), &trial)?;
                TRIALS.put_on(page, b"", &trial)
            })
            .await
    }

    /// The last one of the backup of that name.
    ///
    /// # Errors
    ///
    /// When the book cannot be read.
    pub fn trial_of(&self, name: &str) -> Result<Option<RestoreTrial>, ReadError> {
        TRIALS.get(&self.store, name.as_bytes())
    }

    /// The backup of that name is not kept any more: what is known of it goes.
    pub async fn removed(&self, name: String) {
        if name.is_empty() {
            return;
        }
        let forgotten: Result<(), WriteError<RowError>> = self
            .store
            .write(move |page| {
                TRIALS.delete_on(page, name.as_bytes());
                LAST.delete_on(page, name.as_bytes());
                Ok(())
            })
            .await;
        if let Err(error) = forgotten {
            tracing::warn!(%error, "what is known of a backup that is gone was not forgotten");
        }
    }

    /// The last one.
    ///
    /// # Errors
    ///
    /// When the book cannot be read.
    pub fn last_trial(&self) -> Result<Option<RestoreTrial>, ReadError> {
        TRIALS.get(&self.store, b"")
    }
}
