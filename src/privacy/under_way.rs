//! How erasures stand that are being carried out: what the rows do not say.

use std::collections::HashMap;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::archive::Progress;
use super::rows::ErasureRow;

/// How an erasure stands, without a name.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ErasureShown {
    /// By which it is asked after.
    pub id: String,
    /// When it was asked for.
    pub asked: Timestamp,
    /// When it was done; absent: it is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
    /// Of the months of half-hours: those that are done, and all of them.
    pub done: u32,
    /// How many there are.
    pub of: u32,
    /// Why it is no further, when something holds it up; it is tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

/// What is known of one beside its row.
#[derive(Default)]
struct UnderWay {
    progress: Arc<Progress>,
    trouble: Option<String>,
}

/// Those that are not done, by id.
#[derive(Default)]
pub(super) struct AllUnderWay(Mutex<HashMap<String, UnderWay>>);

impl AllUnderWay {
    /// One is begun, or gone on with: how far it is, is to be written there.
    pub(super) fn begun(&self, id: &str) -> Arc<Progress> {
        Arc::clone(&self.all().entry(id.to_owned()).or_default().progress)
    }

    /// Something holds one up.
    pub(super) fn held_up(&self, id: &str, trouble: String) {
        self.all().entry(id.to_owned()).or_default().trouble = Some(trouble);
    }

    /// One is done.
    pub(super) fn done(&self, id: &str) {
        self.all().remove(id);
    }

    /// How one stands.
    pub(super) fn shown(&self, row: &ErasureRow) -> ErasureShown {
        let all = self.all();
        let known = all.get(&row.id);
        let count = |read: fn(&Progress) -> u32| known.map_or(0, |known| read(&known.progress));
        ErasureShown {
            id: row.id.clone(),
            asked: row.asked,
            ended: row.ended,
            done: count(|progress| progress.done.load(Ordering::Relaxed)),
            of: count(|progress| progress.of.load(Ordering::Relaxed)),
            trouble: known.and_then(|known| known.trouble.clone()),
        }
    }

    fn all(&self) -> MutexGuard<'_, HashMap<String, UnderWay>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
