//! The room's pages: all spaces with gauges that move as counts change, one space with its history, the screen at a door
//! for a doorman, and the one for whoever stands before it.

mod card;
mod days;
mod door;
mod finding;
mod kiosk;
mod manage;
mod plots;
mod put_right;
mod space;
mod tapped;

use std::collections::BTreeSet;
use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::Event as Message;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::Occupancy;
use crate::accounts::Act;
use crate::domain::{Event, Space, SpaceId};
use crate::face::{Face, Page, PageState, Shell, SignedIn, secured};
use crate::feed::{Filter, Leave, News, stream};
use crate::store::ReadError;
use crate::texts::Texts;
use card::Card;

/// Cards on one page.
const SHOWN: usize = 200;

/// The room's pages.
pub fn router(room: Arc<Occupancy>, face: Face) -> Router {
    let state = PageState { room, face };
    secured(
        Router::new()
            .route("/spaces", get(list))
            .route("/spaces/live", get(live))
            .route("/spaces/{id}", get(space::show))
            .route("/spaces/{id}/day.csv", get(space::csv))
            .route("/spaces/{id}/door", get(door::show).post(door::count))
            .route("/spaces/{id}/empty", get(put_right::ask_empty).post(put_right::empty))
            .route("/spaces/{id}/set", get(put_right::ask_set).post(put_right::set))
            .route("/spaces/{id}/settings", post(manage::settings))
            .route("/spaces/{id}/delete", get(manage::ask_delete).post(manage::delete))
            .route("/spaces/{id}/kiosks", post(manage::make_kiosk))
            .route("/spaces/{id}/kiosks/{kiosk}", post(manage::take_kiosk))
            .route("/k/{key}", get(kiosk::show))
            .route("/k/{key}/now", get(kiosk::now))
            .route("/k/{key}/live", get(kiosk::live))
            .with_state(state),
    )
}

#[derive(Template)]
#[template(path = "spaces.html", config = ".askama.toml")]
struct SpacesPage {
    shell: Shell,
    script: String,
    mark: String,
    rows: Vec<Card>,
    more: Option<SpaceId>,
    said: Option<&'static str>,
    may_make: bool,
}

#[derive(Deserialize)]
struct From {
    after: Option<SpaceId>,
    done: Option<manage::Gone>,
}

async fn list(
    State(state): State<PageState<Occupancy>>,
    person: SignedIn,
    Query(from): Query<From>,
) -> Result<Response, Response> {
    person.must(Act::ReadSpaces).map_err(IntoResponse::into_response)?;
    // The mark is taken before the rows: a change in between is shown twice rather than missed.
    let mark = state.room.hall.mark();
    let mut spaces = seen(&state.room, &person, from.after, SHOWN + 1).map_err(|error| {
        tracing::error!(%error, "spaces could not be listed");
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    })?;
    let more = (spaces.len() > SHOWN)
        .then(|| spaces.truncate(SHOWN))
        .and_then(|()| Some(spaces.last()?.id));
    let t = Texts::of(person.language);
    let page = SpacesPage {
        shell: state.face.shell("spaces", Some(&person)),
        script: state.face.asset("spaces.js"),
        mark,
        rows: spaces.iter().map(|space| Card::of(space, &state.face, t)).collect(),
        more,
        said: from.done.map(manage::Gone::said),
        may_make: person.must(Act::ManageSpaces).is_ok(),
    };
    Ok(Page(StatusCode::OK, page).into_response())
}

/// Living spaces after `after` that somebody sees, up to `limit`.
fn seen(room: &Occupancy, person: &SignedIn, after: Option<SpaceId>, limit: usize) -> Result<Vec<Space>, ReadError> {
    let Some(mut only) = person.only_spaces() else {
        return room.list(after, limit);
    };
    only.sort();
    let only = only.into_iter().filter(|id| after.is_none_or(|after| *id > after));
    let found = only.filter_map(|id| room.get(id).transpose());
    found.take(limit).collect()
}

impl Occupancy {
    /// Where a doorman is led who signs in: to the door, when there is one alone that they see.
    #[must_use]
    pub fn first_page(&self, person: &SignedIn) -> String {
        match person.only_spaces().as_deref() {
            Some([only]) => format!("/spaces/{only}/door"),
            _ => "/spaces".to_owned(),
        }
    }
}

#[derive(Deserialize)]
struct Mark {
    after: Option<String>,
}

async fn live(
    State(state): State<PageState<Occupancy>>,
    person: SignedIn,
    Query(mark): Query<Mark>,
    headers: HeaderMap,
) -> Result<Response, Response> {
    person.must(Act::ReadSpaces).map_err(IntoResponse::into_response)?;
    let hall = Arc::clone(&state.room.hall);
    let (accounts, who) = (state.face.accounts().clone(), person.who());
    let leave = Leave::new(accounts.bell(), move || accounts.still_known(&who));
    let wanted = match person.only_spaces() {
        Some(only) => Filter::These(only.into_iter().collect::<BTreeSet<_>>()),
        None => Filter::All,
    };
    let t = Texts::of(person.language);
    let from = (&headers, mark.after.as_deref(), leave);
    Ok(stream::page(&hall, wanted, from, move |news| told(&state, t, news)))
}

fn told(state: &PageState<Occupancy>, t: Texts, news: &News<SpaceId>) -> Option<Message> {
    Some(match &news.event {
        Event::SpaceCreated { space, .. } | Event::SpaceChanged { space, .. } => {
            let space = state.room.show(*space).ok()?;
            Message::default()
                .event("space")
                .json_data(Card::of(&space, &state.face, t))
                .ok()?
        }
        Event::SpaceRemoved { space, .. } => Message::default().event("gone").data(space.to_string()),
        _ => return None,
    })
}
