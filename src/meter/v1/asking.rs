//! `/v1/meter-lists`: a list of meters is asked, looked at, and added, by programs and by people who are signed in.

use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::error::ApiError;
use crate::accounts::{Act, BearerError};
use crate::domain::MeterId;
use crate::face::{BoxApi, Caller};
use crate::http::problem::method_not_allowed;
use crate::http::{Problem, asked};
use crate::meter::{Asking, Meters, Outcome, RowShown};

type Api = BoxApi<Meters>;

/// The routes.
pub(super) fn router(api: Api) -> Router {
    Router::new()
        .route("/v1/meter-lists", post(begin))
        .route("/v1/meter-lists/{list}", get(look))
        .route("/v1/meter-lists/{list}/meters", post(add))
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(api)
}

/// A list of meters as people paste it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MeterList {
    /// A line each: serial, link, name, apart by spaces, commas, semicolons or tabs; at most 500.
    #[schema(example = "EML2137580826 tcp://10.0.0.7:8080 Flat 7")]
    list: String,
}

/// Which meters of a list are to be added.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct MetersChosen {
    /// Their serials.
    #[schema(value_type = Vec<String>)]
    serials: Vec<MeterId>,
}

/// A list, and what came of each line so far.
#[derive(Serialize)]
pub(super) struct ListShown {
    id: String,
    /// How many are asked still.
    asking: usize,
    rows: Vec<RowShown>,
}

impl ListShown {
    fn of(asking: &Asking) -> ListShown {
        let rows = asking.shown();
        ListShown {
            id: asking.id().to_owned(),
            asking: rows.iter().filter(|row| row.outcome == Outcome::Asking).count(),
            rows,
        }
    }
}

/// Whoever adds meters learns which are there.
fn may(caller: &Caller) -> Result<(), BearerError> {
    caller.must(Act::ManageBox)?;
    caller.must(Act::ReadMeters)
}

fn sent<T: serde::de::DeserializeOwned>(body: &Bytes) -> Result<T, ApiError> {
    asked::object(body).map_err(ApiError::Asked)
}

/// Begins to ask the meters of a list who they are; nothing is added
#[utoipa::path(
    post, path = "/v1/meter-lists", tag = "meters", security(("bearer" = []), ("session" = [], "form" = [])), request_body = MeterList,
    responses(
        (status = 202, description = "The list by its id; each line is `asking`, `listed` or `wrong`", body = Object),
        (status = 400, description = "The body cannot be read"),
        (status = 422, description = "It names no meter, or more than 500"),
        (status = 403, description = "The token lacks box:admin or meters:read, or the person's role does not cover it")
    )
)]
pub(super) async fn begin(State(api): State<Api>, caller: Caller, body: Bytes) -> Result<Response, ApiError> {
    may(&caller)?;
    let MeterList { list } = sent(&body)?;
    match api.room.ask_list(&list) {
        Ok(asking) => Ok((StatusCode::ACCEPTED, Json(ListShown::of(&asking))).into_response()),
        Err(error) => {
            let problem = Problem::new(StatusCode::UNPROCESSABLE_ENTITY, "bad-list", "The list is not asked");
            Ok(problem.detail(error.to_string()).into_response())
        }
    }
}

/// What came of the lines of a list so far
#[utoipa::path(
    get, path = "/v1/meter-lists/{list}", tag = "meters", security(("bearer" = []), ("session" = [])),
    params(("list" = String, Path, description = "Its id")),
    responses(
        (status = 200, description = "Each line: `wrong`, `listed`, `asking`, `answers`, `without_serial`, `another`, `silent`, `added` or `not_added`, and why", body = Object),
        (status = 404, description = "It was asked more than half an hour ago, or never"),
        (status = 403, description = "The token lacks box:admin or meters:read, or the person's role does not cover it")
    )
)]
pub(super) async fn look(
    State(api): State<Api>,
    caller: Caller,
    Path(list): Path<String>,
) -> Result<Json<ListShown>, ApiError> {
    may(&caller)?;
    let asking = api.room.asking(&list).ok_or(ApiError::NoList)?;
    Ok(Json(ListShown::of(&asking)))
}

/// Adds meters of a list that was asked; each line says what came of it
#[utoipa::path(
    post, path = "/v1/meter-lists/{list}/meters", tag = "meters", security(("bearer" = []), ("session" = [], "form" = [])),
    params(("list" = String, Path, description = "Its id")), request_body = MetersChosen,
    responses(
        (status = 200, description = "All lines: those that were named and could be added are `added`", body = Object),
        (status = 404, description = "It was asked more than half an hour ago, or never"),
        (status = 403, description = "The token lacks box:admin or meters:read, or the person's role does not cover it")
    )
)]
pub(super) async fn add(
    State(api): State<Api>,
    caller: Caller,
    Path(list): Path<String>,
    body: Bytes,
) -> Result<Json<ListShown>, ApiError> {
    may(&caller)?;
    let MetersChosen { serials } = sent(&body)?;
    let asking = api.room.asking(&list).ok_or(ApiError::NoList)?;
    api.room.add_asked(&asking, &serials, &caller.who().in_audit()).await;
    Ok(Json(ListShown::of(&asking)))
}
