//! Erasing: what registers of a meter showed in somebody's time goes, and nothing of it is taken again (BOOK P18).
//!
//! First the stretch is written down, in the same ledger that every later reading is held against; then month files are
//! written anew without it, then rows go. A stop in between is ended by asking again.

use std::ops::Range;
use std::sync::PoisonError;

use super::block::Days;
use super::compactor::{CompactionError, Compactor, ROWS, damage};
use super::erased::Erased;
use super::lookup::decode;
use super::month_file::{self, NAMED};
use super::series::{Month, Series, day_of, start_of};
use super::writer::ReadingsWriter;
use crate::domain::{MeterId, Register};
use crate::store::{Page, RowError};
use jiff::Timestamp;

impl ReadingsWriter {
    /// Takes away what was marked as erased ([`mark_erased_on`](super::erased::mark_erased_on)), rows and month files alike, for ever. `done` hears how
    /// many months of how many are done. May be asked again, and is to be after an error.
    ///
    /// # Errors
    ///
    /// When the book takes nothing, is damaged or being closed.
    pub async fn erase(
        &self,
        erased: &Erased,
        done: impl Fn(u32, u32) + Send + 'static,
    ) -> Result<(), CompactionError> {
        let compactor = std::sync::Arc::clone(&self.store.shared().compactor);
        let erased = erased.clone();
        let work = tokio::task::spawn_blocking(move || compactor.erase(&erased, done));
        work.await.map_err(|_| CompactionError::Stopped)?
    }
}

impl Compactor {
    /// Takes a stretch out of rows and month files. Blocks while it works.
    fn erase(&self, erased: &Erased, done: impl Fn(u32, u32)) -> Result<(), CompactionError> {
        let _only_one = self.only.lock().unwrap_or_else(PoisonError::into_inner);
        if self.keeper.health.borrow().failed.is_some() {
            return Err(CompactionError::Stopped);
        }
        let Some(months) = months(&(erased.from..erased.until)) else {
            return Ok(());
        };
        let of = months.end - months.start;
        for (at, month) in (1..).zip(months.filter_map(Month::from_number)) {
            self.go_on()?;
            // Rows stand over the file: without them first, what they took the place of would be seen.
            self.erase_file(erased, month)?;
            self.erase_rows(erased, month)?;
            done(at, of);
        }
        self.remove_leftovers()?;
        Ok(())
    }

    fn erase_rows(&self, erased: &Erased, month: Month) -> Result<(), CompactionError> {
        let mut keys = Vec::new();
        for series in series_of(&erased.meter) {
            for (day, said) in self.lookup.days_in_rows(&series, month)? {
                if said.readings(begins(day)).any(|reading| erased.covers(reading.at)) {
                    keys.push((series.clone(), day));
                }
            }
        }
        for some in keys.chunks(ROWS) {
            let (some, erased) = (some.to_vec(), erased.clone());
            self.wait(move |page| erase_on(page, &some, &erased))?;
        }
        Ok(())
    }

    fn erase_file(&self, erased: &Erased, month: Month) -> Result<(), CompactionError> {
        let Some((_, file)) = self.lookup.file(month).map_err(damage)? else {
            return Ok(());
        };
        let (mut says, mut left) = (false, file.series().any(|series| series.meter != erased.meter));
        for series in series_of(&erased.meter) {
            let before = file.days(&series)?;
            let mut after = before.clone();
            without(&mut after, erased);
            says |= after != before;
            left |= !after.is_empty();
        }
        if !says {
            return Ok(());
        }
        if !left {
            return self.wait(move |page| {
                NAMED.delete_on(page, &month_file::key(month));
                Ok(())
            });
        }
        let now = self.keeper.read_clock().0;
        let file = self.seal(month, now, |series, days| {
            if series.meter == erased.meter {
                without(days, erased);
            }
        })?;
        self.take_rows(month, &file)?;
        Ok(())
    }
}

fn series_of(meter: &MeterId) -> impl Iterator<Item = Series> {
    Register::ALL.iter().map(|register| Series {
        meter: meter.clone(),
        register: *register,
    })
}

/// The numbers of the months that a stretch touches.
fn months(span: &Range<Timestamp>) -> Option<Range<u32>> {
    let number = |at: Timestamp| Some(Month::of(day_of(at)?.0)?.number());
    let first = number(span.start.max(Timestamp::UNIX_EPOCH))?;
    let last = number(span.end).filter(|last| *last >= first)?;
    Some(first..last + 1)
}

fn begins(day: u32) -> Timestamp {
    start_of(day).expect("days of rows and files are in range")
}

fn without(days: &mut Days, erased: &Erased) {
    for (day, said) in days.iter_mut() {
        said.retain(begins(*day), |at| !erased.covers(at));
    }
    days.retain(|_, said| !said.is_empty());
}

fn erase_on(page: &mut Page, keys: &[(Series, u32)], erased: &Erased) -> Result<(), RowError> {
    for (series, day) in keys {
        let key = series.key(*day);
        let Some(row) = page.get(&key)? else { continue };
        let mut left = decode(series, &row)?;
        left.retain(begins(*day), |at| !erased.covers(at));
        match left.is_empty() {
            true => page.delete(&key),
            false => page.put(key, &left.encode())?,
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_moments_at_both_ends_stay() {
        let at = |text: &str| text.parse::<Timestamp>().unwrap();
        let erased = Erased {
            meter: "EML1".parse().unwrap(),
            from: at("2026-01-31T23:30:00Z"),
            until: at("2026-03-01T00:30:00Z"),
        };
        for (moment, gone) in [
            ("2026-01-31T23:30:00Z", false),
            ("2026-01-31T23:30:01Z", true),
            ("2026-03-01T00:29:59Z", true),
            ("2026-03-01T00:30:00Z", false),
        ] {
            assert_eq!(erased.covers(at(moment)), gone, "{moment}");
        }
        let touched = months(&(erased.from..erased.until)).unwrap();
        assert_eq!(touched, 2026 * 12..2026 * 12 + 3);
        assert_eq!(months(&(erased.until..erased.from)), None);
    }
}
