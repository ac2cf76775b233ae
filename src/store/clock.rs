//! The clock, and whether it can be trusted.
//!
//! A box without a battery may start in 1970 and be told the time an hour later. Nothing is
//! expired, thinned by age or unlinked until the clock is synchronised, or within a day of the
//! last stamp that a trusted clock wrote into the journal (`book.md` promise 16).

use std::fmt;
use std::path::Path;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

/// Where the time comes from.
pub trait Clock: fmt::Debug + Send + Sync {
    /// Now.
    fn now(&self) -> Timestamp;
    /// Whether something outside this box has set it since it was started.
    fn synchronised(&self) -> bool;
}

/// The clock of this machine.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        Timestamp::now()
    }

    /// systemd-timesyncd says so in a file; chrony and ntpd do through the same file when
    /// `systemd-time-wait-sync` runs beside them. Where neither is, the journal's stamps decide.
    fn synchronised(&self) -> bool {
        [
            "/run/systemd/timesync/synchronized",
            "/run/systemd/timesync/synchronised",
        ]
        .iter()
        .any(|path| Path::new(path).exists())
    }
}

const DAY: SignedDuration = SignedDuration::from_hours(24);
/// No box runs before this version was made: an earlier clock is wrong.
const MADE: Timestamp = Timestamp::constant(1_793_000_000, 0);

/// Whether a clock that was right can have said so.
#[must_use]
pub fn is_possible(at: Timestamp) -> bool {
    at >= MADE
}

/// A clock that went on evenly for so long, and does not stand before the reference, is believed: else a
/// box without network time that was switched off for a week would never expire anything again.
const STEADY: Duration = Duration::from_secs(86_400);
/// How far the clock can be believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockState {
    /// It is synchronised, or goes on from where it stood.
    Trusted,
    /// It may be right; nothing expires by it yet.
    Unconfirmed,
    /// It stands before the last change or before this version was made.
    Wrong,
}

const ASK_AGAIN: Duration = Duration::from_secs(10);

/// Follows the clock and says whether it is trusted.
#[derive(Debug)]
pub(super) struct Trust {
    reference: Option<Timestamp>,
    synchronised: bool,
    asked: Option<Instant>,
    /// Since when the clock goes on evenly, by both clocks.
    even_since: Option<(Timestamp, Instant)>,
}

impl Trust {
    /// `reference` is the newest stamp in the journal that a trusted clock wrote.
    pub(super) fn new(reference: Option<Timestamp>) -> Trust {
        Trust {
            reference,
            synchronised: false,
            asked: None,
            even_since: None,
        }
    }

    /// Now, and whether to believe it.
    pub(super) fn read(&mut self, clock: &dyn Clock) -> (Timestamp, bool) {
        self.read_at(clock, Instant::now())
    }

    /// Now, and how far to believe it.
    pub(super) fn state(&mut self, clock: &dyn Clock) -> (Timestamp, ClockState) {
        let (now, trusted) = self.read(clock);
        let behind = self
            .reference
            .is_some_and(|reference| reference.duration_since(now) > DAY);
        let state = match trusted {
            true => ClockState::Trusted,
            false if behind || now < MADE => ClockState::Wrong,
            false => ClockState::Unconfirmed,
        };
        (now, state)
    }

    fn read_at(&mut self, clock: &dyn Clock, uptime: Instant) -> (Timestamp, bool) {
        let now = clock.now();
        if self.asked.is_none_or(|asked| uptime.duration_since(asked) >= ASK_AGAIN) {
            self.synchronised = clock.synchronised();
            self.asked = Some(uptime);
        }
        let plausible = now >= MADE;
        let believed = match self.reference {
            Some(reference) => {
                let near = now.duration_since(reference).abs() <= DAY;
                near || (plausible && now > reference && self.is_steady(now, uptime))
            }
            // A new book has no stamp to compare with.
            None => plausible,
        };
        let trusted = self.synchronised || believed;
        if trusted {
            self.reference = Some(now);
        }
        (now, trusted)
    }

    fn is_steady(&mut self, now: Timestamp, uptime: Instant) -> bool {
        let (then, began) = *self.even_since.get_or_insert((now, uptime));
        let ran = uptime.duration_since(began);
        let drift = now.duration_since(then) - SignedDuration::try_from(ran).unwrap_or(SignedDuration::MAX);
        if drift.abs() > SignedDuration::from_mins(5) {
            self.even_since = Some((now, uptime));
            return false;
        }
        ran >= STEADY
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug)]
    struct Set(&'static str, bool);

    impl Clock for Set {
        fn now(&self) -> Timestamp {
            self.0.parse().unwrap()
        }
        fn synchronised(&self) -> bool {
            self.1
        }
    }

    fn trust(reference: Option<&str>, clock: &Set) -> bool {
        Trust::new(reference.map(|stamp| stamp.parse().unwrap())).read(clock).1
    }

    #[test]
    fn a_clock_is_trusted_when_synchronised_or_near_the_last_stamp() {
        let noon = Set("2026-11-22T12:00:00Z", false);
        assert!(trust(None, &noon), "a new book has nothing to compare with");
        assert!(!trust(None, &Set("1970-01-01T00:00:00Z", false)));
        assert!(trust(Some("2026-11-21T13:00:00Z"), &noon));
        assert!(trust(Some("2026-11-23T11:00:00Z"), &noon));
        assert!(!trust(Some("2026-11-20T12:00:00Z"), &noon));
        assert!(trust(None, &Set("1970-01-01T00:00:00Z", true)));
    }

    #[test]
    fn a_wrong_clock_does_not_vouch_for_itself() {
        let mut trust = Trust::new(Some("2026-11-22T12:00:00Z".parse().unwrap()));
        let wrong = Set("1970-01-01T00:00:00Z", false);
        assert!(!trust.read(&wrong).1);
        assert!(!trust.read(&wrong).1);
        assert!(trust.read(&Set("2026-11-22T12:00:01Z", false)).1);
    }

    #[test]
    fn a_clock_that_went_on_evenly_for_a_day_is_believed() {
        let mut trust = Trust::new(Some("2026-11-01T12:00:00Z".parse().unwrap()));
        let began = Instant::now();
        let mut read = |stamp, hours: u64| {
            trust
                .read_at(&Set(stamp, false), began + Duration::from_secs(3600 * hours))
                .1
        };
        assert!(!read("2026-11-22T00:00:00Z", 0));
        assert!(!read("2026-11-22T12:00:00Z", 12));
        assert!(!read("2026-11-29T18:00:00Z", 18), "it jumped, and the day begins anew");
        assert!(!read("2026-11-30T12:00:00Z", 36));
        assert!(read("2026-11-30T18:00:00Z", 42));
    }
}
