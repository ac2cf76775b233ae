//! Whether a connection is alive: what moved on it last, and what its limits say about that.

use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::limits::Limits;
use crate::http::metrics::ConnectionEnd;

/// A connection's signs of life, in milliseconds since it began; 0 says "not now".
///
/// The stream ([`super::wire::Wire`]) and the requests write them, the connection's task reads them when its
/// timer rings: a request costs two clock readings and no timer.
#[derive(Debug)]
pub(super) struct Watchdog {
    began: Instant,
    /// Requests whose answer is not fully sent.
    under_way: AtomicU32,
    /// Whether any request was seen.
    served: AtomicBool,
    /// Whether our side is closed: what still comes is no request, and has limits of its own.
    leaving: AtomicBool,
    /// Whether a request was upgraded: what comes is somebody else's.
    upgraded: AtomicBool,
    /// Since when no request is under way.
    idle_since: AtomicU64,
    /// When the first byte came after that.
    head_since: AtomicU64,
    /// Since when the peer takes nothing of what we write.
    stalled_since: AtomicU64,
    /// Answers whose next part waits for the peer to take the one before. An HTTP/2 peer can hold up an answer by
    /// its window while bytes of other kinds still flow.
    held_up: AtomicU32,
    /// Since when any answer waits for the peer.
    waits_since: AtomicU64,
    /// Bytes of answers that the peer took.
    taken: AtomicU64,
    /// Bytes of any kind that went out.
    written: AtomicU64,
    patience: Mutex<Patience>,
}

/// What is left of our patience with a peer that is slow to take its answers.
#[derive(Debug, Default)]
struct Patience {
    /// When it was last looked at.
    at: u64,
    /// What had been taken and written by then, in bytes.
    seen: (u64, u64),
    /// In bytes, at [`LEAST_PACE`]: waiting wears it down, what is taken brings it back.
    left: u64,
}

/// At how many bytes a second a peer must take what waits for it, once our patience is worn down.
const LEAST_PACE: u64 = crate::http::LEAST_PACE;

/// How long a connection's task sleeps at most before it looks again.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

/// What the limits say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// All is well; look again after so long.
    Wait(Duration),
    /// Nothing happened for long: end it politely.
    Retire,
    Cut(ConnectionEnd),
}

