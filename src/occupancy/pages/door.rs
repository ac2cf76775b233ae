//! The screen at a door: how many may still come in, and a button for one in and one out. For an old phone, so it is
//! small and works without script; with it, taps wait while the box is away.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::card::Card;
use super::finding::{Refusal, find, once, refused};
use super::tapped::{Back, Tap, bare, done};
use crate::accounts::Act;
use crate::face::{Form, Page, PageState, Shell, SignedIn};
use crate::http::Problem;
use crate::occupancy::Occupancy;
use crate::occupancy::door::Tap as OneTap;
use crate::texts::{Said, Texts, named};

#[derive(Template)]
#[template(path = "door.html", config = ".askama.toml")]
struct DoorPage {
    shell: Shell,
    script: String,
    mark: String,
    row: Card,
    /// How many of how many, with places for the script to fill.
    of: Said,
    may_count: bool,
    csrf_token: String,
    once: String,
    said: Option<&'static str>,
    /// Whether it is asked that one more comes in though it is full.
    asks: bool,
    /// What takes the last tap back.
    undo: Option<i64>,
}

/// What the page is told of the tap before.
#[derive(Deserialize)]
pub(super) struct Before {
    tap: Option<Tap>,
}

/// The screen at a door. Nothing but that door is on it.
pub(super) async fn show(
    State(state): State<PageState<Occupancy>>,
    person: SignedIn,
    Path(id): Path<String>,
    Query(before): Query<Before>,
) -> Result<Response, Refusal> {
    let mark = state.room.hall.mark();
    let space = find(&state, (&person, Act::ReadSpaces), &id)?;
    let may_count = person.must(Act::Count).is_ok();
    let tap = before.tap.filter(|_| may_count);
    let t = Texts::of(person.language);
    let asks = tap == Some(Tap::Full) && space.overfill;
    let page = DoorPage {
        shell: bare(&state, &person),
        script: state.face.asset("door.js"),
        mark,
        row: Card::of(&space, &state.face, t),
        of: t.say2("spaces-of", ("current", "%c"), ("maximum", "%m")),
        may_count,
        csrf_token: person.csrf.token(),
        once: once(),
        said: tap.filter(|_| !asks).map(Tap::said),
        asks,
        undo: tap.and_then(Tap::undo),
    };
    Ok(Page(StatusCode::OK, page).into_response())
}

/// Somebody came in or went out.
#[derive(Deserialize)]
pub(super) struct Counted {
    by: i64,
    /// So that it counts once, however often it is sent.
    once: Option<String>,
    /// Though it is full, where that may be.
    over: Option<String>,
    /// Takes the tap before back.
    undo: Option<String>,
}

/// The buttons of the door's screen. Its script asks for JSON, and shows what became of the tap by itself.
pub(super) async fn count(
    State(state): State<PageState<Occupancy>>,
    person: SignedIn,
    Path(id): Path<String>,
    headers: HeaderMap,
    Form(form): Form<Counted>,
) -> Result<Response, Refusal> {
    let space = find(&state, (&person, Act::Count), &id)?.id;
    if form.by.abs() != 1 {
        let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "not-one", "One at a time");
        return Err(problem
            .detail("A tap counts one person in or out.")
            .on_page(named("fault-one-tap"), named("fault-one-tap-text"))
            .into_response()
            .into());
    }
    let tap = OneTap {
        by: form.by,
        all_the_same: form.over.is_some(),
    };
    let tapped = state.room.tap(space, tap, form.once.as_deref()).await;
    let tapped = tapped.map_err(|error| refused(&error))?;
    let tap = Tap::of(form.by, tapped.applied, form.undo.is_some());
    Ok(done(&headers, (&tapped.space, tap), Back::Door))
}
