//! Somebody who listens to the feed at their own pace, from where they are told on.

use std::collections::VecDeque;
use std::sync::Arc;

use super::bells::Bell;
use super::{Feed, FeedItem, Filter, News, Subject};
use crate::domain::Seq;
use crate::store::{Delivery, ReadError, Store, Tail};

/// Somebody who listens.
pub struct Listener<S: Subject> {
    feed: Arc<Feed<S>>,
    wanted: Filter<S>,
    bell: Bell,
    /// The number of the next item of the feed.
    place: u64,
    /// Everything up to here was looked at.
    reached: Seq,
    /// Before the feed, while what is older comes out of the journal.
    early: Option<Early<S>>,
}

struct Early<S> {
    tail: Tail,
    waiting: VecDeque<FeedItem<S>>,
}

impl<S: Subject> Listener<S> {
    /// Listens from just after `after` on; what the feed has no more comes out of the journal, while it is there.
    pub fn new(feed: &Arc<Feed<S>>, store: &Store, wanted: Filter<S>, after: Seq) -> Listener<S> {
        let recent = feed.read();
        let place = recent.first + recent.news.partition_point(|news| news.seq <= after) as u64;
        let behind = after < recent.complete_after;
        drop(recent);
        let early = behind.then(|| Early {
            tail: store.tail(after),
            waiting: VecDeque::new(),
        });
        let bell = feed.bells().hang(&wanted);
        Listener {
            feed: Arc::clone(feed),
            wanted,
            bell,
            place,
            reached: after,
            early,
        }
    }

    /// The next news; waits for it. May be dropped at any time without missing any.
    pub async fn next(&mut self) -> Result<FeedItem<S>, ReadError> {
        if let Some(heard) = self.next_early().await? {
            return Ok(heard);
        }
        loop {
            if let Some(heard) = self.next_recent() {
                return Ok(heard);
            }
            // A ring between the look and here is kept by the bell.
            self.bell.rung().await;
        }
    }

    /// What comes out of the journal until the feed takes over; the journal may be pruned meanwhile.
    async fn next_early(&mut self) -> Result<Option<FeedItem<S>>, ReadError> {
        while let Some(early) = &mut self.early {
            if let Some(heard) = early.waiting.pop_front() {
                return Ok(Some(heard));
            }
            let entry = match early.tail.next().await? {
                Delivery::Entry(entry) => entry,
                Delivery::Gap(gap) => {
                    let (from, to) = (gap.from, gap.to);
                    return Ok(Some(FeedItem::Gap { from, to }));
                }
            };
            let recent = self.feed.read();
            if entry.seq > recent.complete_after {
                self.place = recent.first + recent.news.partition_point(|news| news.seq < entry.seq) as u64;
                self.early = None;
                return Ok(None);
            }
            self.reached = entry.seq;
            let news = entry.events.into_iter().filter_map(|event| {
                Some(News {
                    seq: entry.seq,
                    at: entry.at,
                    subject: S::of(&event)?,
                    event,
                })
            });
            early.waiting.extend(
                news.filter(|news| self.wanted.takes(&news.subject))
                    .map(|news| FeedItem::News(Arc::new(news))),
            );
        }
        Ok(None)
    }

    fn next_recent(&mut self) -> Option<FeedItem<S>> {
        let recent = self.feed.read();
        if self.place < recent.first {
            self.place = recent.first;
            let (from, to) = (self.reached.next(), recent.complete_after);
            self.reached = to;
            return Some(FeedItem::Gap { from: from.min(to), to });
        }
        while let Some(news) = recent.news.get(usize::try_from(self.place - recent.first).ok()?) {
            self.place += 1;
            self.reached = news.seq;
            if self.wanted.takes(&news.subject) {
                return Some(FeedItem::News(Arc::clone(news)));
            }
        }
        None
    }
}

