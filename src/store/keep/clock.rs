//! The clock, and whether it can be trusted.
//!
//! A box without a battery may start in 1970 and be told the time an hour later. Nothing is
//! expired, thinned by age or unlinked until the clock is synchronised, or within a day of the
//! last stamp that a trusted clock wrote into the journal (BOOK P16).

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

/// A clock that went on evenly for so long is believed, if no box can have been made later: else a box without network
/// time that was switched off for a week, or whose clock once stood ahead, would never expire anything again.
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

/// So long an answer to whether the clock is synchronised counts.
pub const ASK_AGAIN: Duration = Duration::from_secs(5);

/// A clock that is set by more than this makes a jump: by less, network time keeps it right.
const JUMP: SignedDuration = SignedDuration::from_secs(60);

/// The time that the box goes by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Time {
    /// Now. While the clock stands wrong: the time of the last change that a right one dated, and what has passed since
    /// the box was started, so that nothing is dated years before what came before it.
    pub now: Timestamp,
    /// Whether things may expire by it.
    pub trusted: bool,
    /// When the clock was set last while the box ran, by the time as it was set to.
    pub set: Option<Timestamp>,
    /// When the box was started, by the time as it is now.
    pub started: Timestamp,
}

impl Time {
    /// Whether more than `span` has passed since `then`, which this box noted. Nothing has while the clock is not
    /// believed; time that a clock jumped over has not passed; and what was noted by a clock that stood ahead counts
    /// from when that was over.
    #[must_use]
    pub fn has_passed(&self, span: SignedDuration, then: Timestamp) -> bool {
        self.trusted && self.now.duration_since(self.counts_from(then)) >= span
    }

    /// Whether what is old may be taken away for good: not within a day after the clock was set, since it may have been
    /// set wrong.
    #[must_use]
    pub fn is_settled(&self) -> bool {
        self.trusted && self.set.is_none_or(|set| self.now.duration_since(set) >= DAY)
    }

    /// Since when what was noted at `then` counts: see [`Time::has_passed`].
    #[must_use]
    pub fn counts_from(&self, then: Timestamp) -> Timestamp {
        let after = self.set.unwrap_or(self.started);
        if then > self.now.saturating_add(JUMP).unwrap_or(Timestamp::MAX) {
            return after.min(self.now);
        }
        self.set.map_or(then, |set| then.max(set))
    }
}

/// Follows the clock and says whether it is trusted.
#[derive(Debug)]
pub(in crate::store) struct Trust {
    reference: Option<Timestamp>,
    /// When the reference was set.
    referred: Instant,
    opened: Instant,
    /// The clock as it was read last.
    read: Option<(Timestamp, Instant)>,
    /// When the clock jumped last, by the time after it.
    set: Option<Timestamp>,
    synchronised: bool,
    asked: Option<Instant>,
    /// Since when the clock goes on evenly, by both clocks.
    even_since: Option<(Timestamp, Instant)>,
}

impl Trust {
    /// `reference` is the newest stamp in the journal that a trusted clock wrote.
    pub(in crate::store) fn new(reference: Option<Timestamp>) -> Trust {
        let opened = Instant::now();
        Trust {
            reference,
            referred: opened,
            opened,
            read: None,
            set: None,
            synchronised: false,
            asked: None,
            even_since: None,
        }
    }

    /// Now, and whether to believe it.
    pub(in crate::store) fn read(&mut self, clock: &dyn Clock) -> (Timestamp, bool) {
        self.read_at(clock, Instant::now())
    }

    /// Now, and how far to believe it.
    pub(in crate::store) fn state(&mut self, clock: &dyn Clock) -> (Timestamp, ClockState) {
        let (now, trusted) = self.read(clock);
        let state = match trusted {
            true => ClockState::Trusted,
            false if self.is_wrong(now, trusted) => ClockState::Wrong,
            false => ClockState::Unconfirmed,
        };
        (now, state)
    }

    /// The time that the box goes by.
    pub(in crate::store) fn time(&mut self, clock: &dyn Clock) -> Time {
        self.time_at(clock, Instant::now())
    }

