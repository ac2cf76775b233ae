//! `POST …/reset`, `POST …/set` and `GET …/corrections`: counts that are put right, with who did it and why (OCC §5.12).

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::caller::Caller;
use super::error::ApiError;
use super::shape::{Changed, SpaceShown};
use super::write::{Request, answer};
use crate::domain::SpaceId;
use crate::domain::given::optional_moment;
use crate::http::asked::query;
use crate::http::blocking;
use crate::http::table::{self, Format, Row};
use crate::occupancy::Occupancy;
use crate::occupancy::corrections::{self, Correction, What, Wish};
use crate::occupancy::keys::KeyRole;
use crate::store::spaces::SpacesWriter;

/// Why everybody is counted out; the body may be left out.
#[derive(Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct Reset {
    /// Why, for the history; no names of people.
    #[schema(max_length = 100)]
    reason: Option<String>,
}

/// How many are inside, by somebody who knows.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct SetCount {
    /// People inside.
    #[schema(maximum = 100_000)]
    current: u32,
    /// Why, for the history; no names of people.
    #[schema(min_length = 1, max_length = 100)]
    reason: String,
}

/// Everybody has left: the count is 0.
#[utoipa::path(post, path = "/v1/spaces/{id}/reset", tag = "spaces", params(("id" = String, Path, description = "Its id")), request_body = Option<Reset>,
    responses((status = 200, description = "What it came to", body = Changed), (status = 404, description = "No such space"),
        (status = 412, description = "It has changed since that version"), (status = 422, description = "The reason cannot be read")))]
pub(super) async fn reset(Path(id): Path<String>, request: Request) -> Result<Response, ApiError> {
    let space = may(&request, &id)?;
    let Reset { reason } = request.change.json_if_any()?;
    let what = What::Emptied;
    made(request, space, Wish { what, reason }).await
}

/// Set the count to what somebody knows it is, above the maximum too.
#[utoipa::path(post, path = "/v1/spaces/{id}/set", tag = "spaces", params(("id" = String, Path, description = "Its id")), request_body = SetCount,
    responses((status = 200, description = "What it came to", body = Changed), (status = 404, description = "No such space"),
        (status = 412, description = "It has changed since that version"),
        (status = 422, description = "A value is out of bounds, the reason cannot be read, or the idempotency key was used for another request")))]
pub(super) async fn set(Path(id): Path<String>, request: Request) -> Result<Response, ApiError> {
    let space = may(&request, &id)?;
    let SetCount { current, reason } = request.change.json()?;
    let (what, reason) = (What::SetTo(current), Some(reason));
    made(request, space, Wish { what, reason }).await
}

/// The space, for whoever may count in it.
fn may(request: &Request, id: &str) -> Result<SpaceId, ApiError> {
    let space = request.caller.space(&request.room, id, KeyRole::Counter)?;
    Ok(space.id)
}

async fn made(request: Request, id: SpaceId, wish: Wish) -> Result<Response, ApiError> {
    let Request { room, caller, change } = request;
    wish.check()?;
    let (here, by) = (Arc::clone(&room), caller.in_audit());
    let made = change.make(&room, move |page, versions, now| {
        let before = SpacesWriter::get_on(page, id)?;
        versions.check(&before)?;
        let space = corrections::correct_on(page, &before, (&wish, &by), now)?;
        let applied = i64::from(space.occupancy.current) - i64::from(before.occupancy.current);
        let body = Changed {
            applied,
            requested: applied,
            sequence: here.version(&space),
            space: SpaceShown::of(&space, &here),
        };
        Ok(answer(&here.store, StatusCode::OK, &body, Some(&space)))
    });
    Ok(made.await)
}

/// Which corrections.
#[derive(Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
#[serde(deny_unknown_fields)]
pub(super) struct CorrectionsQuery {
    /// From when on; absent: a week before `to`.
    #[param(value_type = Option<String>)]
    #[serde(default, deserialize_with = "optional_moment")]
    from: Option<Timestamp>,
    /// Until when; absent: now.
    #[param(value_type = Option<String>)]
    #[serde(default, deserialize_with = "optional_moment")]
    to: Option<Timestamp>,
    /// `json`, `csv` or `ndjson`; absent: as `Accept` says.
    #[param(value_type = Option<String>)]
    format: Option<Format>,
}

/// Counts that were put right.
#[derive(Serialize, ToSchema)]
pub(super) struct CorrectionsShown<'a> {
    /// The corrections, oldest first.
    corrections: &'a [Correction],
}

/// What was put right, by whom and why.
#[utoipa::path(get, path = "/v1/spaces/{id}/corrections", tag = "spaces", params(("id" = String, Path, description = "Its id"), CorrectionsQuery),
    responses((status = 200, description = "The corrections; CSV when asked for", body = CorrectionsShown), (status = 403, description = "Only the owner sees who did what"), (status = 404, description = "No such space")))]
pub(super) async fn list(
    State(room): State<Arc<Occupancy>>,
    caller: Caller,
    Path(id): Path<String>,
    asked: Result<Query<CorrectionsQuery>, axum::extract::rejection::QueryRejection>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let space = caller.space(&room, &id, KeyRole::Owner)?.id;
    let asked = asked.map_err(|error| ApiError::Asked(query(&error)))?.0;
    let to = asked.to.unwrap_or_else(|| {
        room.now()
            .saturating_add(SignedDuration::from_secs(1))
            .unwrap_or(Timestamp::MAX)
    });
    let week_before = to.saturating_sub(SignedDuration::from_hours(7 * 24));
    let from = asked.from.unwrap_or_else(|| week_before.unwrap_or(Timestamp::MIN));
    let store = room.store.clone();
    let found = blocking(move || corrections::between(&store, space, (from, to))).await??;
    let whole = CorrectionsShown { corrections: &found };
    Ok(table::answer(Format::of(asked.format, &headers), &found, whole))
}

impl Row for Correction {
    const COLUMNS: &str = "at,what,before,after,reason,by";

    fn fields(&self) -> Vec<String> {
        let what = match self.what {
            What::Emptied => "emptied",
            What::SetTo(_) => "set_to",
        };
        let numbers = [self.before.to_string(), self.after.to_string()];
        let [before, after] = numbers;
        let reason = self.reason.clone().unwrap_or_default();
        vec![
            self.at.to_string(),
            what.to_owned(),
            before,
            after,
            reason,
            self.by.clone(),
        ]
    }
}
