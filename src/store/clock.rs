//! The clock, and whether it can be trusted.
//!
//! A box without a battery may start in 1970 and be told the time an hour later. Nothing is
//! expired, thinned by age or unlinked until the clock is synchronised, or within a day of the
//! last stamp that a trusted clock wrote into the journal (`book.md` promise 16).

use std::fmt;
use std::path::Path;
use std::time::Duration;

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
const ASK_AGAIN: Duration = Duration::from_secs(10);

/// Follows the clock and says whether it is trusted.
#[derive(Debug)]
pub(super) struct Trust {
    reference: Option<Timestamp>,
    synchronised: bool,
    asked: Option<std::time::Instant>,
}

impl Trust {
    /// `reference` is the newest stamp in the journal that a trusted clock wrote.
    pub(super) fn new(reference: Option<Timestamp>) -> Trust {
        Trust {
            reference,
            synchronised: false,
            asked: None,
        }
    }

    /// Now, and whether to believe it.
    pub(super) fn read(&mut self, clock: &dyn Clock) -> (Timestamp, bool) {
        let now = clock.now();
        if self.asked.is_none_or(|asked| asked.elapsed() >= ASK_AGAIN) {
            self.synchronised = clock.synchronised();
            self.asked = Some(std::time::Instant::now());
        }
        let near = self
            .reference
            .is_some_and(|reference| now.duration_since(reference).abs() <= DAY);
        let trusted = self.synchronised || near;
        if trusted {
            self.reference = Some(now);
        }
        (now, trusted)
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
        assert!(!trust(None, &noon));
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
}
