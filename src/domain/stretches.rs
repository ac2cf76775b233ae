//! Sets of half-hours, kept as the few stretches they form.

use std::ops::Range;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::interval::HALF_HOUR;

/// A half-hour, by how many began since 1970.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct HalfHour(pub u32);

impl HalfHour {
    /// The half-hour that holds `at`; the first or last of all for moments beyond them.
    #[must_use]
    pub fn of(at: Timestamp) -> HalfHour {
        let number = at.as_second().div_euclid(HALF_HOUR).max(0);
        HalfHour(u32::try_from(number).unwrap_or(u32::MAX))
    }

    /// When it begins; the end of time for those that begin after it.
    #[must_use]
    pub fn start(self) -> Timestamp {
        Timestamp::from_second(i64::from(self.0) * HALF_HOUR).unwrap_or(Timestamp::MAX)
    }

    /// The one that comes `many` later.
    #[must_use]
    pub fn later(self, many: u32) -> HalfHour {
        HalfHour(self.0.saturating_add(many))
    }
}

/// A set of half-hours.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Stretches {
    /// In order, none empty, none touching the next.
    parts: Vec<Range<HalfHour>>,
}

impl Stretches {
    /// Whether nothing is in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// The stretches, in order.
    #[must_use]
    pub fn parts(&self) -> &[Range<HalfHour>] {
        &self.parts
    }

    /// Whether a half-hour is in it.
    #[must_use]
    pub fn contains(&self, one: HalfHour) -> bool {
        let place = self.parts.partition_point(|part| part.end <= one);
        self.parts.get(place).is_some_and(|part| part.start <= one)
    }

    /// Puts a stretch in.
    pub fn add(&mut self, stretch: Range<HalfHour>) {
        if stretch.is_empty() {
            return;
        }
        let first = self.parts.partition_point(|part| part.end < stretch.start);
        let after = self.parts.partition_point(|part| part.start <= stretch.end);
        let start = self.parts[first..after]
            .first()
            .map_or(stretch.start, |part| part.start.min(stretch.start));
        let end = self.parts[first..after]
            .last()
            .map_or(stretch.end, |part| part.end.max(stretch.end));
        self.parts.splice(first..after, [start..end]);
    }

    /// Takes a stretch out.
    pub fn remove(&mut self, stretch: Range<HalfHour>) {
        if stretch.is_empty() {
            return;
        }
        let left = self.parts.drain(..).flat_map(|part| {
            let before = part.start..part.end.min(stretch.start);
            let after = part.start.max(stretch.end)..part.end;
            [before, after]
        });
        self.parts = left.filter(|part| !part.is_empty()).collect();
    }

    /// What of a stretch is not in it, in order.
    #[must_use]
    pub fn missing(&self, within: Range<HalfHour>) -> Vec<Range<HalfHour>> {
        let (mut missing, mut from) = (Vec::new(), within.start);
        for part in &self.parts {
            if part.start >= within.end {
                break;
            }
            if part.start > from {
                missing.push(from..part.start);
            }
            from = from.max(part.end);
        }
        if from < within.end {
            missing.push(from..within.end);
        }
        missing
    }

    /// Forgets the oldest stretches until at most `many` are left.
    pub fn keep_newest(&mut self, many: usize) {
        let old = self.parts.len().saturating_sub(many);
        self.parts.drain(..old);
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use proptest::prelude::*;

    #[test]
    fn half_hours_are_counted_from_1970() {
        let at: Timestamp = "2026-02-10T12:29:59Z".parse().unwrap();
        assert_eq!(HalfHour::of(at).start().to_string(), "2026-02-10T12:00:00Z");
        assert_eq!(HalfHour::of(Timestamp::MIN), HalfHour(0));
        assert_eq!(HalfHour::of(HalfHour(u32::MAX).start()), HalfHour::of(Timestamp::MAX));
    }

    fn set(stretches: &Stretches) -> BTreeSet<u32> {
        stretches
            .parts()
            .iter()
            .flat_map(|part| part.start.0..part.end.0)
            .collect()
    }

    proptest! {
        #[test]
        fn it_is_the_set_it_says(steps in prop::collection::vec((any::<bool>(), 0u32..60, 0u32..12), 0..40), from in 0u32..70, many in 0u32..70) {
            let (mut stretches, mut model) = (Stretches::default(), BTreeSet::new());
            for (add, start, length) in steps {
                let stretch = HalfHour(start)..HalfHour(start + length);
                if add {
                    stretches.add(stretch);
                    model.extend(start..start + length);
                } else {
                    stretches.remove(stretch);
                    model.retain(|one| !(start..start + length).contains(one));
                }
                prop_assert_eq!(set(&stretches), model.clone());
                let apart = stretches.parts().windows(2).all(|two| two[0].end < two[1].start);
                prop_assert!(apart && stretches.parts().iter().all(|part| !part.is_empty()));
            }
            let missing = stretches.missing(HalfHour(from)..HalfHour(from + many));
            let missing: Vec<u32> = missing.into_iter().flat_map(|part| part.start.0..part.end.0).collect();
            let expected: Vec<u32> = (from..from + many).filter(|one| !model.contains(one)).collect();
            prop_assert_eq!(missing, expected);
            for one in 0..75 {
                prop_assert_eq!(stretches.contains(HalfHour(one)), model.contains(&one));
            }
            let text = serde_json::to_string(&stretches).unwrap();
            prop_assert_eq!(serde_json::from_str::<Stretches>(&text).unwrap(), stretches);
        }
    }
}
