//! One window of half-hours, asked of a meter log by log.

use std::ops::Range;

use jiff::Timestamp;

use crate::domain::{HalfHour, Register};
use crate::meter::emop::blank::is_blank_u32;
use crate::meter::emop::identity::Hardware;
use crate::meter::emop::intervals::{Block, CHUNK};
use crate::meter::emop::profile_log::{Elements, LOG_1_RECORDS, Record1, Record2, log_1, log_2};
use crate::meter::emop::{Dialect, MeterTime, ObjectId, ProfileLog};
use crate::meter::reads::{self, Asking, ReadError};
use crate::meter::said::is_date;

/// One place where a meter keeps half-hours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Log {
    /// Imports of a single phase meter.
    One(Elements),
    /// Exports and reactive energy of a single phase meter.
    Two(Elements),
    /// Everything of a three phase meter.
    Intervals(Hardware),
}

/// What a meter's memory says of one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::meter) struct Record {
    pub(super) at: MeterTime,
    /// Whether the meter vouches for it.
    pub(super) valid: bool,
    /// Counts in watt-hours and their like; those that cannot be are left out.
    pub(super) values: Vec<(Register, u64)>,
    /// Whether one was left out.
    pub(super) doubtful: bool,
}

impl Record {
    fn new((at, valid): (MeterTime, bool), counts: impl IntoIterator<Item = (Register, u32)>, per_unit: u64) -> Record {
        let mut record = Record {
            at,
            valid,
            values: Vec::new(),
            doubtful: false,
        };
        for (register, count) in counts {
            if is_blank_u32(count) {
                record.doubtful = true;
            } else {
                record.values.push((register, u64::from(count) / per_unit));
            }
        }
        record
    }
}

/// What one log says of a window.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct LogExtract {
    /// The records in the window, by their own stamps.
    pub(super) records: Vec<Record>,
    /// Everything before this half-hour was told: what has no record is not held.
    pub(super) until: Option<HalfHour>,
    /// The first record after the window, when the window has none.
    pub(super) next_held: Option<HalfHour>,
    /// The last record of all, when it lies before the window.
    pub(super) last_held: Option<HalfHour>,
    /// Whether there were records whose dates cannot be: what is missing may be theirs.
    pub(super) misdated: bool,
}

impl Log {
    /// Where a meter of this kind keeps half-hours.
    pub(super) fn all(hardware: Hardware) -> Vec<Log> {
        if hardware.is_three_phase() {
            return vec![Log::Intervals(hardware)];
        }
        let elements = if hardware.is_twin() {
            Elements::Two
        } else {
            Elements::One
        };
        vec![Log::One(elements), Log::Two(elements)]
    }

    /// A register that each of its records has.
    pub(super) fn witness(self) -> Register {
        match self {
            Log::One(_) => Register::ImportA,
            Log::Two(_) => Register::ExportA,
            Log::Intervals(_) => Register::ActiveImport,
        }
    }

    /// Asks for a window, in as many requests as it takes.
    ///
    /// A meter answers a request for what it does not hold with the next record that it holds, or with its last
    /// one. So only a record that comes later proves that something is missing for good; and since a record may
    /// have a date that is wrong, only one that comes first when the meter was asked for just what is missing.
    pub(super) async fn ask<A: Asking>(
        self,
        meter: &A,
        window: Range<HalfHour>,
        now: Timestamp,
    ) -> Result<LogExtract, ReadError<A::Error>> {
        let mut told = LogExtract::default();
        let mut next = window.start;
        while next < window.end {
            let Some(start) = meter_time(next) else { break };
            let records = self.request(meter, start, window.end).await?;
            let many = records.len();
            let records = dated(records, next, now);
            told.misdated |= records.len() < many;
            let latest = records.last().map(|record| half_hour(record.at));
            let mut going_on = records
                .into_iter()
                .skip_while(|record| half_hour(record.at) < next)
                .peekable();
            let Some(first) = going_on.peek().map(|record| half_hour(record.at)) else {
                if told.records.is_empty() {
                    told.last_held = latest.filter(|latest| *latest < window.start);
                }
                break;
            };
            // All up to the first is not held; all up to the first that is missing is known.
            let mut known = first.min(window.end);
            for record in going_on {
                let at = half_hour(record.at);
                if at >= window.end || at > known {
                    break;
                }
                known = at.later(1);
                told.records.push(record);
            }
            if told.records.is_empty() {
                told.next_held = Some(first);
            }
            told.until = Some(known);
            next = known;
        }
        Ok(told)
    }

