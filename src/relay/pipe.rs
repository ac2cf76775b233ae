//! One peer's connection, from the upgrade to the last byte: greeting, carrying, pings, good-bye.
//!
//! One task a peer owns its stream and polls it by hand: reading, writing and one timer go on side by side, nothing is
//! lost when one of them has to wait, and a silent connection holds no buffer. What it reads goes straight into its
//! partner's outbox; when that is full, it reads no more until there is room, so a slow peer slows its own partner.

use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::Ordering::Relaxed;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use jiff::Timestamp;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use super::frame::{self, Opcode};
use super::goodbye::Goodbye;
use super::hello::{self, LONGEST};
use super::inbound::{Fault, Inbound, Piece};
use super::peer::{Carried, Greeting, Peer};
use super::room::Relay;

/// Bytes read at a time, on the stack: as much as one TLS record holds.
const READ: usize = 16 << 10;
/// Reads in a row before others get their turn.
const READS: usize = 8;
/// How long a peer has to answer our good-bye (`spec/relay.md` 3.6).
const FAREWELL: Duration = Duration::from_secs(10);
/// How long a peer has to read our good-bye when nothing sensible can be heard from it.
const LINGER: Duration = Duration::from_secs(2);

/// Times that the room sets for a connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Times {
    pub(super) ping_interval: Duration,
    pub(super) ping_timeout: Duration,
    pub(super) hello_timeout: Duration,
    pub(super) send_timeout: Duration,
}

/// Serves `peer` on `stream` until it is gone. Answers why it went.
pub(super) async fn serve<S>(stream: S, peer: Arc<Peer>, room: Arc<Relay>, limit: u64) -> Goodbye
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let times = room.times();
    let now = Instant::now();
    // The first ping goes before anything that is heard is answered (3.6).
    let ping_number = any_number();
    peer.say(Opcode::Ping, &ping_number.to_ne_bytes());
    let mut leg = Leg {
        stream,
        inbound: Inbound::new(limit),
        hands: Hands {
            stage: Stage::Greeting(Vec::new()),
            peer,
            room,
            ping: Ping::Sent(now),
            ping_number,
            is_blocked: false,
            heard: false,
            why: None,
            close_heard: false,
            is_deaf: false,
        },
        out: Outgoing::default(),
        end: None,
        times,
        hello_due: now + times.hello_timeout,
        timer: Box::pin(sleep_until(now)),
    };
    std::future::poll_fn(|cx| leg.poll(cx)).await
}

fn any_number() -> u32 {
    let mut bytes = [0; 4];
    aws_lc_rs::rand::fill(&mut bytes).expect("the system gives random bytes");
    u32::from_ne_bytes(bytes)
}

struct Leg<S> {
    stream: S,
    inbound: Inbound,
    hands: Hands,
    out: Outgoing,
    end: Option<End>,
    times: Times,
    hello_due: Instant,
    timer: Pin<Box<Sleep>>,
}

/// What pieces of messages are put into; apart from the stream, so that both can be used at once.
struct Hands {
    stage: Stage,
    peer: Arc<Peer>,
    room: Arc<Relay>,
    ping: Ping,
    ping_number: u32,
    /// The partner has no room.
    is_blocked: bool,
    /// Something came since the last ping.
    heard: bool,
    /// It is to go.
    why: Option<Goodbye>,
    close_heard: bool,
    /// What comes in makes no sense any more, so no answer is waited for.
    is_deaf: bool,
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

/// Bytes on their way out.
#[derive(Default)]
struct Outgoing {
    bytes: Vec<u8>,
    written: usize,
    /// Since when the messages among them have waited.
    since: Option<Instant>,
    needs_flush: bool,
    stalled: Option<Instant>,
    alone_until: Option<Instant>,
}

/// The end of a connection.
struct End {
    why: Goodbye,
    is_said: bool,
    is_shut: bool,
    until: Instant,
}

/// The connection is no more.
struct Gone;

impl<S: AsyncRead + AsyncWrite + Unpin> Leg<S> {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Goodbye> {
        loop {
            if self.poll_once(cx).is_err() {
                let why = self.end.as_ref().map_or(Goodbye::Lost, |end| end.why);
                self.hands.room.depart(&self.hands.peer, why);
                return Poll::Ready(why);
            }
            // The timer is set last, when everything that moves it has moved; what was due may need writing.
            self.rearm();
            if self.timer.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            self.due(Instant::now());
        }
    }

