//! From values to places on a picture, and the round numbers beside it. Pure.

/// A stretch of values and the stretch of the picture that shows it. What lies outside stands at the edge.
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    low: f64,
    high: f64,
    start: f64,
    end: f64,
}

impl Scale {
    /// `low` stands at `start` and `high` at `end`, which may be the smaller of both.
    #[must_use]
    pub fn new((low, high): (f64, f64), (start, end): (f64, f64)) -> Scale {
        Scale { low, high, start, end }
    }

    /// Where a value stands; what is no number stands at the lower end.
    #[must_use]
    pub fn at(&self, value: f64) -> f64 {
        let share = (value - self.low) / (self.high - self.low);
        let share = if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 };
        self.start + share * (self.end - self.start)
    }
}

/// Round numbers a step apart, the first no larger than `low` and the last no smaller than `high`: at most `most` steps
/// of 1, 2 or 5 with zeros behind or before.
#[must_use]
pub fn levels(low: f64, high: f64, most: u32) -> Vec<f64> {
    let (low, high) = (finite(low), finite(high));
    let (low, high) = (low.min(high), high.max(low));
    let (low, high) = if high > low { (low, high) } else { (low, low + 1.0) };
    let most = f64::from(most.max(2));
    let mut power = 10f64.powf(((high - low) / most).log10().floor());
    for _ in 0..4 {
        for times in [1.0, 2.0, 5.0] {
            let step: f64 = power * times;
            let (first, last) = ((low / step).floor(), (high / step).ceil());
            if last - first <= most {
                let count = (last - first) as u32;
                return (0..=count).map(|place| (first + f64::from(place)) * step).collect();
            }
        }
        power *= 10.0;
    }
    // So far from zero that a step is lost in it.
    vec![low, high]
}

/// A value that can be drawn and written: what is no number is zero, and nothing that a house has is larger than this.
#[must_use]
pub fn finite(value: f64) -> f64 {
    if value.is_finite() { value.clamp(-1e9, 1e9) } else { 0.0 }
}

/// Levels as they are written: all with as many digits as their step asks for.
#[must_use]
pub fn numbers(levels: &[f64]) -> Vec<String> {
    let step = match levels {
        [first, second, ..] => second - first,
        _ => 1.0,
    };
    let digits = (-step.abs().log10().floor()).clamp(0.0, 6.0) as usize;
    let written = levels.iter().map(|level| {
        // There is no zero below zero.
        let level = if level.abs() < step.abs() / 2.0 { 0.0 } else { *level };
        format!("{level:.digits$}")
    });
    written.collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn levels_are_round_and_cover_all_values() {
        let written = |low, high| numbers(&levels(low, high, 4)).join(" ");
        assert_eq!(written(0.0, 0.48), "0.0 0.2 0.4 0.6");
        assert_eq!(written(-0.3, 0.9), "-0.5 0.0 0.5 1.0");
        assert_eq!(written(0.0, 0.0), "0.0 0.5 1.0");
        assert_eq!(written(228.0, 251.0), "220 230 240 250 260");
        assert_eq!(written(0.0, 50.0), "0 20 40 60");
        assert_eq!(written(f64::NAN, 3.0), "0 1 2 3", "what is no number is zero");
    }

    proptest! {
        #[test]
        fn levels_are_few_and_hold_what_they_are_of(low in -1e6f64..1e6, span in 1e-3f64..1e6, most in 2u32..8) {
            let all = levels(low, low + span, most);
            prop_assert!((2..=most as usize + 1).contains(&all.len()), "{all:?}");
            prop_assert!(all[0] <= low + 1e-6 && all[all.len() - 1] >= low + span - 1e-6, "{all:?}");
        }

        #[test]
        fn nothing_stands_outside(value in proptest::num::f64::ANY, low in -1e3f64..1e3, high in -1e3f64..1e3) {
            let place = Scale::new((low, high), (250.0, 12.0)).at(value);
            prop_assert!((12.0..=250.0).contains(&place));
        }
    }
}
