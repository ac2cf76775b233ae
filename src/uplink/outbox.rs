//! The outbox is the journal: three lanes, each read in order, each entry acknowledged when the broker has taken every
//! message that it became (UPLINK §4.1, BOOK P9, P10). Nothing of it is kept here but what is on its way.

use std::collections::{BTreeMap, VecDeque};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use futures_util::FutureExt;
use futures_util::future::BoxFuture;
use jiff::Timestamp;
use tokio::time::sleep;

use super::connection::wire::Message;
use super::dating::dated;
use super::names::READER;
use crate::domain::{Lane, Seq};
use crate::store::{Delivery, ReadError, Store, SubscribeError, Subscription};

/// Entries of a lane that may be open at once: with small entries the window is full long before.
const OPEN: usize = 1_000;

/// So many messages are read ahead where lines of one topic share a message, and so many must wait for that.
const AHEAD: usize = 400;
const MANY: usize = 50;
/// Whether the clock is set is asked so often.
const CLOCK: Duration = Duration::from_secs(1);
/// Bytes of a shared message.
const SHARED_BYTES: usize = 16_000;

/// The three lanes of one session. A new session has a new one, and gets again what was not acknowledged.
pub struct Outbox {
    lanes: Vec<LaneBox>,
    store: Store,
}

/// What a message on its way is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Position {
    lane: usize,
    seq: Seq,
}

/// A message of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outgoing {
    /// What to hand back when it was taken.
    pub positions: Vec<Position>,
    pub message: Message,
    /// When what it tells was written down; `None` for a gap.
    pub at: Option<Timestamp>,
}

impl Outgoing {
    /// The name of the lane that it is of.
    #[must_use]
    pub fn class(&self) -> &'static str {
        let lane = self.positions.first().and_then(|ticket| Lane::ALL.get(ticket.lane));
        lane.map_or("other", |lane| lane.name())
    }
}

struct LaneBox {
    lane: Lane,
    subscription: Subscription,
    /// Read, and not yet said.
    stash: Option<Delivery>,
    /// What is stashed waits for the clock to be set.
    undated: bool,
    waiting: VecDeque<Outgoing>,
    /// Messages of an entry that are not taken yet.
    open: BTreeMap<Seq, usize>,
}

/// Entries that are dealt with, for the count of those that are not.
#[derive(Debug, Default)]
pub struct AckedCounts {
    entries: [AtomicU64; 3],
    /// Values up to this change are thrown away.
    dropped_until: AtomicU64,
}

impl AckedCounts {
    /// Values up to this change are not to be sent.
    pub fn drop_values_until(&self, seq: Seq) {
        self.dropped_until.fetch_max(seq.0, Ordering::Relaxed);
    }

    /// Whether an entry of a lane is not to be sent.
    #[must_use]
    pub fn is_dropped(&self, lane: Lane, entry: Seq) -> bool {
        lane == Lane::Measurement && entry.0 <= self.dropped_until.load(Ordering::Relaxed)
    }

    /// How many of a lane.
    #[must_use]
    pub fn count(&self, lane: Lane) -> u64 {
        self.entries[lane as usize].load(Ordering::Relaxed)
    }

