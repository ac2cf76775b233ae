//! The energy of a building, half-hour by half-hour, with nothing counted twice. Pure.
//!
//! Where a *main* meter stands, all that the building uses comes in through it or is made behind it: `main import − main
//! export + made`. What units and common parts took is a share of that. Without one, the building uses what its units and
//! common parts take. A half-hour in which a meter that counts has no reading is known in part only, and says so.

use std::collections::BTreeMap;

use crate::domain::{Counts, Interval};

/// The half-hours of one meter.
pub struct Measured<'m> {
    pub counts: Counts,
    /// The feeder it hangs on.
    pub feeder: Option<&'m str>,
    pub import: &'m [Interval],
    /// Empty where it has no such register.
    pub export: &'m [Interval],
}

/// One half-hour of the building; energies in watt-hours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HalfHourLoad {
    /// What was used, as far as it is known.
    pub used: u64,
    /// What went out to the grid.
    pub given: u64,
    /// What was made in the building.
    pub made: u64,
    /// Meters that count and have no reading of it.
    pub missing: usize,
    /// Meters that count and have one.
    pub known: usize,
}

/// What one feeder took in each half-hour, in watt-hours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeederLoad {
    /// `None`: meters that are on no feeder, and what no meter behind the main one counts.
    pub feeder: Option<String>,
    pub used: Vec<u64>,
}

/// The energy of a building over some half-hours.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Load {
    pub half_hours: Vec<HalfHourLoad>,
    /// By the feeder's name, those on none last. Their sum is never more than what was used.
    pub feeders: Vec<FeederLoad>,
}

