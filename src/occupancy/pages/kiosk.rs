//! A screen beside a door, for whoever stands before it (OCC §5.13): opened by a link, without a login. Whoever has the
//! link sees how many may still come in, and can do nothing.

use std::sync::Arc;

use askama::Template;
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::Event as Message;
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::finding::{Refusal, broken};
use crate::accounts::Secret;
use crate::domain::{Event, Space};
use crate::face::{Face, Page, PageState};
use crate::feed::{Filter, Leave, stream};
use crate::occupancy::{Occupancy, kiosks};
use crate::texts::{Language, Texts};

#[derive(Template)]
#[template(path = "kiosk.html", config = ".askama.toml")]
struct KioskPage {
    style: String,
    icon: String,
    script: String,
    /// Every language of the site, which take turns.
    turns: Vec<Texts>,
    /// Absent once the screen was taken away.
    shown: Option<Shown>,
}

struct Shown {
    name: String,
    mark: String,
    now: Now,
}

/// What the screen says now.
#[derive(Serialize)]
struct Now {
    /// People who may still come in.
    left: u32,
    /// When that was so, by the clocks of the house.
    time: String,
}

impl Now {
    fn of(space: &Space, face: &Face) -> Now {
        let now = face.accounts().now().to_zoned(face.timezone().clone());
        Now {
            left: space.left(),
            time: now.strftime("%H:%M").to_string(),
        }
    }
}

impl KioskPage {
    fn new(face: &Face, shown: Option<Shown>) -> KioskPage {
        KioskPage {
            style: face.asset("style.css"),
            icon: face.asset("icon.svg"),
            script: face.asset("kiosk.js"),
            turns: face.languages().iter().copied().map(Texts::of).collect(),
            shown,
        }
    }

    fn first(&self) -> Language {
        self.turns.first().map(|t| t.language).unwrap_or_default()
    }
}

/// The space that a key shows, while both are there.
fn find(state: &PageState<Occupancy>, key: &str) -> Result<Option<Space>, Refusal> {
    let found = kiosks::find(&state.room.store, &Secret::given(key)).map_err(|error| broken(&error))?;
    let Some(id) = found else { return Ok(None) };
    // As with a viewer's key, looking does not renew the life of a space (OCC §5.9).
    Ok(state.room.get(id).map_err(|error| broken(&error))?)
}

/// The screen.
pub(super) async fn show(
    State(state): State<PageState<Occupancy>>,
    Path(key): Path<String>,
) -> Result<Response, Refusal> {
    let mark = state.room.hall.mark();
    let (status, shown) = match find(&state, &key)? {
        None => (StatusCode::NOT_FOUND, None),
        Some(space) => {
            let shown = Shown {
                name: space.called(),
                mark,
                now: Now::of(&space, &state.face),
            };
            (StatusCode::OK, Some(shown))
        }
    };
    Ok(Page(status, KioskPage::new(&state.face, shown)).into_response())
}

/// What the screen says now: its script asks again and again, and so knows when nobody answers any more.
pub(super) async fn now(
    State(state): State<PageState<Occupancy>>,
    Path(key): Path<String>,
) -> Result<Response, Refusal> {
    match find(&state, &key)? {
        None => Err(StatusCode::NOT_FOUND.into_response().into()),
        Some(space) => Ok(Json(Now::of(&space, &state.face)).into_response()),
    }
}

#[derive(Deserialize)]
pub(super) struct Mark {
    after: Option<String>,
}

/// The stream that moves the screen; it ends as soon as the screen is taken away.
pub(super) async fn live(
    State(state): State<PageState<Occupancy>>,
    Path(key): Path<String>,
    Query(mark): Query<Mark>,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let space = find(&state, &key)?.ok_or_else(|| StatusCode::NOT_FOUND.into_response())?;
    let (hall, store, id) = (Arc::clone(&state.room.hall), state.room.store.clone(), space.id);
    let key = Secret::given(key);
    let still = move || kiosks::find(&store, &key).is_ok_and(|found| found == Some(id));
    let leave = Leave::new(state.face.accounts().bell(), still);
    let from = (&headers, mark.after.as_deref(), leave);
    Ok(stream::page(
        &hall,
        Filter::These([id].into()),
        from,
        move |news| match &news.event {
            Event::SpaceRemoved { .. } => Some(Message::default().event("gone").data("")),
            Event::SpaceCreated { space, .. } | Event::SpaceChanged { space, .. } => {
                let space = state.room.show(*space).ok()?;
                let now = Now::of(&space, &state.face);
                Message::default().event("space").json_data(now).ok()
            }
            _ => None,
        },
    ))
}