    fn add(&self, lane: Lane) {
        self.entries[lane as usize].fetch_add(1, Ordering::Relaxed);
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
                undated: false,
                waiting: VecDeque::new(),
                open: BTreeMap::new(),
            })
        };
        let lanes = Lane::ALL.into_iter().map(lane).collect::<Result<_, _>>()?;
        Ok(Outbox {
            lanes,
            store: store.clone(),
        })
    }

    /// The next message, if there is one just now: critical ones before events, events before values. `say` makes
    /// messages of a delivery; one that becomes none is dealt with at once. When many wait, up to `shares` lines of one
    /// topic go in one message.
    pub fn take(
        &mut self,
        acked: &AckedCounts,
        shares: usize,
        mut say: impl FnMut(Lane, &Delivery) -> Vec<Message>,
    ) -> Result<Option<Outgoing>, ReadError> {
        for (place, lane) in self.lanes.iter_mut().enumerate() {
            let ahead = if shares > 0 { AHEAD } else { 1 };
            while lane.waiting.len() < ahead && lane.open.len() < OPEN {
                let delivery = match lane.stash.take() {
                    Some(delivery) => delivery,
                    None => match lane.subscription.next().now_or_never() {
                        Some(delivery) => delivery?,
                        None => break,
                    },
                };
                let delivery = match dated(&self.store, delivery) {
                    Ok(delivery) => delivery,
                    Err(waits) => {
                        (lane.stash, lane.undated) = (Some(waits), true);
                        break;
                    }
                };
                lane.undated = false;
                let messages = say(lane.lane, &delivery);
                lane.add(place, &delivery, messages, acked);
            }
            if let Some(mut outgoing) = lane.waiting.pop_front() {
                // Only lines can share: JSON goes alone.
                if shares > 0 && lane.waiting.len() >= MANY && outgoing.message.topic.starts_with("s/us") {
                    lane.share(&mut outgoing, shares);
                }
                return Ok(Some(outgoing));
            }
        }
        Ok(None)
    }

    /// Puts a message back that could not be sent just now.
    pub fn put_back(&mut self, outgoing: Outgoing) {
        if let Some(ticket) = outgoing.positions.first() {
            self.lanes[ticket.lane].waiting.push_front(outgoing);
        }
    }

    /// Waits until there may be another. Dropping the future loses nothing.
    pub async fn wait(&mut self) -> Result<(), ReadError> {
        let mut nexts: Vec<BoxFuture<'_, Result<(), ReadError>>> = Vec::new();
        if self.lanes.iter().any(|lane| lane.undated) {
            nexts.push(Box::pin(sleep(CLOCK).map(Ok)));
        }
        for lane in &mut self.lanes {
            if !lane.waiting.is_empty() || (lane.stash.is_some() && !lane.undated) {
                return Ok(());
            }
            if lane.undated {
                continue;
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
    pub fn taken(&mut self, positions: &[Position], acked: &AckedCounts) {
        for ticket in positions {
            let lane = &mut self.lanes[ticket.lane];
            let Some(left) = lane.open.get_mut(&ticket.seq) else {
                continue;
            };
            *left -= 1;
            if *left == 0 {
                lane.open.remove(&ticket.seq);
                lane.subscription.ack(ticket.seq);
                acked.add(lane.lane);
            }
        }
    }

    /// Whether nothing of a lane waits or is on its way, as far as it was read.
    #[must_use]
    pub fn is_quiet(&self, lane: Lane) -> bool {
        let of_lane = self.lanes.iter().find(|one| one.lane == lane);
        of_lane.is_none_or(|lane| lane.open.is_empty() && lane.waiting.is_empty() && lane.stash.is_none())
    }

    /// When the oldest message that waits was written down, among those that were read already.
    #[must_use]
    pub fn oldest_waiting(&self) -> Option<Timestamp> {
        self.lanes.iter().filter_map(|lane| lane.waiting.front()?.at).min()
    }
}

impl LaneBox {
    fn add(&mut self, place: usize, delivery: &Delivery, messages: Vec<Message>, acked: &AckedCounts) {
        let (seq, at) = match delivery {
            Delivery::Entry(entry) => (entry.seq, Some(entry.at)),
            Delivery::Gap(gap) => (gap.to, None),
        };
        if messages.is_empty() {
            self.subscription.ack(seq);
            acked.add(self.lane);
            return;
        }
        self.open.insert(seq, messages.len());
        let ticket = Position { lane: place, seq };
        let parcels = messages.into_iter().map(|message| Outgoing {
            positions: vec![ticket],
            message,
            at,
        });
        self.waiting.extend(parcels);
    }

    /// Adds to a message what waits for the same topic: the order of one topic stays, and topics have no order among
    /// one another.
    fn share(&mut self, outgoing: &mut Outgoing, shares: usize) {
        let mut body = Vec::from(outgoing.message.payload.as_ref());
        let mut lines = body.iter().filter(|byte| **byte == b'\n').count() + 1;
        let mut full = false;
        let mut kept = VecDeque::with_capacity(self.waiting.len());
        for other in self.waiting.drain(..) {
            let same = other.message.topic == outgoing.message.topic;
            let more = other.message.payload.iter().filter(|byte| **byte == b'\n').count() + 1;
            let fits = body.len() + 1 + other.message.payload.len() <= SHARED_BYTES && lines + more <= shares;
            // What comes behind one that did not fit must not pass it.
            full |= same && !fits;
            if same && !full {
                body.push(b'\n');
                body.extend_from_slice(&other.message.payload);
                lines += more;
                outgoing.positions.extend(other.positions);
            } else {
                kept.push_back(other);
            }
        }
        self.waiting = kept;
        outgoing.message.payload = body.into();
    }
}
