//! The room's pages: all meters with what they said last, and one meter with its half-hours, its values and its log.
//! A resident sees theirs and no others.

mod card;
mod day;
mod error;
mod one;
mod plot;
mod topups;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::Event as Message;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::{MeterShown, Meters};
use crate::accounts::Act;
use crate::domain::MeterId;
use crate::face::{self, Face, Forbidden, Page, Shell, SignedIn, secured};
use crate::feed::{Filter, Leave, stream};
use card::Card;
use error::PageError;

/// What stands behind the pages.
type PageState = face::PageState<Meters>;

/// Cards on one page.
const SHOWN: usize = 200;

impl face::PageState<Meters> {
    /// The meter of a page, when the person may see it. Whose it is not learns nothing of it.
    fn find(&self, person: &SignedIn, serial: &str) -> Result<MeterShown, PageError> {
        let serial: MeterId = serial.parse().map_err(|_| PageError::Unknown)?;
        if !person.sees(&serial) {
            return Err(PageError::Unknown);
        }
        self.room.show(&serial).map_err(|_| PageError::Unknown)
    }
}

/// The room's pages.
pub fn router(room: Arc<Meters>, face: Face) -> Router {
    let state = PageState { room, face };
    secured(
        Router::new()
            .route("/meters", get(list))
            .route("/meters/live", get(live))
            .route("/meters/{serial}", get(one::show))
            .route("/meters/{serial}/half-hours.csv", get(day::csv))
            .route("/meters/{serial}/topups", get(topups::list).post(topups::create))
            .route("/meters/{serial}/topups/{id}", get(topups::show))
            .route("/meters/{serial}/topups/{id}/cancel", post(topups::cancel))
            .with_state(state),
    )
}

#[derive(Template)]
#[template(path = "meters.html", config = ".askama.toml")]
struct MetersPage {
    shell: Shell,
    script: String,
    mark: String,
    rows: Vec<Card>,
    healthy: usize,
    silent: usize,
    more: Option<MeterId>,
    adds: bool,
}

#[derive(Deserialize)]
struct From {
    after: Option<String>,
}

async fn list(
    State(state): State<PageState>,
    person: SignedIn,
    Query(from): Query<From>,
) -> Result<Response, Forbidden> {
    if !person.sees_meters() {
        return Err(Forbidden);
    }
    // The mark is taken before the values: a change in between is shown twice rather than missed.
    let mark = state.room.hall.mark();
    let mut meters = state.room.list();
    meters.retain(|shown| person.sees(&shown.meter.serial));
    let health = |healthy| {
        meters
            .iter()
            .filter(|shown| card::is_healthy(shown) == Some(healthy))
            .count()
    };
    let (healthy, silent) = (health(true), health(false));
    let after = from.after.unwrap_or_default();
    let mut rows = meters
        .iter()
        .filter(|shown| shown.meter.serial.as_str() > after.as_str());
    let shown: Vec<Card> = rows
        .by_ref()
        .take(SHOWN)
        .map(|shown| Card::of(shown, &state.face))
        .collect();
    let more = rows.next().and_then(|_| Some(shown.last()?.serial.clone()));
    let page = MetersPage {
        shell: state.face.shell("meters", Some(&person)),
        script: state.face.asset("meters.js"),
        mark,
        rows: shown,
        healthy,
        silent,
        more,
        adds: person.must(Act::ManageBox).is_ok(),
    };
    Ok(Page(StatusCode::OK, page).into_response())
}

#[derive(Deserialize)]
struct Mark {
    after: Option<String>,
}

async fn live(
    State(state): State<PageState>,
    person: SignedIn,
    Query(mark): Query<Mark>,
    headers: HeaderMap,
) -> Result<Response, Forbidden> {
    if !person.sees_meters() {
        return Err(Forbidden);
    }
    let wanted = match person.must(Act::ReadMeters) {
        Ok(()) => Filter::All,
        Err(Forbidden) => Filter::These(person.meters.iter().cloned().collect()),
    };
    let hall = Arc::clone(&state.room.hall);
    let (accounts, who) = (state.face.accounts().clone(), person.who());
    let leave = Leave::new(accounts.bell(), move || accounts.still_known(&who));
    let from = (&headers, mark.after.as_deref(), leave);
    Ok(stream::page(&hall, wanted, from, move |news| {
        Some(told(&state, &news.subject))
    }))
}

fn told(state: &PageState, meter: &MeterId) -> Message {
    let card = state.room.show(meter).ok().map(|shown| Card::of(&shown, &state.face));
    let message = card.and_then(|card| Message::default().event("meter").json_data(card).ok());
    message.unwrap_or_else(|| Message::default().event("gone").data(meter.as_str()))
}
