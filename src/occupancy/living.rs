//! How many spaces there are: counted once at the start, then along with the journal.

use std::sync::atomic::{AtomicU32, Ordering};

use super::{CHUNK, Occupancy};
use crate::domain::{Event, Seq};
use crate::store::{Delivery, ReadError};

/// The number of spaces.
#[derive(Default)]
pub(super) struct Living {
    spaces: AtomicU32,
}

impl Living {
    /// How many there are, as far as the count has come.
    pub(super) fn count(&self) -> u32 {
        self.spaces.load(Ordering::Relaxed)
    }
}

impl Occupancy {
    /// Counts the rows that are there. A change meanwhile may count twice or not at all: the number is a bound
    /// for a limit, not an account.
    async fn count_living(&self) -> Result<(), ReadError> {
        let (mut after, mut count) = (None, 0);
        loop {
            let some = self.spaces.list(after, CHUNK)?;
            let Some(last) = some.last() else { break };
            after = Some(last.id);
            count += u32::try_from(some.len()).unwrap_or(u32::MAX);
            tokio::task::yield_now().await;
        }
        self.living.spaces.store(count, Ordering::Relaxed);
        Ok(())
    }

    /// Follows the journal after `start` for the count and for listeners; ends only when it cannot be read.
    pub(super) async fn follow(&self, start: Seq) -> ReadError {
        let mut tail = self.store.tail(start);
        if let Err(error) = self.count_living().await {
            return error;
        }
        loop {
            let entry = match tail.next().await {
                Ok(Delivery::Entry(entry)) => entry,
                Ok(Delivery::Gap(gap)) => {
                    tracing::warn!(from = %gap.from, to = %gap.to, "the journal was pruned before it was read");
                    self.hall.feed().lose(gap.to);
                    match self.count_living().await {
                        Ok(()) => continue,
                        Err(error) => return error,
                    }
                }
                Err(error) => return error,
            };
            self.hall.feed().add(&entry);
            for event in entry.events {
                match event {
                    Event::SpaceCreated { .. } => {
                        self.living.spaces.fetch_add(1, Ordering::Relaxed);
                    }
                    Event::SpaceRemoved { .. } => {
                        let one_less = |spaces: u32| Some(spaces.saturating_sub(1));
                        let _ = self
                            .living
                            .spaces
                            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, one_less);
                    }
                    Event::SpaceChanged { .. }
                    | Event::ReadingsRecorded { .. }
                    | Event::Meter { .. }
                    | Event::PeerJoined { .. }
                    | Event::PeerLeft { .. }
                    | Event::Operation { .. }
                    | Event::Alarm { .. }
                    | Event::SpaceLevel { .. }
                    | Event::SelfTest { .. } => {}
                }
            }
        }
    }
}
