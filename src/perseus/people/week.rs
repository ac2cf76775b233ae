//! What an application would see, shown to the person before they decide: their own last week, cut by the very filter.

use jiff::{SignedDuration, Timestamp};

use super::super::filter::Filter;
use super::super::room::Perseus;
use crate::accounts::Link;
use crate::domain::{Interval, Measure, Quality, Register};
use crate::face::{Bars, Frame};
use crate::store::ReadError;
use crate::store::readings::Readings;

/// How much is shown.
const WEEK: SignedDuration = SignedDuration::from_hours(7 * 24);

impl Perseus {
    /// The last week of what a filter lets out, as a picture; `None`: there is nothing in it yet.
    pub(super) fn week(&self, filter: &Filter, links: &[Link], now: Timestamp) -> Result<Option<String>, ReadError> {
        let from = now.saturating_sub(WEEK).unwrap_or(Timestamp::MIN);
        let mut intervals: Vec<Interval> = Vec::new();
        for span in filter.spans(links, now) {
            let (start, end) = (span.start.max(from), span.end.min(now));
            if start < end {
                intervals.extend(self.imported(filter, (start, end))?);
            }
        }
        if !intervals.iter().any(|one| one.quality == Quality::Measured) {
            return Ok(None);
        }
        let bars = Bars {
            intervals: &intervals,
            frame: Frame {
                from,
                to: now,
                top: 0.0,
                timezone: &self.timezone,
            },
            now,
        };
        Ok(Some(bars.svg()))
    }

    /// The half-hours of what a meter imported: the sum of its elements, of those that have any reading.
    fn imported(&self, filter: &Filter, (from, to): (Timestamp, Timestamp)) -> Result<Vec<Interval>, ReadError> {
        let readings = Readings::new(self.store.clone());
        let mut sum: Option<Vec<Interval>> = None;
        for register in Register::of(Measure::Import, filter.element) {
            let read = readings.intervals(&filter.meter, *register, from, to);
            let read: Vec<Interval> = read.collect::<Result<_, _>>()?;
            if read.iter().all(|one| one.energy.is_none()) {
                continue;
            }
            sum = Some(match sum {
                Some(sum) => sum.into_iter().zip(read).map(|(one, other)| one.plus(other)).collect(),
                None => read,
            });
        }
        Ok(sum.unwrap_or_default())
    }
}
