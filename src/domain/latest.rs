//! The latest value of something: what it is, when it was said, how much it may be believed and why not more.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Quality, Rating};

/// The latest value of one quantity.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Latest {
    /// The value, as programs read it: amounts are decimal texts, energy is in the quantity's unit. Null in a gap.
    pub value: Value,
    /// When the meter said so.
    pub at: Timestamp,
    /// How much it may be believed.
    pub quality: Quality,
    /// Why it is a gap, when the meter did say something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Doubt>,
    /// Seconds after which it should have been said anew; absent: nobody asks regularly.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub good_for: Option<u32>,
    /// What a register is measured by while it is not believed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub held: Option<Held>,
}

/// Why what a meter said is not believed, or why it said nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Doubt {
    /// It has no such value.
    Absent,
    /// It gave the pattern of bits that stands for no value.
    NoValue,
    /// More than any wire of the box carries.
    OverRating,
    /// A running total that is less than before.
    Fell,
    /// A running total that rose by more than any wire of the box carries.
    Leapt,
    /// A date that no clock shows.
    NoDate,
    /// It was read while another meter may have answered.
    AnotherMeter,
    /// The answer could not be read.
    Unreadable,
}

impl Doubt {
    /// In words, to go on from "no value: ".
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Doubt::Absent => "the meter has no such value",
            Doubt::NoValue => "the meter gave the pattern that stands for no value",
            Doubt::OverRating => "the meter gave more than the wires of a house carry",
            Doubt::Fell => "the register is less than before; if it goes on from there, a new series begins",
            Doubt::Leapt => "the register rose by more than the wires of a house carry",
            Doubt::NoDate => "the meter's clock shows a date that no clock has",
            Doubt::AnotherMeter => "another meter may have answered",
            Doubt::Unreadable => "the meter's answer could not be read",
        }
    }
}

/// A running total at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Total(
    /// What the register showed.
    pub u64,
    /// When.
    pub Timestamp,
);

/// What is remembered of a running total while it is not believed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Held {
    /// What was believed last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub believed: Option<Total>,
    /// What was said since and was not believed: when the register goes on from there, a new series has begun.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doubted: Option<Total>,
}

/// Readings of a register lie on no exact moment: as much as this many seconds may come on top.
const SLACK_S: u64 = 1_800;

impl Total {
    /// Why the register cannot have come from here to `next` through wires of this rating.
    #[must_use]
    pub fn doubt(self, next: Total, rating: Rating) -> Option<Doubt> {
        let Some(risen) = next.0.checked_sub(self.0) else {
            return Some(Doubt::Fell);
        };
        // A clock that was set back says nothing of how long it took.
        let seconds = u64::try_from(next.1.duration_since(self.1).as_secs()).ok()?;
        (risen > rating.energy(seconds.saturating_add(SLACK_S))).then_some(Doubt::Leapt)
    }
}

impl Latest {
    /// A value that was measured.
    #[must_use]
    pub fn measured(value: impl Into<Value>, at: Timestamp) -> Latest {
        Latest {
            value: value.into(),
            at,
            quality: Quality::Measured,
            why: None,
            good_for: None,
            held: None,
        }
    }

    /// No value.
    #[must_use]
    pub fn gap(why: Doubt, at: Timestamp) -> Latest {
        Latest {
            quality: Quality::Gap,
            why: Some(why),
            ..Latest::measured(Value::Null, at)
        }
    }

    /// A running total, held against what this one said before.
    #[must_use]
    pub fn total(before: Option<&Latest>, next: Total, rating: Rating) -> Latest {
        let Some(held) = before.map(Latest::held) else {
            return Latest::measured(next.0, next.1);
        };
        let Some(why) = held.believed.and_then(|believed| believed.doubt(next, rating)) else {
            return Latest::measured(next.0, next.1);
        };
        let goes_on = held
            .doubted
            .is_some_and(|doubted| doubted.doubt(next, rating).is_none());
        if goes_on {
            return Latest::measured(next.0, next.1);
        }
        let held = Held {
            doubted: Some(next),
            ..held
        };
        Latest {
            held: Some(held),
            ..Latest::gap(why, next.1)
        }
    }

    /// What a running total is measured by.
    #[must_use]
    pub fn held(&self) -> Held {
        match number(&self.value) {
            Some(total) if self.quality != Quality::Gap => Held {
                believed: Some(Total(total, self.at)),
                doubted: None,
            },
            _ => self.held.unwrap_or_default(),
        }
    }

