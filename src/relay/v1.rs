//! `/v1/relay`: the table of peers for programs, with a token of the scope `relay:admin`.

use std::sync::Arc;

use axum::extract::rejection::JsonRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{delete, get, post, put};
use axum::{Json, Router};
use serde::Serialize;
use utoipa::{OpenApi, ToSchema};

use super::Relay;
use super::shown::{PeerShown, TicketRequest, TicketShown};
use crate::accounts::{self, Bearers, ManageRelay, Program};
use crate::http::{Problem, asked};

/// What stands behind the routes.
type ApiState = accounts::ApiState<Relay>;

/// The part of the OpenAPI document.
#[derive(OpenApi)]
#[openapi(
    paths(table, end, drain, end_drain, ticket),
    tags((name = "relay", description = "Who meets whom, and who waits"))
)]
pub struct Docs;

/// The routes.
pub fn router(room: Arc<Relay>, bearers: Arc<Bearers>) -> Router {
    Router::new()
        .route("/v1/relay", get(table))
        .route("/v1/relay/peers/{peer}", delete(end))
        .route("/v1/relay/drain", put(drain).delete(end_drain))
        .route("/v1/relay/tickets", post(ticket))
        .with_state(ApiState { room, bearers })
}

/// All peers.
#[derive(Serialize, ToSchema)]
struct Table {
    /// Meetups where one peer waits.
    waiting: usize,
    /// Meetups with two peers.
    paired: usize,
    /// Whether nobody new is taken for now.
    draining: bool,
    /// Everybody connected.
    peers: Vec<PeerShown>,
}

/// Who is connected to the relay.
#[utoipa::path(get, path = "/v1/relay", tag = "relay",
    responses((status = 200, description = "The table of peers", body = Table), (status = 401, description = "No token, or an unknown one"), (status = 403, description = "The token lacks relay:admin")))]
async fn table(State(state): State<ApiState>, _: Program<ManageRelay>) -> Json<Table> {
    let tally = state.room.tally();
    Json(Table {
        waiting: tally.waiting,
        paired: tally.paired,
        draining: state.room.is_draining(),
        peers: state.room.list(),
    })
}

/// Ends a peer's connection; it may come again.
#[utoipa::path(delete, path = "/v1/relay/peers/{peer}", tag = "relay",
    params(("peer" = u64, Path, description = "Its number in the table")),
    responses((status = 204, description = "It is told to go"), (status = 404, description = "No such peer is connected"), (status = 403, description = "The token lacks relay:admin")))]
async fn end(
    State(state): State<ApiState>,
    _: Program<ManageRelay>,
    Path(peer): Path<String>,
) -> Result<StatusCode, Problem> {
    let ended = peer
        .parse()
        .ok()
        .map_or(0, |number| state.room.kick(Some(number), None));
    match ended {
        0 => Err(Problem::new(
            StatusCode::NOT_FOUND,
            "unknown-peer",
            "No such peer is connected",
        )),
        _ => Ok(StatusCode::NO_CONTENT),
    }
}

/// Takes nobody new: newcomers get 503, who waits is told to try again later, pairs stay.
#[utoipa::path(put, path = "/v1/relay/drain", tag = "relay",
    responses((status = 204, description = "Nobody new is taken"), (status = 401, description = "No token, or an unknown one"), (status = 403, description = "The token lacks relay:admin")))]
async fn drain(State(state): State<ApiState>, _: Program<ManageRelay>) -> StatusCode {
    state.room.drain();
    StatusCode::NO_CONTENT
}

/// Takes newcomers again.
#[utoipa::path(delete, path = "/v1/relay/drain", tag = "relay",
    responses((status = 204, description = "Newcomers are taken"), (status = 401, description = "No token, or an unknown one"), (status = 403, description = "The token lacks relay:admin")))]
async fn end_drain(State(state): State<ApiState>, _: Program<ManageRelay>) -> StatusCode {
    state.room.end_drain();
    StatusCode::NO_CONTENT
}

/// Signs leave to come to one meetup without a certificate, where its rule says `tickets = true`.
#[utoipa::path(post, path = "/v1/relay/tickets", tag = "relay", request_body = TicketRequest,
    responses((status = 201, description = "The ticket", body = TicketShown), (status = 422, description = "No ticket can be made of this"), (status = 401, description = "No token, or an unknown one"), (status = 403, description = "The token lacks relay:admin")))]
async fn ticket(
    State(state): State<ApiState>,
    _: Program<ManageRelay>,
    body: Result<Json<TicketRequest>, JsonRejection>,
) -> Result<(StatusCode, Json<TicketShown>), Problem> {
    let bad = |detail: String| {
        Problem::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "no-such-ticket",
            "No ticket can be made of this",
        )
        .detail(detail)
    };
    let Json(wanted) = body.map_err(|error| match error.status() {
        StatusCode::UNSUPPORTED_MEDIA_TYPE | StatusCode::PAYLOAD_TOO_LARGE => {
            Problem::new(error.status(), "body", "The body cannot be taken").detail(error.body_text())
        }
        _ => bad(asked::json(&error).to_string()),
    })?;
    let ticket = state.room.ticket(&wanted).map_err(|error| bad(error.to_string()))?;
    Ok((StatusCode::CREATED, Json(ticket)))
}