    fn poll_once(&mut self, cx: &mut Context<'_>) -> Result<(), Gone> {
        if self.end.as_ref().is_some_and(|end| Instant::now() >= end.until) {
            return Err(Gone);
        }
        self.poll_in(cx)?;
        if let Some(why) = self.hands.why
            && self.end.is_none()
        {
            self.hands.room.depart(&self.hands.peer, why);
            self.hands.peer.close(why);
            self.leave(why);
        }
        self.poll_out(cx)
    }

    /// From here on only the good-bye is of interest.
    fn leave(&mut self, why: Goodbye) {
        let patience = match why {
            Goodbye::Stalled(_) => Duration::ZERO,
            _ => FAREWELL,
        };
        self.hands.why = Some(why);
        self.end = Some(End {
            why,
            is_said: false,
            is_shut: false,
            until: Instant::now() + patience,
        });
    }

    /// Reads until nothing more comes, the partner has no room, or it is others' turn.
    fn poll_in(&mut self, cx: &mut Context<'_>) -> Result<(), Gone> {
        if self.hands.is_blocked {
            self.hands.is_blocked = !self.hands.peer.has_room(cx.waker());
        }
        for turn in 0.. {
            if self.hands.is_blocked && self.end.is_none() {
                return Ok(());
            }
            if turn == READS {
                cx.waker().wake_by_ref();
                return Ok(());
            }
            let mut space = [std::mem::MaybeUninit::uninit(); READ];
            let mut buffer = ReadBuf::uninit(&mut space);
            match Pin::new(&mut self.stream).poll_read(cx, &mut buffer) {
                Poll::Pending => return Ok(()),
                Poll::Ready(Err(_)) => return Err(Gone),
                Poll::Ready(Ok(())) if buffer.filled().is_empty() => return Err(Gone),
                Poll::Ready(Ok(())) => self.take_in(cx, buffer.filled_mut()),
            }
        }
        Ok(())
    }

    fn take_in(&mut self, cx: &Context<'_>, bytes: &mut [u8]) {
        self.hands.heard = true;
        if self.hands.is_deaf {
            return;
        }
        let hands = &mut self.hands;
        let fed = self.inbound.feed(bytes, |piece| {
            hands.take(cx, piece);
            Ok::<_, Fault>(())
        });
        if let Err(fault) = fed {
            // Where its frames begin is not known any more.
            hands.is_deaf = true;
            hands.why.get_or_insert(Goodbye::Fault(fault));
        }
    }

    /// Writes what is there, and the good-bye after the last of it.
    fn poll_out(&mut self, cx: &mut Context<'_>) -> Result<(), Gone> {
        loop {
            match self.poll_written(cx) {
                Poll::Pending => {
                    self.out.stalled.get_or_insert_with(Instant::now);
                    if self.end.is_none()
                        && let Some(why) = self.hands.peer.closing(cx.waker())
                    {
                        self.leave(why);
                    }
                    return Ok(());
                }
                Poll::Ready(written) => written?,
            }
            self.out.stalled = None;
            if self.end.as_ref().is_some_and(|end| end.is_said) {
                return match self.hands.is_deaf || self.hands.close_heard {
                    true => self.poll_shut(cx),
                    false => Ok(()),
                };
            }
            let taken = self.hands.peer.take(cx.waker());
            self.out.alone_until = taken.alone_until;
            self.out.since = taken.since;
            self.out.bytes = taken.bytes;
            self.out.written = 0;
            if let Some(why) = taken.closing {
                self.say_goodbye(why);
            } else if self.out.bytes.is_empty() {
                return Ok(());
            }
        }
    }

