//! Lanes: how readers follow the journal.
//!
//! A [`Subscription`] follows one lane with a durable cursor: what it has not acknowledged it gets
//! again after a restart, and where thinning took events away it is told with a [`Gap`]. A [`Tail`]
//! follows all lanes from where it is told and remembers nothing; it keeps nothing from being pruned,
//! and is told with the same [`Gap`] of what was.
//!
//! A reader that joins late subscribes first and then reads the rows it cares for: the rows hold at
//! least everything up to where the subscription begins, so nothing falls between them. A reader
//! that needs rows and place exactly reads both in one change, on a page (`Page::seq`).

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::domain::{Lane, Seq};
use crate::store::open::running::Running;
use crate::store::read::cursors::CursorKey;
use crate::store::read::reader::{Reader, Step};
use crate::store::{Entry, Gap, ReadError, RowError, WriteError};

/// What a subscription hands out.
#[derive(Clone, Debug, PartialEq)]
pub enum Delivery {
    /// A change, with its events of the subscription's lane.
    Entry(Entry),
    /// Events that are no more.
    Gap(Gap),
}

impl Delivery {
    /// What to acknowledge.
    #[must_use]
    pub fn seq(&self) -> Seq {
        match self {
            Delivery::Entry(entry) => entry.seq,
            Delivery::Gap(gap) => gap.to,
        }
    }
}

/// The journal cannot be followed.
#[derive(Debug, thiserror::Error)]
pub enum SubscribeError {
    /// Another subscription has this reader's lane.
    #[error("{reader} follows its lane already")]
    Taken {
        /// The reader.
        reader: String,
    },
}

/// What follows the journal and writes down what it makes of it broke, which is a fault of ours.
#[derive(Debug, thiserror::Error)]
pub enum FollowError {
    /// The journal cannot be followed.
    #[error(transparent)]
    Subscribe(#[from] SubscribeError),
    /// The journal or a row cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// A row cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError<RowError>),
}

/// A reader of one lane, with a durable cursor.
///
/// Delivery is at least once: after a crash what was not acknowledged comes again, and of what was
/// acknowledged at most the last 100 ms. Acknowledge in any order; the cursor stands at the lowest
/// that is not.
pub struct Subscription {
    book: Arc<Running>,
    key: CursorKey,
    reader: Reader,
    unacknowledged: BTreeSet<Seq>,
}

impl Subscription {
    /// As `name`, from where its cursor stands, or from just after `begin` when it has none.
    pub(in crate::store) fn new(
        book: &Arc<Running>,
        name: &str,
        lane: Lane,
        begin: Seq,
    ) -> Result<Subscription, SubscribeError> {
        let key = CursorKey::new(name, lane);
        let Some(after) = book.shared().cursors.take(&key, begin) else {
            return Err(SubscribeError::Taken {
                reader: name.to_owned(),
            });
        };
        book.shared().queue.poke();
        Ok(Subscription {
            reader: Reader::new(book.shared().segments.clone(), after, Some(lane)),
            book: Arc::clone(book),
            key,
            unacknowledged: BTreeSet::new(),
        })
    }

    /// The next delivery; waits until there is one. Dropping the future loses nothing.
    pub async fn next(&mut self) -> Result<Delivery, ReadError> {
        let mut bell = self.book.shared().bell.clone();
        loop {
            let until = *bell.borrow_and_update();
            let delivery = match self.reader.step(until)? {
                Step::Entry(entry) => Delivery::Entry(entry),
                Step::Gap(gap) => Delivery::Gap(gap),
                Step::Further => {
                    self.note_idle();
                    tokio::task::yield_now().await;
                    continue;
                }
                Step::End => {
                    self.note_idle();
                    wait(&mut bell).await;
                    continue;
                }
            };
            self.unacknowledged.insert(delivery.seq());
            return Ok(delivery);
        }
    }

    /// The delivery `seq` is dealt with and need not come again.
    pub fn ack(&mut self, seq: Seq) {
        self.ack_all([seq]);
    }

    /// As [`Subscription::ack`], for many at once.
    pub fn ack_all(&mut self, seqs: impl IntoIterator<Item = Seq>) {
        let before = self.unacknowledged.len();
        for seq in seqs {
            self.unacknowledged.remove(&seq);
        }
        if self.unacknowledged.len() < before {
            let shared = self.book.shared();
            if shared.cursors.acknowledge(&self.key, self.acknowledged()) {
                shared.queue.poke();
            }
        }
    }

    /// Deliveries that are not acknowledged.
    #[must_use]
    pub fn in_flight(&self) -> usize {
        self.unacknowledged.len()
    }

    fn acknowledged(&self) -> Seq {
        self.unacknowledged
            .first()
            .map_or(self.reader.after(), |lowest| Seq(lowest.0 - 1))
    }

    /// What was looked at and held nothing of this lane need not be kept for it.
    fn note_idle(&self) {
        self.book.shared().cursors.advance(&self.key, self.acknowledged());
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.book.shared().cursors.release(&self.key);
    }
}

/// A reader of the journal that starts where it is told and keeps no cursor.
pub struct Tail {
    book: Arc<Running>,
    reader: Reader,
}

impl Tail {
    pub(in crate::store) fn new(book: &Arc<Running>, after: Seq) -> Tail {
        Tail {
            reader: Reader::new(book.shared().segments.clone(), after, None),
            book: Arc::clone(book),
        }
    }

    /// Everything up to here was looked at.
    #[must_use]
    pub fn after(&self) -> Seq {
        self.reader.after()
    }

    /// The next change that recorded events, or the gap where some are no more; waits until there is one.
    /// Dropping the future loses nothing.
    ///
    /// Lanes are thinned one by one: changes of a lane that is still there may follow within the gap of another.
    pub async fn next(&mut self) -> Result<Delivery, ReadError> {
        let mut bell = self.book.shared().bell.clone();
        loop {
            let until = *bell.borrow_and_update();
            match self.reader.step(until)? {
                Step::Entry(entry) => return Ok(Delivery::Entry(entry)),
                Step::Gap(gap) => return Ok(Delivery::Gap(gap)),
                Step::Further => tokio::task::yield_now().await,
                Step::End => wait(&mut bell).await,
            }
        }
    }
}

/// Waits for the bell; a book that closed rings it no more, and its readers are stopped by their services.
async fn wait(bell: &mut tokio::sync::watch::Receiver<Seq>) {
    if bell.changed().await.is_err() {
        std::future::pending::<()>().await;
    }
}
