//! How long to wait before the next try for a session (UPLINK §4.3). Pure: `now` and chance are given.

use std::time::Duration;

use super::error::ErrorClass;
use crate::accounts::random;
use crate::uplink::patience::Patience;

/// So many short ones in a row.
const TAKEN_OVER: u32 = 3;
const QUARTER_HOUR: Duration = Duration::from_secs(15 * 60);

/// How a session ended, as far as it shows whether another client took its place: MQTT 3.1.1 has no word for that.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SessionEnd {
    /// The broker closed it, and something of ours was on its way.
    Closed,
    /// It closed it when all of ours was answered.
    ClosedAtRest,
    /// It closed it before the box said anything.
    ClosedInSilence,
    /// In another way.
    Otherwise,
}

/// Failures in a row, by kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retry {
    patience: Patience,
    away: u32,
    trust: u32,
    short: u32,
    /// Ends in a row that look as if another client came with our name; the broker said so of the last.
    replaced: u32,
    said: bool,
}

impl Retry {
    /// No failure yet.
    #[must_use]
    pub fn new(patience: Patience) -> Retry {
        Retry {
            patience,
            away: 0,
            trust: 0,
            short: 0,
            replaced: 0,
            said: false,
        }
    }

    /// A session ended after `held`. Answers how long to wait; `chance` is between 0 and 1.
    pub fn after_session(&mut self, held: Duration, chance: f64) -> Duration {
        self.trust = 0;
        // A session that held for so long ends the row of failures.
        if held >= self.patience.short * 2 {
            let (replaced, said) = (0, self.said);
            *self = Retry {
                replaced,
                said,
                ..Retry::new(self.patience)
            };
        }
        self.short = if held < self.patience.short { self.short + 1 } else { 0 };
        if self.short >= TAKEN_OVER {
            let doubled = self.patience.short * 2 * 2u32.saturating_pow((self.short - TAKEN_OVER).min(8));
            return jittered(doubled.min(QUARTER_HOUR), 1.0, chance);
        }
        self.away += 1;
        if self.away == 1 {
            return Duration::ZERO;
        }
        doubling(self.away - 1, self.patience.away, self.patience.away * 120, chance)
    }

    /// A try came to nothing. Answers how long to wait; `chance` is between 0 and 1.
    pub fn after_failure(&mut self, trouble: ErrorClass, chance: f64) -> Duration {
        self.looks_taken_over(false, SessionEnd::Otherwise);
        match trouble {
            ErrorClass::Away => {
                self.away += 1;
                doubling(self.away, self.patience.away, self.patience.away * 120, chance)
            }
            // Whoever locks clients out after a few wrong passwords must not lock us out: no fewer than half a minute.
            ErrorClass::Trust => {
                self.trust += 1;
                let base = self.patience.trust * 2u32.saturating_pow((self.trust - 1).min(8));
                jittered(base.min(QUARTER_HOUR), 1.0, chance)
            }
            ErrorClass::Settings => jittered(QUARTER_HOUR, 1.0, chance),
        }
    }

    /// How the session ended that is told of next, and whether the broker said that another client came with our name.
    pub fn looks_taken_over(&mut self, said: bool, end: SessionEnd) {
        self.said = said;
        self.replaced = match end {
            SessionEnd::Closed => self.replaced,
            SessionEnd::ClosedAtRest => self.replaced + 1,
            // Nothing of ours can have been why.
            SessionEnd::ClosedInSilence => self.replaced + TAKEN_OVER,
            SessionEnd::Otherwise => 0,
        };
    }

    /// Whether the next session is to be silent at first, so that it is seen whether it ends by itself.
    #[must_use]
    pub fn is_suspicious(&self) -> bool {
        self.short >= TAKEN_OVER
    }

    /// Whether somebody else uses our client id: the broker said so, or short sessions in a row ended as if.
    #[must_use]
    pub fn is_taken_over(&self) -> bool {
        self.said || (self.replaced >= TAKEN_OVER && self.short >= TAKEN_OVER)
    }
}

fn doubling(failures: u32, first: Duration, longest: Duration, chance: f64) -> Duration {
    let base = first * 2u32.saturating_pow(failures.saturating_sub(1).min(16));
    jittered(base.min(longest), 0.5, chance)
}

