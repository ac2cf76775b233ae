//! `/money`: what every prepaying meter has left and how long that lasts, codes that only a person can end, and the latest
//! top-ups of all meters.

use askama::Template;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;

use super::PageState;
use super::error::PageError;
use super::table::to_settle;
use super::topups::Row;
use crate::accounts::Act;
use crate::domain::{MeterId, Quantity};
use crate::face::{Page, Shell, SignedIn};
use crate::http::blocking;
use crate::meter::emop::Money;
use crate::meter::purse::Purse;
use crate::texts::{Said, Texts};

/// Top-ups that are listed.
const LISTED: usize = 20;

#[derive(Template)]
#[template(path = "balances.html", config = ".askama.toml")]
struct BalancesPage {
    shell: Shell,
    rows: Vec<BalanceRow>,
    low: usize,
    /// What all of them have together.
    sum: Said,
    to_settle: Vec<(MeterId, String, String)>,
    topups: Vec<(MeterId, String, Row)>,
}

/// What one meter has left.
struct BalanceRow {
    serial: MeterId,
    name: String,
    left: String,
    low: bool,
    /// At last week's pace; absent where that or its price is not known.
    lasts: Option<Said>,
    read: Option<(Said, String)>,
}

/// The page, for whoever may give any meter a code.
pub(super) async fn show(State(state): State<PageState>, person: SignedIn) -> Result<Response, PageError> {
    if person.must(Act::ReadMeters).is_err() || person.must(Act::TopUp).is_err() {
        return Err(PageError::Forbidden);
    }
    let (t, now) = (Texts::of(person.language), person.now);
    let read = blocking({
        let state = state.clone();
        move || purses(&state, (t, now))
    });
    let mut rows = read.await?;
    rows.sort_by_key(|(purse, _)| purse.balance.0);
    let sum = Money(rows.iter().map(|(purse, _)| purse.balance.0).sum()).pounds();
    let latest = state.room.topups(LISTED).map_err(PageError::Topups)?;
    let name = |meter: &MeterId| match state.room.show(meter) {
        Ok(shown) => shown.meter.called(),
        Err(_) => meter.to_string(),
    };
    let page = BalancesPage {
        shell: state.face.shell("money", Some(&person)),
        low: rows.iter().filter(|(_, row)| row.low).count(),
        sum: t.say2("money-sum", ("count", rows.len()), ("sum", sum)),
        rows: rows.into_iter().map(|(_, row)| row).collect(),
        to_settle: to_settle(&state, &person),
        topups: latest
            .iter()
            .map(|topup| (topup.meter.clone(), name(&topup.meter), state.row(t, topup)))
            .collect(),
    };
    Ok(Page(StatusCode::OK, page).into_response())
}

fn purses(state: &PageState, (t, now): (Texts, Timestamp)) -> Vec<(Purse, BalanceRow)> {
    let all = state.room.list().into_iter();
    let rows = all.filter_map(|shown| {
        let purse = state.room.purse(&shown)?;
        let read = shown.values.get(&Quantity::Balance).map(|value| value.at);
        let row = BalanceRow {
            name: shown.meter.called(),
            left: purse.balance.pounds(),
            low: state.room.is_low(purse),
            lasts: purse.days().map(|days| t.say1("money-lasts", "count", days)),
            read: read.map(|at| (t.ago(now.duration_since(at).as_secs()), state.face.date_in(t, at))),
            serial: shown.meter.serial,
        };
        Some((purse, row))
    });
    rows.collect()
}
