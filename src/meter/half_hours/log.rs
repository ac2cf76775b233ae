//! One window of half-hours, asked of a meter log by log.

use std::ops::Range;

use crate::domain::{HalfHour, Register};
use crate::meter::emop::identity::Hardware;
use crate::meter::emop::intervals::{Block, CHUNK};
use crate::meter::emop::profile_log::Elements;
use crate::meter::emop::{MeterTime, ObjectId};
use crate::meter::reads::{self, Asking, ReadError};

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
pub(super) struct Record {
    pub(super) at: MeterTime,
    /// Whether the meter vouches for it.
    pub(super) valid: bool,
    /// Counts in watt-hours and their like.
    pub(super) values: Vec<(Register, u64)>,
}

/// What one log says of a window.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    /// The records in the window, by their own stamps.
    pub(super) records: Vec<Record>,
    /// Everything before this half-hour was told: what has no record is not held.
    pub(super) until: Option<HalfHour>,
    /// The first record after the window, when the window has none.
    pub(super) next_held: Option<HalfHour>,
    /// The last record of all, when it lies before the window.
    pub(super) last_held: Option<HalfHour>,
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
    /// one (6.4). So only a record that comes later proves that something is missing for good.
    pub(super) async fn ask<A: Asking>(self, meter: &A, window: Range<HalfHour>) -> Result<Told, ReadError<A::Error>> {
        let mut told = Told::default();
        let mut next = window.start;
        while next < window.end {
            let Some(start) = meter_time(next) else { break };
            let records = self.request(meter, start, window.end).await?;
            let first = records.iter().map(|record| half_hour(record.at)).min();
            let latest = records.iter().map(|record| half_hour(record.at)).max();
            let beyond = records
                .iter()
                .map(|record| half_hour(record.at))
                .filter(|at| *at >= window.end);
            let beyond = beyond.min();
            let inside: Vec<Record> = records
                .into_iter()
                .filter(|record| (next..window.end).contains(&half_hour(record.at)))
                .collect();
            let last = inside.iter().map(|record| half_hour(record.at)).max();
            if told.records.is_empty() && last.is_none() {
                told.next_held = first.filter(|first| *first >= window.end);
                told.last_held = latest.filter(|latest| *latest < window.start);
            }
            told.records.extend(inside);
            let known = match (beyond, last) {
                (Some(_), _) => window.end,
                (None, Some(last)) => last.later(1),
                (None, None) => break,
            };
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
                let records = records.into_iter().map(|record| Record {
                    at: record.at,
                    valid: record.status.is_valid(),
                    values: of_elements(
                        elements,
                        &[(Register::ImportA, record.import_a)],
                        &[(Register::ImportB, record.import_b)],
                    ),
                });
                Ok(records.collect())
            }
            Log::Two(elements) => {
                let records = reads::half_hours_2(meter, start, elements).await?;
                let records = records.into_iter().map(|record| {
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
                    Record {
                        at: record.at,
                        valid: record.status.is_valid(),
                        values: of_elements(elements, &a, b.as_ref().map_or(&[], |b| b)),
                    }
                });
                Ok(records.collect())
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

fn of_elements(elements: Elements, a: &[(Register, u32)], b: &[(Register, u32)]) -> Vec<(Register, u64)> {
    let b = if elements == Elements::Two { b } else { &[] };
    let values = a.iter().chain(b);
    values.map(|(register, count)| (*register, u64::from(*count))).collect()
}

/// The running totals of a block; demands, which are no totals, are left out. Counts finer than a watt-hour are cut.
fn three_phase(block: &Block, hardware: Hardware) -> Vec<Record> {
    let per_unit = u64::from((hardware.counts_per_kilo() / 1_000).max(1));
    let rows = block.timed().map(|(at, row)| {
        let values = block.channels.iter().zip(&row.values);
        Record {
            at,
            valid: row.status & 1 != 0,
            values: values
                .filter_map(|(channel, count)| Some((total(*channel)?, u64::from(*count) / per_unit)))
                .collect(),
        }
    });
    rows.collect()
}

/// The register that a channel is the total of (8.3).
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