    fn time_at(&mut self, clock: &dyn Clock, moment: Instant) -> Time {
        let (read, trusted) = self.read_at(clock, moment);
        let passed = |since: Instant| signed(moment.saturating_duration_since(since));
        let now = match self.is_wrong(read, trusted) {
            false => read,
            true => {
                let from = self.reference.unwrap_or(MADE).max(MADE);
                from.checked_add(passed(self.referred)).unwrap_or(read)
            }
        };
        Time {
            now,
            trusted,
            set: self.set,
            started: now.checked_sub(passed(self.opened)).unwrap_or(now),
        }
    }

    fn is_wrong(&self, now: Timestamp, trusted: bool) -> bool {
        let behind = self
            .reference
            .is_some_and(|reference| reference.duration_since(now) > DAY);
        !trusted && (behind || now < MADE)
    }

    /// Notices when the clock was set: time by it and time that passed differ.
    fn notice_jump(&mut self, now: Timestamp, moment: Instant) {
        if let Some((before, then)) = self.read.replace((now, moment)) {
            let passed = signed(moment.saturating_duration_since(then));
            if (now.duration_since(before) - passed).abs() > JUMP {
                self.set = Some(now);
            }
        }
    }

    fn read_at(&mut self, clock: &dyn Clock, uptime: Instant) -> (Timestamp, bool) {
        let now = clock.now();
        self.notice_jump(now, uptime);
        if self.asked.is_none_or(|asked| uptime.duration_since(asked) >= ASK_AGAIN) {
            self.synchronised = clock.synchronised();
            self.asked = Some(uptime);
        }
        let plausible = now >= MADE;
        let believed = match self.reference {
            Some(reference) => {
                let near = now.duration_since(reference).abs() <= DAY;
                near || (plausible && self.is_steady(now, uptime))
            }
            // A new book has no stamp to compare with.
            None => plausible,
        };
        let trusted = self.synchronised || believed;
        if trusted {
            (self.reference, self.referred) = (Some(now), uptime);
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

fn signed(span: Duration) -> SignedDuration {
    SignedDuration::try_from(span).unwrap_or(SignedDuration::MAX)
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
    fn a_box_whose_clock_stands_in_1970_goes_by_the_last_change_and_what_has_passed() {
        let last = "2026-11-22T12:00:00Z".parse().unwrap();
        let mut trust = Trust::new(Some(last));
        let began = trust.opened;
        let mut time = |stamp, synchronised, seconds: u64| {
            trust.time_at(&Set(stamp, synchronised), began + Duration::from_secs(seconds))
        };
        let used = time("1970-01-01T00:00:20Z", false, 20).now;
        assert_eq!(used.to_string(), "2026-11-22T12:00:20Z");
        let day = SignedDuration::from_hours(24);
        assert!(
            !time("1970-01-02T12:00:00Z", false, 36 * 3600).has_passed(day, used),
            "nothing expires by it"
        );
        // The time server answers after 36 hours; the box had been off for a week.
        let right = time("2026-12-01T00:00:00Z", true, 129_620);
        assert_eq!((right.now, right.set), (right.now, Some(right.now)));
        assert!(
            right.trusted && !right.has_passed(day, used),
            "what the clock jumped over has not passed"
        );
        assert!(!time("2026-12-01T23:59:00Z", true, 215_960).has_passed(day, used));
        assert!(time("2026-12-02T00:00:10Z", true, 216_030).has_passed(day, used));
    }

    #[test]
    fn what_a_clock_noted_that_stood_ahead_counts_from_when_it_was_set_right() {
        let mut trust = Trust::new(Some("2026-11-22T12:00:00Z".parse().unwrap()));
        let began = trust.opened;
        let mut time = |stamp, seconds: u64| trust.time_at(&Set(stamp, false), began + Duration::from_secs(seconds));
        let ahead = time("2027-11-22T12:00:00Z", 0);
        assert!(!ahead.trusted);
        let right = time("2026-11-22T13:00:00Z", 3600);
        assert!(right.trusted);
        assert_eq!(right.counts_from(ahead.now), right.now);
        let day = SignedDuration::from_hours(24);
        assert!(!right.has_passed(day, ahead.now));
        assert!(
            time("2026-11-23T13:00:00Z", 25 * 3600).has_passed(day, ahead.now),
            "and not a year later"
        );
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
