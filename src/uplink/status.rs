//! How the uplink is: for `status`, for the page, for metrics.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use tokio::sync::watch;

use super::connection::error::ConnectionError;
use super::connection::shown::FaultShown;
use super::enrol::EnrolmentShown;
use super::tallies::{Ignored, TOOK};
use crate::domain::Lane;

/// Faults that are remembered.
const FAULTS: usize = 50;
/// Beginnings of complaints that are counted apart (UPLINK §4.7).
const CODES: usize = 50;
/// Samples of what waits: an hour of them.
const SAMPLES: usize = 360;

/// How the uplink is.
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
    /// How far the box is with the proof that the platform gives it, where it does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub enrolment: Option<EnrolmentShown>,
    /// Messages that cost a session again and again and were set aside.
    #[serde(default)]
    pub aside: u64,
    /// What the platform did not like about lines of ours, newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub complaints: Vec<RejectedLine>,
    /// The latest faults, newest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<FaultShown>,
}

/// What the platform did not like about a line of ours.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RejectedLine {
    pub at: Timestamp,
    /// Its words.
    pub what: String,
}

/// What is known of the uplink; the room writes, everybody reads.
#[derive(Debug)]
pub struct Status {
    written: Mutex<Written>,
    /// How many sessions were opened.
    opened: watch::Sender<u64>,
}

impl Default for Status {
    fn default() -> Status {
        Status {
            written: Mutex::default(),
            opened: watch::channel(0).0,
        }
    }
}

#[derive(Clone, Debug, Default)]
pub(super) struct Written {
    pub(super) client_id: String,
    /// The number under which the platform knows the box.
    pub(super) number: Option<String>,
    pub(super) connected_since: Option<Timestamp>,
    pub(super) published: u64,
    pub(super) dropped: u64,
    pub(super) lost: u64,
    /// Messages dropped and entries lost, by class.
    pub(super) by_class: BTreeMap<&'static str, u64>,
    /// Values that are no numbers.
    pub(super) skipped: u64,
    pub(super) ignored: Ignored,
    pub(super) sessions: u64,
    pub(super) oldest_waiting: Option<Timestamp>,
    pub(super) next_try: Option<Timestamp>,
    pub(super) taken_over: bool,
    pub(super) certificate_ends: Option<Timestamp>,
    pub(super) enrolment: Option<EnrolmentShown>,
    pub(super) faults: VecDeque<FaultShown>,
    /// How many entries waited, sample by sample, oldest first.
    pub(super) waited: VecDeque<u64>,
    pub(super) ended: BTreeMap<&'static str, u64>,
    /// What the platform did not like, by what it begins with, and the latest, newest first.
    pub(super) complained: BTreeMap<String, u64>,
    pub(super) complaints: VecDeque<RejectedLine>,
    /// How operations ended, by kind and result.
    pub(super) operations: BTreeMap<(String, &'static str), u64>,
    /// How long the last message took to be acknowledged.
    pub(super) taken_in: Option<Duration>,
    /// How many took up to so long, as [`TOOK`] has it, and how long all together.
    pub(super) took: [u64; TOOK.len() + 1],
    pub(super) took_s: f64,
    /// Whether a subscription is not granted.
    pub(super) not_granted: bool,
    /// Messages that were set aside.
    pub(super) aside: u64,
    /// Whether the last fault still holds.
    pub(super) troubled: bool,
}

impl Status {
    /// Notes a fault, after which the next try comes at `next_try`.
    pub(super) fn fault(&self, fault: &ConnectionError, at: Timestamp, next_try: Option<Timestamp>) {
        let mut written = self.write();
        written.connected_since = None;
        written.next_try = next_try;
        written.troubled = true;
        *written.ended.entry(fault.label()).or_default() += 1;
        written.faults.push_front(FaultShown::of(fault, at));
        written.faults.truncate(FAULTS);
    }

    /// Notes a fault that does not end the session.
    pub(super) fn note(&self, fault: &ConnectionError, at: Timestamp) {
        let mut written = self.write();
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
        drop(written);
        self.opened.send_modify(|count| *count += 1);
    }

    /// Waits until a session was opened.
    pub(super) async fn once_opened(&self) {
        // The sender lives as long as the status.
        let _ = self.opened.subscribe().wait_for(|opened| *opened > 0).await;
    }

    /// How many sessions were opened, now and from now on.
    pub(super) fn sessions(&self) -> watch::Receiver<u64> {
        self.opened.subscribe()
    }

    /// Notes why the box has no proof of who it is, or no new one; a session that is open goes on.
    pub(super) fn unenrolled(&self, told: FaultShown) {
        let mut written = self.write();
        *written.ended.entry("enrol").or_default() += 1;
        if written.connected_since.is_none() {
            written.troubled = true;
            written.next_try = written.enrolment.as_ref().and_then(|shown| shown.next_try);
        }
        if let Some(shown) = &mut written.enrolment {
            shown.last_error = Some(told.clone());
        }
        written.faults.push_front(told);
        written.faults.truncate(FAULTS);
    }

    /// Notes what the platform does not like about a line of ours; it is counted by what it begins with.
    pub(super) fn complaint(&self, text: &str, at: Timestamp) {
        let mut written = self.write();
        let code: String = text.split(',').next().unwrap_or_default().chars().take(40).collect();
        let known = written.complained.len() < CODES || written.complained.contains_key(&code);
        let code = if known { code } else { "other".to_owned() };
        *written.complained.entry(code).or_default() += 1;
        written.complaints.push_front(RejectedLine {
            at,
            what: text.chars().take(300).collect(),
        });
        written.complaints.truncate(FAULTS);
    }

    /// Notes that a message of a class is dropped.
    pub(super) fn dropped(&self, class: &'static str) {
        let mut written = self.write();
        written.dropped += 1;
        *written.by_class.entry(class).or_default() += 1;
    }

    /// Notes that entries of a lane were lost.
    pub(super) fn lost(&self, lane: Lane, count: u64) {
        let mut written = self.write();
        written.lost += count;
        *written.by_class.entry(lane.name()).or_default() += count;
    }

    /// Notes how long a message took to be acknowledged.
    pub(super) fn took(&self, took: Duration) {
        let seconds = took.as_secs_f64();
        let mut written = self.write();
        let place = TOOK.iter().position(|bound| seconds <= *bound).unwrap_or(TOOK.len());
        written.took[place] += 1;
        written.took_s += seconds;
        written.taken_in = Some(took);
    }

    /// Notes how an operation ended.
    pub(super) fn operation(&self, kind: &str, result: &'static str) {
        let mut written = self.write();
        let kinds = written.operations.len();
        let kind = if kinds < CODES { kind } else { "other" };
        *written.operations.entry((kind.to_owned(), result)).or_default() += 1;
    }

    /// Notes how many entries wait now.
    pub(super) fn sample(&self, rows: u64) {
        let mut written = self.write();
        written.waited.push_back(rows);
        let many = written.waited.len().saturating_sub(SAMPLES);
        written.waited.drain(..many);
    }

    pub(super) fn write(&self) -> MutexGuard<'_, Written> {
        self.written.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
