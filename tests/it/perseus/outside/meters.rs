//! Meters of every kind, what their registers showed, and what a half-hour of them is, worked out by the test itself.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use gatelodge::domain::{Quality, Reading, Register, WattHours};
use gatelodge::store::readings::{Batch, ReadingsWriter};
use gatelodge::store::{Options, Place, Store};
use jiff::Timestamp;

use super::super::readings::months_with_files;
use super::kinds::{KINDS, Kind};
use crate::book::chance::Chance;
use crate::uplink::clock::Shifted;

pub const HALF_HOUR: i64 = 1_800;
pub const DAY: i64 = 86_400;

/// Something out of the ordinary at one moment of a register.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Odd {
    Missing,
    Dipped,
    Exchanged,
    Leapt,
    Estimated,
    /// Said after its month was sealed.
    Late,
    /// Said once more, and otherwise, after its month was sealed.
    Corrected,
}

/// What a register showed.
#[derive(Clone, Copy, Debug)]
struct Shown {
    value: u64,
    taken: i64,
    estimated: bool,
}

/// What a half-hour of a measure is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HalfHour {
    pub from: i64,
    pub energy: u64,
    pub cumulative: u64,
    pub taken: i64,
    pub estimated: bool,
}

/// All that the meters ever said.
pub struct Said {
    registers: BTreeMap<(&'static str, Register), BTreeMap<i64, Shown>>,
    odd: BTreeSet<(&'static str, Register, i64, Odd)>,
    /// Both changes of clocks of a year, in months that are sealed, and the last days, which are not.
    pub windows: [(i64, i64); 3],
}

pub fn second(text: &str) -> i64 {
    text.parse::<Timestamp>().unwrap().as_second()
}

impl Said {
    /// Registers that grow, fall, leap, begin again and are silent.
    pub fn by(chance: &mut Chance, now: i64) -> Said {
        let today = now - now.rem_euclid(DAY);
        let windows = [
            (second("2025-03-28T00:00:00Z"), second("2025-04-02T00:00:00Z")),
            (second("2025-10-24T00:00:00Z"), second("2025-10-29T00:00:00Z")),
            (today - 2 * DAY, now - now.rem_euclid(HALF_HOUR) - HALF_HOUR),
        ];
        let mut said = Said {
            registers: BTreeMap::new(),
            odd: BTreeSet::new(),
            windows,
        };
        for kind in &KINDS {
            let shared = kind.import.iter().chain(kind.export.unwrap_or_default());
            for register in shared.chain(kind.beside) {
                said.grow((kind.serial, *register), chance);
            }
        }
        said
    }

    fn grow(&mut self, series: (&'static str, Register), chance: &mut Chance) {
        let mut value = 50_000 + chance.below(1_000);
        let turn = chance.below(7);
        let mut all = BTreeMap::new();
        for (place, (from, to)) in self.windows.into_iter().enumerate() {
            let many = (to - from) / HALF_HOUR;
            for number in 0..=many {
                let at = from + number * HALF_HOUR;
                value += 2 + chance.below(900);
                let is_odd = number % 9 == 5 && number + 5 < many;
                let odd = is_odd
                    .then(|| odd((number / 9).unsigned_abs() + turn, place == 2))
                    .flatten();
                let mut shown = Shown {
                    value,
                    taken: at + 300,
                    estimated: odd == Some(Odd::Estimated),
                };
                match odd {
                    Some(Odd::Dipped) => shown.value = value.saturating_sub(40_000),
                    Some(Odd::Exchanged) => (value, shown.value) = (60, 60),
                    Some(Odd::Leapt) => (value, shown.value) = (value + 2_000_000, value + 2_000_000),
                    Some(Odd::Late | Odd::Corrected) => shown.taken = at + 40 * DAY,
                    _ => {}
                }
                self.odd.extend(odd.map(|odd| (series.0, series.1, at, odd)));
                if odd != Some(Odd::Missing) {
                    all.insert(at, shown);
                }
            }
        }
        self.registers.insert(series, all);
    }

    /// Writes it into the book of a box that does not run, and seals what is over before it writes what was late.
    pub fn write(&self, data: &std::path::Path) {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        runtime.block_on(async {
            let options = Options {
                clock: Arc::new(Shifted::default()),
                ..Options::at(Place::in_data_dir(data))
            };
            let store = Store::open(options).unwrap();
            let writer = ReadingsWriter::new(store.clone());
            writer.record(self.batches(false)).await.unwrap();
            store.seal_readings().await.unwrap();
            assert_eq!(months_with_files(data), ["2025-03", "2025-04", "2025-10"]);
            writer.record(self.batches(true)).await.unwrap();
            store.seal_readings().await.unwrap();
            store.close().await;
        });
    }

    fn batches(&self, late: bool) -> Vec<Batch> {
        let is = |series: &(&'static str, Register), at: i64, odd| self.odd.contains(&(series.0, series.1, at, odd));
        let all = self.registers.iter().map(|(series, shown)| {
            let readings = shown.iter().filter_map(|(at, shown)| {
                let (is_late, is_corrected) = (is(series, *at, Odd::Late), is(series, *at, Odd::Corrected));
                let told = if late { is_late || is_corrected } else { !is_late };
                let first = is_corrected && !late;
                let (value, taken) = if first {
                    (shown.value - 1, at + 300)
                } else {
                    (shown.value, shown.taken)
                };
                let moment = |second| Timestamp::from_second(second).unwrap();
                let reading = Reading::measured(moment(*at), WattHours(value), moment(taken));
                let quality = if shown.estimated {
                    Quality::Estimated
                } else {
                    Quality::Measured
                };
                told.then_some(Reading { quality, ..reading })
            });
            Batch {
                meter: series.0.parse().unwrap(),
                register: series.1,
                readings: readings.collect(),
            }
        });
        all.collect()
    }

    /// The registers behind a measure that ever showed anything.
    pub fn registers(&self, kind: &Kind, measure: &str) -> Vec<Register> {
        let wanted = if measure == "import" {
            kind.import
        } else {
            kind.export.unwrap_or_default()
        };
        let read = wanted
            .iter()
            .filter(|register| self.registers.contains_key(&(kind.serial, **register)));
        read.copied().collect()
    }

    /// The first moment at which anything was read of what a meter imports.
    pub fn first(&self, kind: &Kind) -> i64 {
        let all = kind
            .import
            .iter()
            .map(|register| &self.registers[&(kind.serial, *register)]);
        all.filter_map(|shown| shown.keys().next().copied()).min().unwrap()
    }

    /// A half-hour of a measure; `None`: it is not known.
    pub fn half_hour(&self, kind: &Kind, registers: &[Register], from: i64) -> Option<HalfHour> {
        let mut sum: Option<HalfHour> = None;
        for register in registers {
            let shown = &self.registers[&(kind.serial, *register)];
            let (before, after) = (shown.get(&from)?, shown.get(&(from + HALF_HOUR))?);
            // 100 A a phase, or behind transformers 4,000 A a phase, at 276 V for half an hour.
            let most = if register.is_three_phase() { 1_656_000 } else { 13_800 };
            let energy = after.value.checked_sub(before.value).filter(|energy| *energy <= most)?;
            let before_it = sum.unwrap_or(HalfHour {
                from,
                energy: 0,
                cumulative: 0,
                taken: 0,
                estimated: false,
            });
            sum = Some(HalfHour {
                from,
                energy: before_it.energy + energy,
                cumulative: before_it.cumulative + after.value,
                taken: before_it.taken.max(before.taken).max(after.taken),
                estimated: before_it.estimated || before.estimated || after.estimated,
            });
        }
        sum
    }

    /// What was out of the ordinary at either end of a half-hour.
    pub fn odd(&self, kind: &Kind, registers: &[Register], from: i64) -> Vec<Odd> {
        let ends = registers
            .iter()
            .flat_map(|register| [(*register, from), (*register, from + HALF_HOUR)]);
        let odd = ends.flat_map(|(register, at)| {
            let (first, last) = (Odd::Missing, Odd::Corrected);
            self.odd
                .range((kind.serial, register, at, first)..=(kind.serial, register, at, last))
        });
        odd.map(|(.., odd)| *odd).collect()
    }
}

/// What is out of the ordinary this time; nothing is late in a month that is not sealed.
fn odd(turn: u64, unsealed: bool) -> Option<Odd> {
    let all = [
        Odd::Missing,
        Odd::Dipped,
        Odd::Exchanged,
        Odd::Leapt,
        Odd::Estimated,
        Odd::Late,
        Odd::Corrected,
    ];
    let odd = all[usize::try_from(turn % 7).unwrap()];
    (!unsealed || odd < Odd::Late).then_some(odd)
}
