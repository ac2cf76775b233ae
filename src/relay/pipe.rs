//! One peer's connection, from the upgrade to the last byte: reading, writing, one timer, good-bye.
//!
//! One task a peer owns its stream and polls it by hand: reading, writing and one timer go on side by side, nothing is
//! lost when one of them has to wait, and a silent connection holds no buffer. What it reads goes through `conversation`
//! straight into its partner's outbox; when that is full, it reads no more until there is room, so a slow peer slows
//! its own partner.

use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::time::{Instant, Sleep, sleep_until};

use super::conversation::Conversation;
use super::frame;
use super::goodbye::Goodbye;
use super::inbound::{Inbound, InboundError, Piece};
use super::peer::Load;

/// Bytes read at a time, on the stack: as much as one TLS record holds.
const READ: usize = 16 << 10;
/// Reads in a row before others get their turn.
const READS: usize = 8;
/// How long a peer has to answer our good-bye (RELAY §3.6).
const FAREWELL: Duration = Duration::from_secs(10);
/// How long a peer has to read our good-bye when nothing sensible can be heard from it.
const LINGER: Duration = Duration::from_secs(2);

/// Serves a peer on `stream` until it is gone. Answers why it went.
pub(super) async fn serve<S>(stream: S, conversation: Conversation, limit: u64) -> Goodbye
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut leg = Leg {
        stream,
        inbound: Inbound::new(limit).deflating(conversation.peer.deflate.is_some()),
        send_timeout: conversation.times.send_timeout,
        conversation,
        out: Outgoing::default(),
        end: None,
        timer: Box::pin(sleep_until(Instant::now())),
    };
    std::future::poll_fn(|cx| leg.poll(cx)).await
}

struct Leg<S> {
    stream: S,
    inbound: Inbound,
    conversation: Conversation,
    out: Outgoing,
    end: Option<End>,
    send_timeout: Duration,
    timer: Pin<Box<Sleep>>,
}

/// Bytes on their way out: what is said to a peer lies in its outbox, is taken as a batch, and goes from here.
#[derive(Default)]
struct Outgoing {
    bytes: Vec<u8>,
    /// What messages are among them.
    load: Load,
    written: usize,
    /// Since when the messages among them have waited.
    since: Option<Instant>,
    needs_flush: bool,
    stalled: Option<Instant>,
    alone_until: Option<Instant>,
    paired_at: Option<Instant>,
    /// When its partner last said something.
    told_at: Option<Instant>,
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
                self.conversation.room.depart(&self.conversation.peer, why);
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
        if let Some(why) = self.conversation.why
            && self.end.is_none()
        {
            self.conversation.room.depart(&self.conversation.peer, why);
            self.conversation.peer.close(why);
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
        self.conversation.why = Some(why);
        self.end = Some(End {
            why,
            is_said: false,
            is_shut: false,
            until: Instant::now() + patience,
        });
    }

    /// Reads until nothing more comes, the partner has no room, or it is others' turn.
    fn poll_in(&mut self, cx: &mut Context<'_>) -> Result<(), Gone> {
        for turn in 0.. {
            if self.end.is_none() && !self.conversation.can_take_more(cx.waker()) {
                return Ok(());
            }
            if turn == READS {
                cx.waker().wake_by_ref();
                return Ok(());
            }
            // A full piece of a compressed message was handed on; more of it comes before anything else.
            if self.inbound.is_waiting() {
                self.take_in(cx, &mut []);
                continue;
            }
            let mut space = [std::mem::MaybeUninit::uninit(); READ];
            let mut buffer = ReadBuf::uninit(&mut space);
            match Pin::new(&mut self.stream).poll_read(cx, &mut buffer) {
                Poll::Pending => return Ok(()),
                Poll::Ready(Err(_)) => return Err(Gone),
                Poll::Ready(Ok(())) if buffer.filled().is_empty() => return Err(Gone),
                Poll::Ready(Ok(())) => {
                    self.conversation.heard = true;
                    self.take_in(cx, buffer.filled_mut());
                }
            }
        }
        Ok(())
    }

    /// Takes what was read, or what of it had to wait.
    fn take_in(&mut self, cx: &Context<'_>, bytes: &mut [u8]) {
        if self.conversation.is_deaf {
            return;
        }
        let conversation = &mut self.conversation;
        let take = |piece: Piece<'_>| {
            conversation.take(cx, piece);
            Ok::<_, InboundError>(())
        };
        let fed = match self.inbound.is_waiting() {
            true => self.inbound.resume(take),
            false => self.inbound.feed(bytes, take),
        };
        if let Err(fault) = fed {
            // Where its frames begin is not known any more.
            conversation.is_deaf = true;
            conversation.why.get_or_insert(Goodbye::Fault(fault));
        }
        conversation.account();
    }

    /// Writes what is there, and the good-bye after the last of it.
    fn poll_out(&mut self, cx: &mut Context<'_>) -> Result<(), Gone> {
        loop {
            match self.poll_written(cx) {
                Poll::Pending => {
                    self.out.stalled.get_or_insert_with(Instant::now);
                    if self.end.is_none()
                        && let Some(why) = self.conversation.peer.closing(cx.waker())
                    {
                        self.leave(why);
                    }
                    return Ok(());
                }
                Poll::Ready(written) => written?,
            }
            self.out.stalled = None;
            if self.end.as_ref().is_some_and(|end| end.is_said) {
                return match self.conversation.is_deaf || self.conversation.close_heard {
                    true => self.poll_shut(cx),
                    false => Ok(()),
                };
            }
            let taken = self.conversation.peer.take_outbound(cx.waker());
            self.out.alone_until = taken.alone_until;
            self.out.paired_at = taken.paired_at;
            self.out.told_at = self.out.told_at.max(taken.since);
            self.out.since = taken.since;
            self.out.bytes = taken.bytes;
            self.out.load = taken.load;
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
                self.conversation.room.counts().carried(since.elapsed());
            }
            self.conversation.room.counts().handed_on(std::mem::take(&mut out.load));
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
        let code = why.code(self.conversation.room.close_codes());
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
            Poll::Ready(Ok(())) if self.conversation.is_deaf && !self.conversation.close_heard => {
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
        let stalled = self.out.stalled.map(|since| since + self.send_timeout);
        let idle = self.idle().map(|(until, _)| until);
        [stalled, self.out.alone_until, idle]
            .into_iter()
            .flatten()
            .fold(self.conversation.next(), Instant::min)
    }

    /// Until when the two may say nothing more, and how long that is in all.
    fn idle(&self) -> Option<(Instant, Duration)> {
        let paired = self.out.paired_at?;
        let time = self.conversation.peer.idle_timeout()?;
        let last = [self.conversation.said_at, self.out.told_at]
            .into_iter()
            .flatten()
            .fold(paired, Instant::max);
        Some((last + time, time))
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
        let idle = self.idle().filter(|(until, _)| now >= *until);
        let conversation = &mut self.conversation;
        conversation.due(now);
        if let Some((_, time)) = idle {
            conversation.why.get_or_insert(Goodbye::Idle(time));
            conversation.room.end_partner(&conversation.peer, Goodbye::Idle(time));
        }
        if self.out.stalled.is_some_and(|since| now >= since + self.send_timeout) {
            conversation.why.get_or_insert(Goodbye::Stalled(self.send_timeout));
            self.out.stalled = None;
        }
        if self.out.alone_until.is_some_and(|until| now >= until) {
            conversation.why.get_or_insert(Goodbye::PartnerGone);
            self.out.alone_until = None;
        }
    }
}