impl Watchdog {
    pub(super) fn new() -> Arc<Watchdog> {
        Arc::new(Watchdog {
            began: Instant::now(),
            under_way: AtomicU32::new(0),
            served: AtomicBool::new(false),
            leaving: AtomicBool::new(false),
            upgraded: AtomicBool::new(false),
            idle_since: AtomicU64::new(1),
            head_since: AtomicU64::new(1),
            stalled_since: AtomicU64::new(0),
            held_up: AtomicU32::new(0),
            waits_since: AtomicU64::new(0),
            taken: AtomicU64::new(0),
            written: AtomicU64::new(0),
            patience: Mutex::default(),
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

    /// A request was upgraded (RFC 9110 §7.8): its handler has the stream from now on.
    pub(super) fn upgraded(&self) {
        self.upgraded.store(true, Relaxed);
    }

    /// Whether a handler has the stream.
    pub(super) fn is_upgraded(&self) -> bool {
        self.upgraded.load(Relaxed)
    }

    /// All was said; the peer is to close.
    pub(super) fn leaving(&self) {
        self.leaving.store(true, Relaxed);
    }

    /// The peer's window is full, or is not any more.
    pub(super) fn stalled(&self, is: Stalled) {
        let since = match is {
            Stalled::Yes => self.now(),
            Stalled::No => 0,
        };
        self.stalled_since.store(since, Relaxed);
    }

    /// So many bytes went out.
    pub(super) fn wrote(&self, bytes: usize) {
        self.written.fetch_add(bytes as u64, Relaxed);
    }

    /// A request's head is complete; it is under way until the turn is dropped.
    pub(super) fn turn(self: &Arc<Self>) -> Arc<Turn> {
        self.under_way.fetch_add(1, Relaxed);
        self.served.store(true, Relaxed);
        Arc::new(Turn {
            watchdog: self.clone(),
            held_up: AtomicBool::new(false),
        })
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
            return Verdict::Cut(ConnectionEnd::WriteTimeout);
        }
        let wait = limits.write_stall.min(limits.head).min(LOOK_AGAIN);
        if self.is_too_slow(now, limits.write_stall) {
            return Verdict::Cut(ConnectionEnd::WriteTimeout);
        }
        if self.under_way.load(Relaxed) > 0 || self.leaving.load(Relaxed) {
            return Verdict::Wait(wait);
        }
        let head_counts = heads == Heads::Seen || !self.served.load(Relaxed);
        let head_left = match since(&self.head_since) {
            Some(head) if head_counts => limits.head.saturating_sub(head),
            _ => Duration::MAX,
        };
        if head_left.is_zero() {
            return Verdict::Cut(ConnectionEnd::HeaderTimeout);
        }
        let idle_left = limits.idle.saturating_sub(since(&self.idle_since).unwrap_or_default());
        if idle_left.is_zero() {
            return Verdict::Retire;
        }
        Verdict::Wait(wait.min(head_left).min(idle_left))
    }
}

impl Watchdog {
    /// Whether the peer takes what waits for it more slowly than [`LEAST_PACE`], after a grace.
    fn is_too_slow(&self, now: u64, grace: Duration) -> bool {
        let full = u64::try_from(grace.as_millis())
            .unwrap_or(u64::MAX)
            .saturating_mul(LEAST_PACE);
        let mut patience = self.patience.lock().unwrap_or_else(PoisonError::into_inner);
        let (taken, written) = (self.taken.load(Relaxed), self.written.load(Relaxed));
        let (before, seen) = (patience.at, patience.seen);
        (patience.at, patience.seen) = (now, (taken, written));
        let answers = self.held_up.load(Relaxed) > 0;
        let since = match (answers, self.stalled_since.load(Relaxed)) {
            (true, _) => self.waits_since.load(Relaxed).max(1),
            (false, 0) => {
                patience.left = full;
                return false;
            }
            (false, stalled) => stalled,
        };
        if since > before {
            patience.left = full;
        }
        // What answers wait for is the window that the peer gives them; other frames are no sign of life then.
        let moved = if answers { taken - seen.0 } else { written - seen.1 };
        let waited = now.saturating_sub(since.max(before)).saturating_mul(LEAST_PACE);
        let left = patience
            .left
            .saturating_add(moved.saturating_mul(1000))
            .saturating_sub(waited);
        patience.left = left.min(full);
        left == 0
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

/// See [`Watchdog::stalled`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stalled {
    /// Nothing could be written.
    Yes,
    /// Something was.
    No,
}

/// A request under way, until its answer is written or dropped.
#[derive(Debug)]
pub(super) struct Turn {
    watchdog: Arc<Watchdog>,
    held_up: AtomicBool,
}

impl Turn {
    /// A part of the answer is ready; the next is asked for when there is room for it.
    pub(super) fn part(&self) {
        if !self.held_up.swap(true, Relaxed) && self.watchdog.held_up.fetch_add(1, Relaxed) == 0 {
            self.watchdog.waits_since.store(self.watchdog.now(), Relaxed);
        }
    }

    /// There is room, and the answer itself has nothing yet.
    pub(super) fn room(&self) {
        if self.held_up.swap(false, Relaxed) {
            self.watchdog.held_up.fetch_sub(1, Relaxed);
        }
    }

    /// So many bytes of the answer were taken.
    pub(super) fn taken(&self, bytes: usize) {
        self.watchdog.taken.fetch_add(bytes as u64, Relaxed);
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.room();
        let watchdog = &self.watchdog;
        if watchdog.under_way.fetch_sub(1, Relaxed) == 1 {
            watchdog.idle_since.store(watchdog.now(), Relaxed);
            watchdog.head_since.store(0, Relaxed);
        }
    }
}

#[cfg(test)]
mod tests;
