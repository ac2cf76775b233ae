//! One space: its gauge, its last day, and the screen at its door with a large number, + and −.

use askama::Template;
use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::header::ACCEPT;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::plot::Plot;
use super::{Card, PageState};
use crate::accounts::Act;
use crate::domain::{Space, SpaceId};
use crate::face::{Form, Page, Shell, SignedIn};
use crate::http::{Problem, blocking};
use crate::occupancy::history::{Step, Stretch};
use crate::occupancy::manage::ManageError;
use crate::store::ReadError;
use crate::texts::Texts;

#[derive(Template)]
#[template(path = "space.html", config = ".askama.toml")]
struct SpacePage {
    shell: Shell,
    script: String,
    mark: String,
    row: Card,
    plot: String,
    entered: u64,
    left: u64,
}

#[derive(Template)]
#[template(path = "door.html", config = ".askama.toml")]
struct DoorPage {
    shell: Shell,
    script: String,
    mark: String,
    row: Card,
    may_count: bool,
    csrf_token: String,
    said: &'static str,
    undo: Option<Undo>,
}

/// What takes the last tap back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
struct Undo {
    by: i64,
    words: &'static str,
}

/// What became of a tap.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Tap {
    /// One came in.
    In,
    /// One went out.
    Out,
    /// The space is full, so nobody was counted.
    Full,
    /// Nobody was there to go out.
    Empty,
    /// The tap before was taken back.
    Undone,
}

impl Tap {
    fn of(by: i64, applied: i64, undoes: bool) -> Tap {
        match (by > 0, applied) {
            (true, 0) => Tap::Full,
            (false, 0) => Tap::Empty,
            (_, _) if undoes => Tap::Undone,
            (true, _) => Tap::In,
            (false, _) => Tap::Out,
        }
    }

    /// As the address of the page says it.
    fn name(self) -> &'static str {
        match self {
            Tap::In => "in",
            Tap::Out => "out",
            Tap::Full => "full",
            Tap::Empty => "empty",
            Tap::Undone => "undone",
        }
    }

    fn said(self) -> &'static str {
        match self {
            Tap::In => "One came in.",
            Tap::Out => "One went out.",
            Tap::Full => "Full: nobody was counted. Somebody must go out first.",
            Tap::Empty => "Empty: nobody was there to go out, so nobody was counted.",
            Tap::Undone => "The last tap was taken back.",
        }
    }

    fn undo(self) -> Option<Undo> {
        match self {
            Tap::In => Some(Undo {
                by: -1,
                words: "Undo: nobody came in",
            }),
            Tap::Out => Some(Undo {
                by: 1,
                words: "Undo: nobody went out",
            }),
            Tap::Full | Tap::Empty | Tap::Undone => None,
        }
    }
}

/// What the page is told of the tap before.
#[derive(Deserialize)]
pub(super) struct Before {
    tap: Option<Tap>,
}

/// The page of one space.
pub(super) async fn show(
    State(state): State<PageState>,
    person: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Response> {
    person.must(Act::ReadSpaces).map_err(IntoResponse::into_response)?;
    let mark = state.mark();
    let space = find(&state, &id).map_err(IntoResponse::into_response)?;
    let to = Timestamp::now();
    let from = to
        .checked_sub(SignedDuration::from_hours(24))
        .unwrap_or(Timestamp::UNIX_EPOCH);
    let (history, asked) = (state.room.history(), space.clone());
    let read = blocking(move || {
        history.points(
            &asked,
            Stretch {
                from,
                to,
                step: Step::Minute,
            },
        )
    })
    .await;
    let points = read.map_err(|error| broken(&error))?.map_err(|error| broken(&error))?;
    let plot = Plot {
        points: &points,
        from,
        to,
        maximum: space.occupancy.maximum,
        timezone: state.face.timezone(),
        t: Texts::of(person.language),
    };
    let page = SpacePage {
        shell: state.face.shell("space", Some(&person)),
        script: state.face.asset("spaces.js"),
        mark,
        row: Card::of(&space, &state.face),
        plot: plot.svg(),
        entered: points.iter().map(|point| point.entered).sum(),
        left: points.iter().map(|point| point.left).sum(),
    };
    Ok(Page(StatusCode::OK, page).into_response())
}

/// The screen at a door: for an old phone, so it is small and works without script.
pub(super) async fn door(
    State(state): State<PageState>,
    person: SignedIn,
    Path(id): Path<String>,
    Query(before): Query<Before>,
) -> Result<Response, Response> {
    person.must(Act::ReadSpaces).map_err(IntoResponse::into_response)?;
    let mark = state.mark();
    let space = find(&state, &id).map_err(IntoResponse::into_response)?;
    let page = DoorPage {
        shell: state.face.shell("door", Some(&person)),
        script: state.face.asset("spaces.js"),
        mark,
        row: Card::of(&space, &state.face),
        may_count: person.must(Act::Count).is_ok(),
        csrf_token: person.csrf.token(),
        said: before.tap.map_or("", Tap::said),
        undo: before.tap.and_then(Tap::undo),
    };
    Ok(Page(StatusCode::OK, page).into_response())
}

/// Somebody came in or went out.
#[derive(Deserialize)]
pub(super) struct Counted {
    by: i64,
    /// Takes the tap before back.
    #[serde(default)]
    undo: Option<String>,
}

/// The buttons of the door's screen. Its script asks for JSON, and shows what became of the tap by itself.
pub(super) async fn count(
    State(state): State<PageState>,
    person: SignedIn,
    Path(id): Path<String>,
    headers: HeaderMap,
    Form(form): Form<Counted>,
) -> Result<Response, Response> {
    person.must(Act::Count).map_err(IntoResponse::into_response)?;
    let space = find(&state, &id).map_err(IntoResponse::into_response)?.id;
    if form.by.abs() != 1 {
        let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "not-one", "One at a time");
        return Err(problem.detail("A tap counts one person in or out.").into_response());
    }
    let (applied, _) = state.room.step(space, form.by).await.map_err(|error| {
        tracing::warn!(%error, "a count at the door was not written");
        let problem = match error {
            ManageError::Write(why) => Problem::from(&why),
            _ => Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "Not now"),
        };
        problem.detail("That was not counted. Try again.").into_response()
    })?;
    let tap = Tap::of(form.by, applied, form.undo.is_some());
    let wants_json = headers.get(ACCEPT).is_some_and(|accept| accept == "application/json");
    if wants_json {
        return Ok(Json(json!({ "said": tap.said(), "undo": tap.undo() })).into_response());
    }
    Ok(Redirect::to(&format!("/spaces/{space}/door?tap={}", tap.name())).into_response())
}

/// Why a page of a space is not shown.
enum Missing {
    /// There is no such space.
    Space,
    /// It could not be read.
    Broken(ReadError),
}

impl IntoResponse for Missing {
    fn into_response(self) -> Response {
        match self {
            Missing::Space => {
                Problem::new(StatusCode::NOT_FOUND, "unknown-space", "There is no such space").into_response()
            }
            Missing::Broken(error) => broken(&error),
        }
    }
}

fn find(state: &PageState, id: &str) -> Result<Space, Missing> {
    let id: SpaceId = id.parse().map_err(|_| Missing::Space)?;
    state.room.get(id).map_err(Missing::Broken)?.ok_or(Missing::Space)
}

fn broken(error: &dyn std::error::Error) -> Response {
    tracing::error!(%error, "a page could not be read");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}
