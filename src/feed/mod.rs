//! What happens to the subjects of a room (spaces, meters), as listeners hear it: one reader of the journal for all
//! of them, and a ring of what came lately. Each listener reads the ring at its own pace; one that falls behind is
//! told of the gap. [`stream`] says it over server-sent events and WebSockets.

mod bells;
mod hall;
mod leave;
mod listener;
pub mod stream;
mod subject;

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use jiff::Timestamp;

use crate::domain::{Event, Seq};
use crate::store::Entry;
use bells::Bells;
pub use hall::{FullError, Hall};
pub use leave::Leave;
pub use listener::Listener;
pub use subject::{Filter, Subject};

/// How much of the latest news is kept: some seconds at the highest rate.
const KEPT: usize = 16_384;
/// After so many items everybody is woken, also whom none of them concerned: who looks so often never takes what
/// happened to others for something missed.
const LOOK_AFTER: u64 = KEPT as u64 / 4;

/// One thing that happened to a subject.
#[derive(Clone, Debug)]
pub struct News<S> {
    /// The change it came with.
    pub seq: Seq,
    pub at: Timestamp,
    pub subject: S,
    pub event: Event,
}

/// What a listener hears.
#[derive(Clone, Debug)]
pub enum FeedItem<S> {
    /// Something happened.
    News(Arc<News<S>>),
    /// What happened in these changes is not told any more.
    Gap {
        /// The first change.
        from: Seq,
        /// The last.
        to: Seq,
    },
}

/// The latest news.
pub struct Feed<S> {
    recent: RwLock<Recent<S>>,
    bells: Mutex<Bells<S>>,
}

struct Recent<S> {
    news: VecDeque<Arc<News<S>>>,
    /// The number of the first item in `news`; numbers go on for ever.
    first: u64,
    /// Everything after this change is in `news`.
    complete_after: Seq,
}

impl<S: Subject> Feed<S> {
    /// A feed that knows nothing before `start`.
    #[must_use]
    pub fn new(start: Seq) -> Feed<S> {
        let recent = Recent {
            news: VecDeque::new(),
            first: 0,
            complete_after: start,
        };
        Feed {
            recent: RwLock::new(recent),
            bells: Mutex::new(Bells::new()),
        }
    }

    /// Adds what a change brought.
    pub fn add(&self, entry: &Entry) {
        let mut recent = self.recent.write().unwrap_or_else(PoisonError::into_inner);
        let before = recent.first + recent.news.len() as u64;
        let mut concerned = BTreeSet::new();
        for event in &entry.events {
            let Some(subject) = S::of(event) else { continue };
            concerned.insert(subject.clone());
            recent.news.push_back(Arc::new(News {
                seq: entry.seq,
                at: entry.at,
                subject,
                event: event.clone(),
            }));
        }
        while recent.news.len() > KEPT {
            if let Some(gone) = recent.news.pop_front() {
                recent.first += 1;
                recent.complete_after = gone.seq;
            }
        }
        let next = recent.first + recent.news.len() as u64;
        drop(recent);
        if next / LOOK_AFTER == before / LOOK_AFTER {
            self.bells().ring(&concerned);
        } else {
            self.bells().ring_all();
        }
    }

    /// What came up to `to` cannot be told any more.
    pub fn lose(&self, to: Seq) {
        let mut recent = self.recent.write().unwrap_or_else(PoisonError::into_inner);
        // One number more than there was news: who had heard all of it is told of the gap too.
        recent.first += recent.news.len() as u64 + 1;
        recent.news.clear();
        recent.complete_after = recent.complete_after.max(to);
        drop(recent);
        self.bells().ring_all();
    }

    /// The newest change that was added.
    #[must_use]
    pub fn newest(&self) -> Seq {
        let recent = self.read();
        recent.news.back().map_or(recent.complete_after, |news| news.seq)
    }

    fn bells(&self) -> MutexGuard<'_, Bells<S>> {
        self.bells.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self) -> RwLockReadGuard<'_, Recent<S>> {
        self.recent.read().unwrap_or_else(PoisonError::into_inner)
    }
}
