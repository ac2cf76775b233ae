//! Whether a connection is alive: what moved on it last, and what its limits say about that.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use tokio::time::Instant;

use super::Limits;
use crate::http::metrics::Refusal;

/// A connection's signs of life, in milliseconds since it began; 0 says "not now".
///
/// The stream ([`super::wire::Wire`]) and the requests write them, the connection's task reads them when its
/// timer rings: a request costs two clock readings and no timer.
#[derive(Debug)]
pub(super) struct Pulse {
    began: Instant,
    /// Requests whose answer is not fully sent.
    under_way: AtomicU32,
    /// Whether any request was seen.
    served: AtomicBool,
    /// Since when no request is under way.
    idle_since: AtomicU64,
    /// When the first byte came after that.
    head_since: AtomicU64,
    /// Since when the peer takes nothing of what we write.
    stalled_since: AtomicU64,
}

/// How long a connection's task sleeps at most before it looks at the pulse again.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// What the limits say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// All is well; look again after so long.
    Wait(Duration),
    /// Nothing happened for long: end it politely.
    Retire,
    /// Cut it.
    Cut(Refusal),
}

impl Pulse {
    pub(super) fn new() -> Arc<Pulse> {
        Arc::new(Pulse {
            began: Instant::now(),
            under_way: AtomicU32::new(0),
            served: AtomicBool::new(false),
            idle_since: AtomicU64::new(1),
            head_since: AtomicU64::new(1),
            stalled_since: AtomicU64::new(0),
        })
    }

    fn now(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis())
            .unwrap_or(u64::MAX)
            .max(1)
    }

    /// The handshake is over: a request's head is due from now on.
    pub(super) fn greeted(&self) {
        let now = self.now();
        self.idle_since.store(now, Relaxed);
        self.head_since.store(now, Relaxed);
    }

    /// Bytes came in.
    pub(super) fn read(&self) {
        if self.under_way.load(Relaxed) == 0 && self.head_since.load(Relaxed) == 0 {
            self.head_since.store(self.now(), Relaxed);
        }
    }

    /// The peer's window is full, or is not any more.
    pub(super) fn stalled(&self, is: Stalled) {
        let since = match is {
            Stalled::Yes => self.now(),
            Stalled::No => 0,
        };
        self.stalled_since.store(since, Relaxed);
    }

    /// A request's head is complete; it is under way until the turn is dropped.
    pub(super) fn turn(self: &Arc<Self>) -> Turn {
        self.under_way.fetch_add(1, Relaxed);
        self.served.store(true, Relaxed);
        Turn { pulse: self.clone() }
    }

    /// Whether any request is under way.
    pub(super) fn is_busy(&self) -> bool {
        self.under_way.load(Relaxed) > 0
    }

    /// What `limits` say now.
    pub(super) fn verdict(&self, limits: &Limits, heads: Heads) -> Verdict {
        self.verdict_at(self.now(), limits, heads)
    }

    fn verdict_at(&self, now: u64, limits: &Limits, heads: Heads) -> Verdict {
        let since = |at: &AtomicU64| match at.load(Relaxed) {
            0 => None,
            at => Some(Duration::from_millis(now.saturating_sub(at))),
        };
        if since(&self.stalled_since).is_some_and(|stalled| stalled >= limits.write_stall) {
            return Verdict::Cut(Refusal::WriteTimeout);
        }
        let wait = limits.write_stall.min(limits.head).min(LOOK_AGAIN);
        if self.is_busy() {
            return Verdict::Wait(wait);
        }
        let head_counts = heads == Heads::Seen || !self.served.load(Relaxed);
        let head_left = match since(&self.head_since) {
            Some(head) if head_counts => limits.head.saturating_sub(head),
            _ => Duration::MAX,
        };
        if head_left.is_zero() {
            return Verdict::Cut(Refusal::HeaderTimeout);
        }
        let idle_left = limits.idle.saturating_sub(since(&self.idle_since).unwrap_or_default());
        if idle_left.is_zero() {
            return Verdict::Retire;
        }
        Verdict::Wait(wait.min(head_left).min(idle_left))
    }
}

