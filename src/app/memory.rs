//! Gives memory back to the machine that was needed once and is free again: the allocator keeps it otherwise, for as
//! long as the process lives.

use std::sync::OnceLock;
use std::time::Duration;

use tokio::time::{Instant, interval};

use crate::supervisor::{Supervisor, Weight};

/// How often it is looked at.
const LOOK: Duration = Duration::from_secs(10);
/// The least time between two trims: the allocator stands still meanwhile.
const SELDOM: Duration = Duration::from_secs(30);
/// So many bytes more than after the last time are worth it.
const WORTH: u64 = 8 << 20;

static TRIM: OnceLock<fn()> = OnceLock::new();

/// Says how the allocator is told to give memory back; without it, nothing is. To be called once, at the start.
pub fn trim_by(trim: fn()) {
    let _ = TRIM.set(trim);
}

/// Starts the service that gives memory back now and then.
pub(super) fn add_to(supervisor: &mut Supervisor) {
    supervisor.add("memory", Weight::Room, move |stop| {
        Box::pin(async move {
            tokio::select! {
                () = stop.cancelled() => {}
                () = keep_small() => {}
            }
            Ok(())
        })
    });
}

async fn keep_small() {
    let Some(trim) = TRIM.get() else {
        return std::future::pending().await;
    };
    let mut look = interval(LOOK);
    let (mut least, mut last) = (u64::MAX, Instant::now());
    loop {
        look.tick().await;
        let Some(now) = resident() else { continue };
        least = least.min(now);
        if now < least.saturating_add(WORTH) || last.elapsed() < SELDOM {
            continue;
        }
        // It walks through everything that is free: not on a thread that carries requests.
        let trimmed = tokio::task::spawn_blocking(trim).await.is_ok();
        least = resident().unwrap_or(now);
        last = Instant::now();
        tracing::debug!(
            trimmed,
            before = now,
            after = least,
            "memory that is free was given back"
        );
    }
}

/// Bytes of this process that are in memory.
pub(super) fn resident() -> Option<u64> {
    let text = std::fs::read_to_string("/proc/self/statm").ok()?;
    let pages: u64 = text.split(' ').nth(1)?.parse().ok()?;
    Some(pages * u64::try_from(rustix::param::page_size()).ok()?)
}
