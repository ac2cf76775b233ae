//! What the relay counts, for `/metrics`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;

use super::goodbye::Goodbye;
use super::meetup::Tally;
use super::peer::Peer;
use crate::http::metrics::Metrics;

/// The relay's metrics; clones share them.
#[derive(Clone)]
pub struct Counts {
    connections: Gauge,
    waiting: Gauge,
    paired: Gauge,
    joined: Counter,
    ends: Family<EndLabel, Counter>,
    refused: Family<EndLabel, Counter>,
    messages: Counter,
    bytes: Counter,
    pings_lost: Counter,
    delay: Histogram,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EndLabel {
    reason: &'static str,
}

impl Counts {
    /// Metrics that are shown among `metrics`; to be made once.
    #[must_use]
    pub fn new(metrics: &Metrics) -> Counts {
        let counts = Counts {
            connections: Gauge::default(),
            waiting: Gauge::default(),
            paired: Gauge::default(),
            joined: Counter::default(),
            ends: Family::default(),
            refused: Family::default(),
            messages: Counter::default(),
            bytes: Counter::default(),
            pings_lost: Counter::default(),
            delay: Histogram::new([0.000_1, 0.000_25, 0.000_5, 0.001, 0.002, 0.005, 0.01, 0.1, 1.0, 10.0]),
        };
        let shown = counts.clone();
        metrics.register(|registry| {
            registry.register("relay_connections", "Peers connected now", shown.connections);
            registry.register("relay_meetups_waiting", "Meetups where one peer waits", shown.waiting);
            registry.register("relay_meetups_paired", "Meetups with two peers", shown.paired);
            registry.register(
                "relay_joined",
                "Peers that said a good HELLO and got a place",
                shown.joined,
            );
            registry.register("relay_ended", "Connections of peers that ended, by reason", shown.ends);
            registry.register(
                "relay_refused",
                "Requests that became no WebSocket, by reason",
                shown.refused,
            );
            registry.register("relay_messages", "Messages taken for a partner", shown.messages);
            registry.register("relay_bytes", "Bytes of messages taken for a partner", shown.bytes);
            registry.register(
                "relay_pings_lost",
                "Pings that no pong answered in time",
                shown.pings_lost,
            );
            registry.register(
                "relay_delay_seconds",
                "From reading a message to having written it, of each batch's first",
                shown.delay,
            );
        });
        counts
    }

    /// How many meetups there are.
    pub(super) fn tally(&self, tally: Tally) {
        let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
        self.waiting.set(number(tally.waiting));
        self.paired.set(number(tally.paired));
    }

    pub(super) fn connected(&self) {
        self.connections.inc();
    }

    pub(super) fn joined(&self) {
        self.joined.inc();
    }

    pub(super) fn ended(&self, why: Goodbye) {
        self.connections.dec();
        self.ends.get_or_create(&EndLabel { reason: why.word() }).inc();
    }

    pub(super) fn refused(&self, reason: &'static str) {
        self.refused.get_or_create(&EndLabel { reason }).inc();
    }

    pub(super) fn ping_lost(&self) {
        self.pings_lost.inc();
    }

    pub(super) fn carried(&self, delay: Duration) {
        self.delay.observe(delay.as_secs_f64());
    }

    /// Adds what a peer has sent since this was last asked.
    pub(super) fn gather(&self, peer: &Arc<Peer>) {
        let news = |counter: &AtomicU64, told: &AtomicU64| {
            let now = counter.load(Relaxed);
            now.saturating_sub(told.swap(now, Relaxed))
        };
        let counted = &peer.counted;
        self.messages.inc_by(news(&counted.messages, &counted.messages_told));
        self.bytes.inc_by(news(&counted.bytes, &counted.bytes_told));
    }
}
