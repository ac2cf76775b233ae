//! `relay peers` and `relay kick`.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::routing::{delete, get};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::Desk;
use super::problem::Refusal;
use crate::relay::{PeerShown, Relay};

pub(super) fn router() -> Router<Desk> {
    Router::new()
        .route("/relay/peers", get(list))
        .route("/relay/peers/{peer}", delete(kick))
        .route("/relay/meetups/{id}", delete(clear))
}

/// The room, when the box runs and it is open.
fn room(desk: &Desk) -> Result<Arc<Relay>, Refusal> {
    let running = desk
        .running
        .as_ref()
        .ok_or_else(|| Refusal::unavailable("the relay needs a running box"))?;
    let room = running.relay.borrow().clone();
    room.ok_or_else(|| Refusal::unavailable("the relay is closed; open it with a section [relay]"))
}

async fn list(State(desk): State<Desk>) -> Result<Json<Vec<PeerShown>>, Refusal> {
    Ok(Json(room(&desk)?.list()))
}

async fn kick(State(desk): State<Desk>, Path(peer): Path<u64>) -> Result<Json<Value>, Refusal> {
    match room(&desk)?.kick(Some(peer), None) {
        0 => Err(Refusal::unknown(format!("no peer {peer} is connected"))),
        ended => Ok(Json(json!({ "ended": ended }))),
    }
}

async fn clear(State(desk): State<Desk>, Path(id): Path<String>) -> Result<Json<Value>, Refusal> {
    match room(&desk)?.kick(None, Some(&id)) {
        0 => Err(Refusal::unknown(format!("nobody is at {id}"))),
        ended => Ok(Json(json!({ "ended": ended }))),
    }
}
