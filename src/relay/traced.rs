//! Which meetups are traced: on demand, each until its time is over (RELAY Q19).

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::meetup::shown_id;
use super::room::Relay;
use super::trace::TraceError;

impl Relay {
    /// Writes into the log, for `time`, that something was said at `id` (without a query). Answers its number and that
    /// of each peer there; peers that come later are traced, too. A second trace of an id takes the first one's place.
    pub fn trace(&self, id: &str, time: Duration) -> Result<(u64, Vec<u64>), TraceError> {
        let id = shown_id(id);
        let trace = self.traces.begin(id, Instant::now(), time)?;
        let peers = self.peers().into_iter().filter(|peer| shown_id(&peer.id) == id);
        let mut numbers = Vec::new();
        for peer in peers {
            peer.set_trace(Some(Arc::clone(&trace)));
            numbers.push(peer.number.0);
        }
        tracing::info!(
            relay.trace = trace.number,
            for_s = time.as_secs(),
            peers = numbers.len(),
            "the messages of a meetup are traced"
        );
        Ok((trace.number, numbers))
    }

    /// Ends the traces whose time is over.
    pub(super) fn end_traces(&self, now: Instant) {
        let over = self.traces.over(now);
        if over.is_empty() {
            return;
        }
        for peer in self.peers() {
            peer.set_trace(self.traces.of(&peer.id));
        }
        for trace in over {
            let messages = trace.messages();
            tracing::info!(relay.trace = trace.number, messages, "the trace of a meetup is over");
        }
    }
}