    /// How much it may be believed at `now`: what should have been said anew since is stale.
    #[must_use]
    pub fn quality_at(&self, now: Timestamp) -> Quality {
        let age = Duration::try_from(now.duration_since(self.at)).unwrap_or_default();
        let overdue = self.good_for.is_some_and(|seconds| age.as_secs() > u64::from(seconds));
        match self.quality {
            Quality::Measured if overdue => Quality::Stale,
            quality => quality,
        }
    }
}

/// A running total as a whole number of its unit. Rows of before hold some with a fraction, which is cut.
#[must_use]
pub fn number(value: &Value) -> Option<u64> {
    value.as_u64().or_else(|| {
        let number = value.as_f64().filter(|number| (0.0..9.0e15).contains(number))?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is in range")]
        let whole = number as u64;
        Some(whole)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    /// What a register is said to be, hour by hour.
    fn said(totals: &[u64]) -> Vec<(Option<u64>, Option<Doubt>)> {
        let (mut latest, mut found) = (None::<Latest>, Vec::new());
        for (hour, total) in (0i64..).zip(totals) {
            let next = Latest::total(latest.as_ref(), Total(*total, at(hour * 3_600)), Rating::ELEMENT);
            found.push((next.value.as_u64(), next.why));
            latest = Some(next);
        }
        found
    }

    #[test]
    fn a_register_that_leaps_or_falls_is_a_gap_until_it_goes_on_from_there() {
        let leapt = (None, Some(Doubt::Leapt));
        let fell = (None, Some(Doubt::Fell));
        let right = |total| (Some(total), None);
        assert_eq!(
            said(&[1_000, 4_000_000_000, 1_500, 2_000]),
            [right(1_000), leapt, right(1_500), right(2_000)]
        );
        assert_eq!(
            said(&[900_000, 20, 400, 800]),
            [right(900_000), fell, right(400), right(800)]
        );
        // Two wild ones after each other are no series.
        assert_eq!(
            said(&[1_000, 900_000, 3_000_000, 1_600]),
            [right(1_000), leapt, leapt, right(1_600)]
        );
    }

    #[test]
    fn a_fraction_of_before_is_cut_and_what_is_no_total_is_none() {
        assert_eq!(number(&json!(13_054_500.0)), Some(13_054_500));
        assert_eq!(number(&json!(7.9)), Some(7));
        assert_eq!(number(&json!(7)), Some(7));
        for none in [json!(-1), json!("7"), json!(null), json!(1e30)] {
            assert_eq!(number(&none), None, "{none}");
        }
    }

    #[test]
    fn what_was_not_said_anew_in_its_time_is_stale_and_a_row_of_before_is_read() {
        let old = json!({"value": 7, "at": "2026-02-10T12:00:00Z", "quality": "measured"});
        let mut latest: Latest = serde_json::from_value(old.clone()).unwrap();
        assert_eq!(serde_json::to_value(&latest).unwrap(), old);
        let later = "2026-02-10T15:00:00Z".parse().unwrap();
        assert_eq!(latest.quality_at(later), Quality::Measured);
        latest.good_for = Some(7_200);
        assert_eq!(latest.quality_at(later), Quality::Stale);
        assert_eq!(latest.quality_at(latest.at), Quality::Measured);
    }

    proptest! {
        #[test]
        fn what_a_house_can_use_is_always_believed(steps in prop::collection::vec(0u64..27_600, 1..50)) {
            let totals: Vec<u64> = steps.iter().scan(5, |sum, step| { *sum += step; Some(*sum) }).collect();
            for (total, (value, why)) in totals.iter().zip(said(&totals)) {
                prop_assert_eq!((value, why), (Some(*total), None));
            }
        }

        #[test]
        fn nothing_that_is_believed_rose_by_more_than_the_wires_carry(totals in prop::collection::vec(any::<u32>(), 1..30)) {
            let totals: Vec<u64> = totals.into_iter().map(u64::from).collect();
            let found = said(&totals);
            for (hour, (value, _)) in found.iter().enumerate().skip(1) {
                let Some(value) = value else { continue };
                // From what was believed before, or from what was said last.
                let before = found[..hour].iter().rposition(|(value, _)| value.is_some()).unwrap();
                let from = |place: usize| value.checked_sub(totals[place]).is_some_and(|risen| risen <= Rating::ELEMENT.energy(3_600 * (hour - place) as u64 + 1_800));
                prop_assert!(from(before) || from(hour - 1));
            }
        }
    }
}
