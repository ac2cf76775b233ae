//! How far the values of the last while lie apart, in a few slots whatever the number of values. Pure.

use std::time::Duration;

use super::era::ClockSet;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

/// Slots in a window: it reaches back by up to one of them more than it should.
const SLOTS: u32 = 16;

/// The lowest and the highest value of each slot, oldest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Window(Vec<Slot>);

/// When its newest value came, its lowest and its highest.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
struct Slot(Timestamp, f64, f64);

impl Window {
    /// Whether nothing is remembered.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The clock was set: what is remembered moves along.
    pub fn clock_was_set(&mut self, set: &ClockSet) {
        self.0.iter_mut().for_each(|slot| set.move_along(&mut slot.0));
    }

    /// Adds a value, the newest; how far the values of the last `length` lie apart now.
    pub fn add(&mut self, at: Timestamp, value: f64, length: Duration) -> f64 {
        let length = SignedDuration::try_from(length).unwrap_or(SignedDuration::MAX);
        self.0.retain(|slot| at.duration_since(slot.0) <= length);
        let step = i64::try_from(length.as_millis() / i128::from(SLOTS))
            .unwrap_or(i64::MAX)
            .max(1);
        let slot_of = |at: Timestamp| at.as_millisecond().div_euclid(step);
        match self.0.last_mut().filter(|slot| slot_of(slot.0) == slot_of(at)) {
            Some(slot) => *slot = Slot(at, slot.1.min(value), slot.2.max(value)),
            None => self.0.push(Slot(at, value, value)),
        }
        let low = self.0.iter().map(|slot| slot.1).fold(f64::INFINITY, f64::min);
        let high = self.0.iter().map(|slot| slot.2).fold(f64::NEG_INFINITY, f64::max);
        high - low
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn the_window_reaches_back_as_far_as_it_should_and_little_further(
            steps in prop::collection::vec((0..40_i64, -100..100_i32), 1..200), length in 16..600_u64,
        ) {
            let (mut window, mut at, mut all) = (Window::default(), 0, Vec::new());
            for (step, value) in steps {
                at += step;
                all.push((at, f64::from(value)));
                let spread = window.add(Timestamp::from_second(at).unwrap(), f64::from(value), Duration::from_secs(length));
                let within = |seconds: i64| {
                    let values = || all.iter().filter(|(then, _)| at - then <= seconds).map(|(_, value)| *value);
                    values().fold(f64::MIN, f64::max) - values().fold(f64::MAX, f64::min)
                };
                let length = i64::try_from(length).unwrap();
                prop_assert!(within(length) <= spread && spread <= within(length + length / 16 + 1));
                prop_assert!(window.0.len() <= 18);
            }
        }
    }
}
