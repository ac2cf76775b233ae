//! What happens to spaces, as listeners hear it: one reader of the journal for all of them, and a ring of what
//! came lately. Each listener reads the ring at its own pace; one that falls behind is told of the gap.

use std::collections::{BTreeSet, VecDeque};
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard};

use jiff::Timestamp;
use tokio::sync::watch;

use crate::domain::{Event, Seq, SpaceId};
use crate::store::{Delivery, Entry, ReadError, Store, Tail};

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

    /// What came up to `to` cannot be told any more.
    pub(super) fn lose(&self, to: Seq) {
        let mut recent = self.recent.write().unwrap_or_else(PoisonError::into_inner);
        // One number more than there was news: who had heard all of it is told of the gap too.
        recent.first += recent.news.len() as u64 + 1;
        recent.news.clear();
        recent.complete_after = recent.complete_after.max(to);
        let next = recent.first;
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
    /// Everything up to here was looked at.
    reached: Seq,
    /// Before the feed, while what is older comes out of the journal.
    early: Option<Early>,
}

struct Early {
    tail: Tail,
    waiting: VecDeque<Heard>,
}

impl Listener {
    /// Listens from just after `after` on; what the feed has no more comes out of the journal, while it is there.
    pub(super) fn new(feed: &Arc<Feed>, store: &Store, wanted: Wanted, after: Seq) -> Listener {
        let recent = feed.read();
        let place = recent.first + recent.news.partition_point(|news| news.seq <= after) as u64;
        let behind = after < recent.complete_after;
        drop(recent);
        let early = behind.then(|| Early {
            tail: store.tail(after),
            waiting: VecDeque::new(),
        });
        Listener {
            feed: Arc::clone(feed),
            wanted,
            place,
            reached: after,
            early,
        }
    }

    /// The next news; waits for it. May be dropped at any time without missing any.
    pub(super) async fn next(&mut self) -> Result<Heard, ReadError> {
        if let Some(heard) = self.next_early().await? {
            return Ok(heard);
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

    /// What comes out of the journal until the feed takes over; the journal may be pruned meanwhile.
    async fn next_early(&mut self) -> Result<Option<Heard>, ReadError> {
        while let Some(early) = &mut self.early {
            if let Some(heard) = early.waiting.pop_front() {
                return Ok(Some(heard));
            }
            let entry = match early.tail.next().await? {
                Delivery::Entry(entry) => entry,
                Delivery::Gap(gap) => {
                    let (from, to) = (gap.from, gap.to);
                    return Ok(Some(Heard::Gap { from, to }));
                }
            };
            let recent = self.feed.read();
            if entry.seq > recent.complete_after {
                self.place = recent.first + recent.news.partition_point(|news| news.seq < entry.seq) as u64;
                self.early = None;
                return Ok(None);
            }
            self.reached = entry.seq;
            let news = entry.events.into_iter().map(|event| News {
                seq: entry.seq,
                at: entry.at,
                space: space_of(&event),
                event,
            });
            early.waiting.extend(
                news.filter(|news| self.wanted.takes(news.space))
                    .map(|news| Heard::News(Arc::new(news))),
            );
        }
        Ok(None)
    }

    fn next_recent(&mut self) -> Option<Heard> {
        let recent = self.feed.read();
        if self.place < recent.first {
            self.place = recent.first;
            let (from, to) = (self.reached.next(), recent.complete_after);
            self.reached = to;
            return Some(Heard::Gap { from: from.min(to), to });
        }
        while let Some(news) = recent.news.get(usize::try_from(self.place - recent.first).ok()?) {
            self.place += 1;
            self.reached = news.seq;
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
    use std::convert::Infallible;

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

    #[tokio::test]
    async fn a_listener_that_reads_from_far_back_is_told_when_pruning_overtakes_it() {
        let folder = tempfile::tempdir().unwrap();
        let mut options = Options::new(folder.path());
        options.segment_bytes = 4_000;
        let store = Store::open(options).unwrap();
        let remove = async || {
            let written = store.write(|page| {
                page.record(entry(1, &[1]).events.remove(0));
                Ok::<Seq, Infallible>(page.seq())
            });
            written.await.unwrap()
        };
        let first = remove().await;
        let feed = Arc::new(Feed::new(first));
        let mut far_back = Listener::new(&feed, &store, Wanted::All, Seq(first.0 - 1));
        assert_eq!(seqs(&far_back.next().await.unwrap()), (first.0, false));
        // Two segments at least: one that is being read is read to its end, though it has no name any more.
        while store.oldest() <= Seq(200) {
            remove().await;
        }
        let last = remove().await;
        // The feed begins after all of it.
        let feed = Arc::new(Feed::new(last));
        far_back.feed = Arc::clone(&feed);
        let (mut heard, mut gaps) = (first.0, 0);
        while heard < last.0 {
            match far_back.next().await.unwrap() {
                Heard::News(news) => {
                    assert_eq!(news.seq.0, heard + 1, "nothing is skipped in silence");
                    heard = news.seq.0;
                }
                Heard::Gap { from, to } => {
                    assert_eq!(from.0, heard + 1);
                    (heard, gaps) = (to.0, gaps + 1);
                }
            }
        }
        assert_eq!(gaps, 1);
        store.close().await;
    }

    #[tokio::test]
    async fn when_the_feed_itself_missed_something_everybody_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(Options::new(folder.path())).unwrap();
        let feed = Arc::new(Feed::new(Seq::ZERO));
        let mut up_to_date = Listener::new(&feed, &store, Wanted::All, Seq::ZERO);
        let mut slow = Listener::new(&feed, &store, Wanted::All, Seq::ZERO);
        feed.add(&entry(1, &[1]));
        assert_eq!(seqs(&up_to_date.next().await.unwrap()), (1, false));
        feed.lose(Seq(7));
        feed.add(&entry(8, &[1]));
        for (listener, first) in [(&mut up_to_date, 2), (&mut slow, 1)] {
            let heard = listener.next().await.unwrap();
            assert!(
                matches!(heard, Heard::Gap { from, to } if from == Seq(first) && to == Seq(7)),
                "{heard:?}"
            );
            assert_eq!(seqs(&listener.next().await.unwrap()), (8, false));
        }
        store.close().await;
    }
}