    /// The records of one reply, whatever their time.
    async fn request<A: Asking>(
        self,
        meter: &A,
        start: MeterTime,
        end: HalfHour,
    ) -> Result<Vec<Record>, ReadError<A::Error>> {
        match self {
            Log::One(elements) => {
                let records = reads::half_hours_1(meter, start).await?;
                Ok(records.iter().map(|record| of_log_1(record, elements)).collect())
            }
            Log::Two(elements) => {
                let records = reads::half_hours_2(meter, start, elements).await?;
                Ok(records.iter().map(of_log_2).collect())
            }
            Log::Intervals(hardware) => {
                let chunk = MeterTime(start.0.saturating_add(CHUNK));
                let end = meter_time(end).map_or(chunk, |end| end.min(chunk));
                let block = reads::intervals(meter, start..end).await?;
                Ok(three_phase(&block, hardware))
            }
        }
    }
}

fn of_log_1(record: &Record1, elements: Elements) -> Record {
    let b = (elements == Elements::Two).then_some((Register::ImportB, record.import_b));
    let counts = [(Register::ImportA, record.import_a)].into_iter().chain(b);
    Record::new((record.at, record.status.is_valid()), counts, 1)
}

fn of_log_2(record: &Record2) -> Record {
    let a = [
        (Register::ExportA, record.a.active_export),
        (Register::ReactiveImportA, record.a.reactive_import),
        (Register::ReactiveExportA, record.a.reactive_export),
    ];
    let b = record.b.map(|b| {
        [
            (Register::ExportB, b.active_export),
            (Register::ReactiveImportB, b.reactive_import),
            (Register::ReactiveExportB, b.reactive_export),
        ]
    });
    let counts = a.into_iter().chain(b.into_iter().flatten());
    Record::new((record.at, record.status.is_valid()), counts, 1)
}

/// What the block of a reply says that somebody else asked a single phase meter for, from a moment on; nothing, when it
/// cannot be read.
pub(in crate::meter) fn records(
    (log, start, block): (ProfileLog, MeterTime, &[u8]),
    (dialect, hardware): (&Dialect, Hardware),
    now: Timestamp,
) -> Vec<Record> {
    let elements = if hardware.is_twin() {
        Elements::Two
    } else {
        Elements::One
    };
    let records: Vec<Record> = match log {
        ProfileLog::One => {
            let read = log_1(block, LOG_1_RECORDS).unwrap_or_default();
            read.iter().map(|record| of_log_1(record, elements)).collect()
        }
        ProfileLog::Two => {
            let read = log_2(block, elements, &dialect.inferred().profile_log_2).unwrap_or_default();
            read.iter().map(of_log_2).collect()
        }
    };
    dated(records, half_hour(start), now)
}

/// The running totals of a block; demands, which are no totals, are left out. Counts finer than a watt-hour are cut.
fn three_phase(block: &Block, hardware: Hardware) -> Vec<Record> {
    let per_unit = u64::from((hardware.counts_per_kilo() / 1_000).max(1));
    let rows = block.timed().map(|(at, row)| {
        let counts = block.channels.iter().zip(&row.values);
        let counts = counts.filter_map(|(channel, count)| Some((total(*channel)?, *count)));
        Record::new((at, row.status & 1 != 0), counts, per_unit)
    });
    rows.collect()
}

/// The records whose dates can be: none in the future, and each later than the one before it. Where one of two must be
/// wrong, those stay that leave the most; a reply that was asked for from `next` on begins there or later, unless the
/// meter holds nothing there.
fn dated(mut records: Vec<Record>, next: HalfHour, now: Timestamp) -> Vec<Record> {
    records.retain(|record| is_date(record.at, now));
    if records.iter().any(|record| half_hour(record.at) >= next) {
        records.retain(|record| half_hour(record.at) >= next);
    }
    // The longest rising row; of several the one whose end is earliest. A reply has nine records at most.
    let mut rows: Vec<Vec<usize>> = Vec::with_capacity(records.len());
    for (place, record) in records.iter().enumerate() {
        let before = rows
            .iter()
            .filter(|row| row.last().is_some_and(|last| records[*last].at < record.at));
        let longest = before.max_by_key(|row| (row.len(), std::cmp::Reverse(row.last().map(|last| records[*last].at))));
        let mut row = longest.cloned().unwrap_or_default();
        row.push(place);
        rows.push(row);
    }
    let end = |row: &Vec<usize>| row.last().map(|last| records[*last].at);
    let kept = rows
        .iter()
        .max_by_key(|row| (row.len(), std::cmp::Reverse(end(row))))
        .cloned()
        .unwrap_or_default();
    let mut place = 0;
    records.retain(|_| {
        place += 1;
        kept.contains(&(place - 1))
    });
    records
}

