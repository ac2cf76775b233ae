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
use crate::relay::{PeerShown, Relay, TicketError, TicketRequest, TicketShown, TraceError};

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
fn room(state: &AdminState) -> Result<Arc<Relay>, AdminError> {
    let running = state
        .running
        .as_ref()
        .ok_or_else(|| AdminError::unavailable("the relay needs a running box"))?;
    let room = running.relay.borrow().clone();
    room.ok_or_else(|| AdminError::closed("the relay is closed; open it with a section [relay]"))
}

async fn list(State(state): State<AdminState>) -> Result<Json<Vec<PeerShown>>, AdminError> {
    Ok(Json(room(&state)?.list()))
}

async fn kick(State(state): State<AdminState>, Path(peer): Path<u64>) -> Result<Json<Value>, AdminError> {
    match room(&state)?.kick(Some(peer), None) {
        0 => Err(AdminError::unknown(format!("no peer {peer} is connected"))),
        ended => Ok(Json(json!({ "ended": ended }))),
    }
}

async fn clear(State(state): State<AdminState>, Path(id): Path<String>) -> Result<Json<Value>, AdminError> {
    match room(&state)?.kick(None, Some(&id)) {
        0 => Err(AdminError::unknown(format!("nobody is at {id}"))),
        ended => Ok(Json(json!({ "ended": ended }))),
    }
}

async fn drain(State(state): State<AdminState>) -> Result<Json<Value>, AdminError> {
    let room = room(&state)?;
    room.drain();
    Ok(drained(&room))
}

async fn end_drain(State(state): State<AdminState>) -> Result<Json<Value>, AdminError> {
    let room = room(&state)?;
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

async fn trace(State(state): State<AdminState>, Json(wanted): Json<TraceRequest>) -> Result<Json<Value>, AdminError> {
    let begun = room(&state)?.trace(&wanted.id, wanted.time.0);
    let (trace, peers) = begun.map_err(|error| match error {
        TraceError::Time => AdminError::argument(error.to_string()),
        TraceError::TooMany => AdminError::bad(error.to_string()),
    })?;
    Ok(Json(json!({ "trace": trace, "peers": peers })))
}

async fn ticket(
    State(state): State<AdminState>,
    Json(wanted): Json<TicketRequest>,
) -> Result<Json<TicketShown>, AdminError> {
    let ticket = room(&state)?.ticket(&wanted);
    ticket.map(Json).map_err(|error| match error {
        TicketError::Name | TicketError::Life | TicketError::Id => AdminError::argument(error.to_string()),
        TicketError::NotThere(_) => AdminError::bad(error.to_string()),
    })
}
