//! Which stretches of which meters were erased: written down before anything goes, and held against every reading that
//! comes later (BOOK P18).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::domain::MeterId;
use crate::store::table::Table;
use crate::store::{Ledger, Page, ReadError, RowError, schema};

const ERASED: Ledger<Erased> = Ledger::new(schema::ERASED_READINGS);

/// A stretch of a meter of which nothing is kept.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Erased {
    /// The meter.
    pub meter: MeterId,
    /// What it showed at this moment stays: it ends the half-hour before.
    pub from: Timestamp,
    /// So does this: it begins the next.
    pub until: Timestamp,
}

impl Erased {
    /// Whether a reading of that moment is gone, and is not taken.
    #[must_use]
    pub fn covers(&self, at: Timestamp) -> bool {
        self.from < at && at < self.until
    }

    /// Whether what happened at that moment is forgotten with it.
    #[must_use]
    pub fn holds(&self, at: Timestamp) -> bool {
        self.from <= at && at < self.until
    }

    fn key(&self) -> Vec<u8> {
        [under(&self.meter), self.from.as_second().to_be_bytes().to_vec()].concat()
    }
}

fn under(meter: &MeterId) -> Vec<u8> {
    [meter.as_str().as_bytes(), &[0]].concat()
}

/// What was erased of a meter, as this change leaves it.
pub(in crate::store) fn erased_on(page: &Page, meter: &MeterId) -> Result<Vec<Erased>, RowError> {
    let rows = ERASED.scan_on(page, &under(meter), None, usize::MAX)?;
    Ok(rows.into_iter().map(|(_, row)| row).collect())
}

/// What was erased of a meter.
pub(super) fn erased_in(table: &Table, meter: &MeterId) -> Result<Vec<Erased>, ReadError> {
    let rows = ERASED.scan_in(table, &under(meter), None, usize::MAX)?;
    Ok(rows.into_iter().map(|(_, row)| row).collect())
}

/// Writes down that a stretch is erased: from this change on nothing of it is taken.
/// [`ReadingsWriter::erase`](super::ReadingsWriter::erase) takes what is there.
///
/// # Errors
///
/// When rows cannot be read or written.
pub fn mark_erased_on(page: &mut Page, erased: &Erased) -> Result<(), RowError> {
    let before = ERASED.get_on(page, &erased.key())?;
    // Of two that begin at once the longer holds the other.
    if before.is_none_or(|before| before.until < erased.until) {
        ERASED.put_on(page, &erased.key(), erased)?;
    }
    Ok(())
}
