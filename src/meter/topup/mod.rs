//! Top-ups: each code is an intent in the book before its first byte leaves, sent at most once, and what became of it is
//! proved by what the meter counts (EMOP §21).
//!
//! [`evidence`] says what follows from what a meter shows, `watching` when it is looked at, `row` which steps an intent
//! takes: these are pure. `reading` asks the meter, `tending` drives one meter's intents, `keeping` gives each meter
//! that needs one such a worker, `ledger` writes them down as long as there are `places`, and
//! `asked` is what people and programs may do with them, `told` what they read.

mod asked;
mod error;
pub mod evidence;
#[cfg(test)]
mod evidence_tests;
mod forgetting;
mod giver;
pub(super) mod givers;
mod keeping;
mod key;
mod key_kept;
mod ledger;
mod places;
pub mod provider;
mod reading;
mod row;
mod shown;
mod tending;
mod told;
mod watching;

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use tokio::sync::watch;
use tokio_util::task::TaskTracker;

pub use crate::accounts::SealKeyError;
use crate::domain::MeterId;
use crate::domain::units::Span;
pub use error::TopupError;
pub use evidence::{Proof, Reply};
use key::SealKey;
pub use ledger::NewTopup;
pub use row::{ByHand, Origin, Through};
pub use shown::TopupShown;
pub use told::Told;

/// How often a change is tried again that the book did not take.
const WRITE_AGAIN: Duration = Duration::from_secs(1);

/// What the room keeps beside the rows.
pub(super) struct Topups {
    /// How long settled ones are kept; zero: for ever.
    kept: Span,
    /// Where the key lies; `None`: in this process alone.
    file: Option<PathBuf>,
    key: OnceLock<SealKey>,
    /// Rises with every change that the workers have to look at.
    changed: watch::Sender<u64>,
    /// Rises when codes are to be tried without waiting.
    hurried: watch::Sender<u64>,
    /// Meters that have a worker.
    tended: Mutex<HashSet<MeterId>>,
    pub(super) workers: TaskTracker,
}

impl Topups {
    pub(super) fn new(file: Option<PathBuf>, kept: Span) -> Topups {
        Topups {
            kept,
            file,
            key: OnceLock::new(),
            changed: watch::Sender::default(),
            hurried: watch::Sender::default(),
            tended: Mutex::default(),
            workers: TaskTracker::new(),
        }
    }

    /// The key, which is made when a code first needs it.
    fn key(&self) -> Result<&SealKey, SealKeyError> {
        if let Some(key) = self.key.get() {
            return Ok(key);
        }
        let key = match &self.file {
            Some(file) => SealKey::open(file)?,
            None => SealKey::passing(),
        };
        Ok(self.key.get_or_init(|| key))
    }

    /// The workers are to look again.
    fn tell(&self) {
        self.changed.send_modify(|count| *count += 1);
    }

    /// Codes that wait for their next try are tried now.
    fn try_at_once(&self) {
        self.hurried.send_modify(|count| *count += 1);
        self.tell();
    }

    fn tended(&self) -> MutexGuard<'_, HashSet<MeterId>> {
        self.tended.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
