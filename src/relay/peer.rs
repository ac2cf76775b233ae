//! One connected peer as the others see it: what is on its way to it, where its messages go, its counters
//! (RELAY §3.1, §3.3).
//!
//! Locks are held for a copy of one piece, and never two of one kind at once: a peer's way (`Route`) may be held while
//! its partner's `Outbox` is, and never the other way round. Where the partner's leg is compressed and the sender's is
//! not, a piece is compressed under the sender's own `Route`, so that it goes where it was compressed for.

mod load;
mod way;

use std::net::SocketAddr;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::Waker;
use std::time::Duration;

use arc_swap::ArcSwapOption;
use jiff::Timestamp;
pub(super) use load::{Counted, Load};
use tokio::time::Instant;
use way::{Prepared, Way};

use super::extension::Deflate;
use super::frame::{self, Opcode};
use super::goodbye::Goodbye;
use super::hello::Hello;
use super::inbound::Data;
use super::meetup::PeerNumber;
use super::rule::{Identity, Rule};
use super::trace::Trace;

/// A connected peer; its own task and its partner's share it.
#[derive(Debug)]
pub(super) struct Peer {
    pub(super) number: PeerNumber,
    /// The meetup it asked for, as the request had it.
    pub(super) id: Arc<str>,
    pub(super) identity: Arc<Identity>,
    pub(super) address: SocketAddr,
    pub(super) since: Timestamp,
    /// How messages of its connection may be compressed, if that was agreed on.
    pub(super) deflate: Option<Deflate>,
    rule: Mutex<Rule>,
    /// Bytes that may wait for it.
    buffer: usize,
    greeting: Mutex<Option<Greeting>>,
    pub(super) counted: Counted,
    outbox: Mutex<Outbox>,
    route: Mutex<Route>,
    trace: ArcSwapOption<Trace>,
}

/// Who comes, and how it can be spoken with.
pub(super) struct Caller {
    pub(super) identity: Identity,
    pub(super) address: SocketAddr,
    pub(super) deflate: Option<Deflate>,
}

/// A HELLO: its text, which the partner is handed, and what it says.
#[derive(Clone, Debug)]
pub(super) struct Greeting {
    pub(super) text: Arc<[u8]>,
    pub(super) hello: Hello,
}

/// What is on its way to a peer.
#[derive(Debug, Default)]
struct Outbox {
    bytes: Vec<u8>,
    /// What its partner's messages are of that.
    load: Load,
    /// When the first of the bytes came.
    since: Option<Instant>,
    /// The last piece did not end its message.
    mid_message: bool,
    closing: Option<Goodbye>,
    /// Since when it has a partner.
    paired_at: Option<Instant>,
    /// Until when it may be without a partner; its task watches over it.
    alone_until: Option<Instant>,
    /// Its own task, when that waits for something to do.
    owner: Option<Waker>,
    /// The partner's task, when that waits for room.
    sender: Option<Waker>,
}

/// Where a peer's messages go.
#[derive(Debug)]
struct Route {
    to: To,
    /// How the message under way goes; what continues another is dropped.
    way: Way,
}

impl Default for Route {
    /// What comes is kept.
    fn default() -> Route {
        Route {
            to: To::Kept(Vec::new(), Load::default()),
            way: Way::Nowhere,
        }
    }
}

#[derive(Debug)]
enum To {
    /// They are kept until a partner comes.
    Kept(Vec<u8>, Load),
    Partner(Arc<Peer>),
    Nobody,
}

/// What came of handing on a piece.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Carried {
    /// There is room for more.
    Room,
    /// There is not, for now.
    Full,
    /// More than may be was sent before a partner came.
    TooEarly,
}

