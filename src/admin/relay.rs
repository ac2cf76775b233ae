//! `relay peers`, `relay kick`, `relay drain`, `relay trace` and `relay ticket`.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::routing::{delete, get, post, put};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::AdminState;
use super::problem::AdminError;
use crate::domain::units::Span;
use crate::relay::{PeerShown, Relay, TicketRequest, TicketShown};

pub(super) fn router() -> Router<AdminState> {
    Router::new()
        .route("/relay/peers", get(list))
        .route("/relay/peers/{peer}", delete(kick))
        .route("/relay/meetups/{id}", delete(clear))
        .route("/relay/drain", put(drain).delete(end_drain))
        .route("/relay/traces", post(trace))
        .route("/relay/tickets", post(ticket))
}

/// The room, when the box runs and it is open.
fn room(desk: &AdminState) -> Result<Arc<Relay>, AdminError> {
    let running = desk
        .running
        .as_ref()
        .ok_or_else(|| AdminError::unavailable("the relay needs a running box"))?;
    let room = running.relay.borrow().clone();
    room.ok_or_else(|| AdminError::closed("the relay is closed; open it with a section [relay]"))
}

async fn list(State(desk): State<AdminState>) -> Result<Json<Vec<PeerShown>>, AdminError> {
    Ok(Json(room(&desk)?.list()))
}

async fn kick(State(desk): State<AdminState>, Path(peer): Path<u64>) -> Result<Json<Value>, AdminError> {
    match room(&desk)?.kick(Some(peer), None) {
        0 => Err(AdminError::unknown(format!("no peer {peer} is connected"))),
        ended => Ok(Json(json!({ "ended": ended }))),
    }
}

async fn clear(State(desk): State<AdminState>, Path(id): Path<String>) -> Result<Json<Value>, AdminError> {
    match room(&desk)?.kick(None, Some(&id)) {
        0 => Err(AdminError::unknown(format!("nobody is at {id}"))),
        ended => Ok(Json(json!({ "ended": ended }))),
    }
}

async fn drain(State(desk): State<AdminState>) -> Result<Json<Value>, AdminError> {
    let room = room(&desk)?;
    room.drain();
    Ok(drained(&room))
}

async fn end_drain(State(desk): State<AdminState>) -> Result<Json<Value>, AdminError> {
    let room = room(&desk)?;
    room.end_drain();
    Ok(drained(&room))
}

fn drained(room: &Relay) -> Json<Value> {
    Json(json!({ "draining": room.is_draining(), "paired": room.tally().paired }))
}

#[derive(Deserialize)]
struct TraceRequest {
    id: String,
    time: Span,
}

async fn trace(State(desk): State<AdminState>, Json(wanted): Json<TraceRequest>) -> Result<Json<Value>, AdminError> {
    let begun = room(&desk)?.trace(&wanted.id, wanted.time.0);
    let (trace, peers) = begun.map_err(|error| AdminError::bad(error.to_string()))?;
    Ok(Json(json!({ "trace": trace, "peers": peers })))
}

async fn ticket(
    State(desk): State<AdminState>,
    Json(wanted): Json<TicketRequest>,
) -> Result<Json<TicketShown>, AdminError> {
    let ticket = room(&desk)?.ticket(&wanted);
    ticket.map(Json).map_err(|error| AdminError::bad(error.to_string()))
}
