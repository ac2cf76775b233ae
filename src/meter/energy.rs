//! The energy of a meter over a span of time, half-hour by half-hour (EMOP §20).

use jiff::{SignedDuration, Timestamp};

use super::emop::identity::Hardware;
use super::room::{Meters, MetersError};
use super::said::rating;
use crate::domain::{Element, Interval, Measure, MeterId, Rating, Register};
use crate::store::ReadError;
use crate::store::readings::Readings;

/// The longest span of one question: more than a year, and still a few megabytes.
pub const LONGEST: SignedDuration = SignedDuration::from_hours(400 * 24);

/// A span of time that is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// From when on.
    pub from: Timestamp,
    pub to: Timestamp,
}

/// A span that cannot be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpanError {
    /// It ends before it begins, or at once.
    #[error("from must lie before to")]
    Empty,
    /// It is too long for one answer.
    #[error("at most 400 days at once; ask for the rest in a second request")]
    TooLong,
}

impl Span {
    /// From `from`, or else a day before `to`, until `to`, or else `now`.
    pub fn new(from: Option<Timestamp>, to: Option<Timestamp>, now: Timestamp) -> Result<Span, SpanError> {
        let to = to.unwrap_or(now);
        let day_before = to
            .saturating_sub(SignedDuration::from_hours(24))
            .unwrap_or(Timestamp::MIN);
        let from = from.unwrap_or(day_before);
        if from >= to {
            return Err(SpanError::Empty);
        }
        if to.duration_since(from) > LONGEST {
            return Err(SpanError::TooLong);
        }
        Ok(Span { from, to })
    }
}

/// The half-hours of a span.
#[derive(Clone, Debug, PartialEq)]
pub struct Totals {
    /// The registers they were worked out from.
    pub registers: Vec<Register>,
    /// Every half-hour that lies wholly in the span, gaps among them.
    pub intervals: Vec<Interval>,
}

impl Totals {
    /// The energy of all half-hours that have one.
    #[must_use]
    pub fn energy(&self) -> u64 {
        self.intervals
            .iter()
            .filter_map(|one| one.energy)
            .map(|energy| energy.0)
            .sum()
    }

    /// How many half-hours have none.
    #[must_use]
    pub fn gaps(&self) -> usize {
        self.intervals.iter().filter(|one| one.energy.is_none()).count()
    }
}

impl Meters {
    /// The registers whose sum is a meter's `measure`, as its kind has them; empty when it has no such element.
    pub fn registers_of(
        &self,
        meter: &MeterId,
        measure: Measure,
        element: Option<Element>,
    ) -> Result<Vec<Register>, MetersError> {
        let served = self.served(meter).ok_or_else(|| MetersError::Unknown(meter.clone()))?;
        let hardware = served.hardware();
        let all = Register::of(measure, element).iter().copied();
        Ok(all.filter(|register| has(hardware, *register)).collect())
    }

    /// The half-hours of the sum of `registers`. Reads the disk: a thread that may block.
    pub fn totals(&self, meter: &MeterId, registers: Vec<Register>, span: Span) -> Result<Totals, ReadError> {
        let readings = Readings::new(self.store.clone());
        let hardware = self.served(meter).and_then(|served| served.hardware());
        let mut sum: Option<Vec<Interval>> = None;
        for register in &registers {
            let all = readings.intervals_within(
                meter,
                *register,
                (span.from, span.to),
                rating(hardware).min(Rating::of(*register)),
            );
            let next: Vec<Interval> = all.collect::<Result<_, _>>()?;
            sum = Some(match sum {
                Some(sum) => sum.into_iter().zip(next).map(|(one, other)| one.plus(other)).collect(),
                None => next,
            });
        }
        Ok(Totals {
            registers,
            intervals: sum.unwrap_or_default(),
        })
    }
}

/// Whether a meter of this kind has a register; of one that nobody has asked yet, element A is all that is certain.
fn has(hardware: Option<Hardware>, register: Register) -> bool {
    let three = matches!(register.number(), 16..=21);
    let b = matches!(
        register,
        Register::ImportB | Register::ExportB | Register::ReactiveImportB | Register::ReactiveExportB
    );
    match hardware {
        Some(hardware) if hardware.is_three_phase() => three,
        Some(hardware) => !three && (!b || hardware.is_twin()),
        None => !three && !b,
    }
}
