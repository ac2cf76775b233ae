//! `/v1/webhooks`: how it goes with targets, what was sent, and once more; for programs with `spaces:admin`.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use utoipa::OpenApi;

use super::error::ReplayError;
use super::ledger;
use super::room::Webhooks;
use super::shown::{DeliveryShown, TargetShown};
use crate::accounts::{self, Act, Bearers, ManageSpaces, Program};
use crate::http::Problem;
use crate::http::asked::query;
use crate::http::blocking;
use crate::http::problem::method_not_allowed;

/// What stands behind the routes.
type ApiState = accounts::ApiState<Webhooks>;

/// The part of the OpenAPI document.
#[derive(OpenApi)]
#[openapi(
    paths(targets, deliveries, replay),
    tags((name = "webhooks", description = "Who is told when spaces get full and alarms begin, and what became of it"))
)]
pub struct Docs;

/// The routes.
pub fn router(room: Arc<Webhooks>, bearers: Arc<Bearers>) -> Router {
    Router::new()
        .route("/v1/webhooks", get(targets))
        .route("/v1/webhooks/deliveries", get(deliveries))
        .route("/v1/webhooks/{target}/deliveries/{id}/replay", post(replay))
        .method_not_allowed_fallback(method_not_allowed)
        .with_state(ApiState { room, bearers })
}

fn ours(error: &dyn std::error::Error) -> Problem {
    tracing::error!(%error, "webhooks could not be read");
    Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "The fault is ours")
}

/// How it goes with each target
#[utoipa::path(get, path = "/v1/webhooks", tag = "webhooks",
    responses((status = 200, description = "The targets", body = [TargetShown]), (status = 401, description = "No token, or an unknown one"), (status = 403, description = "The token lacks spaces:admin")))]
async fn targets(
    State(state): State<ApiState>,
    caller: Program<ManageSpaces>,
) -> Result<Json<Vec<TargetShown>>, Problem> {
    let room = Arc::clone(&state.room);
    let read = blocking(move || room.targets()).await.map_err(|error| ours(&error))?;
    let targets = read.map_err(|error| ours(&error))?.into_iter();
    Ok(Json(
        targets
            .map(|target| target.shown_to(caller.may(Act::ReadMeters)))
            .collect(),
    ))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DeliveriesQuery {
    target: Option<String>,
    state: Option<ledger::State>,
}

/// What was sent lately, newest first; `state=dead` are the dead letters
#[utoipa::path(get, path = "/v1/webhooks/deliveries", tag = "webhooks",
    params(("target" = Option<String>, Query, description = "Only to this target"), ("state" = Option<String>, Query, description = "Only waiting, delivered, dead or again")),
    responses((status = 200, description = "The deliveries", body = [DeliveryShown]), (status = 400, description = "No such state"), (status = 403, description = "The token lacks spaces:admin")))]
async fn deliveries(
    State(state): State<ApiState>,
    caller: Program<ManageSpaces>,
    wanted: Result<Query<DeliveriesQuery>, axum::extract::rejection::QueryRejection>,
) -> Result<Json<Vec<DeliveryShown>>, Problem> {
    let Query(wanted) = wanted.map_err(|error| {
        let problem = Problem::new(StatusCode::BAD_REQUEST, "bad-query", "That cannot be asked for");
        problem.detail(query(&error).to_string())
    })?;
    let found = state.room.deliveries(wanted.target.as_deref(), wanted.state);
    let found = found.map_err(|error| ours(&error))?.into_iter();
    Ok(Json(
        found.map(|one| one.shown_to(caller.may(Act::ReadMeters))).collect(),
    ))
}

/// Sends a delivery once more, as one try
#[utoipa::path(post, path = "/v1/webhooks/{target}/deliveries/{id}/replay", tag = "webhooks",
    params(("target" = String, Path, description = "The target's name"), ("id" = String, Path, description = "The delivery's id")),
    responses((status = 202, description = "It is sent"), (status = 404, description = "No such delivery, or it is not settled yet"), (status = 403, description = "The token lacks spaces:admin")))]
async fn replay(
    State(state): State<ApiState>,
    _: Program<ManageSpaces>,
    Path((target, id)): Path<(String, String)>,
) -> Result<StatusCode, Problem> {
    match state.room.replay(&target, &id).await {
        Ok(()) => Ok(StatusCode::ACCEPTED),
        Err(ReplayError::Target(_) | ReplayError::Delivery(_)) => {
            let problem = Problem::new(
                StatusCode::NOT_FOUND,
                "unknown-delivery",
                "There is nothing to send once more",
            );
            Err(problem.detail("there is no such target, or no such delivery of it that is settled"))
        }
        Err(ReplayError::Write(error)) => {
            tracing::warn!(%error, "a replay was not written down");
            let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "It could not be written down");
            Err(problem.detail(error.to_string()).retry_after(1))
        }
    }
}
