//! `/v1/uplink` and `/v1/uplink/operations`: how the road to the cloud is, for programs with `uplink:admin`.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use utoipa::OpenApi;

use super::operations::OperationShown;
use super::room::Uplink;
use super::status::UplinkShown;
use crate::accounts::{self, Act, BearerError, Bearers, ManageUplink, Program};
use crate::face::{BoxApi, Caller, Face};
use crate::http::problem::method_not_allowed;
use crate::tls::Step;

/// What stands behind the routes.
type ApiState = accounts::ApiState<Uplink>;

/// The routes of `/v1/uplink`.
pub fn router(room: Arc<Uplink>, bearers: Arc<Bearers>, face: &Face) -> Router {
    let by_people_too = BoxApi {
        room: Arc::clone(&room),
        bearers: Arc::clone(&bearers),
        face: face.clone(),
    };
    Router::new()
        .route("/v1/uplink", get(show))
        .route("/v1/uplink/operations", get(operations))
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(ApiState { room, bearers })
        .merge(
            Router::new()
                .route("/v1/uplink/test", post(test))
                .method_not_allowed_fallback(method_not_allowed)
                .with_state(by_people_too),
        )
}

/// The document of this API.
#[derive(OpenApi)]
#[openapi(
    paths(show, operations, test),
    tags((name = "uplink", description = "The road to the cloud: whether it is open, what waits, what went wrong"))
)]
pub struct Docs;

/// How the uplink is
#[utoipa::path(
    get, path = "/v1/uplink", tag = "uplink",
    responses(
        (status = 200, description = "Whether it is connected, what waits, what went wrong", body = Object),
        (status = 401, description = "No token, or none that is known"),
        (status = 403, description = "A token without uplink:admin")
    )
)]
async fn show(State(state): State<ApiState>, caller: Program<ManageUplink>) -> Json<UplinkShown> {
    let mut shown = state.room.shown();
    if !caller.may(Act::ReadMeters) {
        // The platform repeats what it did not like, and that can be about a meter.
        for complaint in &mut shown.complaints {
            complaint.what = "shown to who may read meters".to_owned();
        }
    }
    Json(shown)
}

/// What the cloud asked for lately, newest first
#[utoipa::path(
    get, path = "/v1/uplink/operations", tag = "uplink",
    responses(
        (status = 200, description = "The latest operations and what became of them", body = [Object]),
        (status = 401, description = "No token, or none that is known"),
        (status = 403, description = "A token without uplink:admin")
    )
)]
async fn operations(
    State(state): State<ApiState>,
    caller: Program<ManageUplink>,
) -> Result<Json<Vec<OperationShown>>, BearerError> {
    let mut operations = state.room.operations()?;
    let own = state.room.shown().client_id;
    for one in &mut operations {
        if !caller.may(Act::ReadMeters) && one.operation.device != own {
            one.operation.device = "a device behind it".to_owned();
        }
    }
    Ok(Json(operations))
}

/// Tries the way to the cloud step by step; nothing is changed by it
#[utoipa::path(
    post, path = "/v1/uplink/test", tag = "uplink", security(("bearer" = []), ("session" = [], "form" = [])),
    responses(
        (status = 200, description = "Each step up to the first that fails: what came of it, and what mends it", body = [Object]),
        (status = 401, description = "No token and no session, or none that is known"),
        (status = 403, description = "The token lacks uplink:admin, or the person's role does not cover it")
    )
)]
async fn test(State(api): State<BoxApi<Uplink>>, caller: Caller) -> Result<Json<Vec<Step>>, Response> {
    caller.must(Act::ManageUplink).map_err(IntoResponse::into_response)?;
    Ok(Json(api.room.rehearse().await))
}
