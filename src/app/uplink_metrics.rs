//! What the uplink counts, for Prometheus.

use std::sync::Arc;

use jiff::Timestamp;
use prometheus_client::collector::Collector;
use prometheus_client::encoding::NoLabelSet;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::MetricType;
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;
use tokio::sync::watch;

use crate::domain::Lane;
use crate::http::metrics::Metrics;
use crate::uplink::{TOOK, Tallies, Uplink};

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
            .map(|since| Timestamp::now().duration_since(since).as_secs().max(0));
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
        let tallies = room.tallies();
        let counters = [
            ("uplink_published", "Messages that the broker took", shown.published),
            (
                "uplink_skipped_values",
                "Values that are no numbers and were left out",
                tallies.skipped,
            ),
            (
                "uplink_unknown_lines",
                "Lines from the platform that are not known here",
                tallies.ignored.templates,
            ),
            (
                "uplink_foreign_operations",
                "Operations for devices that are not ours",
                tallies.ignored.operations,
            ),
            ("uplink_lost", "Entries lost before they were sent", shown.lost),
            ("uplink_sessions", "Sessions that were opened", shown.sessions),
        ];
        for (name, help, value) in counters {
            let metric = ConstCounter::new(value);
            metric.encode(encoder.encode_descriptor(name, help, None, metric.metric_type())?)?;
        }
        families(&tallies, &mut encoder)?;
        let bounds = TOOK.iter().copied().chain([f64::INFINITY]).zip(tallies.took);
        let buckets: Vec<(f64, u64)> = bounds.collect();
        let count = tallies.took.iter().sum();
        let help = "How long messages take to be acknowledged";
        encoder
            .encode_descriptor("uplink_puback_seconds", help, None, MetricType::Histogram)?
            .encode_histogram::<NoLabelSet>(tallies.took_s, count, &buckets, None)?;
        Ok(())
    }
}

/// Counts that have labels.
fn families(tallies: &Tallies, encoder: &mut DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
    let gauge = ConstGauge::new(0i64).metric_type();
    let help = "Entries of the journal that wait, by class";
    let mut queue = encoder.encode_descriptor("uplink_queue_messages", help, None, gauge)?;
    for (lane, waiting) in Lane::ALL.into_iter().zip(tallies.queue) {
        let waiting = i64::try_from(waiting).unwrap_or(i64::MAX);
        ConstGauge::new(waiting).encode(queue.encode_family(&[("class", lane.name())])?)?;
    }
    let counter = ConstCounter::new(0u64).metric_type();
    let help = "Messages dropped, as too large, refused for good or set aside, and entries lost, by class";
    let mut dropped = encoder.encode_descriptor("uplink_dropped", help, None, counter)?;
    for class in Lane::ALL.map(Lane::name).into_iter().chain(["other"]) {
        let count = tallies.dropped.get(class).copied().unwrap_or_default();
        ConstCounter::new(count).encode(dropped.encode_family(&[("class", class)])?)?;
    }
    let help = "Sessions that ended or did not begin, by reason";
    let mut ended = encoder.encode_descriptor("uplink_reconnects", help, None, counter)?;
    for (reason, count) in &tallies.ended {
        ConstCounter::new(*count).encode(ended.encode_family(&[("reason", *reason)])?)?;
    }
    let help = "What the platform did not like about lines of ours, by its code";
    let mut errors = encoder.encode_descriptor("uplink_errors", help, None, counter)?;
    for (code, count) in &tallies.complained {
        ConstCounter::new(*count).encode(errors.encode_family(&[("code", code.as_str())])?)?;
    }
    let help = "Operations that ended, by kind and result";
    let mut operations = encoder.encode_descriptor("uplink_operations", help, None, counter)?;
    for ((fragment, result), count) in &tallies.operations {
        let labels = [("fragment", fragment.as_str()), ("result", *result)];
        ConstCounter::new(*count).encode(operations.encode_family(&labels)?)?;
    }
    Ok(())
}
