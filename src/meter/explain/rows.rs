//! A statement as rows for a spreadsheet: all of it, each kind of thing as rows of its own (EMOP §23.7).

use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::difference::DifferenceShown;
use super::shown::{LineShown, MoneyShown, StatementShown};
use crate::domain::HALF_HOUR;
use crate::http::table::Row;

/// A row of a spreadsheet.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct CsvRow {
    day: Option<Date>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    kind: String,
    words: String,
    watt_hours: Option<u64>,
    rate: Option<String>,
    amount: Option<String>,
    times: Option<usize>,
}

impl MoneyShown {
    /// All of it as rows: what is to be known beforehand, the opening balance, the lines (or the half-hours of those that
    /// have some), the remainder, what it comes to, what the meter shows, the difference, between what it lies if it is
    /// explained, whether it is, and what it can be made of.
    #[must_use]
    pub fn rows(&self) -> Vec<CsvRow> {
        let note = self.note.iter().map(|note| CsvRow {
            kind: "note".to_owned(),
            words: note.clone(),
            ..CsvRow::default()
        });
        let statement = self.statement.iter().flat_map(StatementShown::rows);
        note.chain(statement).collect()
    }
}

impl StatementShown {
    fn rows(&self) -> Vec<CsvRow> {
        let end = |kind: &str, amount: &String| CsvRow::end(kind, self.closed, Some(amount.clone()));
        let mut rows = vec![CsvRow::end("opening", self.opened, Some(self.opening.clone()))];
        for line in &self.lines {
            if line.half_hours.is_empty() {
                rows.push(CsvRow::of(line));
            }
            rows.extend(line.half_hours.iter().map(|one| CsvRow {
                from: Some(one.from),
                to: one.from.checked_add(SignedDuration::from_secs(HALF_HOUR)).ok(),
                watt_hours: Some(one.watt_hours),
                amount: Some(one.amount.clone()),
                ..CsvRow::of(line)
            }));
        }
        // Half-hours are exact, so that nothing was cut off from them.
        if self.lines.iter().all(|line| line.half_hours.is_empty()) {
            rows.push(end("remainder", &self.remainder));
        }
        rows.push(end("computed", &self.computed));
        rows.push(end("meter", &self.closing));
        rows.push(end("difference", &self.difference));
        rows.extend(self.least.iter().map(|least| end("least", least)));
        rows.extend(self.most.iter().map(|most| end("most", most)));
        let kind = if self.explained { "explained" } else { "not_explained" };
        rows.push(CsvRow {
            words: self.verdict(),
            ..CsvRow::end(kind, self.closed, None)
        });
        rows.extend(self.differences.iter().map(CsvRow::of_difference));
        rows
    }
}

impl CsvRow {
    fn of(line: &LineShown) -> CsvRow {
        CsvRow {
            day: Some(line.day),
            from: Some(line.from),
            to: Some(line.to),
            kind: line.kind.clone(),
            words: line.words.clone(),
            watt_hours: line.watt_hours,
            rate: line.rate.clone(),
            amount: line.amount.clone(),
            times: None,
        }
    }

    fn of_difference(one: &DifferenceShown) -> CsvRow {
        CsvRow {
            day: one.first,
            from: Some(one.from),
            to: Some(one.to),
            kind: format!("cause_{}", one.kind),
            words: one.words.clone(),
            amount: one.amount.clone(),
            times: Some(one.times),
            ..CsvRow::default()
        }
    }

    fn end(kind: &str, at: Timestamp, amount: Option<String>) -> CsvRow {
        CsvRow {
            from: Some(at),
            to: Some(at),
            kind: kind.to_owned(),
            amount,
            ..CsvRow::default()
        }
    }
}

impl Row for CsvRow {
    const COLUMNS: &str = "day,from,to,kind,words,watt_hours,rate,amount,times";

    fn fields(&self) -> Vec<String> {
        fn text(value: Option<&impl ToString>) -> String {
            value.map(ToString::to_string).unwrap_or_default()
        }
        vec![
            text(self.day.as_ref()),
            text(self.from.as_ref()),
            text(self.to.as_ref()),
            self.kind.clone(),
            self.words.clone(),
            text(self.watt_hours.as_ref()),
            text(self.rate.as_ref()),
            text(self.amount.as_ref()),
            text(self.times.as_ref()),
        ]
    }
}
