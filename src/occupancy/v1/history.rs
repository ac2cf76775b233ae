//! `GET /v1/spaces/{id}/history?from&to&step`, JSON or CSV (OCC §5.4).

use std::iter;
use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::HeaderMap;
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::caller::Caller;
use super::error::ApiError;
use crate::domain::given::optional_moment;
use crate::http::asked::query;
use crate::http::blocking;
use crate::http::table::{self, Format, Row};
use crate::occupancy::Occupancy;
use crate::occupancy::history::{Point, Step, Stretch};
use crate::occupancy::keys::KeyRole;

/// Which part of history.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct HistoryQuery {
    /// From when on; absent: a day before `to`.
    #[param(value_type = Option<String>)]
    #[serde(default, deserialize_with = "optional_moment")]
    from: Option<Timestamp>,
    /// Until when; absent: now.
    #[param(value_type = Option<String>)]
    #[serde(default, deserialize_with = "optional_moment")]
    to: Option<Timestamp>,
    /// `raw`, `minute`, `hour` or `day`.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    step: Step,
    /// `json`, `csv` or `ndjson`; absent: as `Accept` says.
    #[param(value_type = Option<String>)]
    format: Option<Format>,
}

/// A part of history.
#[derive(Serialize, ToSchema)]
pub(super) struct HistoryShown<'a> {
    /// In how long steps.
    step: Step,
    /// The steps, oldest first; also those in which nothing happened.
    points: &'a [Point],
}

/// What a space's count did.
#[utoipa::path(get, path = "/v1/spaces/{id}/history", tag = "spaces", params(("id" = String, Path, description = "Its id"), HistoryQuery),
    responses((status = 200, description = "The steps; CSV when asked for", body = HistoryShown), (status = 404, description = "No such space"), (status = 422, description = "Too much at once")))]
pub(super) async fn history(
    State(room): State<Arc<Occupancy>>,
    caller: Caller,
    Path(id): Path<String>,
    asked: Result<Query<HistoryQuery>, axum::extract::rejection::QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let space = caller.space(&room, &id, KeyRole::Viewer)?;
    let asked = asked.map_err(|error| ApiError::Asked(query(&error)))?.0;
    let to = asked.to.unwrap_or_else(Timestamp::now);
    let day_before = to
        .checked_sub(SignedDuration::from_hours(24))
        .unwrap_or(Timestamp::UNIX_EPOCH);
    let stretch = Stretch {
        from: asked.from.unwrap_or(day_before),
        to,
        step: asked.step,
    };
    stretch.check().map_err(|error| ApiError::Bounds {
        what: "the time asked for",
        wanted: error.to_string(),
    })?;
    let history = room.history.clone();
    let points = blocking(move || history.points(&space, stretch)).await??;
    let whole = HistoryShown {
        step: asked.step,
        points: &points,
    };
    Ok(table::answer(Format::of(asked.format, &headers), &points, whole))
}

impl Row for Point {
    const COLUMNS: &str = "at,min,max,mean,in,out,close";

    fn fields(&self) -> Vec<String> {
        let Point {
            at,
            min,
            max,
            mean,
            entered,
            left,
            close,
        } = self;
        let numbers = [min.to_string(), max.to_string(), mean.to_string(), entered.to_string()];
        let rest = [left.to_string(), close.to_string()];
        iter::once(at.to_string()).chain(numbers).chain(rest).collect()
    }
}
