//! `user data` and `user forget`: what is held of somebody, for whoever runs the box and was asked for it.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};

use super::AdminState;
use super::problem::AdminError;
use crate::privacy::{Account, ArchiveShown, AskedBy, ErasureShown, ForgetError, PersonalData};
use crate::texts::{Language, Texts};

pub(super) fn router() -> Router<AdminState> {
    Router::new()
        .route("/people/{name}/data", get(data))
        .route("/people/{name}/archive", get(stand).post(order))
        .route("/people/{name}/archive/file", get(file))
        .route("/people/{name}/erasure", post(erase))
        .route("/erasures/{id}", get(erasure))
}

fn held(state: &AdminState) -> Result<Arc<PersonalData>, AdminError> {
    let part = state.running()?.privacy.borrow().clone();
    part.ok_or_else(|| AdminError::unavailable("the box is stopping"))
}

async fn data(State(state): State<AdminState>, Path(name): Path<String>) -> Result<Json<Account>, AdminError> {
    Ok(Json(held(&state)?.account(&name, Texts::of(Language::English))?))
}

async fn order(State(state): State<AdminState>, Path(name): Path<String>) -> Result<Json<ArchiveShown>, AdminError> {
    match held(&state)?.order(&name, AskedBy::Operator)? {
        true => stand(State(state), Path(name)).await,
        false => Err(AdminError::unavailable(
            "too many archives are being made; try again in a minute",
        )),
    }
}

async fn stand(State(state): State<AdminState>, Path(name): Path<String>) -> Result<Json<ArchiveShown>, AdminError> {
    Ok(Json(held(&state)?.archive(&name, AskedBy::Operator)?))
}

async fn file(State(state): State<AdminState>, Path(name): Path<String>) -> Result<Response, AdminError> {
    let body: Option<Body> = held(&state)?.archive_body(&name, AskedBy::Operator)?;
    let body = body.ok_or_else(|| AdminError::unknown("there is no archive of them, or it was there for an hour"))?;
    Ok(body.into_response())
}

async fn erase(State(state): State<AdminState>, Path(name): Path<String>) -> Result<Json<ErasureShown>, AdminError> {
    let begun = held(&state)?.forget(&name, AskedBy::Operator).await;
    Ok(Json(begun.map_err(|error| match error {
        ForgetError::Account(error) => error.into(),
        ForgetError::Clock => AdminError::unavailable(error.to_string()),
    })?))
}

async fn erasure(State(state): State<AdminState>, Path(id): Path<String>) -> Result<Json<ErasureShown>, AdminError> {
    let found = held(&state)?.erasure(&id)?;
    found
        .map(Json)
        .ok_or_else(|| AdminError::unknown("there is no erasure of that number"))
}
