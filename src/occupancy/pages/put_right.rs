//! Everybody out, and a number that is set: each asked for on a page of its own, for a phone without script.

use askama::Template;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use super::finding::{Refusal, by, find, once, refused};
use super::tapped::{Back, Tap, bare, done};
use crate::accounts::Act;
use crate::domain::{OCCUPANCY_LIMIT, SpaceId};
use crate::face::{Form, Page, PageState, Shell, SignedIn};
use crate::http::Problem;
use crate::occupancy::Occupancy;
use crate::occupancy::corrections::{LONGEST_REASON, What, Wish};
use crate::texts::{Said, Texts, named};

#[derive(Template)]
#[template(path = "door_empty.html", config = ".askama.toml")]
struct EmptyPage {
    shell: Shell,
    id: SpaceId,
    what: Said,
    csrf_token: String,
    once: String,
    back: Back,
    longest: usize,
}

#[derive(Template)]
#[template(path = "door_set.html", config = ".askama.toml")]
struct SetPage {
    shell: Shell,
    id: SpaceId,
    name: String,
    what: Said,
    most: u32,
    csrf_token: String,
    once: String,
    back: Back,
    longest: usize,
}

/// From which page somebody comes.
#[derive(Deserialize)]
pub(super) struct Coming {
    #[serde(default)]
    back: Back,
}

/// Asks once more whether everybody is out.
pub(super) async fn ask_empty(
    State(state): State<PageState<Occupancy>>,
    person: SignedIn,
    Path(id): Path<String>,
    Query(coming): Query<Coming>,
) -> Result<Response, Refusal> {
    let space = find(&state, (&person, Act::Count), &id)?;
    let (t, counted) = (Texts::of(person.language), ("current", space.occupancy.current));
    let page = EmptyPage {
        shell: bare(&state, &person),
        id: space.id,
        what: t.say2("door-empty-what", ("name", space.called()), counted),
        csrf_token: person.csrf.token(),
        once: once(),
        back: coming.back,
        longest: LONGEST_REASON,
    };
    Ok(Page(StatusCode::OK, page).into_response())
}

/// A count that is put right.
#[derive(Deserialize)]
pub(super) struct PutRight {
    current: Option<u32>,
    #[serde(default)]
    reason: String,
    once: Option<String>,
    #[serde(default)]
    back: Back,
}

/// Everybody is out.
pub(super) async fn empty(
    State(state): State<PageState<Occupancy>>,
    person: SignedIn,
    Path(id): Path<String>,
    headers: HeaderMap,
    Form(form): Form<PutRight>,
) -> Result<Response, Refusal> {
    let space = find(&state, (&person, Act::Count), &id)?.id;
    put_right(&state, (&person, space), &headers, (form, What::Emptied)).await
}

/// Asks for a number and a reason.
pub(super) async fn ask_set(
    State(state): State<PageState<Occupancy>>,
    person: SignedIn,
    Path(id): Path<String>,
    Query(coming): Query<Coming>,
) -> Result<Response, Refusal> {
    let space = find(&state, (&person, Act::Count), &id)?;
    let (t, counted) = (Texts::of(person.language), ("current", space.occupancy.current));
    let page = SetPage {
        shell: bare(&state, &person),
        id: space.id,
        name: space.called(),
        what: t.say2("door-set-what", counted, ("maximum", space.occupancy.maximum)),
        most: OCCUPANCY_LIMIT,
        csrf_token: person.csrf.token(),
        once: once(),
        back: coming.back,
        longest: LONGEST_REASON,
    };
    Ok(Page(StatusCode::OK, page).into_response())
}

/// So many are inside.
pub(super) async fn set(
    State(state): State<PageState<Occupancy>>,
    person: SignedIn,
    Path(id): Path<String>,
    headers: HeaderMap,
    Form(form): Form<PutRight>,
) -> Result<Response, Refusal> {
    let space = find(&state, (&person, Act::Count), &id)?.id;
    let Some(current) = form.current else {
        let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "no-number", "How many are inside?");
        return Err(problem
            .detail("Give the number of people inside.")
            .on_page(named("fault-how-many"), named("fault-how-many-text"))
            .into_response()
            .into());
    };
    put_right(&state, (&person, space), &headers, (form, What::SetTo(current))).await
}

async fn put_right(
    state: &PageState<Occupancy>,
    (person, space): (&SignedIn, SpaceId),
    headers: &HeaderMap,
    (form, what): (PutRight, What),
) -> Result<Response, Refusal> {
    let reason = form.reason.trim();
    let wish = Wish {
        what,
        reason: (!reason.is_empty()).then(|| reason.to_owned()),
    };
    let who = by(person);
    let corrected = state.room.correct(space, (wish, &who), form.once.as_deref());
    let space = corrected.await.map_err(|error| refused(&error))?;
    let tap = match what {
        What::Emptied => Tap::Emptied,
        What::SetTo(_) => Tap::Set,
    };
    Ok(done(headers, (&space, tap), form.back))
}