/// The register that a channel is the total of (EMOP §8.3).
fn total(channel: ObjectId) -> Option<Register> {
    Some(match channel.number() {
        0x01_0800 => Register::ActiveImport,
        0x02_0800 => Register::ActiveExport,
        0x03_0800 => Register::ReactiveImport,
        0x04_0800 => Register::ReactiveExport,
        0x09_0800 => Register::ApparentImport,
        0x10_0800 => Register::ApparentExport,
        _ => return None,
    })
}

/// The half-hour that holds a moment of a meter.
pub(super) fn half_hour(at: MeterTime) -> HalfHour {
    HalfHour::of(at.moment())
}

/// When a half-hour begins, as meters count; `None` before 2000 and after 2136.
fn meter_time(one: HalfHour) -> Option<MeterTime> {
    MeterTime::of(one.start()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// 2025-01-01 as half-hours are counted.
    const BASE: u32 = 964_224;
    const YEAR: u32 = 366 * 48;

    fn now() -> Timestamp {
        HalfHour(BASE + 1_000).start()
    }

    fn records(numbers: &[u32]) -> Vec<Record> {
        let record = |number: &u32| Record {
            at: MeterTime::of(HalfHour(BASE + number).start()).unwrap(),
            valid: true,
            values: Vec::new(),
            doubtful: false,
        };
        numbers.iter().map(record).collect()
    }

    fn kept(numbers: &[u32], next: u32) -> Vec<u32> {
        let kept = dated(records(numbers), HalfHour(BASE + next), now());
        kept.iter().map(|record| half_hour(record.at).0 - BASE).collect()
    }

    #[test]
    fn a_record_of_another_year_costs_itself_alone() {
        assert_eq!(kept(&[10, 11 + YEAR, 12, 13], 10), [10, 12, 13]);
        assert_eq!(kept(&[10 + YEAR, 11, 12, 13], 10), [11, 12, 13]);
        assert_eq!(kept(&[10, 11, 12, 13 + YEAR], 10), [10, 11, 12]);
        assert_eq!(kept(&[500, 511, 11, 512], 500), [500, 511, 512]);
        // Not of the future, but not in its place.
        assert_eq!(kept(&[10, 300, 12, 13], 10), [10, 12, 13]);
        assert_eq!(kept(&[300, 11], 10), [11]);
        // What is held again is months later; what is held last is before.
        assert_eq!(kept(&[400, 401, 402], 10), [400, 401, 402]);
        assert_eq!(kept(&[3], 10), [3]);
    }

    #[test]
    fn a_count_that_stands_for_none_is_left_out_and_the_others_stay() {
        let at = MeterTime(800_000_000);
        let counts = [
            (Register::ImportA, u32::MAX),
            (Register::ImportB, 7),
            (Register::ExportA, 0x7FFF_FFFF),
        ];
        let record = Record::new((at, true), counts, 1);
        assert_eq!((record.values, record.doubtful), (vec![(Register::ImportB, 7)], true));
        assert_eq!(
            Record::new((at, true), [(Register::ActiveImport, 77)], 10).values,
            [(Register::ActiveImport, 7)]
        );
    }

    proptest! {
        #[test]
        fn one_wrong_date_among_right_ones_is_the_one_that_goes(from in 0u32..500, many in 3u32..9, place in 0u32..8, wrong in 0u32..2_000) {
            let right: Vec<u32> = (from..from + many).collect();
            let place = place % many;
            let mut said = right.clone();
            said[place as usize] = wrong;
            let others: Vec<u32> = right.iter().copied().filter(|one| *one != from + place).collect();
            let kept = kept(&said, from);
            prop_assert!(others.iter().all(|one| kept.contains(one)) || (wrong > from && wrong < from + many));
            prop_assert!(kept.is_sorted());
        }
    }
}
