//! Letting old readings go (`retention.readings`): month by month, rows and month files alike.

use jiff::Timestamp;

use super::month_file::{self, NAMED};
use super::series::{Month, Series, day_of};
use super::writer::{ReadingError, ReadingsWriter};
use crate::store::{Page, ReadError, WriteError};

/// Rows that one change takes away.
const ROWS: usize = 64;

/// What went.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Expired {
    /// Month files that count no more; the compactor removes them.
    pub months: u32,
    /// Days of registers that stood in rows.
    pub rows: u64,
}

impl ReadingsWriter {
    /// Lets go of every month that is wholly before `cutoff`. Nothing goes while the clock is not trusted
    /// (BOOK P16).
    pub async fn forget_before(&self, cutoff: Timestamp) -> Result<Expired, WriteError<ReadingError>> {
        let mut expired = Expired::default();
        let first_kept = day_of(cutoff).and_then(|(day, _)| Month::of(day));
        let (Some(first_kept), true) = (first_kept, self.store.clock_is_trusted()) else {
            return Ok(expired);
        };
        let lookup = self.store.shared().readings();
        let oldest = Month::of(0).expect("1970 is a year");
        let refused = |error: ReadError| WriteError::Refused(error.into());
        while let Some(month) = lookup
            .named_from(oldest)
            .map_err(refused)?
            .filter(|month| *month < first_kept)
        {
            let key = month_file::key(month);
            let forget = move |page: &mut Page| {
                NAMED.delete_on(page, &key);
                Ok::<_, ReadingError>(())
            };
            self.store.write_bulk(forget).await?;
            expired.months += 1;
        }
        let mut after = None::<Series>;
        loop {
            let found = tokio::task::spawn_blocking({
                let lookup = lookup.clone();
                move || {
                    let mut rows = Vec::new();
                    while let Some((series, day)) = lookup.next_series(after.as_ref())? {
                        let mut next = Some(day).filter(|day| *day < first_kept.days().0);
                        while let Some(day) = next {
                            if rows.len() == ROWS {
                                // The next look begins with this series again.
                                return Ok((rows, after));
                            }
                            rows.push(series.key(day));
                            let row = lookup.first_row(&series.prefix(), &series.key(day + 1))?;
                            next = row.map(|(_, day)| day).filter(|day| *day < first_kept.days().0);
                        }
                        after = Some(series);
                    }
                    Ok::<_, ReadError>((rows, after))
                }
            });
            let found = found.await.expect("looking for rows does not panic");
            let rows;
            (rows, after) = found.map_err(refused)?;
            if rows.is_empty() {
                return Ok(expired);
            }
            expired.rows += rows.len() as u64;
            let forget = move |page: &mut Page| {
                rows.iter().for_each(|key| page.delete(key));
                Ok::<_, ReadingError>(())
            };
            self.store.write_bulk(forget).await?;
        }
    }
}
