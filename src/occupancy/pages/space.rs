//! One space: its gauge, its last day, and the screen at its door with a large number, + and −.

use askama::Template;
use axum::Form;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;

use super::plot::Plot;
use super::{Card, Desk};
use crate::accounts::Act;
use crate::domain::{Space, SpaceId};
use crate::face::{Page, Shell, SignedIn};
use crate::occupancy::history::{Step, Stretch};
use crate::occupancy::now;
use crate::store::ReadError;

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
}

/// The page of one space.
pub(super) async fn show(
    State(desk): State<Desk>,
    person: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Response> {
    person.must(Act::ReadSpaces).map_err(IntoResponse::into_response)?;
    let mark = desk.mark();
    let space = find(&desk, &id).map_err(IntoResponse::into_response)?;
    let to = Timestamp::now();
    let from = to
        .checked_sub(SignedDuration::from_hours(24))
        .unwrap_or(Timestamp::UNIX_EPOCH);
    let (history, asked) = (desk.room.history(), space.clone());
    let read = tokio::task::spawn_blocking(move || {
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
        timezone: desk.face.timezone(),
    };
    let page = SpacePage {
        shell: desk.face.shell("space", Some(&person)),
        script: desk.face.asset("spaces.js"),
        mark,
        row: Card::of(&space, &desk.face),
        plot: plot.svg(),
        entered: points.iter().map(|point| point.entered).sum(),
        left: points.iter().map(|point| point.left).sum(),
    };
    Ok(Page(StatusCode::OK, page).into_response())
}

/// The screen at a door: for an old phone, so it is small and works without script.
pub(super) async fn door(
    State(desk): State<Desk>,
    person: SignedIn,
    Path(id): Path<String>,
) -> Result<Response, Response> {
    person.must(Act::ReadSpaces).map_err(IntoResponse::into_response)?;
    let mark = desk.mark();
    let space = find(&desk, &id).map_err(IntoResponse::into_response)?;
    let page = DoorPage {
        shell: desk.face.shell("door", Some(&person)),
        script: desk.face.asset("spaces.js"),
        mark,
        row: Card::of(&space, &desk.face),
        may_count: person.must(Act::Count).is_ok(),
        csrf_token: person.csrf.token(),
    };
    Ok(Page(StatusCode::OK, page).into_response())
}

/// Somebody came in or went out.
#[derive(Deserialize)]
pub(super) struct Counted {
    csrf_token: String,
    by: i64,
}

/// The buttons of the door's screen.
pub(super) async fn count(
    State(desk): State<Desk>,
    person: SignedIn,
    Path(id): Path<String>,
    headers: HeaderMap,
    Form(form): Form<Counted>,
) -> Result<Response, Response> {
    person.must(Act::Count).map_err(IntoResponse::into_response)?;
    let forged = |error: crate::face::Forged| (StatusCode::FORBIDDEN, format!("{error}\n")).into_response();
    person.csrf.check(&headers, &form.csrf_token).map_err(forged)?;
    let space = find(&desk, &id).map_err(IntoResponse::into_response)?.id;
    let written = match form.by {
        1 => desk.room.writer.enter(space, now()).await,
        -1 => desk.room.writer.leave(space, now()).await,
        _ => return Err((StatusCode::UNPROCESSABLE_ENTITY, "One at a time.\n").into_response()),
    };
    match written {
        Ok(_) => Ok(Redirect::to(&format!("/spaces/{space}/door")).into_response()),
        Err(error) => {
            tracing::warn!(%error, "a count at the door was not written");
            Err((StatusCode::SERVICE_UNAVAILABLE, "That was not counted. Try again.\n").into_response())
        }
    }
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
            Missing::Space => (StatusCode::NOT_FOUND, "There is no such space.\n").into_response(),
            Missing::Broken(error) => broken(&error),
        }
    }
}

fn find(desk: &Desk, id: &str) -> Result<Space, Missing> {
    let id: SpaceId = id.parse().map_err(|_| Missing::Space)?;
    desk.room.get(id, now()).map_err(Missing::Broken)?.ok_or(Missing::Space)
}

fn broken(error: &dyn std::error::Error) -> Response {
    tracing::error!(%error, "a page could not be read");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}
