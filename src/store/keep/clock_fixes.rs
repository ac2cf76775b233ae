//! By which clock an entry was dated: while the box runs, the steps that its clock makes are known, so that what was
//! written before the clock was set gets its right time afterwards (UPLINK §4.5). Nothing of it is kept
//! beyond the process: the next one cannot know how long the box was off.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use crate::domain::Seq;

/// Network time moves a clock by less than this without setting it.
const STEP: SignedDuration = SignedDuration::from_secs(2);
/// Steps that are remembered; a clock that makes more of them is not set but broken.
const MOST: usize = 64;

/// From one step of the clock to the next.
#[derive(Clone, Copy, Debug)]
struct Era {
    /// The first change in it.
    from: Seq,
    /// What this clock would have shown when the book was opened.
    zero: Timestamp,
}

/// The steps of the clock since the book was opened.
#[derive(Debug)]
pub(in crate::store) struct Eras {
    opened: Instant,
    known: Mutex<Vec<Era>>,
}

impl Default for Eras {
    fn default() -> Eras {
        Eras {
            opened: Instant::now(),
            known: Mutex::default(),
        }
    }
}

impl Eras {
    /// The change `next` is written when the clock says `now`, at this moment.
    pub(in crate::store) fn note(&self, next: Seq, now: Timestamp, moment: Instant) {
        let Some(zero) = self.zero(now, moment) else { return };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let same = |era: &Era| era.zero.duration_since(zero).abs() < STEP;
        if known.last().is_some_and(same) {
            return;
        }
        known.push(Era { from: next, zero });
        if known.len() > MOST {
            known.remove(0);
        }
    }

    /// When something was written, by the clock that says `now` at this moment; `None` when that is not known.
    pub(in crate::store) fn corrected(
        &self,
        (seq, at): (Seq, Timestamp),
        now: Timestamp,
        moment: Instant,
    ) -> Option<Timestamp> {
        let zero = self.zero(now, moment)?;
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let era = known.iter().rev().find(|era| era.from <= seq)?;
        at.checked_add(zero.duration_since(era.zero)).ok()
    }

    fn zero(&self, now: Timestamp, moment: Instant) -> Option<Timestamp> {
        let ran: Duration = moment.saturating_duration_since(self.opened);
        now.checked_sub(SignedDuration::try_from(ran).ok()?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_before_the_clock_was_set_gets_its_right_time() {
        let eras = Eras::default();
        let after = |seconds| eras.opened + Duration::from_secs(seconds);
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        assert_eq!(
            eras.corrected(
                (Seq(7), at("1970-01-01T00:00:10Z")),
                at("2026-11-22T12:00:00Z"),
                after(60)
            ),
            None
        );
        eras.note(Seq(8), at("1970-01-01T00:00:10Z"), after(10));
        eras.note(Seq(9), at("1970-01-01T00:00:30Z"), after(30));
        // Set wrong first, then right; a step back is a step, too.
        eras.note(Seq(10), at("2030-01-01T00:00:00Z"), after(40));
        eras.note(Seq(11), at("2026-11-22T12:00:00Z"), after(60));
        let corrected = |seq, text: &str| {
            let found = eras.corrected((Seq(seq), at(text)), at("2026-11-22T12:01:00Z"), after(120));
            found.map(|at| at.to_string())
        };
        assert_eq!(corrected(8, "1970-01-01T00:00:10Z").unwrap(), "2026-11-22T11:59:10Z");
        assert_eq!(corrected(9, "1970-01-01T00:00:30Z").unwrap(), "2026-11-22T11:59:30Z");
        assert_eq!(corrected(10, "2030-01-01T00:00:05Z").unwrap(), "2026-11-22T11:59:45Z");
        assert_eq!(corrected(11, "2026-11-22T12:00:30Z").unwrap(), "2026-11-22T12:00:30Z");
        assert_eq!(
            corrected(7, "1970-01-01T00:00:01Z"),
            None,
            "another run of the box wrote it"
        );
    }
}
