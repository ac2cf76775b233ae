//! `/v1/meters/{serial}/tokens/{id}/settlement`: how a top-up in doubt ended, by whoever looked at the meter.

use std::sync::Arc;

use axum::Json;
use axum::body::Bytes;
use axum::extract::rejection::BytesRejection;
use axum::extract::{Path, State};
use serde::Deserialize;
use utoipa::ToSchema;

use super::Api;
use super::body::object;
use super::caller::Caller;
use super::error::ApiError;
use super::tokens::{TopupV1, of_meter};
use crate::meter::topup::ByHand;

/// How a top-up in doubt ended.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = TopupSettlement)]
pub(super) struct Settlement {
    /// Whether the meter took it.
    taken: bool,
    /// How that is known, 1 to 300 characters.
    #[schema(example = "the display shows 20 pounds more")]
    why: String,
}

/// Ends a top-up that is in doubt: somebody looked at the meter.
#[utoipa::path(post, path = "/v1/meters/{serial}/tokens/{id}/settlement", tag = "meters", request_body = Settlement,
    params(("serial" = String, Path, description = "Its serial"), ("id" = String, Path, description = "The top-up's id")),
    responses((status = 200, description = "How it ended", body = TopupV1), (status = 400, description = "The body cannot be read"), (status = 403, description = "The token lacks meters:write"), (status = 404, description = "No such meter or top-up"), (status = 409, description = "It is not in doubt"), (status = 422, description = "The reason is none")))]
pub(super) async fn settle(
    State(api): State<Arc<Api>>,
    caller: Caller,
    Path((serial, id)): Path<(String, String)>,
    body: Result<Bytes, BytesRejection>,
) -> Result<Json<TopupV1>, ApiError> {
    let meter = caller.settles(&api, &serial)?;
    let body = body.map_err(|error| ApiError::Body(error.body_text()))?;
    let said: Settlement = object(&body)?;
    of_meter(&api.room, &meter, &id)?;
    let by_hand = ByHand {
        by: caller.name(),
        why: said.why,
    };
    Ok(Json(api.room.settle_topup(&id, said.taken, by_hand).await?.into()))
}
