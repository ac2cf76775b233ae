//! How the uplink is, for whoever asks: the command line, the page, `/v1/uplink`, metrics.

use jiff::Timestamp;

use super::counts::waiting;
use super::operations::{OperationShown, Operations};
use super::room::Uplink;
use super::session::quarantine::{self, Aside};
use super::status::UplinkShown;
use super::tallies::Tallies;
use crate::domain::{Lane, Seq};
use crate::store::{Delivery, ReadError};

/// Operations that are shown.
const SHOWN: usize = 20;

impl Uplink {
    /// How many entries waited in the last hour, sample by sample, oldest first.
    #[must_use]
    pub fn waited(&self) -> Vec<u64> {
        self.status.write().waited.iter().copied().collect()
    }

    /// The latest operations, newest first.
    pub fn operations(&self) -> Result<Vec<OperationShown>, ReadError> {
        Operations::new(self.store.clone(), String::new()).shown(SHOWN)
    }

    /// Messages that were set aside, oldest first.
    pub fn aside(&self) -> Result<Vec<Aside>, ReadError> {
        quarantine::aside(&self.store)
    }

    /// How the uplink is now.
    #[must_use]
    pub fn shown(&self) -> UplinkShown {
        let (behind, rows) = waiting(&self.store, &self.counted, &self.acked);
        let oldest = (rows > 0).then(|| self.oldest(behind.after)).flatten();
        let written = self.status.write().clone();
        let age = |at: Timestamp| u64::try_from(Timestamp::now().duration_since(at).as_secs()).unwrap_or(0);
        UplinkShown {
            url: self.config.url.to_string(),
            client_id: written.client_id,
            connected_since: written.connected_since,
            backlog_rows: rows,
            backlog_bytes: if rows > 0 { behind.bytes } else { 0 },
            oldest_s: oldest.or(written.oldest_waiting.filter(|_| rows > 0)).map_or(0, age),
            published: written.published,
            dropped: written.dropped,
            lost: written.lost,
            sessions: written.sessions,
            last_error: written.faults.front().filter(|_| written.troubled).cloned(),
            next_try: written.next_try,
            taken_over: written.taken_over,
            certificate_ends: written.certificate_ends,
            enrolment: written.enrolment,
            aside: written.aside,
            complaints: written.complaints.into(),
            faults: written.faults.into(),
        }
    }

    /// When the first entry after `after` was written, if it can be read at once.
    fn oldest(&self, after: Seq) -> Option<Timestamp> {
        use futures_util::FutureExt;
        let mut tail = self.store.tail(after);
        // A chunk that holds nothing, and then the next: a few looks find it, or it is not worth the time.
        for _ in 0..4 {
            match tail.next().now_or_never() {
                Some(Ok(Delivery::Entry(entry))) => return Some(entry.at),
                Some(Ok(Delivery::Gap(_)) | Err(_)) | None => {}
            }
        }
        None
    }

    /// What was counted since the room was built.
    #[must_use]
    pub fn tallies(&self) -> Tallies {
        let (_, rows) = waiting(&self.store, &self.counted, &self.acked);
        let mut queue = self.counted.waiting(&self.acked);
        // What was not looked at yet is mostly values.
        queue[Lane::Measurement as usize] += rows.saturating_sub(queue.iter().sum());
        let written = self.status.write();
        Tallies {
            queue: if rows == 0 { [0; 3] } else { queue },
            ended: written.ended.clone(),
            dropped: written.by_class.clone(),
            skipped: written.skipped,
            ignored: written.ignored,
            complained: written.complained.clone(),
            operations: written.operations.clone(),
            took: written.took,
            took_s: written.took_s,
        }
    }
}
