//! What a rule compares, and how: from where on a value is too much, and from where on it is well again
//! (UPLINK §3.6). Pure.

use serde::{Deserialize, Serialize};

use crate::domain::units::Span;

/// A comparison with the room between raising and clearing in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Op {
    /// Too much above `raise`, well again from `clear` down.
    Above {
        /// The threshold to raise.
        raise: f64,
        /// The threshold to clear, not above it.
        clear: f64,
        /// Whether `raise` itself is too much.
        inclusive: bool,
    },
    /// Too little below `raise`, well again from `clear` up.
    Below {
        /// The threshold to raise.
        raise: f64,
        /// The threshold to clear, not below it.
        clear: f64,
        /// Whether `raise` itself is too little.
        inclusive: bool,
    },
    /// Wrong outside `raise`, well again within `clear`.
    Outside {
        /// The lowest and the highest value that are right.
        raise: [f64; 2],
        /// The lowest and the highest value that clear.
        clear: [f64; 2],
    },
    /// Wrong when no value came for so long; any value clears.
    Stale {
        /// For how long.
        after: Span,
    },
    /// Wrong when the lowest and the highest value of the last `window` lie further apart than `raise`.
    Delta {
        /// The threshold to raise.
        raise: f64,
        /// The threshold to clear, not above it.
        clear: f64,
        /// How far back is looked.
        window: Span,
    },
}

impl Op {
    /// Whether a value is wrong.
    #[must_use]
    pub fn meets(&self, value: f64) -> bool {
        match self {
            Op::Above { raise, inclusive, .. } => value > *raise || (*inclusive && value == *raise),
            Op::Below { raise, inclusive, .. } => value < *raise || (*inclusive && value == *raise),
            Op::Outside { raise: [low, high], .. } => value < *low || value > *high,
            Op::Delta { raise, .. } => value > *raise,
            // Only silence is.
            Op::Stale { .. } => false,
        }
    }

    /// Whether a value is well again. Between the two it is neither: that is the hysteresis.
    #[must_use]
    pub fn clears(&self, value: f64) -> bool {
        let beyond = match self {
            Op::Above { clear, .. } | Op::Delta { clear, .. } => value <= *clear,
            Op::Below { clear, .. } => value >= *clear,
            Op::Outside { clear: [low, high], .. } => (*low..=*high).contains(&value),
            Op::Stale { .. } => true,
        };
        beyond && !self.meets(value)
    }

    /// The threshold for people; a pair has two.
    #[must_use]
    pub fn threshold(&self) -> String {
        match self {
            Op::Above { raise, .. } | Op::Below { raise, .. } | Op::Delta { raise, .. } => plain(*raise),
            Op::Outside { raise: [low, high], .. } => format!("{} to {}", plain(*low), plain(*high)),
            Op::Stale { after } => after.to_string(),
        }
    }
}

/// A number for people: no exponent, at most three decimals, none that say nothing.
#[must_use]
pub fn plain(value: f64) -> String {
    if value.abs() >= 1e15 {
        return format!("{value:e}");
    }
    let text = format!("{value:.3}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_op() -> impl Strategy<Value = Op> {
        let number = -1e6..1e6f64;
        (number.clone(), 0.0..1e3f64, 0.0..1e3f64, any::<bool>(), 0..4).prop_map(
            |(raise, room, width, inclusive, kind)| match kind {
                0 => Op::Above {
                    raise,
                    clear: raise - room,
                    inclusive,
                },
                1 => Op::Below {
                    raise,
                    clear: raise + room,
                    inclusive,
                },
                2 => Op::Outside {
                    raise: [raise, raise + width + 2.0 * room],
                    clear: [raise + room, raise + room + width],
                },
                _ => Op::Delta {
                    raise,
                    clear: raise - room,
                    window: Span::seconds(60),
                },
            },
        )
    }

    proptest! {
        #[test]
        fn no_value_raises_and_clears_and_some_value_does_each(op in any_op(), value in -2e6..2e6f64) {
            prop_assert!(!(op.meets(value) && op.clears(value)));
            let far = [-1e9, 1e9];
            prop_assert!(far.iter().any(|value| op.meets(*value)));
            let middle = match &op {
                Op::Outside { clear: [low, high], .. } => low + (high - low) / 2.0,
                Op::Below { .. } => 1e9,
                Op::Above { .. } | Op::Delta { .. } | Op::Stale { .. } => -1e9,
            };
            prop_assert!(op.clears(middle));
        }
    }

    #[test]
    fn a_threshold_without_room_has_no_dead_end() {
        let above = |inclusive| Op::Above {
            raise: 0.0,
            clear: 0.0,
            inclusive,
        };
        assert!(above(false).clears(0.0) && !above(false).meets(0.0));
        assert!(above(true).meets(0.0) && !above(true).clears(0.0) && above(true).clears(-0.1));
    }

    #[test]
    fn numbers_are_written_for_people() {
        for (value, text) in [
            (5000.0, "5000"),
            (0.1 + 0.2, "0.3"),
            (-0.0, "0"),
            (-12.345_67, "-12.346"),
            (1e20, "1e20"),
        ] {
            assert_eq!(plain(value), text);
        }
    }
}
