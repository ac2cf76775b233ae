//! What somebody allows at present, for their first page.

use jiff::Timestamp;
use jiff::civil::Date;

use super::super::ledger;
use super::super::room::Perseus;
use crate::face::SignedIn;
use crate::store::ReadError;

/// An application that may see something of theirs, now or later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Allowed {
    pub id: String,
    /// What people call the application.
    pub name: String,
    /// The meters of which it sees half-hours, as people call them.
    pub sources: Vec<String>,
    /// The last day on which it does.
    pub until: Date,
    /// When it last fetched any.
    pub fetched: Option<Timestamp>,
}

impl Perseus {
    /// All that a person allows at present, the one given last first.
    ///
    /// # Errors
    ///
    /// When the book cannot be read.
    pub fn allowed_by(&self, person: &SignedIn) -> Result<Vec<Allowed>, ReadError> {
        let mut rows = ledger::of_person(&self.store, &person.name)?;
        rows.retain(|row| self.is_known(row));
        rows.sort_by_key(|row| std::cmp::Reverse(row.renewed));
        let mut all = Vec::new();
        for row in rows {
            let (standing, _) = self.standing_of(&row)?;
            if !standing.is_live() {
                continue;
            }
            let filters = ledger::filters(&self.store, &row.id)?;
            let sources: Result<Vec<String>, ReadError> = filters.iter().map(|filter| self.called(filter)).collect();
            let fetches = ledger::fetches(&self.store, &row.id)?;
            all.push(Allowed {
                name: self.name_of(&row),
                sources: sources?,
                until: self.last_date(row.expires),
                fetched: fetches.iter().map(|fetch| fetch.at).max(),
                id: row.id,
            });
        }
        Ok(all)
    }

    /// The last day of what ends at `end`.
    fn last_date(&self, end: Timestamp) -> Date {
        let before = end.saturating_sub(jiff::SignedDuration::from_secs(1)).unwrap_or(end);
        before.to_zoned(self.timezone.clone()).date()
    }
}
