//! `consent …` and `pki rotate tokens`: whom people allowed what, and the keys that sign tokens.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::routing::{get, post};
use axum::{Json, Router};
use serde_json::{Value, json};

use super::AdminState;
use super::problem::AdminError;
use crate::perseus::{PermissionShown, Perseus, RecordRow};

pub(super) fn router() -> Router<AdminState> {
    Router::new()
        .route("/consents", get(list))
        .route("/consents/{id}/revocation", post(revoke))
        .route("/token-keys/rotation", post(rotate))
        .route("/records/{origin}", get(record))
}

fn room(state: &AdminState) -> Result<Arc<Perseus>, AdminError> {
    let room = state.running()?.perseus.borrow().clone();
    room.ok_or_else(|| AdminError::closed("no consented data is served: the configuration has no section [perseus]"))
}

async fn list(State(state): State<AdminState>) -> Result<Json<Vec<PermissionShown>>, AdminError> {
    let listed = room(&state)?.permissions();
    Ok(Json(listed.map_err(|error| AdminError::failed(error.to_string()))?))
}

async fn revoke(State(state): State<AdminState>, Path(id): Path<String>) -> Result<Json<PermissionShown>, AdminError> {
    let room = room(&state)?;
    let known = room
        .permissions()
        .map_err(|error| AdminError::failed(error.to_string()))?;
    if !known.iter().any(|shown| shown.id == id) {
        return Err(AdminError::unknown(
            "there is no such permission; `gatelodge consent list` shows them",
        ));
    }
    let revoked = room.stop_permission(&id).await;
    Ok(Json(
        revoked.map_err(|error| AdminError::unavailable(error.to_string()))?,
    ))
}

async fn rotate(State(state): State<AdminState>) -> Result<Json<Value>, AdminError> {
    let room = room(&state)?;
    let rotated = room.rotate_token_keys();
    let kid = rotated.map_err(|error| AdminError::not_written(error.to_string()))?;
    Ok(Json(json!({ "kid": kid })))
}

async fn record(State(state): State<AdminState>, Path(origin): Path<String>) -> Result<Json<RecordRow>, AdminError> {
    let found = room(&state)?.record(&origin);
    let found = found.map_err(|error| AdminError::failed(error.to_string()))?;
    found
        .map(Json)
        .ok_or_else(|| AdminError::unknown("this box made no such record, or it is too old"))
}
