//! The room's pages: all spaces with gauges that move as counts change, one space, the screen at a door.

mod plot;
mod space;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::Event as Message;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use serde::{Deserialize, Serialize};

use super::Occupancy;
use crate::accounts::Act;
use crate::domain::{Event, Level, Space, SpaceId};
use crate::face::{self, Face, Page, Shell, SignedIn, secured};
use crate::feed::{Filter, Leave, News, stream};

/// What stands behind the pages.
type PageState = face::PageState<Occupancy>;

/// Cards on one page.
const SHOWN: usize = 200;

impl face::PageState<Occupancy> {
    fn mark(&self) -> String {
        self.room.hall.mark()
    }
}

/// The room's pages.
pub fn router(room: Arc<Occupancy>, face: Face) -> Router {
    let state = PageState { room, face };
    secured(
        Router::new()
            .route("/spaces", get(list))
            .route("/spaces/live", get(live))
            .route("/spaces/{id}", get(space::show))
            .route("/spaces/{id}/door", get(space::door).post(space::count))
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
}

/// A space as its card shows it.
#[derive(Serialize)]
struct Card {
    id: SpaceId,
    name: String,
    current: u32,
    maximum: u32,
    high: u32,
    level: &'static str,
    words: &'static str,
    updated: String,
    updated_here: String,
}

impl Card {
    fn of(space: &Space, face: &Face) -> Card {
        let (current, maximum) = (space.occupancy.current, space.occupancy.maximum);
        let high = maximum.saturating_mul(u32::from(space.thresholds.warn)).div_ceil(100);
        let (level, words) = match space.level() {
            Level::Over => ("over", "too many"),
            Level::Full => ("full", "full"),
            Level::Busy => ("busy", "filling up"),
            Level::Free => ("free", "room left"),
        };
        Card {
            id: space.id,
            name: space
                .name
                .clone()
                .unwrap_or_else(|| format!("Space {}", &space.id.to_string()[..8])),
            current,
            maximum,
            high,
            level,
            words,
            updated: space.last_updated.to_string(),
            updated_here: face.time(space.last_updated),
        }
    }
}

#[derive(Deserialize)]
struct From {
    after: Option<SpaceId>,
}

async fn list(
    State(state): State<PageState>,
    person: SignedIn,
    Query(from): Query<From>,
) -> Result<Response, Response> {
    person.must(Act::ReadSpaces).map_err(IntoResponse::into_response)?;
    // The mark is taken before the rows: a change in between is shown twice rather than missed.
    let mark = state.mark();
    let mut spaces = state.room.list(from.after, SHOWN + 1).map_err(|error| {
        tracing::error!(%error, "spaces could not be listed");
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    })?;
    let more = (spaces.len() > SHOWN)
        .then(|| spaces.truncate(SHOWN))
        .and_then(|()| Some(spaces.last()?.id));
    let page = SpacesPage {
        shell: state.face.shell("spaces", Some(&person)),
        script: state.face.asset("spaces.js"),
        mark,
        rows: spaces.iter().map(|space| Card::of(space, &state.face)).collect(),
        more,
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
) -> Result<Response, Response> {
    person.must(Act::ReadSpaces).map_err(IntoResponse::into_response)?;
    let hall = Arc::clone(&state.room.hall);
    let (accounts, who) = (state.face.accounts().clone(), person.who());
    let leave = Leave::new(accounts.bell(), move || accounts.still_known(&who));
    let from = (&headers, mark.after.as_deref(), leave);
    Ok(stream::page(&hall, Filter::All, from, move |news| told(&state, news)))
}

fn told(state: &PageState, news: &News<SpaceId>) -> Option<Message> {
    Some(match &news.event {
        Event::SpaceCreated { space, .. } | Event::SpaceChanged { space, .. } => {
            let space = state.room.show(*space).ok()?;
            Message::default()
                .event("space")
                .json_data(Card::of(&space, &state.face))
                .ok()?
        }
        Event::SpaceRemoved { space, .. } => Message::default().event("gone").data(space.to_string()),
        _ => return None,
    })
}
