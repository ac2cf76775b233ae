//! What happens to spaces, read out of the journal for listeners.

use super::Occupancy;
use crate::domain::Seq;
use crate::store::{Delivery, ReadError};

impl Occupancy {
    /// Follows the journal after `start` for listeners; ends only when it cannot be read.
    pub(super) async fn follow(&self, start: Seq) -> ReadError {
        let mut tail = self.store.tail(start);
        loop {
            match tail.next().await {
                Ok(Delivery::Entry(entry)) => self.hall.feed().add(&entry),
                Ok(Delivery::Gap(gap)) => {
                    tracing::warn!(from = %gap.from, to = %gap.to, "the journal was pruned before it was read");
                    self.hall.feed().lose(gap.to);
                }
                Err(error) => return error,
            }
        }
    }
}
