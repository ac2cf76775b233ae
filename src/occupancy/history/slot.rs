//! A stretch of time and what the count did in it. Pure.

use serde::{Deserialize, Serialize};

/// What the count did in one minute, or in one hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "[u64; 7]", into = "[u64; 7]")]
pub(super) struct Slot {
    /// The count at its beginning.
    pub(super) open: u32,
    /// The count at its end.
    pub(super) close: u32,
    /// The least count.
    pub(super) min: u32,
    /// The highest count.
    pub(super) max: u32,
    /// People who came in.
    pub(super) entered: u64,
    /// People who went out.
    pub(super) left: u64,
    /// People times milliseconds, as if the last count stood to its end.
    area: u64,
}

impl Slot {
    /// A stretch of `length_ms` in which nothing happened.
    pub(super) fn quiet(count: u32, length_ms: u64) -> Slot {
        let area = u64::from(count) * length_ms;
        Slot {
            open: count,
            close: count,
            min: count,
            max: count,
            entered: 0,
            left: 0,
            area,
        }
    }

    /// The count became `to`, by so many who came or went, with `rest_ms` of the stretch to go.
    pub(super) fn change(&mut self, to: u32, by: i64, rest_ms: u64) {
        self.area = self.area - u64::from(self.close) * rest_ms + u64::from(to) * rest_ms;
        self.close = to;
        self.min = self.min.min(to);
        self.max = self.max.max(to);
        if by > 0 {
            self.entered += by.unsigned_abs();
        } else {
            self.left += by.unsigned_abs();
        }
    }

    /// The mean count over a stretch of `length_ms`.
    pub(super) fn mean(&self, length_ms: u64) -> f64 {
        self.area as f64 / length_ms as f64
    }
}

impl From<Slot> for [u64; 7] {
    fn from(slot: Slot) -> [u64; 7] {
        let Slot {
            open,
            close,
            min,
            max,
            entered,
            left,
            area,
        } = slot;
        [open.into(), close.into(), min.into(), max.into(), entered, left, area]
    }
}

impl From<[u64; 7]> for Slot {
    fn from([open, close, min, max, entered, left, area]: [u64; 7]) -> Slot {
        let count = |value: u64| u32::try_from(value).unwrap_or(u32::MAX);
        Slot {
            open: count(open),
            close: count(close),
            min: count(min),
            max: count(max),
            entered,
            left,
            area,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_slot_is_what_a_look_at_every_millisecond_finds(
            start in 0u32..50,
            mut changes in proptest::collection::vec((0u64..1000, -5i64..=5), 0..20),
        ) {
            const LENGTH: u64 = 1000;
            changes.sort_by_key(|(at, _)| *at);
            let (mut slot, mut count) = (Slot::quiet(start, LENGTH), i64::from(start));
            let mut counts = vec![i64::from(start); LENGTH as usize];
            for (at, by) in changes {
                let by = by.max(-count);
                count += by;
                slot.change(u32::try_from(count).unwrap(), by, LENGTH - at);
                counts[at as usize..].fill(count);
            }
            let sum: i64 = counts.iter().sum();
            prop_assert_eq!(slot.area, sum as u64);
            prop_assert_eq!(i64::from(slot.close), count);
            prop_assert_eq!(i64::from(slot.open) + slot.entered as i64 - slot.left as i64, count);
            prop_assert_eq!(Slot::from(<[u64; 7]>::from(slot)), slot);
            prop_assert!(f64::from(slot.min) <= slot.mean(LENGTH) && slot.mean(LENGTH) <= f64::from(slot.max));
        }
    }
}
