//! `meter …`, `mediators …`, and the requests of `emop …`.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post, put};
use axum::{Json, Router};
use data_encoding::HEXLOWER_PERMISSIVE;
use serde::{Deserialize, Serialize};
use serde_json::json;
use tokio::time::Instant;

use super::AdminState;
use super::problem::AdminError;
use crate::domain::{Duty, MeterId};
use crate::meter::driver::Command;
use crate::meter::emop::dialect::Request;
use crate::meter::emop::{Inferred, ObjectId};
use crate::meter::topup::{Origin, Through, TopupShown};
use crate::meter::writes::Leave;
use crate::meter::{Entry, Joined, MeterShown, Meters, OpenTopups, ReadNowError};

/// The longest that one request may take, in seconds (EMOP §10.2).
const DEADLINE_S: u64 = 75;

pub(super) fn router() -> Router<AdminState> {
    Router::new()
        .route("/meters", get(list).post(add))
        .route("/meters/{serial}", get(show).delete(remove))
        .route("/meters/{serial}/duty", put(set_duty))
        .route("/meters/{serial}/poll", post(poll))
        .route("/meters/{serial}/reading", post(read))
        .route("/meters/{serial}/ask", post(ask))
        .route("/meters/{serial}/write", post(write))
        .route("/meters/{serial}/clock", post(set_clock))
        .route("/inferred", get(inferred))
}

/// The room, when the box runs and it is open.
pub(super) fn room(state: &AdminState) -> Result<Arc<Meters>, AdminError> {
    let running = state
        .running
        .as_ref()
        .ok_or_else(|| AdminError::unavailable("meters need a running box"))?;
    let room = running.meters.borrow().clone();
    room.ok_or_else(|| AdminError::closed("the meter room is closed; open it with a section [meters]"))
}

pub(super) fn serial(text: &str) -> Result<MeterId, AdminError> {
    text.parse()
        .map_err(|error: crate::domain::MeterIdError| AdminError::argument(error.to_string()))
}

async fn list(State(state): State<AdminState>) -> Result<Json<Vec<MeterShown>>, AdminError> {
    Ok(Json(room(&state)?.list()))
}

async fn add(State(state): State<AdminState>, Json(entry): Json<Entry>) -> Result<Json<Joined>, AdminError> {
    Ok(Json(room(&state)?.add(entry).await?))
}

async fn show(State(state): State<AdminState>, Path(meter): Path<String>) -> Result<Json<MeterShown>, AdminError> {
    Ok(Json(room(&state)?.show(&serial(&meter)?)?))
}

/// How a meter is removed.
#[derive(Deserialize)]
struct Removal {
    /// Though codes of it are not settled.
    #[serde(default)]
    yes: bool,
}

/// A meter that is no more, and the codes of it that are not settled.
#[derive(Serialize)]
struct Removed {
    removed: MeterId,
    topups: Vec<TopupShown>,
}

async fn remove(
    State(state): State<AdminState>,
    Path(meter): Path<String>,
    Query(how): Query<Removal>,
) -> Result<Json<Removed>, AdminError> {
    let meter = serial(&meter)?;
    let topups = if how.yes { OpenTopups::Leave } else { OpenTopups::Keep };
    let topups = room(&state)?.remove(&meter, topups).await?;
    Ok(Json(Removed { removed: meter, topups }))
}

#[derive(Deserialize)]
struct NewDuty {
    duty: Duty,
}

async fn set_duty(
    State(state): State<AdminState>,
    Path(meter): Path<String>,
    Json(request): Json<NewDuty>,
) -> Result<Json<MeterShown>, AdminError> {
    Ok(Json(room(&state)?.set_duty(&serial(&meter)?, request.duty).await?))
}

async fn poll(State(state): State<AdminState>, Path(meter): Path<String>) -> Result<StatusCode, AdminError> {
    room(&state)?.poll_now(&serial(&meter)?)?;
    Ok(StatusCode::ACCEPTED)
}

/// Asks a meter now, and answers when it has, or why it has not.
async fn read(State(state): State<AdminState>, Path(meter): Path<String>) -> Result<Json<MeterShown>, AdminError> {
    let (room, meter) = (room(&state)?, serial(&meter)?);
    let silent = |error: ReadNowError| AdminError::failed(error.to_string());
    room.read_now(&meter).await.map_err(silent)?;
    Ok(Json(room.show(&meter)?))
}

/// A request as the command line composes it.
#[derive(Deserialize, Serialize)]
struct Composed {
    /// The data field, hex.
    data: String,
}

async fn ask(
    State(state): State<AdminState>,
    Path(meter): Path<String>,
    Json(composed): Json<Composed>,
) -> Result<Json<Composed>, AdminError> {
    let data = HEXLOWER_PERMISSIVE
        .decode(composed.data.as_bytes())
        .map_err(|error| AdminError::argument(format!("the data field is not hex: {error}")))?;
    let command = Command::Ask(Request::Raw(data));
    let reply = room(&state)?
        .carry_out(&serial(&meter)?, command, &origin(), deadline())
        .await?;
    Ok(Json(Composed {
        data: HEXLOWER_PERMISSIVE.encode(&reply),
    }))
}

/// An object that is written, and what is said of it.
#[derive(Deserialize)]
struct Order {
    object: String,
    /// Hex.
    payload: String,
    leave: Leave,
}

/// How an order is meant.
#[derive(Deserialize)]
struct Manner {
    /// The frame is answered, and nothing is sent.
    #[serde(default)]
    dry_run: bool,
}

async fn write(
    State(state): State<AdminState>,
    Path(meter): Path<String>,
    Query(manner): Query<Manner>,
    Json(order): Json<Order>,
) -> Result<Response, AdminError> {
    let object: ObjectId = order
        .object
        .parse()
        .map_err(|error: crate::meter::emop::object::ObjectIdError| AdminError::argument(error.to_string()))?;
    let payload = HEXLOWER_PERMISSIVE
        .decode(order.payload.as_bytes())
        .map_err(|error| AdminError::argument(format!("the payload is not hex: {error}")))?;
    let command = Command::Ask(Request::Write(object, payload));
    let (room, meter) = (room(&state)?, serial(&meter)?);
    if manner.dry_run {
        return Ok(Json(room.plan(&meter, &command, (&origin(), &order.leave))?).into_response());
    }
    room.carry_out_with(&meter, command, (&origin(), &order.leave), deadline())
        .await?;
    Ok(StatusCode::NO_CONTENT.into_response())
}

async fn set_clock(
    State(state): State<AdminState>,
    Path(meter): Path<String>,
    Query(manner): Query<Manner>,
    leave: Option<Json<Leave>>,
) -> Result<Response, AdminError> {
    let (room, meter) = (room(&state)?, serial(&meter)?);
    let leave = leave.map(|Json(leave)| leave).unwrap_or_default();
    if manner.dry_run {
        return Ok(Json(room.plan(&meter, &Command::SetClock, (&origin(), &leave))?).into_response());
    }
    room.carry_out_with(&meter, Command::SetClock, (&origin(), &leave), deadline())
        .await?;
    Ok(Json(json!({ "set": true })).into_response())
}

/// What the command line needs to compose requests as this box does.
async fn inferred(State(state): State<AdminState>) -> Result<Json<Inferred>, AdminError> {
    Ok(Json(room(&state)?.inferred().clone()))
}

/// Whoever reaches the admin socket.
pub(super) fn origin() -> Origin {
    Origin {
        by: "operator".to_owned(),
        through: Through::CommandLine,
    }
}

fn deadline() -> Instant {
    Instant::now() + Duration::from_secs(DEADLINE_S)
}
