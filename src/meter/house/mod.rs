//! The building's energy: what all meters together say of a day, kept for a while.

mod kept;
mod load;

pub use kept::HouseDays;
pub use load::{FeederLoad, HalfHourLoad, Load, Measured};

use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};

use super::energy::Span;
use super::room::{Meters, MetersError};
use crate::domain::{Counts, HALF_HOUR, Interval, Measure, Meter, MeterId, SpaceId};
use crate::store::RowError;

/// How long what was worked out of a span is shown again: the half-hours of today come one after the other, those of
/// other days late or never, and what was erased is gone from here as well a minute later.
fn keeps(span: Span, now: Timestamp) -> SignedDuration {
    match span.to > now {
        true => SignedDuration::from_secs(10),
        false => SignedDuration::from_secs(60),
    }
}

impl Meters {
    /// What the building used in each half-hour of `span`. Reads the disk, or what was read shortly before: a thread that
    /// may block.
    ///
    /// # Errors
    ///
    /// When the book cannot be read.
    pub fn load(&self, span: Span) -> Result<Arc<Load>, MetersError> {
        let now = self.store.now();
        self.house.get_or((span.from, span.to), (now, keeps(span, now)), || {
            self.load_of(span, |_| true)
        })
    }

    /// What the meters of a space used in each half-hour of `span`; `None`: none feeds it.
    ///
    /// # Errors
    ///
    /// When the book cannot be read.
    pub fn load_of_space(&self, space: SpaceId, span: Span) -> Result<Option<Load>, MetersError> {
        let feeds = |meter: &Meter| meter.space == Some(space);
        match self.all().iter().any(|served| feeds(&served.meter)) {
            true => self.load_of(span, feeds).map(Some),
            false => Ok(None),
        }
    }

    /// The energy of one meter on each of some days that follow each other; `None` where nothing is known. Reads the disk:
    /// a thread that may block. What may be seen of it is `sees`.
    ///
    /// # Errors
    ///
    /// When the book cannot be read.
    pub fn energy_of_days(
        &self,
        meter: &MeterId,
        days: &[Span],
        sees: impl Fn(Vec<Interval>) -> Vec<Interval>,
    ) -> Result<Vec<Option<u64>>, MetersError> {
        let (Some(first), Some(last)) = (days.first(), days.last()) else {
            return Ok(Vec::new());
        };
        let registers = self.registers_of(meter, Measure::Import, None)?;
        let whole = Span {
            from: first.from,
            to: last.to,
        };
        let totals = self.totals(meter, registers, whole).map_err(RowError::from)?;
        let intervals = sees(totals.intervals);
        let energy = |day: &Span| {
            let its = intervals.iter().filter(|one| one.from >= day.from && one.from < day.to);
            let known: Vec<u64> = its.filter_map(|one| one.energy).map(|energy| energy.0).collect();
            (!known.is_empty()).then(|| known.iter().sum())
        };
        Ok(days.iter().map(energy).collect())
    }

    fn load_of(&self, span: Span, takes: impl Fn(&Meter) -> bool) -> Result<Load, MetersError> {
        let mut measured: Vec<(Counts, Option<String>, [Vec<Interval>; 2])> = Vec::new();
        for served in self.all().iter().filter(|served| takes(&served.meter)) {
            let meter = &served.meter;
            let read = |measure: Measure| -> Result<Vec<Interval>, MetersError> {
                let registers = self.registers_of(&meter.serial, measure, None)?;
                let totals = self.totals(&meter.serial, registers, span).map_err(RowError::from)?;
                Ok(totals.intervals)
            };
            let both = [read(Measure::Import)?, read(Measure::Export)?];
            measured.push((meter.counts, meter.feeder.clone(), both));
        }
        let seconds = span.to.duration_since(span.from).as_secs();
        let count = usize::try_from(seconds / HALF_HOUR).unwrap_or(0);
        let meters: Vec<Measured<'_>> = measured
            .iter()
            .map(|(counts, feeder, [import, export])| Measured {
                counts: *counts,
                feeder: feeder.as_deref(),
                import,
                // A meter that has the register and never counted in it gives nothing back.
                export: if export.iter().any(|one| one.energy.is_some_and(|energy| energy.0 > 0)) {
                    export
                } else {
                    &[]
                },
            })
            .collect();
        Ok(Load::of(count, &meters))
    }
}
