//! A meter's balance line by line, to be read and to be printed (EMOP §23.6). Whoever lives there sees their own time.

use std::ops::Range;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::Deserialize;

use super::PageState;
use super::day::date_of;
use super::error::PageError;
use super::saw_tooth::SawTooth;
use super::seen::Seen;
use crate::domain::{MeterId, given};
use crate::face::{Page, Shell, SignedIn};
use crate::http::blocking;
use crate::http::table;
use crate::meter::explain::{
    Charged, CsvRow, Detail, DifferenceShown, Entry, ExplainError, LineShown, MoneyShown, Period, StatementShown,
    to_the_penny,
};
use crate::texts::Texts;

#[derive(Template)]
#[template(path = "money.html", config = ".askama.toml")]
struct MoneyPage {
    shell: Shell,
    meter: MeterId,
    name: String,
    from: String,
    to: String,
    /// What is to be known beforehand, and there is nothing else.
    note: Option<String>,
    /// One for each stretch that was theirs.
    statements: Vec<Shown>,
}

/// A statement as a page shows it.
struct Shown {
    note: Option<String>,
    opened: String,
    closed: String,
    /// The balance over that time.
    plot: Option<String>,
    /// Lines by day.
    days: Vec<Day>,
    verdict: String,
    causes: Vec<String>,
    statement: StatementShown,
}

struct Day {
    day: String,
    /// What it cost, as far as that is known.
    cost: Option<String>,
    lines: Vec<LineRow>,
}

struct LineRow {
    words: String,
    energy: Option<String>,
    /// Absent: not known.
    amount: Option<String>,
}

/// Which days.
#[derive(Deserialize)]
pub(super) struct Days {
    from: Option<String>,
    to: Option<String>,
    /// Of a spreadsheet: each half-hour by itself.
    half_hours: Option<bool>,
}

/// A meter's balance as one person may see it: a part for each stretch that was theirs.
struct Asked {
    seen: Seen,
    period: Period,
    parts: Vec<MoneyShown>,
}

impl Asked {
    async fn explain(state: &PageState, person: &SignedIn, serial: &str, days: &Days) -> Result<Asked, PageError> {
        let seen = state.find(person, serial)?;
        let date = |text: &Option<String>| {
            let text = text.as_deref().filter(|text| !text.is_empty());
            text.map(given::day).transpose()
        };
        let period = Period::new(
            date(&days.from)?,
            date(&days.to)?,
            date_of(state, seen.last(person.now)),
        )?;
        let parts = seen.sight.clip(state.room.span_of(period)?);
        let explained = blocking({
            let (room, meter) = (state.room.clone(), seen.shown.meter.serial.clone());
            let wanted = (period, Detail::of(days.half_hours));
            let sight = seen.sight.clone();
            move || {
                // What is known of the time before a part, when it is theirs, gives it its opening balance.
                let whole = sight.clip(Timestamp::MIN..Timestamp::MAX);
                let theirs = |part: &Range<Timestamp>| whole.iter().find(|span| span.contains(&part.start)).cloned();
                let parts = parts.iter().filter_map(theirs);
                let all = parts.map(|within| room.explain(&meter, wanted, &within));
                all.collect::<Result<Vec<MoneyShown>, ExplainError>>()
            }
        });
        Ok(Asked {
            parts: explained.await??,
            seen,
            period,
        })
    }

    /// What is to be known where there is no statement at all.
    fn note(&self) -> Option<String> {
        let is_empty = self.parts.iter().all(|money| money.statement.is_none());
        is_empty.then(|| match self.parts.first() {
            Some(money) => money.note.clone().unwrap_or_default(),
            None => "Nothing of that time is yours.".to_owned(),
        })
    }
}

/// The page.
pub(super) async fn show(
    State(state): State<PageState>,
    person: SignedIn,
    Path(serial): Path<String>,
    Query(days): Query<Days>,
) -> Result<Response, PageError> {
    let asked = Asked::explain(&state, &person, &serial, &days).await?;
    let meter = asked.seen.shown.meter.serial.clone();
    let page = MoneyPage {
        shell: state.face.shell("meters", Some(&person)),
        note: asked.note(),
        name: asked.seen.shown.meter.name.unwrap_or_else(|| meter.to_string()),
        meter,
        from: asked.period.from.to_string(),
        to: asked.period.to.to_string(),
        statements: asked
            .parts
            .into_iter()
            .enumerate()
            .filter_map(|(place, money)| shown(&state, (money, place), Texts::of(person.language)))
            .collect(),
    };
    Ok(Page(StatusCode::OK, page).into_response())
}

