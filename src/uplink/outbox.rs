//! The outbox is the journal: three lanes, each read in order, each entry acknowledged when the broker has taken every
//! message that it became (`book.md` promises 9 and 10). Nothing of it is kept here but what is on its way.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};

use futures_util::FutureExt;
use jiff::Timestamp;

use super::wire::Message;
use crate::domain::{Lane, Seq};
use crate::store::{Delivery, ReadError, Store, SubscribeError, Subscription};

/// The name of the reader in the journal.
pub const READER: &str = "uplink";
/// Entries of a lane that may be open at once: with small entries the window is full long before.
const OPEN: usize = 1_000;

/// The three lanes of one session. A new session has a new one, and gets again what was not acknowledged.
pub struct Outbox {
    lanes: Vec<LaneBox>,
}

/// What a message on its way is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ticket {
    lane: usize,
    seq: Seq,
}

/// A message of the journal.
#[derive(Debug)]
pub struct Parcel {
    /// What to hand back when it was taken.
    pub ticket: Ticket,
    /// The message.
    pub message: Message,
    /// When what it tells was written down; `None` for a gap.
    pub at: Option<Timestamp>,
}

struct LaneBox {
    lane: Lane,
    subscription: Subscription,
    /// Read, and not yet said.
    stash: Option<Delivery>,
    waiting: VecDeque<Parcel>,
    /// Messages of an entry that are not taken yet.
    open: BTreeMap<Seq, usize>,
}

/// Entries that are dealt with, for the count of those that are not.
#[derive(Debug, Default)]
pub struct Dealt(AtomicU64);

impl Dealt {
    /// How many.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn add(&self, n: u64) {
        self.0.fetch_add(n, Ordering::Relaxed);
    }
}

impl Outbox {
    /// Takes the cursors, which begin now when they are new.
    pub fn open(store: &Store) -> Result<Outbox, SubscribeError> {
        let lane = |lane: Lane| {
            Ok(LaneBox {
                lane,
                subscription: store.subscribe(READER, lane)?,
                stash: None,
                waiting: VecDeque::new(),
                open: BTreeMap::new(),
            })
        };
        let lanes = Lane::ALL.into_iter().map(lane).collect::<Result<_, _>>()?;
        Ok(Outbox { lanes })
    }

    /// The next message, if there is one just now: critical ones before events, events before values. `say` makes
    /// messages of a delivery; one that becomes none is dealt with at once.
    pub fn take(
        &mut self,
        dealt: &Dealt,
        mut say: impl FnMut(Lane, &Delivery) -> Vec<Message>,
    ) -> Result<Option<Parcel>, ReadError> {
        for (place, lane) in self.lanes.iter_mut().enumerate() {
            while lane.waiting.is_empty() && lane.open.len() < OPEN {
                let delivery = match lane.stash.take() {
                    Some(delivery) => delivery,
                    None => match lane.subscription.next().now_or_never() {
                        Some(delivery) => delivery?,
                        None => break,
                    },
                };
                let messages = say(lane.lane, &delivery);
                lane.add(place, &delivery, messages, dealt);
            }
            if let Some(parcel) = lane.waiting.pop_front() {
                return Ok(Some(parcel));
            }
        }
        Ok(None)
    }

    /// Puts a message back that could not be sent just now.
    pub fn put_back(&mut self, parcel: Parcel) {
        self.lanes[parcel.ticket.lane].waiting.push_front(parcel);
    }

    /// Waits until there may be another. Dropping the future loses nothing.
    pub async fn wait(&mut self) -> Result<(), ReadError> {
        let mut nexts = Vec::new();
        for lane in &mut self.lanes {
            if !lane.waiting.is_empty() || lane.stash.is_some() {
                return Ok(());
            }
            if lane.open.len() >= OPEN {
                continue;
            }
            let LaneBox {
                subscription, stash, ..
            } = lane;
            nexts.push(Box::pin(async move {
                *stash = Some(subscription.next().await?);
                Ok(())
            }));
        }
        if nexts.is_empty() {
            return std::future::pending().await;
        }
        futures_util::future::select_all(nexts).await.0
    }

    /// The broker took a message.
    pub fn taken(&mut self, ticket: Ticket, dealt: &Dealt) {
        let lane = &mut self.lanes[ticket.lane];
        if let Some(left) = lane.open.get_mut(&ticket.seq) {
            *left -= 1;
            if *left == 0 {
                lane.open.remove(&ticket.seq);
                lane.subscription.ack(ticket.seq);
                dealt.add(1);
            }
        }
    }

    /// When the oldest message that waits was written down, among those that were read already.
    #[must_use]
    pub fn oldest_waiting(&self) -> Option<Timestamp> {
        self.lanes.iter().filter_map(|lane| lane.waiting.front()?.at).min()
    }
}

impl LaneBox {
    fn add(&mut self, place: usize, delivery: &Delivery, messages: Vec<Message>, dealt: &Dealt) {
        let (seq, at) = match delivery {
            Delivery::Entry(entry) => (entry.seq, Some(entry.at)),
            Delivery::Gap(gap) => (gap.to, None),
        };
        if messages.is_empty() {
            self.subscription.ack(seq);
            dealt.add(1);
            return;
        }
        self.open.insert(seq, messages.len());
        let ticket = Ticket { lane: place, seq };
        let parcels = messages.into_iter().map(|message| Parcel { ticket, message, at });
        self.waiting.extend(parcels);
    }
}