fn jittered(base: Duration, from: f64, chance: f64) -> Duration {
    base.mul_f64(from + (1.5 - from) * chance.clamp(0.0, 1.0))
}

/// A number between 0 and 1, so that boxes do not all come at once.
pub(in crate::uplink) fn chance() -> f64 {
    f64::from(u32::from_le_bytes(random())) / f64::from(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn three_tries_with_a_wrong_password_in_the_first_two_minutes() {
        for chance in [0.0, 0.5, 1.0] {
            let mut retry = Retry::new(Patience::default());
            let (mut at, mut tries) = (Duration::ZERO, 0);
            while at <= Duration::from_secs(120) {
                tries += 1;
                at += retry.after_failure(ErrorClass::Trust, chance);
            }
            assert!(tries <= 3, "{tries}");
        }
    }

    #[test]
    fn a_clean_end_is_followed_at_once_and_a_fight_for_the_name_is_not_fought() {
        let mut retry = Retry::new(Patience::default());
        assert_eq!(retry.after_session(Duration::from_secs(3_600), 0.5), Duration::ZERO);
        let mut retry = Retry::new(Patience::default());
        let pauses: Vec<u64> = (0..5)
            .map(|_| {
                retry.looks_taken_over(false, SessionEnd::ClosedAtRest);
                retry.after_session(Duration::from_secs(2), 0.5).as_secs()
            })
            .collect();
        assert_eq!(pauses[..2], [0, 1]);
        assert!(pauses[2] >= 60 && pauses[4] >= 240, "{pauses:?}");
        assert!(retry.is_taken_over());
    }

    #[test]
    fn short_sessions_that_end_for_another_reason_do_not_name_another_client() {
        let short = Duration::from_secs(2);
        let mut retry = Retry::new(Patience::default());
        for _ in 0..5 {
            retry.looks_taken_over(false, SessionEnd::Closed);
            retry.after_session(short, 0.5);
            assert!(!retry.is_taken_over());
        }
        let mut silent = retry.clone();
        assert!(silent.is_suspicious());
        silent.looks_taken_over(false, SessionEnd::ClosedInSilence);
        silent.after_session(short, 0.5);
        assert!(silent.is_taken_over(), "nothing of ours was why");
        retry.looks_taken_over(true, SessionEnd::Otherwise);
        retry.after_session(short, 0.5);
        assert!(retry.is_taken_over(), "the broker said so");
        retry.after_failure(ErrorClass::Away, 0.5);
        assert!(!retry.is_taken_over());
    }

    #[test]
    fn ten_failures_are_forgotten_by_a_session_of_a_minute_and_by_none_that_is_shorter() {
        let (seconds, away) = (Duration::from_secs, ErrorClass::Away);
        let ten = || {
            let mut retry = Retry::new(Patience::default());
            let pauses: Vec<Duration> = (0..10).map(|_| retry.after_failure(away, 0.5)).collect();
            assert!(pauses.is_sorted() && pauses[9] == seconds(120), "{pauses:?}");
            retry
        };
        let mut short = ten();
        assert_eq!(short.after_session(seconds(59), 0.5), seconds(120));
        let mut stable = ten();
        assert_eq!(stable.after_session(seconds(60), 0.5), Duration::ZERO);
        assert_eq!(stable.after_failure(away, 0.5), seconds(2), "the row begins anew");
    }

    proptest! {
        #[test]
        fn pauses_are_never_longer_than_the_longest(
            failures in proptest::collection::vec((0u8..4, 0u64..100), 0..200), chance in 0.0f64..1.0,
        ) {
            let mut retry = Retry::new(Patience::default());
            for (kind, held) in failures {
                let pause = match kind {
                    0 => retry.after_failure(ErrorClass::Away, chance),
                    1 => retry.after_failure(ErrorClass::Trust, chance),
                    2 => retry.after_failure(ErrorClass::Settings, chance),
                    _ => retry.after_session(Duration::from_secs(held), chance),
                };
                prop_assert!(pause <= QUARTER_HOUR.mul_f64(1.5));
            }
        }
    }
}
