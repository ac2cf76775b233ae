//! `webhook list`, `webhook deliveries`, `webhook replay`.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;

use super::AdminState;
use super::problem::AdminError;
use crate::http::blocking;
use crate::store::ReadError;
use crate::webhooks::{self, DeliveryShown, ReplayError, TargetShown, Webhooks};

pub(super) fn router() -> Router<AdminState> {
    Router::new()
        .route("/webhooks", get(list))
        .route("/webhooks/deliveries", get(deliveries))
        .route("/webhooks/{target}/deliveries/{id}/replay", post(replay))
}

/// The room, when the box runs and it is open.
fn room(state: &AdminState) -> Result<Arc<Webhooks>, AdminError> {
    let room = state.running()?.webhooks.borrow().clone();
    room.ok_or_else(|| AdminError::unavailable("nobody is told; name somebody with a section [[occupancy.webhook]]"))
}

fn unread(error: &ReadError) -> AdminError {
    AdminError::unavailable(format!("webhooks cannot be read: {error}"))
}

async fn list(State(state): State<AdminState>) -> Result<Json<Vec<TargetShown>>, AdminError> {
    let room = room(&state)?;
    let read = blocking(move || room.targets()).await;
    let read = read.map_err(|error| AdminError::unavailable(error.to_string()))?;
    Ok(Json(read.map_err(|error| unread(&error))?))
}

#[derive(Deserialize)]
struct DeliveriesQuery {
    target: Option<String>,
    state: Option<webhooks::State>,
}

async fn deliveries(
    State(state): State<AdminState>,
    Query(wanted): Query<DeliveriesQuery>,
) -> Result<Json<Vec<DeliveryShown>>, AdminError> {
    let found = room(&state)?.deliveries(wanted.target.as_deref(), wanted.state);
    Ok(Json(found.map_err(|error| unread(&error))?))
}

async fn replay(State(state): State<AdminState>, Path((target, id)): Path<(String, String)>) -> Result<(), AdminError> {
    room(&state)?.replay(&target, &id).await.map_err(|error| match error {
        ReplayError::Target(_) | ReplayError::Delivery(_) => AdminError::unknown(error.to_string()),
        ReplayError::Write(_) => AdminError::unavailable(error.to_string()),
    })
}