/// What its task takes of what is on its way to a peer.
pub(super) struct OutboundBatch {
    pub(super) bytes: Vec<u8>,
    pub(super) load: Load,
    pub(super) since: Option<Instant>,
    pub(super) closing: Option<Goodbye>,
    pub(super) alone_until: Option<Instant>,
    pub(super) paired_at: Option<Instant>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Peer {
    pub(super) fn new(number: PeerNumber, id: Arc<str>, caller: Caller, rule: Rule, buffer: usize) -> Arc<Peer> {
        Arc::new(Peer {
            number,
            id,
            identity: Arc::new(caller.identity),
            address: caller.address,
            since: Timestamp::now(),
            deflate: caller.deflate,
            rule: Mutex::new(rule),
            buffer,
            greeting: Mutex::new(None),
            counted: Counted::default(),
            outbox: Mutex::default(),
            trace: ArcSwapOption::empty(),
            route: Mutex::default(),
        })
    }

    /// The rule it came under.
    pub(super) fn rule(&self) -> Rule {
        lock(&self.rule).clone()
    }

    /// How long it and its partner may say nothing, if that has an end.
    pub(super) fn idle_timeout(&self) -> Option<Duration> {
        Some(lock(&self.rule).idle_timeout.0).filter(|time| !time.is_zero())
    }

    /// Puts the peer under another rule.
    pub(super) fn set_rule(&self, rule: Rule) {
        *lock(&self.rule) = rule;
    }

    /// Who writes down that it says something, while somebody wants to know.
    pub(super) fn trace(&self) -> arc_swap::Guard<Option<Arc<Trace>>> {
        self.trace.load()
    }

    /// What it says is written down by this trace from now on; `None`: by none.
    pub(super) fn set_trace(&self, trace: Option<Arc<Trace>>) {
        self.trace.store(trace);
    }

    /// The partner's number, if it has one.
    pub(super) fn partner(&self) -> Option<PeerNumber> {
        match &lock(&self.route).to {
            To::Partner(partner) => Some(partner.number),
            To::Kept(..) | To::Nobody => None,
        }
    }

    /// Keeps the HELLO of the peer.
    pub(super) fn greet(&self, greeting: Greeting) {
        *lock(&self.greeting) = Some(greeting);
    }

    /// Messages and bytes that it sent.
    pub(super) fn sent(&self) -> (u64, u64) {
        (self.counted.messages.load(Relaxed), self.counted.bytes.load(Relaxed))
    }

    /// What it said of itself.
    pub(super) fn greeting(&self) -> Option<Greeting> {
        lock(&self.greeting).clone()
    }

    /// Lets both be partners from now on: each gets the other's HELLO first (RELAY §3.3), then what was kept of the other.
    pub(super) fn pair(self: &Arc<Peer>, partner: &Arc<Peer>) {
        for (from, to) in [(self, partner), (partner, self)] {
            let mut route = lock(&from.route);
            let (kept, load) = match std::mem::replace(&mut route.to, To::Partner(Arc::clone(to))) {
                To::Kept(kept, load) => (kept, load),
                To::Partner(_) | To::Nobody => (Vec::new(), Load::default()),
            };
            let hello = from.greeting().map(|greeting| greeting.text).unwrap_or_default();
            let mut outbox = lock(&to.outbox);
            outbox.alone_until = None;
            outbox.paired_at = Some(Instant::now());
            frame::encode(&mut outbox.bytes, true, Opcode::Text, &hello);
            outbox.bytes.extend_from_slice(&kept);
            outbox.load.add(load);
            outbox.mid_message = !matches!(route.way, Way::Nowhere);
            outbox.wake();
        }
    }

    /// Ends the pairing: the peer's messages go nowhere any more.
    pub(super) fn part(&self) {
        lock(&self.route).to = To::Nobody;
    }

    /// It lost its partner and waits for another until then. Answers whether that is possible: not when the partner
    /// left in the middle of a message, which the next one could not end.
    pub(super) fn hold(&self, until: Instant) -> bool {
        let mut route = lock(&self.route);
        let mut outbox = lock(&self.outbox);
        if outbox.mid_message || outbox.closing.is_some() {
            return false;
        }
        *route = Route::default();
        outbox.alone_until = Some(until);
        outbox.paired_at = None;
        outbox.wake();
        true
    }

    /// Hands on a piece of a message of its own. `waker` is woken when there is room again.
    pub(super) fn carry(&self, data: &Data<'_>, waker: &Waker) -> Carried {
        let mut route = lock(&self.route);
        let Route { to, way } = &mut *route;
        match (data.opcode, &way) {
            (Opcode::Continuation, Way::Nowhere) => return Carried::Room,
            (Opcode::Continuation, _) => {}
            // What is kept may be for whoever comes, so it is kept as anybody can read it.
            _ => {
                *way = match &to {
                    To::Partner(partner) => Way::of(data, self.deflate, partner.deflate),
                    To::Kept(..) | To::Nobody => Way::Plain,
                }
            }
        }
        let more = Load::of(data);
        self.counted.messages.fetch_add(more.messages, Relaxed);
        self.counted.bytes.fetch_add(more.bytes, Relaxed);
        let carried = match to {
            To::Nobody => Carried::Room,
            To::Kept(kept, _) if kept.len() + data.payload.len() > self.buffer => Carried::TooEarly,
            To::Kept(kept, load) => {
                way.prepare(data).append(kept);
                load.add(more);
                Carried::Room
            }
            To::Partner(partner) => partner.receive(&way.prepare(data), data, waker),
        };
        if data.fin {
            *way = Way::Nowhere;
        }
        carried
    }

    fn receive(&self, prepared: &Prepared<'_>, data: &Data<'_>, sender: &Waker) -> Carried {
        let mut outbox = lock(&self.outbox);
        if outbox.closing.is_some() {
            return Carried::Room;
        }
        prepared.append(&mut outbox.bytes);
        outbox.load.add(Load::of(data));
        outbox.mid_message = !data.fin;
        outbox.since.get_or_insert_with(Instant::now);
        outbox.wake();
        // Half is here, the other half may be in its task's hands.
        if outbox.bytes.len() < self.buffer / 2 {
            return Carried::Room;
        }
        outbox.sender = Some(sender.clone());
        Carried::Full
    }

    /// Whether its messages find room; else `waker` is woken when they do.
    pub(super) fn has_room(&self, waker: &Waker) -> bool {
        let route = lock(&self.route);
        let To::Partner(partner) = &route.to else { return true };
        let mut outbox = lock(&partner.outbox);
        if outbox.bytes.len() < partner.buffer / 2 || outbox.closing.is_some() {
            return true;
        }
        outbox.sender = Some(waker.clone());
        false
    }

    /// Sends it a frame of ours, unless so much waits that it would not read it anyway.
    pub(super) fn say(&self, opcode: Opcode, payload: &[u8]) {
        let mut outbox = lock(&self.outbox);
        if outbox.bytes.len() < self.buffer && outbox.closing.is_none() {
            frame::encode(&mut outbox.bytes, true, opcode, payload);
        }
    }

    /// Ends its connection, after what is on its way; the first reason stands.
    pub(super) fn close(&self, why: Goodbye) {
        let mut outbox = lock(&self.outbox);
        outbox.closing.get_or_insert(why);
        if let Some(sender) = outbox.sender.take() {
            sender.wake();
        }
        outbox.wake();
    }

    /// Takes what is on its way to it; with nothing there, `waker` is woken when that changes.
    pub(super) fn take_outbound(&self, waker: &Waker) -> OutboundBatch {
        let mut outbox = lock(&self.outbox);
        if outbox.bytes.is_empty() && !outbox.owner.as_ref().is_some_and(|owner| owner.will_wake(waker)) {
            outbox.owner = Some(waker.clone());
        }
        if let Some(sender) = outbox.sender.take() {
            sender.wake();
        }
        OutboundBatch {
            bytes: std::mem::take(&mut outbox.bytes),
            load: std::mem::take(&mut outbox.load),
            since: outbox.since.take(),
            closing: outbox.closing,
            alone_until: outbox.alone_until,
            paired_at: outbox.paired_at,
        }
    }

    /// Why it is to go, if it is; else `waker` is woken when it is told to.
    pub(super) fn closing(&self, waker: &Waker) -> Option<Goodbye> {
        let mut outbox = lock(&self.outbox);
        outbox.owner = Some(waker.clone());
        outbox.closing
    }

    /// Bytes that wait for it.
    pub(super) fn waiting_bytes(&self) -> usize {
        lock(&self.outbox).bytes.len()
    }
}

impl Outbox {
    fn wake(&mut self) {
        if let Some(owner) = self.owner.take() {
            owner.wake();
        }
    }
}

#[cfg(test)]
mod tests;
