//! When a backup of the box was last restored for trial, and how that went.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Backups;
use crate::store::{Ledger, ReadError, RowError, WriteError, schema};

/// Under the empty key.
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
        self.store.write(move |page| TRIALS.put_on(page, b"", &trial)).await
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
