//! `prepay …`: top-ups of the running box.

use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::Response;
use axum::routing::{get, post};
use axum::{Json, Router};
use jiff::Timestamp;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use tokio::time::Instant;

use super::AdminState;
use super::meters::{origin, room, serial};
use super::problem::AdminError;
use crate::http::blocking;
use crate::http::table::{self, Format};
use crate::meter::emop::Token;
use crate::meter::explain::{Detail, Period};
use crate::meter::topup::{ByHand, NewTopup, TopupShown};

/// The longest that a command line waits for what becomes of a code, in seconds.
const LONGEST_WAIT: u64 = 600;
/// Top-ups that a list shows, at most and unless told otherwise.
const MOST: usize = 1_000;
const USUAL: usize = 100;

pub(super) fn router() -> Router<AdminState> {
    Router::new()
        .route("/topups", get(list).post(create))
        .route("/topups/{id}", get(show).delete(cancel))
        .route("/topups/{id}/settlement", post(settle))
        .route("/meters/{serial}/money", get(money))
}

/// A code that is given on the command line.
#[derive(Deserialize)]
struct Given {
    meter: String,
    token: Token,
    /// Even when the meter is known not to prepay.
    #[serde(default)]
    anyway: bool,
}

/// A top-up, and whether it is a new one.
#[derive(Serialize)]
struct Created {
    #[serde(flatten)]
    topup: TopupShown,
    /// `false`: the code was given before.
    new: bool,
}

async fn create(
    State(state): State<AdminState>,
    Json(given): Json<Given>,
) -> Result<(StatusCode, Json<Created>), AdminError> {
    let new = NewTopup {
        meter: serial(&given.meter)?,
        token: given.token,
        origin: origin(),
        key: None,
        worth: None,
        anyway: given.anyway,
        once: None,
    };
    let (topup, new) = room(&state)?.top_up(new).await?;
    let status = if new { StatusCode::ACCEPTED } else { StatusCode::OK };
    Ok((status, Json(Created { topup, new })))
}

#[derive(Deserialize)]
struct Wanted {
    meter: Option<String>,
    limit: Option<usize>,
}

async fn list(
    State(state): State<AdminState>,
    Query(wanted): Query<Wanted>,
) -> Result<Json<Vec<TopupShown>>, AdminError> {
    let (room, limit) = (room(&state)?, wanted.limit.unwrap_or(USUAL).min(MOST));
    Ok(Json(match wanted.meter {
        Some(meter) => room.topups_of(&serial(&meter)?, None, limit)?,
        None => room.topups(limit)?,
    }))
}

#[derive(Deserialize)]
struct Patience {
    /// Waits so many seconds until it is settled.
    wait: Option<u64>,
}

async fn show(
    State(state): State<AdminState>,
    Path(id): Path<String>,
    Query(patience): Query<Patience>,
) -> Result<Json<TopupShown>, AdminError> {
    let room = room(&state)?;
    let Some(seconds) = patience.wait else {
        return Ok(Json(room.topup(&id)?));
    };
    let until = Instant::now() + Duration::from_secs(seconds.min(LONGEST_WAIT));
    Ok(Json(room.settled_topup(&id, until).await?))
}

async fn cancel(State(state): State<AdminState>, Path(id): Path<String>) -> Result<Json<TopupShown>, AdminError> {
    Ok(Json(room(&state)?.cancel_topup(&id, &origin().by).await?))
}

/// How it ended, by a person who looked.
#[derive(Deserialize)]
struct Settlement {
    taken: bool,
    why: String,
}

async fn settle(
    State(state): State<AdminState>,
    Path(id): Path<String>,
    Json(settlement): Json<Settlement>,
) -> Result<Json<TopupShown>, AdminError> {
    let by_hand = ByHand {
        by: origin().by,
        why: settlement.why,
    };
    Ok(Json(room(&state)?.settle_topup(&id, settlement.taken, by_hand).await?))
}

/// Which days of a meter's money.
#[derive(Deserialize)]
struct Days {
    from: Option<Date>,
    to: Option<Date>,
    half_hours: Option<bool>,
    format: Option<Format>,
}

/// A balance, line by line (EMOP §23.6).
async fn money(
    State(state): State<AdminState>,
    Path(meter): Path<String>,
    Query(days): Query<Days>,
) -> Result<Response, AdminError> {
    let (room, meter) = (room(&state)?, serial(&meter)?);
    let period = Period::new(days.from, days.to, room.today())?;
    let wanted = (period, Detail::of(days.half_hours));
    let explained = blocking(move || room.explain(&meter, wanted, &(Timestamp::MIN..Timestamp::MAX)));
    let money = explained
        .await
        .map_err(|error| AdminError::failed(error.to_string()))??;
    let format = days.format.unwrap_or(Format::Json);
    Ok(table::answer(format, &money.rows(), &money))
}
