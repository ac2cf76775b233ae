//! What the relay counts, for `/metrics`.

use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::Histogram;

use super::goodbye::Goodbye;
use super::meetup::Tally;
use super::peer::Load;
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
    taken: Way,
    written: Way,
    pings_lost: Counter,
    queue_bytes: Gauge,
    draining: Gauge,
    delay: Histogram,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct EndLabel {
    reason: &'static str,
}

/// Which way messages go, as the relay sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Direction {
    direction: &'static str,
}

/// What goes one way.
#[derive(Clone)]
struct Way {
    messages: Counter,
    bytes: Counter,
}

impl Way {
    fn of(direction: &'static str, (messages, bytes): (&Directed, &Directed)) -> Way {
        let direction = Direction { direction };
        Way {
            messages: messages.get_or_create_owned(&direction),
            bytes: bytes.get_or_create_owned(&direction),
        }
    }

    fn add(&self, load: Load) {
        self.messages.inc_by(load.messages);
        self.bytes.inc_by(load.bytes);
    }
}

type Directed = Family<Direction, Counter>;

impl Counts {
    /// Metrics that are shown among `metrics`; to be made once.
    #[must_use]
    pub fn new(metrics: &Metrics) -> Counts {
        let (messages, bytes) = (Family::default(), Family::default());
        let counts = Counts {
            connections: Gauge::default(),
            waiting: Gauge::default(),
            paired: Gauge::default(),
            joined: Counter::default(),
            ends: Family::default(),
            refused: Family::default(),
            taken: Way::of("in", (&messages, &bytes)),
            written: Way::of("out", (&messages, &bytes)),
            pings_lost: Counter::default(),
            queue_bytes: Gauge::default(),
            draining: Gauge::default(),
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
            registry.register(
                "relay_messages",
                "Messages: taken from peers (in), written to their partners (out)",
                messages,
            );
            registry.register(
                "relay_bytes",
                "Bytes of messages, before any compression: taken from peers (in), written to their partners (out)",
                bytes,
            );
            registry.register(
                "relay_pings_lost",
                "Pings that no pong answered in time",
                shown.pings_lost,
            );
            registry.register(
                "relay_queue_bytes",
                "Bytes that wait for peers as they are sent, looked at once a second",
                shown.queue_bytes,
            );
            registry.register("relay_draining", "1 while newcomers are turned away", shown.draining);
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

    /// Bytes that wait for all peers together.
    pub(super) fn queued(&self, bytes: usize) {
        self.queue_bytes.set(i64::try_from(bytes).unwrap_or(i64::MAX));
    }

    /// 1 while newcomers are turned away, else 0.
    pub(super) fn draining(&self, is: i64) {
        self.draining.set(is);
    }

    pub(super) fn carried(&self, delay: Duration) {
        self.delay.observe(delay.as_secs_f64());
    }

    /// Counts what was written to a peer.
    pub(super) fn handed_on(&self, load: Load) {
        if load != Load::default() {
            self.written.add(load);
        }
    }

    /// Counts what was taken from a peer.
    pub(super) fn taken(&self, load: Load) {
        self.taken.add(load);
    }
}
