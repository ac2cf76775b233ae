//! Intervals: the energy of half-hours, worked out of register readings (EMOP §20). Pure.
//!
//! Energy of [t, t+30 min) is register(t+30) − register(t). Days and boundaries are UTC: a day has 48 half-hours,
//! whatever clocks on walls do. What a register cannot have done is no energy: when it falls, or rises by more than
//! the wires carry, that step is a gap; and a reading that stands alone between two that agree is passed over.

use std::iter::Peekable;

use jiff::Timestamp;

use super::believed::{Believed, carries};
use super::energy::{Quality, Reading, WattHours};
use super::rating::Rating;

/// The length of an interval, in seconds.
pub const HALF_HOUR: i64 = 1800;

/// The energy of one half-hour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Interval {
    /// When it begins; it ends 30 minutes later.
    pub from: Timestamp,
    /// The energy in it. `None`: a register at one of its ends is missing, or it fell or leapt and a new series begins.
    pub energy: Option<WattHours>,
    /// The register at its end, if it is known.
    pub cumulative: Option<WattHours>,
    /// When we knew: the later of both readings. `None` in a gap.
    pub taken: Option<Timestamp>,
    /// The worse of both readings'; [`Quality::Gap`] when there is no energy.
    pub quality: Quality,
}

impl Interval {
    fn between(from: Timestamp, before: Option<Reading>, after: Option<Reading>, rating: Rating) -> Interval {
        let gap = Interval {
            from,
            energy: None,
            cumulative: after.map(|after| after.value),
            taken: None,
            quality: Quality::Gap,
        };
        let (Some(before), Some(after)) = (before, after) else {
            return gap;
        };
        let Some(energy) = after.value.since(before.value) else {
            return gap;
        };
        if !carries(rating, energy, HALF_HOUR) {
            // Whether the register stands there will be seen at the next one.
            return Interval {
                cumulative: None,
                ..gap
            };
        }
        Interval {
            energy: Some(energy),
            taken: Some(before.taken.max(after.taken)),
            quality: before.quality.max(after.quality),
            ..gap
        }
    }

    /// When it ends.
    #[must_use]
    pub fn until(&self) -> Timestamp {
        Timestamp::from_second(self.from.as_second() + HALF_HOUR).unwrap_or(self.from)
    }

    /// The sum of two registers over the same half-hour: a gap in one is a gap in both.
    #[must_use]
    pub fn plus(self, other: Interval) -> Interval {
        debug_assert_eq!(self.from, other.from, "only the same half-hour adds up");
        let sum = |one: Option<WattHours>, other: Option<WattHours>| one?.plus(other?);
        let energy = sum(self.energy, other.energy);
        Interval {
            from: self.from,
            energy,
            cumulative: sum(self.cumulative, other.cumulative),
            taken: energy.and(self.taken.max(other.taken)),
            quality: energy.map_or(Quality::Gap, |_| self.quality.max(other.quality)),
        }
    }
}

/// The half-hour boundary at or after `at`; `None` at the end of time.
#[must_use]
pub fn boundary_from(at: Timestamp) -> Option<Timestamp> {
    let floor = at.as_second() - at.as_second().rem_euclid(HALF_HOUR);
    let floor = Timestamp::from_second(floor).ok().filter(|floor| *floor <= at)?;
    if floor == at {
        Some(at)
    } else {
        Timestamp::from_second(floor.as_second() + HALF_HOUR).ok()
    }
}

/// Every half-hour that lies wholly in [`from`, `to`), in order, gaps among them.
///
/// `readings` come in the order of their moments and reach from `from` to `to`, both included; those that are on no
/// boundary are passed over. No half-hour has more energy than wires of this rating carry. The first error ends it.
pub fn intervals<E>(
    readings: impl Iterator<Item = Result<Reading, E>>,
    from: Timestamp,
    to: Timestamp,
    rating: Rating,
) -> impl Iterator<Item = Result<Interval, E>> {
    Intervals {
        readings: Believed::new(readings, rating).peekable(),
        next: boundary_from(from),
        before: None,
        begun: false,
        to,
        rating,
    }
}

struct Intervals<I: Iterator> {
    rating: Rating,
    readings: Peekable<I>,
    /// Where the next interval begins; `None`: there is none.
    next: Option<Timestamp>,
    /// The reading there.
    before: Option<Reading>,
    begun: bool,
    to: Timestamp,
}

