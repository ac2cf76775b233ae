//! The room's pages: all meters with what they said last, and one meter on four: what is used, how it is, its log, its
//! settings.
//! A resident sees theirs while they are theirs, of those that were theirs the half-hours of that time, and no others.

mod card;
mod day;
mod drawn;
mod error;
mod figures;
mod health;
mod log;
mod money;
mod saw_tooth;
mod seen;
mod settings;
mod stretch;
mod tabs;
mod tariff;
mod topup;
mod topups;
mod used;

use std::collections::BTreeSet;
use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::Event as Message;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use jiff::Timestamp;
use serde::Deserialize;

use super::Meters;
use crate::accounts::{Act, Who};
use crate::domain::MeterId;
use crate::face::{self, Face, Forbidden, Page, Shell, SignedIn, secured};
use crate::feed::{Filter, Leave, News, stream};
use crate::texts::Texts;
use card::Card;
use error::PageError;
use seen::Seen;

/// What stands behind the pages.
type PageState = face::PageState<Meters>;

/// Cards on one page.
const SHOWN: usize = 200;

impl face::PageState<Meters> {
    /// The meter of a page, when the person may see it. Whose it is not learns nothing of it.
    fn find(&self, person: &SignedIn, serial: &str) -> Result<Seen, PageError> {
        let serial: MeterId = serial.parse().map_err(|_| PageError::Unknown)?;
        let shown = self.room.show(&serial).map_err(|_| PageError::Unknown)?;
        Seen::by(&person.who(), shown, person.now).ok_or(PageError::Unknown)
    }
}

/// The room's pages.
pub fn router(room: Arc<Meters>, face: Face) -> Router {
    let state = PageState { room, face };
    secured(
        Router::new()
            .route("/energy", get(list))
            .route("/energy/live", get(live))
            .route("/energy/{serial}", get(used::show))
            .route("/energy/{serial}/health", get(health::show))
            .route("/energy/{serial}/log", get(log::show))
            .route("/energy/{serial}/settings", get(settings::show))
            .route("/energy/{serial}/half-hours.csv", get(day::csv))
            .route("/energy/{serial}/money", get(money::show))
            .route("/energy/{serial}/money.csv", get(money::csv))
            .route("/energy/{serial}/topups", get(topups::list).post(topups::create))
            .route("/energy/{serial}/topups/{id}", get(topup::show))
            .route("/energy/{serial}/topups/{id}/cancel", post(topup::cancel))
            .route("/energy/{serial}/topups/{id}/settlement", post(topup::settle))
            .with_state(state),
    )
}

#[derive(Template)]
#[template(path = "meters.html", config = ".askama.toml")]
struct MetersPage {
    shell: Shell,
    script: String,
    /// Whether anything on it can change.
    live: bool,
    mark: String,
    rows: Vec<Card>,
    healthy: usize,
    silent: usize,
    more: Option<MeterId>,
    adds: bool,
    /// Top-ups that only a person can end, for whoever runs the box: the meter, the id, and when the code was given.
    to_settle: Vec<(MeterId, String, String)>,
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
    if !person.saw_meters() {
        return Err(Forbidden);
    }
    // The mark is taken before the values: a change in between is shown twice rather than missed.
    let mark = state.room.hall.mark();
    let (who, now) = (person.who(), person.now);
    let t = Texts::of(person.language);
    let all = state.room.list().into_iter();
    let meters: Vec<Seen> = all.filter_map(|shown| Seen::by(&who, shown, now)).collect();
    let health = |healthy| {
        meters
            .iter()
            .filter(|seen| seen.until.is_none() && card::is_healthy(&seen.shown) == Some(healthy))
            .count()
    };
    let (healthy, silent) = (health(true), health(false));
    let after = from.after.unwrap_or_default();
    let mut rows = meters
        .iter()
        .filter(|seen| seen.shown.meter.serial.as_str() > after.as_str());
    let shown: Vec<Card> = rows
        .by_ref()
        .take(SHOWN)
        .map(|seen| Card::of(seen, (&state.face, t), now))
        .collect();
    let more = rows.next().and_then(|_| Some(shown.last()?.serial.clone()));
    let page = MetersPage {
        shell: state.face.shell("meters", Some(&person)),
        script: state.face.asset("meters.js"),
        live: hears(&person).is_ok(),
        mark,
        rows: shown,
        healthy,
        silent,
        more,
        adds: person.must(Act::ManageBox).is_ok(),
        to_settle: to_settle(&state, &person),
    };
    Ok(Page(StatusCode::OK, page).into_response())
}

fn to_settle(state: &PageState, person: &SignedIn) -> Vec<(MeterId, String, String)> {
    if person.must(Act::CommandMeters).is_err() {
        return Vec::new();
    }
    let open = state.room.fleet().to_settle.into_iter();
    open.map(|topup| (topup.meter, topup.id, state.face.date(topup.made)))
        .collect()
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
    let wanted = hears(&person)?;
    let hall = Arc::clone(&state.room.hall);
    let (accounts, who, t) = (state.face.accounts().clone(), person.who(), Texts::of(person.language));
    let leave = Leave::new(accounts.bell(), {
        let (accounts, who) = (accounts.clone(), who.clone());
        move || accounts.still_known(&who)
    });
    let from = (&headers, mark.after.as_deref(), leave);
    Ok(stream::page(&hall, wanted, from, move |news| {
        told(&state, (&who, accounts.now(), t), news)
    }))
}

/// Of which meters somebody may hear who has a page of them: theirs, and those that will be.
fn hears(person: &SignedIn) -> Result<Filter<MeterId>, Forbidden> {
    if person.must(Act::ReadMeters).is_ok() {
        return Ok(Filter::All);
    }
    let meters: BTreeSet<MeterId> = person.meters().cloned().collect();
    match person.saw_meters() && !meters.is_empty() {
        true => Ok(Filter::These(meters)),
        false => Err(Forbidden),
    }
}

/// What somebody is told at `now` of a meter of which there is news; nothing, when it is not theirs yet, or no more, or
/// the news are of the time before.
fn told(state: &PageState, (who, now, t): (&Who, Timestamp, Texts), news: &News<MeterId>) -> Option<Message> {
    let meter = &news.subject;
    if !who.sees_since(meter, news.at, now) {
        return None;
    }
    let seen = state.room.show(meter).ok();
    let card = seen
        .and_then(|shown| Seen::by(who, shown, now))
        .map(|seen| Card::of(&seen, (&state.face, t), now));
    let message = card.and_then(|card| Message::default().event("meter").json_data(card).ok());
    Some(message.unwrap_or_else(|| Message::default().event("gone").data(meter.as_str())))
}
