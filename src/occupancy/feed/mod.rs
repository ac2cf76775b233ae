//! What happens to spaces, as listeners hear it: one reader of the journal for all of them, and a ring of what
//! came lately. Each listener reads the ring at its own pace; one that falls behind is told of the gap.

mod bells;
mod listener;

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard};

use jiff::Timestamp;

use crate::domain::{Event, Seq, SpaceId};
use crate::store::Entry;
use bells::Bells;
pub(super) use listener::Listener;

/// How much of the latest news is kept: some seconds at the highest rate.
const KEPT: usize = 16_384;
/// After so many items everybody is woken, also whom none of them concerned: who looks so often never takes what
/// happened to others for something missed.
const LOOK_AFTER: u64 = KEPT as u64 / 4;

/// One thing that happened to a space.
#[derive(Clone, Debug)]
pub(super) struct News {
    /// The change it came with.
    pub(super) seq: Seq,
    /// When.
    pub(super) at: Timestamp,
    /// Of which space.
    pub(super) space: SpaceId,
    /// What.
    pub(super) event: Event,
}

/// What a listener hears.
#[derive(Clone, Debug)]
pub(super) enum Heard {
    /// Something happened.
    News(Arc<News>),
    /// What happened in these changes is not told any more.
    Gap {
        /// The first change.
        from: Seq,
        /// The last.
        to: Seq,
    },
}

/// Which spaces a listener wants to hear of.
#[derive(Clone, Debug)]
pub(super) enum Wanted {
    /// All.
    All,
    /// These.
    These(BTreeSet<SpaceId>),
}

impl Wanted {
    fn takes(&self, space: SpaceId) -> bool {
        match self {
            Wanted::All => true,
            Wanted::These(spaces) => spaces.contains(&space),
        }
    }
}

/// The latest news.
pub(super) struct Feed {
    recent: RwLock<Recent>,
    bells: Mutex<Bells>,
}

#[derive(Default)]
struct Recent {
    news: VecDeque<Arc<News>>,
    /// The number of the first item in `news`; numbers go on for ever.
    first: u64,
    /// Everything after this change is in `news`.
    complete_after: Seq,
}

impl Feed {
    /// A feed that knows nothing before `start`.
    pub(super) fn new(start: Seq) -> Feed {
        let recent = Recent {
            complete_after: start,
            ..Recent::default()
        };
        Feed {
            recent: RwLock::new(recent),
            bells: Mutex::default(),
        }
    }

    /// Adds what a change brought.
    pub(super) fn add(&self, entry: &Entry) {
        let mut recent = self.recent.write().unwrap_or_else(PoisonError::into_inner);
        let before = recent.first + recent.news.len() as u64;
        let mut concerned = BTreeSet::new();
        for event in &entry.events {
            let Some(space) = space_of(event) else { continue };
            concerned.insert(space);
            recent.news.push_back(Arc::new(News {
                seq: entry.seq,
                at: entry.at,
                space,
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
    pub(super) fn lose(&self, to: Seq) {
        let mut recent = self.recent.write().unwrap_or_else(PoisonError::into_inner);
        // One number more than there was news: who had heard all of it is told of the gap too.
        recent.first += recent.news.len() as u64 + 1;
        recent.news.clear();
        recent.complete_after = recent.complete_after.max(to);
        drop(recent);
        self.bells().ring_all();
    }

    /// The newest change that was added.
    pub(super) fn newest(&self) -> Seq {
        let recent = self.read();
        recent.news.back().map_or(recent.complete_after, |news| news.seq)
    }

    fn bells(&self) -> MutexGuard<'_, Bells> {
        self.bells.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn read(&self) -> RwLockReadGuard<'_, Recent> {
        self.recent.read().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The space that an event is about; `None` when it is about none.
fn space_of(event: &Event) -> Option<SpaceId> {
    match event {
        Event::SpaceCreated { space, .. } | Event::SpaceChanged { space, .. } | Event::SpaceRemoved { space, .. } => {
            Some(*space)
        }
        Event::ReadingsRecorded { .. } | Event::Meter { .. } | Event::PeerJoined { .. } | Event::PeerLeft { .. } => {
            None
        }
    }
}