/// The same for a spreadsheet.
pub(super) async fn csv(
    State(state): State<PageState>,
    person: SignedIn,
    Path(serial): Path<String>,
    Query(days): Query<Days>,
) -> Result<Response, PageError> {
    let asked = Asked::explain(&state, &person, &serial, &days).await?;
    let rows: Vec<CsvRow> = asked.parts.iter().flat_map(MoneyShown::rows).collect();
    let name = format!(
        "{}-money-{}-{}.csv",
        asked.seen.shown.meter.serial, asked.period.from, asked.period.to
    );
    let headers = [
        (CONTENT_TYPE, "text/csv; charset=utf-8".to_owned()),
        (CONTENT_DISPOSITION, format!("attachment; filename=\"{name}\"")),
    ];
    Ok((headers, table::csv(&rows)).into_response())
}

fn shown(state: &PageState, (money, place): (MoneyShown, usize), t: Texts) -> Option<Shown> {
    let statement = money.statement?;
    let mut days: Vec<Day> = Vec::new();
    for (date, entry) in statement.entries() {
        let day = written(date);
        match days.last_mut() {
            Some(last) if last.day == day => last.lines.push(row(&entry)),
            _ => days.push(Day {
                cost: cost(&statement.lines, date),
                lines: vec![row(&entry)],
                day,
            }),
        }
    }
    let plot = SawTooth {
        balances: &statement.balances,
        timezone: state.face.timezone(),
        t,
    };
    Some(Shown {
        note: money.note,
        opened: state.face.date(statement.opened),
        closed: state.face.date(statement.closed),
        plot: plot.svg(&format!("balance-{place}")),
        days,
        verdict: statement.verdict(),
        causes: statement.differences.iter().map(cause).collect(),
        statement,
    })
}

/// What a day cost; a part of it that is not known is said to be missing.
fn cost(lines: &[LineShown], day: Date) -> Option<String> {
    let charged = Charged::on(day, lines)?;
    let sum = to_the_penny(charged.amount).pounds();
    Some(match charged.is_whole {
        false => format!("{sum} and what is not known"),
        true => sum,
    })
}

fn written(day: Date) -> String {
    day.strftime("%a %-d %b %Y").to_string()
}

fn row(entry: &Entry<'_>) -> LineRow {
    match entry {
        Entry::Line(line) => LineRow {
            words: line.words.clone(),
            energy: line
                .watt_hours
                .map(|count| format!("{}.{:03} kWh", count / 1_000, count % 1_000)),
            amount: line.amount.clone(),
        },
        Entry::LeftOut(one) => LineRow {
            words: match one.last.filter(|last| one.first != Some(*last)) {
                Some(last) => format!("{} (until {})", one.words, written(last)),
                None => one.words.clone(),
            },
            energy: None,
            amount: None,
        },
    }
}

/// What a difference can be made of, with its days.
fn cause(one: &DifferenceShown) -> String {
    match (one.first, one.last) {
        (Some(first), Some(last)) if first == last => format!("{}: {}", written(first), one.words),
        (Some(first), Some(last)) => format!("{} to {}: {}", written(first), written(last), one.words),
        _ => one.words.clone(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_days_cost_is_the_exact_sum_of_what_its_lines_charge() {
        let line = |day: &str, kind: &str, amount: Option<&str>| -> LineShown {
            let at = format!("{day}T00:00:00Z");
            let line = json!({ "day": day, "from": at, "to": at, "kind": kind, "words": "", "amount": amount });
            serde_json::from_value(line).unwrap()
        };
        let lines = [
            line("2026-11-28", "energy", Some("-9")),
            line("2026-11-29", "energy", Some("-1.19623")),
            line("2026-11-29", "standing_charge", Some("-0.55")),
            line("2026-11-29", "debt", Some("-0.57")),
            line("2026-11-29", "topup", Some("12.5")),
            line("2026-11-30", "energy", Some("-1")),
            line("2026-11-30", "not_computed", None),
            line("2026-12-01", "topup", Some("10")),
        ];
        let of = |day: &str| cost(&lines, day.parse().unwrap());
        assert_eq!(of("2026-11-29").as_deref(), Some("£2.32"));
        assert_eq!(of("2026-11-30").as_deref(), Some("£1.00 and what is not known"));
        assert_eq!(of("2026-12-01"), None);
    }
}