    fn poll_written(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Gone>> {
        let out = &mut self.out;
        while out.written < out.bytes.len() {
            let part = &out.bytes[out.written..];
            match ready!(Pin::new(&mut self.stream).poll_write(cx, part)) {
                Ok(0) | Err(_) => return Poll::Ready(Err(Gone)),
                Ok(count) => out.written += count,
            }
            out.needs_flush = true;
            out.stalled = None;
        }
        if out.needs_flush {
            if ready!(Pin::new(&mut self.stream).poll_flush(cx)).is_err() {
                return Poll::Ready(Err(Gone));
            }
            out.needs_flush = false;
            if let Some(since) = out.since.take() {
                self.hands.room.counts().carried(since.elapsed());
            }
        }
        // A silent connection holds no memory for what it once said.
        out.bytes = Vec::new();
        out.written = 0;
        Poll::Ready(Ok(()))
    }

    fn say_goodbye(&mut self, why: Goodbye) {
        if self.end.is_none() {
            self.leave(why);
        }
        let code = why.code(self.hands.room.close_codes());
        frame::encode_close(&mut self.out.bytes, code, &why.reason());
        if let Some(end) = &mut self.end {
            end.is_said = true;
        }
    }

    /// Ends our side. When the peer said good-bye itself nothing is left to read; else it gets time to read ours.
    fn poll_shut(&mut self, cx: &mut Context<'_>) -> Result<(), Gone> {
        let Some(end) = self.end.as_mut().filter(|end| !end.is_shut) else {
            return Ok(());
        };
        match Pin::new(&mut self.stream).poll_shutdown(cx) {
            Poll::Pending => Ok(()),
            Poll::Ready(Ok(())) if self.hands.is_deaf && !self.hands.close_heard => {
                end.is_shut = true;
                end.until = end.until.min(Instant::now() + LINGER);
                Ok(())
            }
            Poll::Ready(_) => Err(Gone),
        }
    }

    /// When something is to be done if nothing happens.
    fn next(&self) -> Instant {
        if let Some(end) = &self.end {
            return end.until;
        }
        let ping = match self.hands.ping {
            Ping::Due(at) => at,
            Ping::Sent(at) => at + self.times.ping_timeout,
        };
        let hello = matches!(self.hands.stage, Stage::Greeting(_)).then_some(self.hello_due);
        let stalled = self.out.stalled.map(|since| since + self.times.send_timeout);
        [hello, stalled, self.out.alone_until]
            .into_iter()
            .flatten()
            .fold(ping, Instant::min)
    }

    fn rearm(&mut self) {
        let next = self.next();
        if self.timer.deadline() != next {
            self.timer.as_mut().reset(next);
        }
    }

    /// Does what is due at `now`.
    fn due(&mut self, now: Instant) {
        if self.end.is_some() {
            return;
        }
        let hands = &mut self.hands;
        match hands.ping {
            Ping::Due(at) if now >= at => {
                hands.ping_number = hands.ping_number.wrapping_add(1);
                hands.peer.say(Opcode::Ping, &hands.ping_number.to_ne_bytes());
                hands.ping = Ping::Sent(now);
                hands.heard = false;
            }
            // Its answer may lie behind messages that wait for the partner, or come after a long one.
            Ping::Sent(at) if now >= at + self.times.ping_timeout && (hands.is_blocked || hands.heard) => {
                hands.ping = Ping::Sent(now);
                hands.heard = false;
            }
            Ping::Sent(at) if now >= at + self.times.ping_timeout => {
                hands.room.counts().ping_lost();
                hands.why = Some(Goodbye::PingTimeout(self.times.ping_timeout));
            }
            Ping::Due(_) | Ping::Sent(_) => {}
        }
        if matches!(hands.stage, Stage::Greeting(_)) && now >= self.hello_due {
            hands.why.get_or_insert(Goodbye::HelloTimeout);
        }
        if self
            .out
            .stalled
            .is_some_and(|since| now >= since + self.times.send_timeout)
        {
            hands.why.get_or_insert(Goodbye::Stalled(self.times.send_timeout));
            self.out.stalled = None;
        }
        if self.out.alone_until.is_some_and(|until| now >= until) {
            hands.why.get_or_insert(Goodbye::PartnerGone);
            self.out.alone_until = None;
        }
    }
}

impl Hands {
    fn take(&mut self, cx: &Context<'_>, piece: Piece<'_>) {
        match piece {
            Piece::Ping(payload) => self.peer.say(Opcode::Pong, payload),
            Piece::Pong(payload) => self.pong(payload),
            Piece::Close(code) => {
                self.close_heard = true;
                self.why.get_or_insert(Goodbye::Itself(code));
            }
            Piece::Data { .. } if self.why.is_some() => {}
            Piece::Data { opcode, fin, payload } => match &mut self.stage {
                Stage::Greeting(_) => self.greet(fin, payload),
                Stage::Joined => match self.peer.carry((opcode, fin), payload, cx.waker()) {
                    Carried::Room => {}
                    Carried::Full => self.is_blocked = true,
                    Carried::TooEarly => self.why = Some(Goodbye::TooEarly),
                },
            },
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
}
