//! How the uplink is: for `status`, for the page, for metrics.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::fault::Fault;

/// Faults that are remembered.
const FAULTS: usize = 50;
/// Samples of what waits: an hour of them.
const SAMPLES: usize = 360;

/// How the uplink is (`contract.md` section 6).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct UplinkShown {
    /// Where it goes.
    pub url: String,
    /// What the box calls itself there.
    pub client_id: String,
    /// Since when it is connected; absent while it is not.
    pub connected_since: Option<Timestamp>,
    /// Entries of the journal that are not acknowledged.
    pub backlog_rows: u64,
    /// About so many bytes of the journal hold them.
    pub backlog_bytes: u64,
    /// How long the oldest of them has waited, in seconds.
    pub oldest_s: u64,
    /// Messages that the broker took since the box was started.
    pub published: u64,
    /// Messages that were too large, or that the broker refused for good.
    pub dropped: u64,
    /// Entries of the journal that were lost before they could be sent.
    pub lost: u64,
    /// Sessions that were opened since the box was started.
    pub sessions: u64,
    /// Why there is no session, or why the last one ended.
    pub last_error: Option<FaultShown>,
    /// When the next try is made.
    pub next_try: Option<Timestamp>,
    /// Whether another client seems to use this client id.
    pub taken_over: bool,
    /// When the box's certificate ends.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_ends: Option<Timestamp>,
    /// The latest faults, newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<FaultShown>,
}

/// A fault as people see it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FaultShown {
    /// When.
    pub at: Timestamp,
    /// What it is called among the metrics.
    pub kind: String,
    /// What happened.
    pub what: String,
    /// What to do.
    pub mend: String,
}

impl FaultShown {
    /// A fault at `at`.
    #[must_use]
    pub fn of(fault: &Fault, at: Timestamp) -> FaultShown {
        FaultShown {
            at,
            kind: fault.label().to_owned(),
            what: fault.to_string(),
            mend: fault.mend().to_owned(),
        }
    }
}

/// What is known of the uplink; the room writes, everybody reads.
#[derive(Debug, Default)]
pub struct Board(Mutex<Written>);

#[derive(Clone, Debug, Default)]
pub(super) struct Written {
    pub(super) client_id: String,
    pub(super) connected_since: Option<Timestamp>,
    pub(super) published: u64,
    pub(super) dropped: u64,
    pub(super) lost: u64,
    pub(super) sessions: u64,
    pub(super) oldest_waiting: Option<Timestamp>,
    pub(super) next_try: Option<Timestamp>,
    pub(super) taken_over: bool,
    pub(super) certificate_ends: Option<Timestamp>,
    pub(super) faults: VecDeque<FaultShown>,
    /// How many entries waited, sample by sample, oldest first.
    pub(super) waited: VecDeque<u64>,
    pub(super) ended: BTreeMap<&'static str, u64>,
    /// Whether the last fault still holds.
    pub(super) troubled: bool,
}

impl Board {
    /// Notes a fault, after which the next try comes at `next_try`.
    pub(super) fn fault(&self, fault: &Fault, at: Timestamp, next_try: Option<Timestamp>) {
        let mut written = self.write();
        written.connected_since = None;
        written.next_try = next_try;
        written.troubled = true;
        *written.ended.entry(fault.label()).or_default() += 1;
        written.faults.push_front(FaultShown::of(fault, at));
        written.faults.truncate(FAULTS);
    }

    /// Notes that a session is open.
    pub(super) fn opened(&self, at: Timestamp) {
        let mut written = self.write();
        written.connected_since = Some(at);
        (written.next_try, written.troubled) = (None, false);
        written.sessions += 1;
    }

    /// Notes how many entries wait now.
    pub(super) fn sample(&self, rows: u64) {
        let mut written = self.write();
        written.waited.push_back(rows);
        let many = written.waited.len().saturating_sub(SAMPLES);
        written.waited.drain(..many);
    }

    pub(super) fn write(&self) -> MutexGuard<'_, Written> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
