//! What happens to spaces, as listeners hear it: one reader of the journal for all of them, and a ring of what
//! came lately. Each listener reads the ring at its own pace; one that falls behind is told of the gap.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use jiff::Timestamp;
use tokio::sync::watch;

use crate::domain::{Event, Seq, SpaceId};
use crate::store::{Entry, ReadError, Store, Tail};

/// How much of the latest news is kept: some seconds at the highest rate.
const KEPT: usize = 16_384;

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
    bell: watch::Sender<u64>,
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
            bell: watch::Sender::new(0),
        }
    }

    /// Adds what a change brought.
    pub(super) fn add(&self, entry: &Entry) {
        let mut recent = self.recent.write().unwrap_or_else(PoisonError::into_inner);
        for event in &entry.events {
            let space = space_of(event);
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
        self.bell.send_replace(next);
    }

    /// The newest change that was added.
    pub(super) fn newest(&self) -> Seq {
        let recent = self.read();
        recent.news.back().map_or(recent.complete_after, |news| news.seq)
    }

    fn read(&self) -> RwLockReadGuard<'_, Recent> {
        self.recent.read().unwrap_or_else(PoisonError::into_inner)
    }
}

fn space_of(event: &Event) -> SpaceId {
    match event {
        Event::SpaceCreated { space, .. } | Event::SpaceChanged { space, .. } | Event::SpaceRemoved { space, .. } => {
            *space
        }
    }
}

/// Somebody who listens.
pub(super) struct Listener {
    feed: Arc<Feed>,
    wanted: Wanted,
    /// The number of the next item of the feed.
    place: u64,
    /// Before the feed, while what is older comes out of the journal.
    early: Option<Early>,
    gap: Option<(Seq, Seq)>,
}

struct Early {
    tail: Tail,
    waiting: VecDeque<Arc<News>>,
}

impl Listener {
    /// Listens from just after `after` on; what the feed has no more comes out of the journal, while it is there.
    pub(super) fn new(feed: &Arc<Feed>, store: &Store, wanted: Wanted, after: Seq) -> Listener {
        let recent = feed.read();
        let place = recent.first + recent.news.partition_point(|news| news.seq <= after) as u64;
        let behind = after < recent.complete_after;
        drop(recent);
        let oldest = store.oldest();
        let gap = (behind && after.next() < oldest).then(|| (after.next(), Seq(oldest.0 - 1)));
        let early = behind.then(|| Early {
            tail: store.tail(after),
            waiting: VecDeque::new(),
        });
        Listener {
            feed: Arc::clone(feed),
            wanted,
            place,
            early,
            gap,
        }
    }

    /// The next news; waits for it. May be dropped at any time without missing any.
    pub(super) async fn next(&mut self) -> Result<Heard, ReadError> {
        if let Some((from, to)) = self.gap.take() {
            return Ok(Heard::Gap { from, to });
        }
        if let Some(news) = self.next_early().await? {
            return Ok(Heard::News(news));
        }
        let mut bell = self.feed.bell.subscribe();
        loop {
            bell.borrow_and_update();
            if let Some(heard) = self.next_recent() {
                return Ok(heard);
            }
            if bell.changed().await.is_err() {
                std::future::pending::<()>().await;
            }
        }
    }

    /// What comes out of the journal until the feed takes over.
    async fn next_early(&mut self) -> Result<Option<Arc<News>>, ReadError> {
        while let Some(early) = &mut self.early {
            if let Some(news) = early.waiting.pop_front() {
                return Ok(Some(news));
            }
            let entry = early.tail.next().await?;
            let recent = self.feed.read();
            if entry.seq > recent.complete_after {
                self.place = recent.first + recent.news.partition_point(|news| news.seq < entry.seq) as u64;
                self.early = None;
                return Ok(None);
            }
            let news = entry.events.into_iter().map(|event| News {
                seq: entry.seq,
                at: entry.at,
                space: space_of(&event),
                event,
            });
            early
                .waiting
                .extend(news.filter(|news| self.wanted.takes(news.space)).map(Arc::new));
        }
        Ok(None)
    }

    fn next_recent(&mut self) -> Option<Heard> {
        let recent = self.feed.read();
        if self.place < recent.first {
            // Numbers of changes that were missed are not known any more but for the last.
            self.place = recent.first;
            let to = recent.complete_after;
            return Some(Heard::Gap { from: to, to });
        }
        while let Some(news) = recent.news.get(usize::try_from(self.place - recent.first).ok()?) {
            self.place += 1;
            if self.wanted.takes(news.space) {
                return Some(Heard::News(Arc::clone(news)));
            }
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Removal;
    use crate::store::Options;

    fn entry(seq: u64, spaces: &[u8]) -> Entry {
        let events = spaces.iter().map(|byte| Event::SpaceRemoved {
            space: SpaceId::from_random([*byte; 16]),
            why: Removal::Idle,
        });
        Entry {
            seq: Seq(seq),
            at: Timestamp::UNIX_EPOCH,
            events: events.collect(),
        }
    }

    fn seqs(heard: &Heard) -> (u64, bool) {
        match heard {
            Heard::News(news) => (news.seq.0, false),
            Heard::Gap { to, .. } => (to.0, true),
        }
    }

    #[tokio::test]
    async fn a_listener_hears_what_it_wants_and_a_laggard_of_the_gap() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(Options::new(folder.path())).unwrap();
        let feed = Arc::new(Feed::new(Seq::ZERO));
        let wanted = Wanted::These([SpaceId::from_random([1; 16])].into());
        let mut one = Listener::new(&feed, &store, wanted, Seq::ZERO);
        let mut all = Listener::new(&feed, &store, Wanted::All, Seq::ZERO);
        feed.add(&entry(1, &[2, 1]));
        feed.add(&entry(2, &[2]));
        feed.add(&entry(3, &[1]));
        assert_eq!(seqs(&one.next().await.unwrap()), (1, false));
        assert_eq!(seqs(&one.next().await.unwrap()), (3, false));
        assert_eq!(seqs(&all.next().await.unwrap()), (1, false));
        for seq in 4..=4 + KEPT as u64 {
            feed.add(&entry(seq, &[2]));
        }
        let (to, is_gap) = seqs(&all.next().await.unwrap());
        assert!(is_gap);
        assert_eq!(
            seqs(&all.next().await.unwrap()),
            (to + 1, false),
            "it goes on right after the gap"
        );
        assert_eq!(feed.newest(), Seq(4 + KEPT as u64));
        store.close().await;
    }
}
