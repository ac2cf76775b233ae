//! A meter's balance line by line, to be read and to be printed (EMOP §23.6). Whoever lives there sees their own time.

use std::ops::Range;

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde::Deserialize;

use super::PageState;
use super::error::PageError;
use crate::domain::{MeterId, given};
use crate::face::{Page, Shell, SignedIn};
use crate::http::blocking;
use crate::meter::explain::{ExplainError, LineShown, MoneyShown, Period, StatementShown};

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
    /// Lines by day.
    days: Vec<Day>,
    verdict: String,
    statement: StatementShown,
}

struct Day {
    day: String,
    lines: Vec<LineRow>,
}

struct LineRow {
    words: String,
    energy: String,
    amount: String,
    known: bool,
}

/// Which days.
#[derive(Deserialize)]
pub(super) struct Days {
    from: Option<String>,
    to: Option<String>,
}

/// The page.
pub(super) async fn show(
    State(state): State<PageState>,
    person: SignedIn,
    Path(serial): Path<String>,
    Query(days): Query<Days>,
) -> Result<Response, PageError> {
    let seen = state.find(&person, &serial)?;
    let date = |text: Option<String>| {
        let text = text.filter(|text| !text.is_empty());
        text.map(|text| given::day(&text)).transpose()
    };
    let last = seen.last(person.now).to_zoned(state.face.timezone().clone()).date();
    let period = Period::new(date(days.from)?, date(days.to)?, last)?;
    let meter = seen.shown.meter.serial.clone();
    let parts = seen.sight.clip(state.room.span_of(period)?);
    let explained = blocking({
        let (room, meter) = (state.room.clone(), meter.clone());
        let sight = seen.sight.clone();
        move || {
            // What is known of the time before a part, when it is theirs, gives it its opening balance.
            let whole = sight.clip(Timestamp::MIN..Timestamp::MAX);
            let theirs = |part: &Range<Timestamp>| whole.iter().find(|span| span.contains(&part.start)).cloned();
            let parts = parts.iter().filter_map(theirs);
            let all = parts.map(|within| room.explain(&meter, period, &within));
            all.collect::<Result<Vec<MoneyShown>, ExplainError>>()
        }
    });
    let explained = explained.await??;
    let note = explained
        .iter()
        .all(|money| money.statement.is_none())
        .then(|| match explained.first() {
            Some(money) => money.note.clone().unwrap_or_default(),
            None => "Nothing of that time is yours.".to_owned(),
        });
    let page = MoneyPage {
        shell: state.face.shell("meters", Some(&person)),
        name: seen.shown.meter.name.clone().unwrap_or_else(|| meter.to_string()),
        meter,
        from: period.from.to_string(),
        to: period.to.to_string(),
        note,
        statements: explained.into_iter().filter_map(|money| shown(&state, money)).collect(),
    };
    Ok(Page(StatusCode::OK, page).into_response())
}

fn shown(state: &PageState, money: MoneyShown) -> Option<Shown> {
    let statement = money.statement?;
    let mut days: Vec<Day> = Vec::new();
    for line in &statement.lines {
        let day = line.day.strftime("%a %-d %b %Y").to_string();
        match days.last_mut() {
            Some(last) if last.day == day => last.lines.push(row(line)),
            _ => days.push(Day {
                day,
                lines: vec![row(line)],
            }),
        }
    }
    Some(Shown {
        note: money.note,
        opened: state.face.time(statement.opened),
        closed: state.face.time(statement.closed),
        days,
        verdict: statement.verdict(),
        statement,
    })
}

fn row(line: &LineShown) -> LineRow {
    let energy = line
        .watt_hours
        .map(|count| format!("{}.{:03} kWh", count / 1_000, count % 1_000));
    LineRow {
        words: line.words.clone(),
        energy: energy.unwrap_or_default(),
        amount: line.amount.clone().unwrap_or_else(|| "not known".to_owned()),
        known: line.amount.is_some(),
    }
}
