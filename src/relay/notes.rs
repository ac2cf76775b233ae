//! Who joined and left, on its way into the journal: several in one change, so that a crowd of peers does not cost a
//! sync of the disk for each.

use std::collections::VecDeque;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::sleep;

use crate::domain::Event;
use crate::store::{RowError, Store};

/// How long news gathers before it is written.
const GATHER: Duration = Duration::from_millis(200);
/// Entries in one change.
const CHANGE: usize = 100;
/// Entries that wait while the disk is full; then the oldest are lost, and that is logged.
const WAITING: usize = 16_384;

/// What waits to be written.
#[derive(Debug, Default)]
pub(super) struct Notes {
    waiting: Mutex<VecDeque<Event>>,
    bell: Notify,
}

impl Notes {
    /// Notes an event, to be written down soon.
    pub(super) fn add(&self, event: Event) {
        let mut waiting = self.waiting();
        if waiting.len() == WAITING {
            waiting.pop_front();
            if waiting.len().is_multiple_of(1_000) {
                tracing::warn!("the journal does not take what happens at the relay; the oldest is lost");
            }
        }
        waiting.push_back(event);
        drop(waiting);
        self.bell.notify_one();
    }

    /// Writes what comes, for ever.
    pub(super) async fn keep(&self, store: &Store) {
        loop {
            self.bell.notified().await;
            sleep(GATHER).await;
            while !self.write(store).await {
                sleep(GATHER).await;
            }
        }
    }

    /// Writes all that waits. Answers whether that worked; if not, it waits still.
    pub(super) async fn write(&self, store: &Store) -> bool {
        loop {
            let portion: Vec<Event> = self.waiting().iter().take(CHANGE).cloned().collect();
            if portion.is_empty() {
                return true;
            }
            let count = portion.len();
            let written = store
                .write_bulk(move |page| {
                    portion.into_iter().for_each(|event| page.record(event));
                    Ok::<_, RowError>(())
                })
                .await;
            if let Err(error) = written {
                tracing::debug!(%error, "who joined and left was not written down; it is tried again");
                return false;
            }
            // Only this place takes from the front while a change is written, but for what was lost meanwhile.
            let mut waiting = self.waiting();
            let there = waiting.len().min(count);
            waiting.drain(..there);
        }
    }

    fn waiting(&self) -> MutexGuard<'_, VecDeque<Event>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