/// Whether bytes between requests are the beginning of a request's head (before the first request they always are).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Heads {
    /// HTTP/1.1: they are.
    Seen,
    /// HTTP/2: they may be frames of the connection itself.
    Hidden,
}

/// See [`Pulse::stalled`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stalled {
    /// Nothing could be written.
    Yes,
    /// Something was.
    No,
}

/// A request under way.
#[derive(Debug)]
pub(super) struct Turn {
    pulse: Arc<Pulse>,
}

impl Drop for Turn {
    fn drop(&mut self) {
        let pulse = &self.pulse;
        if pulse.under_way.fetch_sub(1, Relaxed) == 1 {
            pulse.idle_since.store(pulse.now(), Relaxed);
            pulse.head_since.store(0, Relaxed);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BOTH: [Heads; 2] = [Heads::Seen, Heads::Hidden];

    /// A pulse that served a request which ended at 1 s.
    fn served() -> Arc<Pulse> {
        let pulse = Pulse::new();
        drop(pulse.turn());
        pulse.idle_since.store(1_000, Relaxed);
        pulse
    }

    fn verdict(pulse: &Pulse, now: u64, heads: Heads) -> Verdict {
        pulse.verdict_at(now, &Limits::default(), heads)
    }

    #[test]
    fn a_first_head_is_due_even_when_nothing_comes() {
        let pulse = Pulse::new();
        for heads in BOTH {
            assert_eq!(verdict(&pulse, 7_001, heads), Verdict::Wait(Duration::from_secs(1)));
            assert_eq!(verdict(&pulse, 8_001, heads), Verdict::Cut(Refusal::HeaderTimeout));
        }
    }

    #[test]
    fn a_later_head_is_due_from_its_first_byte() {
        let pulse = served();
        assert_eq!(verdict(&pulse, 30_000, Heads::Seen), Verdict::Wait(LOOK_AGAIN));
        pulse.read();
        pulse.head_since.store(30_000, Relaxed);
        pulse.read();
        assert_eq!(
            verdict(&pulse, 37_500, Heads::Seen),
            Verdict::Wait(Duration::from_millis(500))
        );
        assert_eq!(
            verdict(&pulse, 38_000, Heads::Seen),
            Verdict::Cut(Refusal::HeaderTimeout)
        );
        assert_eq!(verdict(&pulse, 38_000, Heads::Hidden), Verdict::Wait(LOOK_AGAIN));
    }

    #[test]
    fn an_idle_connection_retires_and_a_busy_one_does_not() {
        let pulse = served();
        let turn = pulse.turn();
        for heads in BOTH {
            assert_eq!(verdict(&pulse, 3_600_000, heads), Verdict::Wait(LOOK_AGAIN));
        }
        drop(turn);
        pulse.idle_since.store(1_000, Relaxed);
        for heads in BOTH {
            assert_eq!(verdict(&pulse, 61_000, heads), Verdict::Retire);
        }
    }

    #[test]
    fn a_peer_that_takes_nothing_is_cut() {
        let pulse = Pulse::new();
        let _turn = pulse.turn();
        pulse.stalled(Stalled::Yes);
        pulse.stalled_since.store(1_000, Relaxed);
        assert_eq!(verdict(&pulse, 10_000, Heads::Seen), Verdict::Wait(LOOK_AGAIN));
        assert_eq!(
            verdict(&pulse, 11_000, Heads::Seen),
            Verdict::Cut(Refusal::WriteTimeout)
        );
        pulse.stalled(Stalled::No);
        assert_eq!(verdict(&pulse, 11_000, Heads::Seen), Verdict::Wait(LOOK_AGAIN));
    }
}
