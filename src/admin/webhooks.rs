//! `webhook list`, `webhook deliveries`, `webhook replay`.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;

use super::Desk;
use super::problem::Refusal;
use super::status::running;
use crate::store::ReadError;
use crate::webhooks::{self, DeliveryShown, ReplayError, TargetShown, Webhooks};

pub(super) fn router() -> Router<Desk> {
    Router::new()
        .route("/webhooks", get(list))
        .route("/webhooks/deliveries", get(deliveries))
        .route("/webhooks/{target}/deliveries/{id}/replay", post(replay))
}

/// The room, when the box runs and it is open.
fn room(desk: &Desk) -> Result<Arc<Webhooks>, Refusal> {
    let room = running(desk)?.webhooks.borrow().clone();
    room.ok_or_else(|| Refusal::unavailable("nobody is told; name somebody with a section [[occupancy.webhook]]"))
}

fn unread(error: &ReadError) -> Refusal {
    Refusal::unavailable(format!("webhooks cannot be read: {error}"))
}

async fn list(State(desk): State<Desk>) -> Result<Json<Vec<TargetShown>>, Refusal> {
    Ok(Json(room(&desk)?.targets().map_err(|error| unread(&error))?))
}

#[derive(Deserialize)]
struct Wanted {
    target: Option<String>,
    state: Option<webhooks::State>,
}

async fn deliveries(
    State(desk): State<Desk>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Vec<DeliveryShown>>, Refusal> {
    let found = room(&desk)?.deliveries(wanted.target.as_deref(), wanted.state);
    Ok(Json(found.map_err(|error| unread(&error))?))
}

async fn replay(State(desk): State<Desk>, Path((target, id)): Path<(String, String)>) -> Result<(), Refusal> {
    room(&desk)?.replay(&target, &id).await.map_err(|error| match error {
        ReplayError::Target(_) | ReplayError::Delivery(_) => Refusal::unknown(error.to_string()),
        ReplayError::Write(_) => Refusal::unavailable(error.to_string()),
    })
}
