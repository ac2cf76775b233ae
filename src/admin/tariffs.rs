//! `meter tariff …`: what meters charge, and tariffs to come.

use std::num::NonZeroU64;
use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;
use tokio::time::Instant;

use super::AdminState;
use super::meters::{origin, room, serial};
use super::problem::AdminError;
use crate::meter::tariffs::{NewTariff, TariffWriteShown, TariffsShown};

/// The longest that a command line waits for a writing, in seconds.
const LONGEST_WAIT: u64 = 600;

pub(super) fn router() -> Router<AdminState> {
    Router::new()
        .route("/meters/{serial}/tariffs", get(show))
        .route("/meters/{serial}/tariffs/read", post(read))
        .route("/meters/{serial}/tariffs/future", get(written).put(write))
}

async fn show(State(state): State<AdminState>, Path(meter): Path<String>) -> Result<Json<TariffsShown>, AdminError> {
    Ok(Json(room(&state)?.tariffs(&serial(&meter)?)?))
}

async fn read(State(state): State<AdminState>, Path(meter): Path<String>) -> Result<Json<TariffsShown>, AdminError> {
    Ok(Json(room(&state)?.read_tariffs(&serial(&meter)?).await?))
}

#[derive(Deserialize)]
struct Manner {
    #[serde(default)]
    dry_run: bool,
    /// Waits so many seconds for what the meter is asked first; absent: as long as it takes.
    wait: Option<NonZeroU64>,
}

async fn write(
    State(state): State<AdminState>,
    Path(meter): Path<String>,
    Query(manner): Query<Manner>,
    Json(new): Json<NewTariff>,
) -> Result<Response, AdminError> {
    let (room, meter) = (room(&state)?, serial(&meter)?);
    if manner.dry_run {
        return Ok(Json(room.plan_tariff(&meter, &new)?).into_response());
    }
    let limit = manner.wait.map(|seconds| Duration::from_secs(seconds.get()));
    let write = room.write_tariff_within(&meter, &new, &origin(), limit).await?;
    Ok((StatusCode::ACCEPTED, Json(write)).into_response())
}

#[derive(Deserialize)]
struct Patience {
    /// Waits so many seconds until it is written or not.
    #[serde(default)]
    wait: u64,
}

async fn written(
    State(state): State<AdminState>,
    Path(meter): Path<String>,
    Query(patience): Query<Patience>,
) -> Result<Json<TariffWriteShown>, AdminError> {
    let (room, meter) = (room(&state)?, serial(&meter)?);
    let until = Instant::now() + Duration::from_secs(patience.wait.min(LONGEST_WAIT));
    let write = room.settled_tariff_write(&meter, until).await?;
    let none = || AdminError::unknown(format!("no tariff was written to meter {meter} through this box"));
    Ok(Json(write.ok_or_else(none)?))
}
