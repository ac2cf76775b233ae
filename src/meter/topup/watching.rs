//! When a meter is looked at after a code was sent, and what the looks come to (EMOP §21.3). Pure: it is told the time.

use std::time::Duration;

use super::evidence::{Finding, Proof, Unclear};

/// The longest pause between two looks at a top-up in doubt.
const LONGEST: Duration = Duration::from_secs(600);

/// How long it is waited.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pauses {
    /// From the code's last byte to the first look that may say "not taken": modems deliver late.
    pub(super) first: Duration,
    /// From there to the second (`meters.proof_pause`).
    pub(super) pause: Duration,
}

/// What the looks so far come to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// Nothing yet.
    GoesOn,
    /// It was taken.
    Taken(Proof),
    /// Two looks saw nothing counted.
    Refused,
    /// A whole look proved neither.
    Unclear(Unclear),
    /// The meter did not answer.
    Unread,
}

/// The looks at one top-up since its code was sent, or since the box started.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Watching {
    /// When nothing was counted at first, by a look that counts.
    unchanged: Option<Duration>,
    /// Looks that came to nothing.
    vain: u32,
    /// When the next look is due.
    next: Duration,
}

impl Watching {
    /// When the next look is due, from the code's last byte on.
    pub(super) fn next(&self) -> Duration {
        self.next
    }

    /// Takes a whole look, `since` the last byte.
    pub(super) fn saw(&mut self, finding: Finding, since: Duration, pauses: &Pauses) -> Outcome {
        match finding {
            Finding::Taken(proof) => Outcome::Taken(proof),
            _ if since < pauses.first => self.early(pauses),
            Finding::Unchanged => match self.unchanged {
                Some(at) if since >= at + pauses.pause => Outcome::Refused,
                Some(at) => self.again(at + pauses.pause),
                None => {
                    self.unchanged = Some(since);
                    self.again(since + pauses.pause)
                }
            },
            Finding::Unclear(why) => {
                self.unchanged = None;
                self.put_off(since, pauses);
                Outcome::Unclear(why)
            }
        }
    }

    /// The meter did not answer to the end.
    pub(super) fn missed(&mut self, since: Duration, pauses: &Pauses) -> Outcome {
        if since < pauses.first {
            return self.early(pauses);
        }
        self.put_off(since, pauses);
        Outcome::Unread
    }

    fn early(&mut self, pauses: &Pauses) -> Outcome {
        self.again(pauses.first)
    }

    fn again(&mut self, at: Duration) -> Outcome {
        self.next = at;
        Outcome::GoesOn
    }

    fn put_off(&mut self, since: Duration, pauses: &Pauses) {
        let longer = pauses.pause.saturating_mul(1 << self.vain.min(10));
        self.vain += 1;
        self.next = since + longer.min(LONGEST.max(pauses.pause));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const PAUSES: Pauses = Pauses {
        first: Duration::from_secs(12),
        pause: Duration::from_secs(60),
    };

    fn at(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn not_taken_is_said_after_two_late_looks_and_taken_at_once() {
        let mut watching = Watching::default();
        assert_eq!(watching.next(), Duration::ZERO);
        let unchanged = Finding::Unchanged;
        assert_eq!(watching.saw(unchanged, at(2), &PAUSES), Outcome::GoesOn);
        assert_eq!(watching.next(), at(12));
        assert_eq!(watching.saw(unchanged, at(13), &PAUSES), Outcome::GoesOn);
        assert_eq!(watching.next(), at(73));
        let mut late = watching;
        assert_eq!(watching.saw(unchanged, at(73), &PAUSES), Outcome::Refused);
        let taken = Finding::Taken(Proof::Count);
        assert_eq!(late.saw(taken, at(14), &PAUSES), Outcome::Taken(Proof::Count));
    }

    #[test]
    fn what_is_unclear_begins_anew_and_is_looked_at_less_and_less_often() {
        let mut watching = Watching::default();
        watching.saw(Finding::Unchanged, at(12), &PAUSES);
        let unclear = Finding::Unclear(Unclear::Leapt);
        assert_eq!(watching.saw(unclear, at(72), &PAUSES), Outcome::Unclear(Unclear::Leapt));
        assert_eq!(watching.next(), at(132));
        assert_eq!(watching.missed(at(140), &PAUSES), Outcome::Unread);
        assert_eq!(watching.next(), at(260));
        assert_eq!(watching.saw(Finding::Unchanged, at(260), &PAUSES), Outcome::GoesOn);
        assert_eq!(watching.next(), at(320), "two looks again");
    }

    proptest! {
        /// However the looks go: nobody is told "not taken" before two of them, a pause apart, saw nothing counted, both
        /// late enough; and there is always a next one, later than this one.
        #[test]
        fn a_refusal_rests_on_two_late_looks(looks in proptest::collection::vec((0u64..90, 0u8..4), 1..30)) {
            let mut watching = Watching::default();
            let (mut now, mut seen): (u64, Vec<u64>) = (0, Vec::new());
            for (wait, kind) in looks {
                now += wait;
                let outcome = match kind {
                    0 => watching.missed(at(now), &PAUSES),
                    1 => {
                        if now >= 12 {
                            seen.clear();
                        }
                        watching.saw(Finding::Unclear(Unclear::Leapt), at(now), &PAUSES)
                    }
                    _ => {
                        seen.extend((now >= 12).then_some(now));
                        watching.saw(Finding::Unchanged, at(now), &PAUSES)
                    }
                };
                if outcome == Outcome::Refused {
                    prop_assert!(seen.len() >= 2 && seen[seen.len() - 1] - seen[0] >= 60, "{seen:?}");
                    return Ok(());
                }
                prop_assert!(watching.next() >= at(12) && (watching.next() > at(now) || now < 12 || kind > 1));
            }
        }
    }
}
