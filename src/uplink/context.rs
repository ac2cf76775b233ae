//! What one run of the room works with, and all that it shares: sessions, the opening of them, and the counts.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;

use super::announced::Announcements;
use super::config::{Config, Reports};
use super::connection::agreed::Agreed;
use super::connection::error::{ConnectionError, LimitError};
use super::connection::last_good::LastGoodTls;
use super::counts::{Counted, waiting};
use super::dialect::Dialect;
use super::enrol::Enrol;
use super::live::Live;
use super::names::READER;
use super::operations::{Claim, Operations};
use super::outbox::AckedCounts;
use super::patience::Patience;
use super::session::quarantine::Quarantine;
use super::status::Status;
use super::tenant::tokens::Tokens;
use crate::store::{Backlog, ReadError, Store};

/// What one run of the room works with.
pub(super) struct Context {
    pub(super) config: Config,
    pub(super) store: Store,
    pub(super) dialect: Box<dyn Dialect>,
    pub(super) operations: Operations,
    pub(super) live: Live,
    pub(super) status: Arc<Status>,
    pub(super) acked: Arc<AckedCounts>,
    pub(super) counted: Arc<Counted>,
    pub(super) client_id: String,
    pub(super) patience: Patience,
    pub(super) tokens: Arc<Tokens>,
    pub(super) quarantine: Quarantine,
    /// Where the platform gives the box what it proves itself by.
    pub(super) enrol: Option<Arc<Enrol>>,
    pub(super) last_good: LastGoodTls,
    pub(super) agreed: Mutex<Agreed>,
    /// What the broker was given to keep.
    pub(super) announced: Announcements,
    /// Whether operations of an earlier process were ended.
    pub(super) orphans_taken: AtomicBool,
}

impl Context {
    /// How operations begin to be told.
    pub(super) fn claim(&self) -> Claim {
        match self.config.operations {
            Reports::Json => Claim::WhenBegun,
            Reports::Smartrest => Claim::OnArrival,
        }
    }

    /// Whether operations that the platform thinks are under way are still to be ended: once a process.
    pub(super) fn has_orphans(&self) -> bool {
        !self.orphans_taken.load(Ordering::Relaxed)
    }

    /// Whether they are ended now: not while this box has word of its own to bring. Then it is left to a later session.
    pub(super) fn takes_orphans(&self) -> Result<bool, ReadError> {
        let has_told_all =
            self.operations.is_idle()? && self.store.backlog(READER).is_some_and(|behind| behind.changes == 0);
        Ok(has_told_all && !self.orphans_taken.swap(true, Ordering::Relaxed))
    }

    /// What the broker is known to allow.
    pub(super) fn agreed(&self) -> MutexGuard<'_, Agreed> {
        self.agreed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The broker allows less than was asked of it.
    pub(super) fn limited(&self, limit: LimitError) {
        let fault = ConnectionError::Limited(limit);
        tracing::warn!(broker = %self.config.url, limit = %fault, mend = fault.mend(), "the broker's limits are kept to");
        self.status.note(&fault, Timestamp::now());
    }

    /// How far the uplink is behind, and in how many entries.
    pub(super) fn behind(&self) -> (Backlog, u64) {
        waiting(&self.store, &self.counted, &self.acked)
    }

    /// Nothing is left to be sent: what was counted and then thinned away is not waited for.
    pub(super) fn caught_up(&self) {
        waiting(&self.store, &self.counted, &self.acked);
    }
}