impl<E, I: Iterator<Item = Result<Reading, E>>> Intervals<I> {
    /// The reading at `at`, if there is one.
    fn at(&mut self, at: Timestamp) -> Result<Option<Reading>, E> {
        let due = |reading: &Result<Reading, E>| reading.as_ref().map_or(true, |reading| reading.at <= at);
        while let Some(reading) = self.readings.next_if(due) {
            let reading = reading?;
            if reading.at == at {
                return Ok(Some(reading));
            }
        }
        Ok(None)
    }

    fn step(&mut self, from: Timestamp) -> Result<Option<Interval>, E> {
        let Some(end) = Timestamp::from_second(from.as_second() + HALF_HOUR)
            .ok()
            .filter(|end| *end <= self.to)
        else {
            return Ok(None);
        };
        if !self.begun {
            self.begun = true;
            self.before = self.at(from)?;
        }
        let after = self.at(end)?;
        let interval = Interval::between(from, self.before, after, self.rating);
        (self.before, self.next) = (after, Some(end));
        Ok(Some(interval))
    }
}

impl<E, I: Iterator<Item = Result<Reading, E>>> Iterator for Intervals<I> {
    type Item = Result<Interval, E>;

    fn next(&mut self) -> Option<Result<Interval, E>> {
        let from = self.next.take()?;
        self.step(from).transpose()
    }
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use super::*;
    use proptest::prelude::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).unwrap()
    }

    fn reading(second: i64, value: u64) -> Reading {
        Reading::measured(at(second), WattHours(value), at(second + 60))
    }

    fn all(readings: &[Reading], from: i64, to: i64) -> Vec<Interval> {
        let readings = readings.iter().copied().map(Ok::<_, Infallible>);
        intervals(readings, at(from), at(to), Rating::ELEMENT)
            .map(|interval| interval.unwrap())
            .collect()
    }

    fn energies(readings: &[Reading], from: i64, to: i64) -> Vec<Option<u64>> {
        all(readings, from, to)
            .into_iter()
            .map(|interval| interval.energy.map(|energy| energy.0))
            .collect()
    }

    #[test]
    fn a_missing_neighbour_is_a_gap_and_a_falling_register_a_new_series() {
        let readings = [
            reading(0, 100),
            reading(1800, 150),
            reading(1900, 151),
            reading(5400, 300),
            reading(7200, 20),
            reading(9000, 25),
        ];
        let found = all(&readings, 0, 9000);
        let energies: Vec<_> = found
            .iter()
            .map(|interval| interval.energy.map(|energy| energy.0))
            .collect();
        assert_eq!(energies, [Some(50), None, None, None, Some(5)]);
        let cumulative: Vec<_> = found
            .iter()
            .map(|interval| interval.cumulative.map(|value| value.0))
            .collect();
        assert_eq!(cumulative, [Some(150), None, Some(300), Some(20), Some(25)]);
        assert!(
            found
                .iter()
                .all(|one| (one.quality == Quality::Gap) == one.energy.is_none())
        );
        assert_eq!(found[0].taken, Some(at(1860)));
    }

    #[test]
    fn only_whole_half_hours_are_given() {
        let readings = [reading(0, 1), reading(1800, 2), reading(3600, 4), reading(5400, 8)];
        assert_eq!(energies(&readings, 0, 5400), [Some(1), Some(2), Some(4)]);
        assert_eq!(energies(&readings, 1, 5399), [Some(2)]);
        assert_eq!(energies(&readings, 1800, 1800), []);
        assert_eq!(energies(&[], 0, 3600), [None, None]);
        assert_eq!(boundary_from(at(-1)), Some(at(0)));
        let whole = all(&readings, 0, 1800)[0];
        assert_eq!(whole.plus(whole).energy, Some(WattHours(2)));
    }

    #[test]
    fn a_sum_has_the_worse_quality_and_a_gap_in_one_is_a_gap_in_both() {
        let estimated = Reading {
            quality: Quality::Estimated,
            ..reading(1800, 3)
        };
        let one = all(&[reading(0, 1), reading(1800, 2)], 0, 1800)[0];
        let other = all(&[reading(0, 1), estimated], 0, 1800)[0];
        assert_eq!(
            (one.plus(other).energy, one.plus(other).quality),
            (Some(WattHours(3)), Quality::Estimated)
        );
        let gap = all(&[reading(0, 1)], 0, 1800)[0];
        assert_eq!(gap.plus(one).energy, None);
        assert_eq!(one.plus(gap).quality, Quality::Gap);
    }

    #[test]
    fn what_no_wire_carries_is_no_energy() {
        // No value in the middle: both half-hours beside it are gaps, and nothing else.
        for wild in [u64::from(u32::MAX), 0x7FFF_FFFF, 500_000] {
            let readings = [100, 150, wild, 250, 300].map(|value| value + 1);
            let readings: Vec<_> = (0..)
                .zip(readings)
                .map(|(half, value)| reading(half * 1800, value))
                .collect();
            let found = all(&readings, 0, 7200);
            let energies: Vec<_> = found.iter().map(|one| one.energy.map(|energy| energy.0)).collect();
            assert_eq!(energies, [Some(50), None, None, Some(50)], "{wild}");
            assert_eq!(found[1].cumulative, None, "{wild}");
        }
        // A leap that stays: one gap, and a new series.
        let readings = [100, 150, 900_000, 900_020].map(Some);
        let readings: Vec<_> = (0..)
            .zip(readings)
            .map(|(half, value)| reading(half * 1800, value.unwrap()))
            .collect();
        assert_eq!(energies(&readings, 0, 5400), [Some(50), None, Some(20)]);
    }

    proptest! {
        #[test]
        fn no_half_hour_has_more_than_the_wires_carry(values in prop::collection::vec(any::<u32>(), 2..60)) {
            let readings: Vec<_> = (0..).zip(&values).map(|(half, value)| reading(half * 1800, u64::from(*value))).collect();
            let found = energies(&readings, 0, 1800 * (values.len() as i64 - 1));
            prop_assert!(found.into_iter().flatten().all(|energy| energy <= 13_800));
        }

        #[test]
        fn days_of_clock_changes_have_48_half_hours(day in 0i64..20_000) {
            prop_assert_eq!(energies(&[], day * 86_400, (day + 1) * 86_400).len(), 48);
        }

        #[test]
        fn energy_adds_up_to_the_difference_of_registers(steps in prop::collection::vec(0u64..=13_800, 1..100), start in 0i64..1_000_000) {
            let mut value = 7;
            let mut readings = vec![reading(start * 1800, value)];
            for (number, step) in (1i64..).zip(&steps) {
                value += step;
                readings.push(reading((start + number) * 1800, value));
            }
            let found = all(&readings, start * 1800, readings.last().unwrap().at.as_second());
            let sum: u64 = found.iter().map(|interval| interval.energy.unwrap().0).sum();
            prop_assert_eq!(sum, value - 7);
            let mut known = 7;
            for interval in found {
                known += interval.energy.unwrap().0;
                prop_assert_eq!(interval.cumulative, Some(WattHours(known)));
            }
        }

        #[test]
        fn an_interval_has_energy_where_both_ends_are_known_and_rise(
            steps in prop::collection::btree_map(0i64..60, 0u64..50, 0..60), from in 0i64..60, many in 0i64..60, falls in 0i64..60,
        ) {
            // It rises, and falls once.
            let mut value = 10_000;
            let values: std::collections::BTreeMap<i64, u64> = steps.iter().map(|(half, step)| {
                value += step;
                (*half, if *half >= falls { value - 10_000 } else { value })
            }).collect();
            let readings: Vec<_> = values.iter().map(|(half, value)| reading(half * 1800, *value)).collect();
            let readings: Vec<_> = readings.into_iter().filter(|one| one.at >= at(from * 1800)).collect();
            for (half, interval) in (from..).zip(all(&readings, from * 1800, (from + many) * 1800)) {
                let ends = values.get(&half).zip(values.get(&(half + 1)));
                let expected = ends.and_then(|(low, high)| high.checked_sub(*low));
                prop_assert_eq!(interval.from, at(half * 1800));
                prop_assert_eq!(interval.energy.map(|energy| energy.0), expected);
                prop_assert_eq!(interval.cumulative.map(|value| value.0), values.get(&(half + 1)).copied());
            }
        }
    }
}
