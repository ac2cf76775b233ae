//! Where readings are looked up: rows over month files, for everybody who reads them.
//!
//! Rows are always read before it is asked which month file counts. A file is named before the rows in it are deleted,
//! so whoever does not find a row any more finds the file; whoever finds both sees the row win, which says the same.

use std::path::PathBuf;
use std::sync::Arc;

use super::block::Days;
use super::day::Day;
use super::month_file::{self, MonthFile, MonthFileError, NAMED, Named};
use super::series::{Month, Series};
use crate::store::ReadError;
use crate::store::files::Disk;
use crate::store::schema::READINGS;
use crate::store::table::Table;

/// Rows and month files of readings.
#[derive(Clone)]
pub(in crate::store) struct Lookup {
    pub(in crate::store) table: Arc<Table>,
    pub(in crate::store) disk: Arc<dyn Disk>,
    /// Where month files lie.
    pub(in crate::store) dir: PathBuf,
}

impl Lookup {
    /// Which month file of `month` counts.
    pub(super) fn named(&self, month: Month) -> Result<Option<Named>, ReadError> {
        NAMED.get_in(&self.table, &month_file::key(month))
    }

    /// Months from `from` on that have a month file, in order.
    pub(super) fn named_from(&self, from: Month) -> Result<Option<Month>, ReadError> {
        let before = (from.number() - 1).to_be_bytes();
        let rows = NAMED.scan_in(&self.table, &[], Some(&before), 1)?;
        Ok(rows.first().and_then(|(key, _)| month_file::month_of(key)))
    }

    /// The month file of `month` that counts, opened, and which it is.
    pub(super) fn file(&self, month: Month) -> Result<Option<(Named, MonthFile)>, ReadError> {
        let mut named = self.named(month)?;
        while let Some(which) = named {
            let path = self.dir.join(month_file::name(month, which.version));
            if let Some(file) = MonthFile::open(&*self.disk, &path, month).map_err(read_error)? {
                return Ok(Some((which, file)));
            }
            // A newer one took its place just now; or it is gone, which is damage.
            let again = self.named(month)?;
            if again == named {
                return Err(ReadError::MonthFile(path));
            }
            named = again;
        }
        Ok(None)
    }

    /// The days of `series` in the month file of `month`.
    pub(super) fn days_in_file(&self, series: &Series, month: Month) -> Result<Days, ReadError> {
        match self.file(month)? {
            Some((_, file)) => file.days(series).map_err(read_error),
            None => Ok(Days::new()),
        }
    }

    /// The days of `series` in `month` that stand in rows.
    pub(super) fn days_in_rows(&self, series: &Series, month: Month) -> Result<Days, ReadError> {
        let (first, many) = month.days();
        let rows = self.table.scan(&series.prefix(), &series.key(first), many as usize)?;
        let mut days = Days::new();
        for (key, row) in rows {
            let day = Series::of_key(&key).map(|(_, day)| day);
            let Some(day) = day.filter(|day| *day < month.end()) else {
                break;
            };
            days.insert(day, decode(series, &row)?);
        }
        Ok(days)
    }

    /// The days of `series` in `month`, wherever they stand.
    pub(super) fn days(&self, series: &Series, month: Month) -> Result<Days, ReadError> {
        let rows = self.days_in_rows(series, month)?;
        let mut days = self.days_in_file(series, month)?;
        cover(&mut days, rows);
        Ok(days)
    }

    /// The first row of readings from `key` on whose key begins with `prefix`.
    pub(super) fn first_row(&self, prefix: &[u8], key: &[u8]) -> Result<Option<(Series, u32)>, ReadError> {
        let rows = self.table.scan(prefix, key, 1)?;
        Ok(rows.first().and_then(|(key, _)| Series::of_key(key)))
    }

    /// The first series with a row after `after`, and the day of that row.
    pub(super) fn next_series(&self, after: Option<&Series>) -> Result<Option<(Series, u32)>, ReadError> {
        let prefix = [READINGS.prefix];
        let from = after.map_or_else(|| prefix.to_vec(), |after| [&after.key(u32::MAX)[..], &[0]].concat());
        self.first_row(&prefix, &from)
    }
}

/// Reads a row of `series`.
pub(super) fn decode(series: &Series, row: &[u8]) -> Result<Day, ReadError> {
    Day::decode(row).ok_or_else(|| ReadError::Readings {
        series: series.to_string(),
    })
}

/// Lays `rows` over `days`.
pub(super) fn cover(days: &mut Days, rows: Days) {
    for (day, row) in rows {
        days.entry(day).or_default().cover(row);
    }
}

/// What a reader is told when a month file cannot be read.
pub(super) fn read_error(error: MonthFileError) -> ReadError {
    match error {
        MonthFileError::File(error) => ReadError::File(error),
        MonthFileError::Damaged(path) => ReadError::MonthFile(path),
    }
}