impl<S: Subject> Drop for Listener<S> {
    fn drop(&mut self) {
        self.feed.bells().take_down(&self.wanted, &self.bell);
    }
}

#[cfg(test)]
mod tests {
    use super::super::KEPT;
    use super::*;
    use crate::domain::{Event, Removal, SpaceId};
    use crate::store::{ClockState, Entry, Options};
    use jiff::Timestamp;
    use std::convert::Infallible;

    fn entry(seq: u64, spaces: &[u8]) -> Entry {
        let events = spaces.iter().map(|byte| Event::SpaceRemoved {
            space: SpaceId::from_random([*byte; 16]),
            why: Removal::Idle,
        });
        Entry {
            seq: Seq(seq),
            at: Timestamp::UNIX_EPOCH,
            clock: ClockState::Trusted,
            events: events.collect(),
        }
    }

    fn seqs(heard: &FeedItem<SpaceId>) -> (u64, bool) {
        match heard {
            FeedItem::News(news) => (news.seq.0, false),
            FeedItem::Gap { to, .. } => (to.0, true),
        }
    }

    #[tokio::test]
    async fn a_listener_hears_what_it_wants_and_a_laggard_of_the_gap() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(Options::new(folder.path())).unwrap();
        let feed = Arc::new(Feed::new(Seq::ZERO));
        let wanted = Filter::These([SpaceId::from_random([1; 16])].into());
        let mut one = Listener::new(&feed, &store, wanted, Seq::ZERO);
        let mut all = Listener::new(&feed, &store, Filter::All, Seq::ZERO);
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
        options.latest = 0;
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
        let mut far_back = Listener::new(&feed, &store, Filter::All, Seq(first.0 - 1));
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
                FeedItem::News(news) => {
                    assert_eq!(news.seq.0, heard + 1, "nothing is skipped in silence");
                    heard = news.seq.0;
                }
                FeedItem::Gap { from, to } => {
                    assert_eq!(from.0, heard + 1);
                    (heard, gaps) = (to.0, gaps + 1);
                }
            }
        }
        assert_eq!(gaps, 1);
        store.close().await;
    }

    #[tokio::test]
    async fn a_patient_listener_takes_nothing_that_concerns_others_for_a_gap() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(Options::new(folder.path())).unwrap();
        let feed = Arc::new(Feed::new(Seq::ZERO));
        let wanted = Filter::These([SpaceId::from_random([1; 16])].into());
        let mut patient = Listener::new(&feed, &store, wanted, Seq::ZERO);
        let many = 3 * KEPT as u64;
        let listening = patient.next();
        tokio::pin!(listening);
        for seq in 1..=many {
            feed.add(&entry(seq, &[2]));
            assert!(
                futures_util::poll!(&mut listening).is_pending(),
                "nothing of its own yet"
            );
        }
        feed.add(&entry(many + 1, &[1]));
        assert_eq!(seqs(&listening.await.unwrap()), (many + 1, false));
        store.close().await;
    }

    #[tokio::test]
    async fn when_the_feed_itself_missed_something_everybody_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(Options::new(folder.path())).unwrap();
        let feed = Arc::new(Feed::new(Seq::ZERO));
        let mut up_to_date = Listener::new(&feed, &store, Filter::All, Seq::ZERO);
        let mut slow = Listener::new(&feed, &store, Filter::All, Seq::ZERO);
        feed.add(&entry(1, &[1]));
        assert_eq!(seqs(&up_to_date.next().await.unwrap()), (1, false));
        feed.lose(Seq(7));
        feed.add(&entry(8, &[1]));
        for (listener, first) in [(&mut up_to_date, 2), (&mut slow, 1)] {
            let heard = listener.next().await.unwrap();
            assert!(
                matches!(heard, FeedItem::Gap { from, to } if from == Seq(first) && to == Seq(7)),
                "{heard:?}"
            );
            assert_eq!(seqs(&listener.next().await.unwrap()), (8, false));
        }
        store.close().await;
    }
}
