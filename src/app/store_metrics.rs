//! What the store counts, for Prometheus.

use prometheus_client::collector::Collector;
use prometheus_client::encoding::{DescriptorEncoder, EncodeMetric};
use prometheus_client::metrics::counter::ConstCounter;
use prometheus_client::metrics::gauge::ConstGauge;

use crate::admin::Backups;
use crate::http::metrics::Metrics;
use crate::store::Store;

/// Registers what the store counts, and how its backups are.
pub(super) fn register(metrics: &Metrics, store: &Store, backups: &Backups) {
    let book = Book(store.clone(), backups.clone());
    metrics.register(|registry| registry.register_collector(Box::new(book)));
}

struct Book(Store, Backups);

impl std::fmt::Debug for Book {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Book")
    }
}

impl Collector for Book {
    fn encode(&self, mut encoder: DescriptorEncoder<'_>) -> Result<(), std::fmt::Error> {
        let stats = self.0.stats();
        let mut counter = |name: &str, help: &str, value: u64| {
            let metric = ConstCounter::new(value);
            let kind = metric.metric_type();
            metric.encode(encoder.encode_descriptor(name, help, None, kind)?)
        };
        counter("store_changes", "Changes written to the book", stats.changes)?;
        counter(
            "store_groups",
            "Groups of changes that were synced together",
            stats.groups,
        )?;
        let mut gauge = |name: &str, help: &str, value: u64| {
            let metric = ConstGauge::new(i64::try_from(value).unwrap_or(i64::MAX));
            let kind = metric.metric_type();
            metric.encode(encoder.encode_descriptor(name, help, None, kind)?)
        };
        gauge("store_bytes", "Bytes the book takes on disk", self.0.bytes())?;
        gauge("store_queue", "Changes waiting for the pen", stats.waiting as u64)?;
        gauge(
            "store_disk_full",
            "1 while writes are refused for lack of disk",
            u64::from(self.0.health().borrow().disk_full),
        )?;
        // Nought: never.
        let last = self.1.last().ok().flatten().map_or(0, |last| last.at.as_second());
        gauge(
            "store_last_backup_timestamp_seconds",
            "When the last backup was whole where it belongs, 0 when there was none",
            u64::try_from(last).unwrap_or_default(),
        )?;
        gauge(
            "store_backup_trouble",
            "1 while the box cannot back itself up, or a backup cannot be restored",
            u64::from(self.1.trouble().is_some()),
        )
    }
}
