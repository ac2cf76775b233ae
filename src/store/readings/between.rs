//! Reading: the readings of one register over any stretch of time, a month in memory at once.

use std::collections::VecDeque;

use jiff::Timestamp;

use super::erased::{Erased, erased_in};
use super::lookup::Lookup;
use super::series::{Month, Series, day_of, start_of};
use crate::domain::Reading;
use crate::store::ReadError;

/// Readings in the order of their moments. Each step may read the disk: over long stretches, blocking.
pub struct Between {
    lookup: Lookup,
    series: Series,
    from: Timestamp,
    to: Timestamp,
    /// The first day that was not looked at; `None`: nothing more to look at.
    day: Option<u32>,
    found: VecDeque<Reading>,
    /// What is marked as erased is not there, also while it is being taken away; read with the first month.
    erased: Option<Vec<Erased>>,
}

impl Between {
    /// Readings at `from` or later and before `to`.
    pub(super) fn new(lookup: Lookup, series: Series, from: Timestamp, to: Timestamp) -> Between {
        let from = from.max(Timestamp::UNIX_EPOCH);
        Between {
            lookup,
            series,
            from,
            to,
            day: day_of(from).map(|(day, _)| day).filter(|_| from < to),
            found: VecDeque::new(),
            erased: None,
        }
    }

    /// The next month from `day` on that may hold something, rows first.
    fn month_from(&self, day: u32) -> Result<Option<Month>, ReadError> {
        let prefix = self.series.prefix();
        let row = self.lookup.first_row(&prefix, &self.series.key(day))?;
        let in_rows = row.and_then(|(_, day)| Month::of(day));
        let Some(month) = Month::of(day) else {
            return Ok(in_rows);
        };
        let in_files = self.lookup.named_from(month)?;
        Ok(in_rows.into_iter().chain(in_files).min())
    }

    fn fill(&mut self, day: u32) -> Result<(), ReadError> {
        let Some(month) = self.month_from(day)?.filter(|month| month.start() < self.to) else {
            return Ok(());
        };
        let erased = match self.erased.take() {
            Some(erased) => erased,
            None => erased_in(&self.lookup.table, &self.series.meter)?,
        };
        let range = self.from..self.to;
        for (day, readings) in self.lookup.days(&self.series, month)? {
            let readings = start_of(day).into_iter().flat_map(|start| readings.readings(start));
            let is_there = |at| !erased.iter().any(|stretch| stretch.covers(at));
            self.found
                .extend(readings.filter(|reading| range.contains(&reading.at) && is_there(reading.at)));
        }
        self.erased = Some(erased);
        self.day = Some(month.end());
        Ok(())
    }
}

impl Iterator for Between {
    type Item = Result<Reading, ReadError>;

    fn next(&mut self) -> Option<Result<Reading, ReadError>> {
        while self.found.is_empty() {
            let day = self.day.take()?;
            if let Err(error) = self.fill(day) {
                return Some(Err(error));
            }
        }
        self.found.pop_front().map(Ok)
    }
}
