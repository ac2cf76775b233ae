//! Half-hours as the book has them, of the registers whose sum a filter's measure is (PER §6.4).

use std::ops::Range;

use jiff::Timestamp;

use super::filter::Filter;
use super::room::Perseus;
use crate::domain::{Element, Interval, Measure, MeterId, Quality, Register, WattHours};
use crate::store::ReadError;
use crate::store::readings::Readings;

/// A half-hour of which energy and register are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct HalfHour {
    pub(super) from: Timestamp,
    pub(super) energy: WattHours,
    /// The register at its end.
    pub(super) cumulative: WattHours,
    /// When we knew.
    pub(super) taken: Timestamp,
    /// Whether the meter said so itself.
    pub(super) measured: bool,
}

impl HalfHour {
    /// What is known of a half-hour; `None`: it is a gap.
    pub(super) fn of(one: &Interval) -> Option<HalfHour> {
        (one.quality != Quality::Gap).then_some(())?;
        Some(HalfHour {
            from: one.from,
            energy: one.energy?,
            cumulative: one.cumulative?,
            taken: one.taken?,
            measured: one.quality == Quality::Measured,
        })
    }
}

/// The sum of registers, half-hour by half-hour, gaps among them; a month of each in memory.
pub(super) struct Summed {
    parts: Vec<Box<dyn Iterator<Item = Result<Interval, ReadError>> + Send>>,
}

impl Iterator for Summed {
    type Item = Result<Interval, ReadError>;

    fn next(&mut self) -> Option<Result<Interval, ReadError>> {
        let mut sum: Option<Interval> = None;
        for part in &mut self.parts {
            let next = match part.next()? {
                Ok(next) => next,
                Err(error) => return Some(Err(error)),
            };
            sum = Some(sum.map_or(next, |sum| sum.plus(next)));
        }
        sum.map(Ok)
    }
}

impl Perseus {
    /// The registers whose sum is a measure of a meter: those of them that ever showed anything. One that is silent for a
    /// while makes gaps, and never a sum that lacks it.
    pub(super) fn registers(
        &self,
        meter: &MeterId,
        (measure, element): (Measure, Option<Element>),
    ) -> Result<Vec<Register>, ReadError> {
        let mut used = Vec::new();
        for register in Register::of(measure, element) {
            if self.first_of(meter, *register)?.is_some() {
                used.push(*register);
            }
        }
        Ok(used)
    }

    /// When the first reading was taken of what a meter measures.
    pub(super) fn first_reading(
        &self,
        meter: &MeterId,
        (measure, element): (Measure, Option<Element>),
    ) -> Result<Option<Timestamp>, ReadError> {
        let mut first: Option<Timestamp> = None;
        for register in Register::of(measure, element) {
            let at = self.first_of(meter, *register)?;
            first = first.into_iter().chain(at).min();
        }
        Ok(first)
    }

    fn first_of(&self, meter: &MeterId, register: Register) -> Result<Option<Timestamp>, ReadError> {
        let readings = Readings::new(self.store.clone());
        let mut all = readings.between(meter, register, Timestamp::UNIX_EPOCH, Timestamp::MAX);
        all.next().map(|reading| reading.map(|reading| reading.at)).transpose()
    }

    /// The half-hours of a stretch. Each step may read the disk.
    pub(super) fn half_hours(&self, meter: &MeterId, registers: &[Register], stretch: &Range<Timestamp>) -> Summed {
        let readings = Readings::new(self.store.clone());
        let parts = registers.iter().map(|register| {
            let part = readings.intervals(meter, *register, stretch.start, stretch.end);
            Box::new(part) as Box<dyn Iterator<Item = _> + Send>
        });
        Summed { parts: parts.collect() }
    }

    /// The stretches of `period` that a filter lets out, each of its half-hours with it.
    pub(super) fn through(
        &self,
        filter: &Filter,
        registers: &[Register],
        stretches: Vec<Range<Timestamp>>,
    ) -> impl Iterator<Item = Result<Interval, ReadError>> + use<> {
        let parts: Vec<Summed> = stretches
            .iter()
            .map(|stretch| self.half_hours(&filter.meter, registers, stretch))
            .collect();
        parts.into_iter().flatten()
    }
}
