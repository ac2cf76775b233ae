//! Where listeners of one room come to: the feed, the places there are, and what ends all streams at once.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use super::{Feed, Filter, Listener, Subject};
use crate::domain::{ChangeId, Seq};
use crate::store::Store;

/// As many listen as may.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("too many listeners; try again later")]
pub struct FullError;

/// The listeners' place in a room.
pub struct Hall<S: Subject> {
    feed: Arc<Feed<S>>,
    store: Store,
    places: Arc<Semaphore>,
    /// Ends streams when the box stops, or it would wait for them.
    ends: CancellationToken,
}

impl<S: Subject> Hall<S> {
    /// A hall with so many places, whose feed begins where the journal stands.
    #[must_use]
    pub fn new(store: Store, places: usize, ends: CancellationToken) -> Hall<S> {
        Hall {
            feed: Arc::new(Feed::new(*store.bell().borrow())),
            store,
            places: Arc::new(Semaphore::new(places)),
            ends,
        }
    }

    /// What the room tells the listeners.
    #[must_use]
    pub fn feed(&self) -> &Feed<S> {
        &self.feed
    }

    /// The id by which a change is known outside.
    #[must_use]
    pub fn id_of(&self, seq: Seq) -> ChangeId {
        self.store.id_of(seq)
    }

    /// Ends what is said in here when it is cancelled.
    #[must_use]
    pub fn ends(&self) -> &CancellationToken {
        &self.ends
    }

    /// Nothing is told any more; listeners come back to the room that follows.
    pub fn close(&self) {
        self.ends.cancel();
    }

    /// Listens from just after `after`.
    #[must_use]
    pub fn listen(&self, wanted: Filter<S>, after: Seq) -> Listener<S> {
        Listener::new(&self.feed, &self.store, wanted, after)
    }

    /// Where the journal stands, as ids outside are written. Taken before rows are read: a change in between is shown
    /// twice rather than missed.
    #[must_use]
    pub fn mark(&self) -> String {
        let newest = *self.store.bell().borrow();
        self.id_of(newest).to_string()
    }

    /// The sequence of an id `<epoch>.<seq>` of this book; `None` for one of another, or of none.
    #[must_use]
    pub fn sequence_of(&self, id: &str) -> Option<Seq> {
        self.store.seq_of(id.parse().ok()?)
    }

    /// A place, until it is dropped.
    pub(super) fn place(&self) -> Result<OwnedSemaphorePermit, FullError> {
        Arc::clone(&self.places).try_acquire_owned().map_err(|_| FullError)
    }
}
