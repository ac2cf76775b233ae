//! How the book is: what the app watches.

use tokio::sync::watch;

/// How the book is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Health {
    /// Writes are refused because the disk has no room beyond the reserve.
    pub disk_full: bool,
    /// The book cannot go on: the process must end with 1, and starting again mends it.
    pub failed: Option<String>,
}

impl Health {
    /// Says that the book cannot go on; the first reason stays.
    pub(super) fn fail(health: &watch::Sender<Health>, why: String) {
        let first = health.send_if_modified(|health| {
            let first = health.failed.is_none();
            health.failed.get_or_insert_with(|| why.clone());
            first
        });
        if first {
            tracing::error!("the book cannot go on: {why}");
        }
    }

    pub(super) fn set_disk_full(health: &watch::Sender<Health>, full: bool) {
        let changed = health.send_if_modified(|health| std::mem::replace(&mut health.disk_full, full) != full);
        match (changed, full) {
            (true, true) => tracing::warn!("the disk is full: changes are refused, reading goes on"),
            (true, false) => tracing::info!("the disk has room again: changes are taken"),
            (false, _) => {}
        }
    }
}
