//! The clock of the machine from one time that it was set to the next: what was noted in between moves along when it is
//! set, since no more time has passed by that.

use std::time::Instant;

use jiff::{SignedDuration, Timestamp};

/// A clock that is set by more than this jumps; network time keeps it right by less.
const JUMP: SignedDuration = SignedDuration::from_secs(60);

/// The clock was set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClockSet {
    /// What it said when it was set to what it said before, or when the box was started.
    from: Timestamp,
    /// What it said last before.
    to: Timestamp,
    /// By how much.
    by: SignedDuration,
}

impl ClockSet {
    /// Moves along what was noted in that time; what is older was noted by another clock.
    pub fn move_along(&self, at: &mut Timestamp) {
        if self.from <= *at && *at <= self.to {
            *at = at.saturating_add(self.by).unwrap_or(*at);
        }
    }
}

/// Since the clock was set last.
pub(super) struct Era {
    from: Timestamp,
    read: (Timestamp, Instant),
}

impl Era {
    pub(super) fn begin() -> Era {
        let now = Timestamp::now();
        Era {
            from: now,
            read: (now, Instant::now()),
        }
    }

    /// Reads the clock; whether it was set since the last look.
    pub(super) fn look(&mut self) -> Option<ClockSet> {
        self.look_at(Timestamp::now(), Instant::now())
    }

    fn look_at(&mut self, now: Timestamp, moment: Instant) -> Option<ClockSet> {
        let (before, then) = std::mem::replace(&mut self.read, (now, moment));
        let passed = SignedDuration::try_from(moment.saturating_duration_since(then)).unwrap_or(SignedDuration::MAX);
        let to = before.saturating_add(passed).unwrap_or(before);
        let by = now.duration_since(to);
        if by.abs() <= JUMP {
            return None;
        }
        let from = std::mem::replace(&mut self.from, now);
        Some(ClockSet { from, to, by })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn what_was_noted_since_the_clock_was_set_moves_along_and_nothing_else() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let began = Instant::now();
        let mut era = Era {
            from: at("1970-01-01T00:00:00Z"),
            read: (at("1970-01-01T00:00:00Z"), began),
        };
        assert_eq!(
            era.look_at(at("1970-01-01T00:01:00Z"), began + Duration::from_secs(60)),
            None
        );
        let set = era
            .look_at(at("2026-11-29T12:00:00Z"), began + Duration::from_secs(90))
            .unwrap();
        for (noted, moved) in [
            ("1970-01-01T00:00:30Z", "2026-11-29T11:59:00Z"),
            // By the clock of another run.
            ("2026-11-20T00:00:00Z", "2026-11-20T00:00:00Z"),
        ] {
            let mut noted = at(noted);
            set.move_along(&mut noted);
            assert_eq!(noted, at(moved));
        }
        assert_eq!(
            era.look_at(at("2026-11-29T12:00:01Z"), began + Duration::from_secs(91)),
            None
        );
    }
}
