//! What becomes of what a peer says: its HELLO, its messages, its pongs, its good-bye; and when it is asked again.
//!
//! Apart from the stream, which `pipe` reads and writes, so that both can be used at once.

use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context, Waker};

use jiff::Timestamp;
use tokio::time::Instant;

use super::allowance::{Allowance, Spent};
use super::frame::Opcode;
use super::goodbye::Goodbye;
use super::hello::{self, LONGEST};
use super::inbound::{Data, Piece};
use super::peer::{Carried, Greeting, Peer};
use super::table::{Table, Times};
use crate::accounts::random;

/// What pieces of messages are put into.
pub(super) struct Conversation {
    stage: Stage,
    pub(super) peer: Arc<Peer>,
    pub(super) room: Arc<dyn Table>,
    pub(super) times: Times,
    allowance: Arc<Allowance>,
    /// What kind of message is under way, and its bytes so far.
    message: (Opcode, u64),
    /// What was not counted yet.
    spent: Spent,
    /// When it last said something for its partner.
    pub(super) said_at: Option<Instant>,
    /// It has sent what it may; until then it is not read.
    paused_until: Option<Instant>,
    hello_due: Instant,
    ping: Ping,
    ping_number: u32,
    /// The partner has no room.
    is_blocked: bool,
    /// Something came since the last ping.
    pub(super) heard: bool,
    /// It is to go.
    pub(super) why: Option<Goodbye>,
    pub(super) close_heard: bool,
    /// What comes in makes no sense any more, so no answer is waited for.
    pub(super) is_deaf: bool,
}

enum Stage {
    /// Its HELLO so far.
    Greeting(Vec<u8>),
    Joined,
}

#[derive(Clone, Copy)]
enum Ping {
    /// The next one is to be sent then.
    Due(Instant),
    /// One was sent then and not answered.
    Sent(Instant),
}

impl Conversation {
    /// For a peer whose connection begins; it is asked whether it is there.
    pub(super) fn new(peer: Arc<Peer>, room: Arc<dyn Table>, allowance: Arc<Allowance>) -> Conversation {
        let times = room.times();
        let now = Instant::now();
        // The first ping goes before anything that is heard is answered (RELAY §3.6).
        let ping_number = u32::from_ne_bytes(random());
        peer.say(Opcode::Ping, &ping_number.to_ne_bytes());
        Conversation {
            stage: Stage::Greeting(Vec::new()),
            peer,
            room,
            times,
            allowance,
            message: (Opcode::Text, 0),
            spent: Spent::default(),
            said_at: None,
            paused_until: None,
            hello_due: now + times.hello_timeout,
            ping: Ping::Sent(now),
            ping_number,
            is_blocked: false,
            heard: false,
            why: None,
            close_heard: false,
            is_deaf: false,
        }
    }

    /// Whether more of what it says can be taken; else its partner wakes `waker` when it has room again, or the time
    /// comes that [`Conversation::next`] names.
    pub(super) fn can_take_more(&mut self, waker: &Waker) -> bool {
        if self.is_blocked {
            self.is_blocked = !self.peer.has_room(waker);
        }
        !self.is_blocked && self.paused_until.is_none()
    }

    pub(super) fn take(&mut self, cx: &Context<'_>, piece: Piece<'_>) {
        match piece {
            Piece::Ping(payload) => {
                self.trace(Opcode::Ping, payload.len() as u64);
                self.peer.say(Opcode::Pong, payload);
            }
            Piece::Pong(payload) => {
                self.trace(Opcode::Pong, payload.len() as u64);
                self.pong(payload);
            }
            Piece::Close(code) => {
                self.trace(Opcode::Close, 0);
                self.close_heard = true;
                self.why.get_or_insert(Goodbye::Itself(code));
            }
            Piece::Data(_) if self.why.is_some() => {}
            Piece::Data(data) => match &mut self.stage {
                Stage::Greeting(_) => self.greet(data.fin, data.payload),
                Stage::Joined => self.carry(cx, &data),
            },
        }
    }

