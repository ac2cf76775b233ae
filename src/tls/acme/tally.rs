//! What is counted of ACME.

use jiff::Timestamp;
use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;

use crate::http::metrics::Metrics;

/// Counters and gauges of ACME; clones share them.
#[derive(Clone, Debug, Default)]
pub struct AcmeTally {
    orders: Family<Outcome, Counter>,
    failures: Gauge,
    not_after: Gauge,
    next_try: Gauge,
    alarm: Gauge,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Outcome {
    outcome: &'static str,
}

impl AcmeTally {
    /// Registers them; once for each registry.
    #[must_use]
    pub fn register(metrics: &Metrics) -> AcmeTally {
        let tally = AcmeTally::default();
        metrics.register(|registry| {
            registry.register(
                "acme_orders",
                "Orders of certificates, by outcome",
                tally.orders.clone(),
            );
            registry.register(
                "acme_failures_in_a_row",
                "Failed orders since the last certificate",
                tally.failures.clone(),
            );
            // Under their old names too, which the rules of boxes in the field may ask for.
            for name in ["acme_not_after_timestamp_seconds", "acme_not_after_seconds"] {
                let help = "When the certificate that ACME issued ends, in seconds since 1970; 0: there is none";
                registry.register(name, help, tally.not_after.clone());
            }
            for name in ["acme_next_try_timestamp_seconds", "acme_next_try_seconds"] {
                let help = "When the next order is placed, in seconds since 1970";
                registry.register(name, help, tally.next_try.clone());
            }
            registry.register(
                "acme_alarm",
                "1 while a third of the time that was left for renewal has gone by without one",
                tally.alarm.clone(),
            );
        });
        tally
    }

    /// Counts an order.
    pub(super) fn ordered(&self, issued: bool) {
        let outcome = if issued { "issued" } else { "failed" };
        self.orders.get_or_create(&Outcome { outcome }).inc();
    }

    /// Shows how it stands.
    pub(super) fn show(&self, failures: u32, not_after: Option<Timestamp>, next_try: Timestamp, alarm: bool) {
        self.failures.set(i64::from(failures));
        self.not_after.set(not_after.map_or(0, Timestamp::as_second));
        self.next_try.set(next_try.as_second());
        self.alarm.set(i64::from(alarm));
    }
}