impl Load {
    /// The sum of meters over `count` half-hours, all from the same on.
    #[must_use]
    pub fn of(count: usize, meters: &[Measured<'_>]) -> Load {
        let has_main = meters.iter().any(|meter| meter.counts == Counts::Main);
        let mut half_hours = vec![HalfHourLoad::default(); count];
        let mut feeders: BTreeMap<Option<&str>, Vec<u64>> = BTreeMap::new();
        for (place, sum) in half_hours.iter_mut().enumerate() {
            *sum = half_hour(place, meters, has_main);
            let mut shares: BTreeMap<Option<&str>, u64> = BTreeMap::new();
            for meter in meters.iter().filter(|meter| is_behind(meter.counts)) {
                *shares.entry(meter.feeder).or_default() += energy(meter.import, place).unwrap_or(0);
            }
            // Where the main meter says less than those behind it, or has no reading, theirs is what is known.
            let sum_of_shares = shares.values().sum::<u64>();
            sum.used = sum.used.max(sum_of_shares);
            *shares.entry(None).or_default() += sum.used - sum_of_shares;
            for (feeder, used) in shares {
                feeders.entry(feeder).or_insert_with(|| vec![0; count])[place] = used;
            }
        }
        let on_none = feeders.remove(&None);
        let named = feeders
            .into_iter()
            .map(|(feeder, used)| (feeder.map(str::to_owned), used));
        let rest = on_none.filter(|used| used.iter().any(|one| *one > 0));
        let all = named.chain(rest.map(|used| (None, used)));
        Load {
            half_hours,
            feeders: all.map(|(feeder, used)| FeederLoad { feeder, used }).collect(),
        }
    }

    /// What was used in all, in watt-hours.
    #[must_use]
    pub fn used(&self) -> u64 {
        self.half_hours.iter().map(|one| one.used).sum()
    }

    /// What went out to the grid in all, in watt-hours.
    #[must_use]
    pub fn given(&self) -> u64 {
        self.half_hours.iter().map(|one| one.given).sum()
    }

    /// What was made in all, in watt-hours.
    #[must_use]
    pub fn made(&self) -> u64 {
        self.half_hours.iter().map(|one| one.made).sum()
    }

    /// The first `count` half-hours of it.
    #[must_use]
    pub fn first(&self, count: usize) -> Load {
        let until = count.min(self.half_hours.len());
        let feeders = self.feeders.iter().map(|one| FeederLoad {
            feeder: one.feeder.clone(),
            used: one.used[..until].to_vec(),
        });
        Load {
            half_hours: self.half_hours[..until].to_vec(),
            feeders: feeders.collect(),
        }
    }

    /// What was used in each half-hour on average of several days; where a day has no reading it does not count.
    #[must_use]
    pub fn mean(days: &[&Load]) -> Vec<Option<u64>> {
        let longest = days.iter().map(|day| day.half_hours.len()).max().unwrap_or(0);
        let mean = |place: usize| {
            let whole = days.iter().filter_map(|day| day.half_hours.get(place));
            let known: Vec<u64> = whole
                .filter(|one| one.known > 0 && one.missing == 0)
                .map(|one| one.used)
                .collect();
            let count = u64::try_from(known.len()).ok().filter(|count| *count > 0)?;
            Some(known.iter().sum::<u64>() / count)
        };
        (0..longest).map(mean).collect()
    }
}

fn is_behind(counts: Counts) -> bool {
    matches!(counts, Counts::Unit | Counts::Common)
}

fn energy(intervals: &[Interval], place: usize) -> Option<u64> {
    intervals.get(place).and_then(|one| one.energy).map(|energy| energy.0)
}

fn half_hour(place: usize, meters: &[Measured<'_>], has_main: bool) -> HalfHourLoad {
    let (mut taken, mut given, mut given_by_units, mut made) = (0u64, 0u64, 0u64, 0u64);
    let (mut known, mut missing) = (0, 0);
    for meter in meters {
        let (import, export) = (energy(meter.import, place), energy(meter.export, place).unwrap_or(0));
        // Behind a main meter the others only say where it went.
        if meter.counts == Counts::Generation || (meter.counts == Counts::Main) == has_main {
            known += usize::from(import.is_some());
            missing += usize::from(import.is_none());
        }
        let import = import.unwrap_or(0);
        match meter.counts {
            // A generator's meter counts what it makes as what it gives, or, wired the other way round, as what it takes.
            Counts::Generation => {
                made += if meter.export.is_empty() {
                    import
                } else {
                    export.max(import)
                }
            }
            Counts::Main => {
                taken += import;
                given += export;
            }
            Counts::Unit | Counts::Common => {
                if !has_main {
                    taken += import;
                }
                given_by_units += export;
            }
        }
    }
    match has_main {
        true => HalfHourLoad {
            used: (taken + made).saturating_sub(given),
            given,
            made,
            known,
            missing,
        },
        false => HalfHourLoad {
            used: taken,
            given: given_by_units,
            made,
            known,
            missing,
        },
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use proptest::prelude::*;

    use super::*;
    use crate::domain::{HALF_HOUR, Quality, WattHours};

    fn day(energies: &[Option<u64>]) -> Vec<Interval> {
        let one = |(place, energy): (usize, &Option<u64>)| Interval {
            from: Timestamp::from_second(place as i64 * HALF_HOUR).unwrap(),
            energy: energy.map(WattHours),
            cumulative: None,
            taken: None,
            quality: energy.map_or(Quality::Gap, |_| Quality::Measured),
        };
        energies.iter().enumerate().map(one).collect()
    }

    fn meter<'m>(
        counts: Counts,
        feeder: Option<&'m str>,
        import: &'m [Interval],
        export: &'m [Interval],
    ) -> Measured<'m> {
        Measured {
            counts,
            feeder,
            import,
            export,
        }
    }

    #[test]
    fn units_and_common_parts_add_up_where_nothing_stands_before_them() {
        let (one, two) = (day(&[Some(100), None]), day(&[Some(30), Some(40)]));
        let out = day(&[Some(7), Some(0)]);
        let load = Load::of(
            2,
            &[
                meter(Counts::Unit, Some("F1"), &one, &out),
                meter(Counts::Common, None, &two, &[]),
            ],
        );
        assert_eq!(load.half_hours[0].used, 130);
        assert_eq!((load.half_hours[0].given, load.half_hours[0].missing), (7, 0));
        assert_eq!(
            (
                load.half_hours[1].used,
                load.half_hours[1].missing,
                load.half_hours[1].known
            ),
            (40, 1, 1)
        );
        let feeders: Vec<_> = load
            .feeders
            .iter()
            .map(|one| (one.feeder.as_deref(), one.used.clone()))
            .collect();
        assert_eq!(feeders, [(Some("F1"), vec![100, 0]), (None, vec![30, 40])]);
    }

    #[test]
    fn nothing_is_counted_twice_behind_a_main_meter() {
        let (main, flat) = (day(&[Some(500)]), day(&[Some(120)]));
        let (sun, out) = (day(&[Some(300)]), day(&[Some(50)]));
        let load = Load::of(
            1,
            &[
                meter(Counts::Main, None, &main, &out),
                meter(Counts::Unit, Some("F1"), &flat, &[]),
                meter(Counts::Generation, None, &sun, &[]),
            ],
        );
        // 500 came in, 300 were made, 50 went out.
        assert_eq!(load.half_hours[0].used, 750);
        assert_eq!((load.given(), load.made()), (50, 300));
        let shares: u64 = load.feeders.iter().map(|one| one.used[0]).sum();
        assert_eq!(shares, 750, "what no flat's meter counts is on no feeder");
    }

    #[test]
    fn a_silent_main_meter_leaves_what_those_behind_it_say() {
        let (main, flat) = (day(&[None]), day(&[Some(120)]));
        let load = Load::of(
            1,
            &[
                meter(Counts::Main, None, &main, &[]),
                meter(Counts::Unit, None, &flat, &[]),
            ],
        );
        assert_eq!((load.used(), load.half_hours[0].missing), (120, 1));
    }

    #[test]
    fn a_mean_is_of_whole_half_hours_alone() {
        let of = |energies: &[Option<u64>]| Load::of(2, &[meter(Counts::Unit, None, &day(energies), &[])]);
        let (one, two) = (of(&[Some(10), None]), of(&[Some(20), Some(5)]));
        assert_eq!(Load::mean(&[&one, &two]), [Some(15), Some(5)]);
        assert_eq!(Load::mean(&[]), Vec::<Option<u64>>::new());
    }

    proptest! {
        #[test]
        fn feeders_are_never_more_than_the_whole(
            main in proptest::option::of(0u64..5_000),
            units in proptest::collection::vec((proptest::option::of(0u64..2_000), 0u8..3), 0..6),
        ) {
            let main = day(&[main]);
            let days: Vec<(Vec<Interval>, String)> = units.iter()
                .map(|(energy, feeder)| (day(&[*energy]), format!("F{feeder}")))
                .collect();
            let mut meters: Vec<Measured<'_>> = days.iter()
                .map(|(day, feeder)| meter(Counts::Unit, Some(feeder.as_str()), day, &[]))
                .collect();
            meters.push(meter(Counts::Main, None, &main, &[]));
            let load = Load::of(1, &meters);
            let shares: u64 = load.feeders.iter().map(|one| one.used[0]).sum();
            prop_assert_eq!(shares, load.half_hours[0].used);
        }
    }
}
