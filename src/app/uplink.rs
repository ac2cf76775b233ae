//! The uplink in the house: built as configured, counted for metrics.

use std::sync::Arc;

use jiff::Timestamp;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use tokio::sync::watch;

use super::lodge::Lodge;
use crate::admin::Order;
use crate::http::metrics::Metrics;
use crate::meter::Entry;
use crate::supervisor::Weight;
use crate::uplink::{Household, READER, Uplink};

impl Lodge {
    /// Builds the uplink as it is configured now, and starts it.
    pub(super) fn open_uplink(&mut self) {
        let house = Household {
            name: self.config.site.name.clone(),
            fixed: self.config.meter.iter().map(Entry::meter).collect(),
            publish_anonymous: self
                .config
                .occupancy
                .as_ref()
                .is_some_and(|room| room.publish_anonymous),
            started: self.reporter.started(),
            alarms: self.alarm_desk.clone(),
        };
        let room = self.config.uplink.clone();
        let orders = self.orders.clone();
        // A full list of orders has a restart or a reload in it that comes first; the platform asks again.
        let restart = Arc::new(move || drop(orders.try_send(Order::Restart)));
        let room = room.map(|config| Uplink::new(config, self.store.clone(), house, restart));
        self.uplink.send_replace(room.clone());
        // A room that is closed holds no cursor in the journal.
        let Some(room) = room else {
            return self.store.retire(READER);
        };
        room.hold_the_journal();
        self.house.add("uplink", Weight::Room, move |stop| {
            let room = Arc::clone(&room);
            Box::pin(async move { Ok(room.run(stop).await?) })
        });
    }
}

/// Registers what the uplink counts.
pub(super) fn register(metrics: &Metrics, room: watch::Receiver<Option<Arc<Uplink>>>) {
    metrics.register(|registry| registry.register_collector(Box::new(Counted(room))));
}

struct Counted(watch::Receiver<Option<Arc<Uplink>>>);

impl std::fmt::Debug for Counted {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Uplink")
    }
}

impl Collector for Counted {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let Some(room) = self.0.borrow().clone() else {
            return Ok(());
        };
        let shown = room.shown();
        let since = shown
            .connected_since
            .map(|since| Timestamp::now().duration_since(since).as_secs());
        let days = shown
            .certificate_ends
            .map(|ends| ends.duration_since(Timestamp::now()).as_hours() / 24);
        let whole = |value: u64| i64::try_from(value).unwrap_or(i64::MAX);
        let gauges = [
            (
                "uplink_connected",
                "1 while a session with the broker is open",
                Some(i64::from(since.is_some())),
            ),
            (
                "uplink_session_seconds",
                "How long the session is open",
                Some(since.unwrap_or(0)),
            ),
            (
                "uplink_queue_messages",
                "Entries of the journal that wait",
                Some(whole(shown.backlog_rows)),
            ),
            (
                "uplink_queue_bytes",
                "About so many bytes hold them",
                Some(whole(shown.backlog_bytes)),
            ),
            (
                "uplink_queue_oldest_seconds",
                "How long the oldest has waited",
                Some(whole(shown.oldest_s)),
            ),
            ("uplink_cert_days_left", "Days until the box's certificate ends", days),
        ];
        for (name, help, value) in gauges {
            if let Some(value) = value {
                let metric = ConstGauge::new(value);
                metric.encode(encoder.encode_descriptor(name, help, None, metric.metric_type())?)?;
            }
        }
        let counters = [
            ("uplink_published", "Messages that the broker took", shown.published),
            (
                "uplink_dropped",
                "Messages too large or refused for good",
                shown.dropped,
            ),
            ("uplink_lost", "Entries lost before they were sent", shown.lost),
            ("uplink_sessions", "Sessions that were opened", shown.sessions),
        ];
        for (name, help, value) in counters {
            let metric = ConstCounter::new(value);
            metric.encode(encoder.encode_descriptor(name, help, None, metric.metric_type())?)?;
        }
        let metric = ConstCounter::new(0u64);
        let mut ended = encoder.encode_descriptor(
            "uplink_reconnects",
            "Sessions that ended or did not begin, by reason",
            None,
            metric.metric_type(),
        )?;
        for (reason, count) in room.ended() {
            ConstCounter::new(count).encode(ended.encode_family(&[("reason", reason)])?)?;
        }
        Ok(())
    }
}