    fn carry(&mut self, cx: &Context<'_>, data: &Data<'_>) {
        let bytes = data.payload.len() as u64;
        self.spent.messages += u64::from(data.fin);
        // Compressed bytes that nothing comes out of are not for free.
        self.spent.bytes += data.packed.map_or(bytes, |packed| bytes.max(packed.len() as u64));
        self.message = match data.opcode {
            Opcode::Continuation => (self.message.0, self.message.1 + bytes),
            opcode => (opcode, bytes),
        };
        if data.fin {
            self.trace(self.message.0, self.message.1);
        }
        match self.peer.carry(data, cx.waker()) {
            Carried::Room => {}
            Carried::Full => self.is_blocked = true,
            Carried::TooEarly => self.why = Some(Goodbye::TooEarly),
        }
    }

    fn trace(&self, said: Opcode, bytes: u64) {
        if let Some(trace) = self.peer.trace().as_ref() {
            trace.note(self.peer.number, || self.peer.partner(), (said, bytes));
        }
    }

    /// Counts what was said in one read.
    pub(super) fn account(&mut self) {
        let spent = std::mem::take(&mut self.spent);
        if spent != Spent::default() {
            let now = Instant::now();
            self.said_at = Some(now);
            self.paused_until = self.allowance.spend(now, spent);
        }
    }

    fn greet(&mut self, fin: bool, payload: &[u8]) {
        let Stage::Greeting(text) = &mut self.stage else { return };
        if text.len() + payload.len() > LONGEST {
            self.why = Some(Goodbye::LongHello);
            return;
        }
        text.extend_from_slice(payload);
        if !fin {
            return;
        }
        let text = std::mem::take(text);
        match hello::parse(&text) {
            Ok(hello) => {
                self.stage = Stage::Joined;
                let text = text.into();
                self.why = self.room.arrive(&self.peer, Greeting { text, hello }).err();
            }
            Err(error) => self.why = Some(Goodbye::BadHello(error)),
        }
    }

    fn pong(&mut self, payload: &[u8]) {
        if let Ping::Sent(at) = self.ping
            && payload == self.ping_number.to_ne_bytes()
        {
            let counted = &self.peer.counted;
            counted
                .last_pong
                .store(Timestamp::now().as_second().unsigned_abs(), Relaxed);
            let micros = u64::try_from(at.elapsed().as_micros()).unwrap_or(u64::MAX);
            counted.round_trip.store(micros, Relaxed);
            self.ping = Ping::Due(at + self.room.times().ping_interval);
        }
    }

    /// When something is to be done if the peer says nothing.
    pub(super) fn next(&self) -> Instant {
        let ping = match self.ping {
            Ping::Due(at) => at,
            Ping::Sent(at) => at + self.times.ping_timeout,
        };
        let hello = matches!(self.stage, Stage::Greeting(_)).then_some(self.hello_due);
        [hello, self.paused_until]
            .into_iter()
            .flatten()
            .fold(ping, Instant::min)
    }

    /// Does what is due at `now`.
    pub(super) fn due(&mut self, now: Instant) {
        let is_unread = self.is_blocked || self.paused_until.is_some();
        if self.paused_until.is_some_and(|until| now >= until) {
            // Another connection of the same identity may have spent what came meanwhile.
            self.paused_until = self.allowance.spend(now, Spent::default());
        }
        match self.ping {
            Ping::Due(at) if now >= at => {
                self.ping_number = self.ping_number.wrapping_add(1);
                self.peer.say(Opcode::Ping, &self.ping_number.to_ne_bytes());
                self.ping = Ping::Sent(now);
                self.heard = false;
            }
            // Its answer may lie behind messages that wait for the partner, or come after a long one.
            Ping::Sent(at) if now >= at + self.times.ping_timeout && (is_unread || self.heard) => {
                self.ping = Ping::Sent(now);
                self.heard = false;
            }
            Ping::Sent(at) if now >= at + self.times.ping_timeout => {
                self.room.counts().ping_lost();
                self.why = Some(Goodbye::PingTimeout(self.times.ping_timeout));
            }
            Ping::Due(_) | Ping::Sent(_) => {}
        }
        if matches!(self.stage, Stage::Greeting(_)) && now >= self.hello_due {
            self.why.get_or_insert(Goodbye::HelloTimeout);
        }
    }
}
