//! `GET /v1/spaces/{id}/history?from&to&step`, JSON or CSV (OCC §5.4).

use std::fmt::Write;
use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::header::{ACCEPT, CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue};
use axum::response::{IntoResponse, Response};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::caller::Caller;
use super::error::ApiError;
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
    from: Option<Timestamp>,
    /// Until when; absent: now.
    #[param(value_type = Option<String>)]
    to: Option<Timestamp>,
    /// `raw`, `minute`, `hour` or `day`.
    #[serde(default)]
    #[param(value_type = Option<String>)]
    step: Step,
    /// `json` or `csv`; absent: as `Accept` says.
    #[param(value_type = Option<String>)]
    format: Option<Format>,
}

#[derive(Clone, Copy, Deserialize, PartialEq, Eq)]
#[serde(rename_all = "lowercase")]
enum Format {
    Json,
    Csv,
}

/// A part of history.
#[derive(Serialize, ToSchema)]
pub(super) struct HistoryShown {
    /// In how long steps.
    step: Step,
    /// The steps, oldest first; also those in which nothing happened.
    points: Vec<Point>,
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
    let asked = asked.map_err(|error| ApiError::Body(error.body_text()))?.0;
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
    let read = tokio::task::spawn_blocking(move || history.points(&space, stretch)).await;
    let points = read.map_err(|error| ApiError::Body(error.to_string()))??;
    let wants_csv = || {
        headers
            .get(ACCEPT)
            .is_some_and(|accept| accept.to_str().is_ok_and(|accept| accept.contains("text/csv")))
    };
    let format = asked
        .format
        .unwrap_or_else(|| if wants_csv() { Format::Csv } else { Format::Json });
    let mut response = match format {
        Format::Json => Json(HistoryShown {
            step: asked.step,
            points,
        })
        .into_response(),
        Format::Csv => ([(CONTENT_TYPE, "text/csv; charset=utf-8")], csv(&points)).into_response(),
    };
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Ok(response)
}

/// RFC 4180: every field is a number or a time, so nothing wants quotes.
fn csv(points: &[Point]) -> String {
    let mut text = String::from("at,min,max,mean,in,out,close\r\n");
    for point in points {
        let Point {
            at,
            min,
            max,
            mean,
            entered,
            left,
            close,
        } = point;
        let _ = write!(text, "{at},{min},{max},{mean},{entered},{left},{close}\r\n");
    }
    text
}
