//! What a session does at its time, whether or not something happened. Pure: `now` is given.

use std::time::Duration;

use tokio::time::Instant;

use crate::uplink::patience::Patience;

/// How often is looked whether parts of the box broke.
const PARTS: Duration = Duration::from_secs(2);
/// How long the journal may need to know what was acknowledged, and how often is looked.
const A_MOMENT: Duration = Duration::from_millis(100);
const WAITS_TO_ASK: u8 = 20;
/// When it is time to ask and it cannot be asked, that is looked at so often.
const AGAIN: Duration = Duration::from_millis(50);

/// When what is due.
#[derive(Debug)]
pub(super) struct Timers {
    /// How the box is.
    health: Instant,
    /// How many people are where.
    counts: Instant,
    /// Whether parts of the box broke.
    parts: Instant,
    /// Everything is told once more.
    all: Option<Instant>,
    /// Operations that wait at the platform are asked for.
    asks: Option<Instant>,
    /// How often that may still be put off.
    waits_to_ask: u8,
}

impl Timers {
    /// From the beginning of a session.
    pub(super) fn new(now: Instant, patience: &Patience) -> Timers {
        Timers {
            health: now + patience.health,
            counts: now + patience.counts,
            parts: now + PARTS,
            all: None,
            asks: None,
            waits_to_ask: WAITS_TO_ASK,
        }
    }

    /// When something is due next.
    pub(super) fn next(&self, now: Instant) -> Instant {
        let asks = self.asks.map(|at| at.max(now + AGAIN));
        let regular = self.health.min(self.counts).min(self.parts);
        [self.all, asks].into_iter().flatten().fold(regular, Instant::min)
    }

    /// Whether the parts of the box are looked at; then again in a while.
    pub(super) fn parts(&mut self, now: Instant) -> bool {
        takes(&mut self.parts, now, PARTS)
    }

    /// Whether it is said how the box is; then again in a while.
    pub(super) fn health(&mut self, now: Instant, patience: &Patience) -> bool {
        takes(&mut self.health, now, patience.health)
    }

    /// Whether it is said how many people are where; then again in a while.
    pub(super) fn counts(&mut self, now: Instant, patience: &Patience) -> bool {
        takes(&mut self.counts, now, patience.counts)
    }

    /// Lets a turn of the health and of the counts pass, once one of them is due.
    pub(super) fn let_pass(&mut self, now: Instant, patience: &Patience) {
        if now >= self.health.min(self.counts) {
            self.health = now + patience.health;
            self.counts = now + patience.counts;
        }
    }

    /// Everything is to be told once more at `at`, or before when that was said already.
    pub(super) fn tell_all(&mut self, at: Instant) {
        self.all.get_or_insert(at);
    }

    /// Whether everything is told once more now.
    pub(super) fn all(&mut self, now: Instant) -> bool {
        self.all.take_if(|at| *at <= now).is_some()
    }

    /// Operations that wait are to be asked for at `at`.
    pub(super) fn ask(&mut self, at: Instant) {
        self.asks = Some(at);
    }

    /// Whether it is time to ask for them.
    pub(super) fn is_time_to_ask(&self, now: Instant) -> bool {
        self.asks.is_some_and(|at| now >= at)
    }

    /// Puts that off for a moment, unless that was done too often.
    pub(super) fn puts_off_asking(&mut self, now: Instant) -> bool {
        if self.waits_to_ask == 0 {
            return false;
        }
        self.waits_to_ask -= 1;
        self.asks = Some(now + A_MOMENT);
        true
    }

    /// Operations are asked for now.
    pub(super) fn asked(&mut self) {
        self.asks = None;
    }
}

/// Whether something is due; then it is again after `interval`.
fn takes(at: &mut Instant, now: Instant, interval: Duration) -> bool {
    let is_due = now >= *at;
    if is_due {
        *at = now + interval;
    }
    is_due
}
