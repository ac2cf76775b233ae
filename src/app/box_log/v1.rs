//! `/v1/log`, for programs with `box:admin`, `meters:read` and `spaces:read`, and for whoever runs the box.

use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, OpenApi, ToSchema};

use super::desk::{ACTS, Found, Level, LogDesk, Wanted};
use crate::face::{BoxApi, Caller};
use crate::http::problem::method_not_allowed;
use crate::http::{Problem, asked};

type Api = BoxApi<LogDesk>;

/// Lines where nobody says how many, and at most.
const LINES: u32 = 200;
const MOST: u32 = 5_000;

/// The part of the OpenAPI document.
#[derive(OpenApi)]
#[openapi(
    paths(show),
    tags((name = "log", description = "The newest lines of the box's log, without people and secrets"))
)]
pub struct Docs;

pub(super) fn router() -> Router<Api> {
    Router::new()
        .route("/v1/log", get(show))
        .method_not_allowed_fallback(method_not_allowed)
}

#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct LogAsked {
    /// Lines at least so grave; `debug`, which is all of them, where it is not said.
    #[serde(default)]
    #[param(inline)]
    level: Level,
    /// Lines with this in them, in capitals or not.
    #[serde(default)]
    #[param(max_length = 200)]
    with: String,
    /// At most so many, the newest.
    #[serde(default = "usual")]
    #[param(minimum = 1, maximum = 5000, default = 200)]
    most: u32,
}

fn usual() -> u32 {
    LINES
}

/// Lines of the log.
#[derive(Serialize, ToSchema)]
struct BoxLogShown {
    /// How far back the lines go that the box keeps in memory.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>)]
    since: Option<Timestamp>,
    /// Whether there are more that would fit.
    more: bool,
    /// The newest first.
    lines: Vec<LogLineShown>,
}

/// One line.
#[derive(Serialize, ToSchema)]
struct LogLineShown {
    /// When it was written.
    #[schema(value_type = String)]
    at: Timestamp,
    level: Level,
    /// Where it comes from, and what it says.
    text: String,
}

impl From<Found> for BoxLogShown {
    fn from(found: Found) -> BoxLogShown {
        let line = |line: super::desk::Line| LogLineShown {
            at: line.at,
            level: line.level,
            text: line.text,
        };
        BoxLogShown {
            since: found.since,
            more: found.more,
            lines: found.lines.into_iter().map(line).collect(),
        }
    }
}

/// The newest lines of the log that the box keeps in memory, without the audit, people's names and secrets
#[utoipa::path(get, path = "/v1/log", tag = "log", security(("bearer" = []), ("session" = [])), params(LogAsked),
    responses((status = 200, description = "The lines, the newest first", body = BoxLogShown),
        (status = 401, description = "No token and no session, or none that is known"),
        (status = 403, description = "The token lacks box:admin, meters:read or spaces:read, of all of which lines tell; or the person's role does not cover it"),
        (status = 422, description = "A value is out of bounds")))]
async fn show(
    State(api): State<Api>,
    caller: Caller,
    query: Result<Query<LogAsked>, QueryRejection>,
) -> Result<Json<BoxLogShown>, Response> {
    for act in ACTS {
        caller.must(act).map_err(IntoResponse::into_response)?;
    }
    let Query(asked) = query.map_err(|error| {
        Problem::new(StatusCode::BAD_REQUEST, "bad-query", "The query cannot be read")
            .detail(asked::query(&error).to_string())
            .into_response()
    })?;
    if asked.most == 0 || asked.most > MOST || asked.with.len() > 200 {
        let detail = format!("`most` is from 1 to {MOST}, `with` has at most 200 bytes.");
        let problem = Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "out-of-bounds",
            "A value is out of bounds",
        );
        return Err(problem.detail(detail).into_response());
    }
    let wanted = Wanted {
        level: asked.level,
        with: asked.with,
        most: usize::try_from(asked.most).unwrap_or(usize::MAX),
    };
    let found = api.room.find(wanted).await.map_err(IntoResponse::into_response)?;
    Ok(Json(found.into()))
}
