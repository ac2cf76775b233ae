//! `relay peers`, `relay kick`, `relay drain`, `relay trace` and `relay ticket`.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::routing::{delete, get, post, put};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Desk;
use super::problem::Refusal;
use crate::domain::units::Span;
use crate::relay::{PeerShown, Relay, TicketShown, TicketWanted};

pub(super) fn router() -> Router<Desk> {
    Router::new()
        .route("/relay/peers", get(list))
        .route("/relay/peers/{peer}", delete(kick))
        .route("/relay/meetups/{id}", delete(clear))
        .route("/relay/drain", put(drain).delete(end_drain))
        .route("/relay/traces", post(trace))
        .route("/relay/tickets", post(ticket))
}

/// The room, when the box runs and it is open.
fn room(desk: &Desk) -> Result<Arc<Relay>, Refusal> {
    let running = desk
        .running
        .as_ref()
        .ok_or_else(|| Refusal::unavailable("the relay needs a running box"))?;
    let room = running.relay.borrow().clone();
    room.ok_or_else(|| Refusal::closed("the relay is closed; open it with a section [relay]"))
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

async fn drain(State(desk): State<Desk>) -> Result<Json<Value>, Refusal> {
    let room = room(&desk)?;
    room.drain();
    Ok(drained(&room))
}

async fn end_drain(State(desk): State<Desk>) -> Result<Json<Value>, Refusal> {
    let room = room(&desk)?;
    room.end_drain();
    Ok(drained(&room))
}

fn drained(room: &Relay) -> Json<Value> {
    Json(json!({ "draining": room.is_draining(), "paired": room.tally().paired }))
}

#[derive(Deserialize)]
struct Wanted {
    id: String,
    time: Span,
}

async fn trace(State(desk): State<Desk>, Json(wanted): Json<Wanted>) -> Result<Json<Value>, Refusal> {
    let begun = room(&desk)?.trace(&wanted.id, wanted.time.0);
    let (trace, peers) = begun.map_err(|error| Refusal::bad(error.to_string()))?;
    Ok(Json(json!({ "trace": trace, "peers": peers })))
}

async fn ticket(State(desk): State<Desk>, Json(wanted): Json<TicketWanted>) -> Result<Json<TicketShown>, Refusal> {
    let ticket = room(&desk)?.ticket(&wanted);
    ticket.map(Json).map_err(|error| Refusal::bad(error.to_string()))
}
