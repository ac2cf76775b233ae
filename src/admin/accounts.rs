//! `user …` and `token …`.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{delete, get, post, put};
use axum::{Json, Router};
use serde::Deserialize;
use serde_json::{Value, json};

use super::AdminState;
use super::move_out::{Departed, Departure};
use super::people::{Added, Doorman, Linked, NewPerson};
use super::problem::AdminError;
use crate::accounts::{Person, Scope, Secret, Token, Wanted, Who};
use crate::domain::SpaceId;

pub(super) fn router() -> Router<AdminState> {
    Router::new()
        .route("/people", get(people).post(add_person))
        .route("/people/{name}", delete(remove_person))
        .route("/people/{name}/password", post(set_password))
        .route("/people/{name}/meters", put(set_meters))
        .route("/people/{name}/spaces", put(set_spaces))
        .route("/people/{name}/move-out", post(move_out))
        .route("/people/{name}/invitation", post(invite))
        .route("/tokens", get(tokens).post(create_token))
        .route("/tokens/{id}", delete(revoke_token))
}

async fn people(State(state): State<AdminState>) -> Result<Json<Vec<Person>>, AdminError> {
    Ok(Json(state.accounts.people()?))
}

/// Without a password the answer holds the code of a one-time link.
async fn add_person(State(state): State<AdminState>, Json(new): Json<NewPerson>) -> Result<Json<Added>, AdminError> {
    state.add_person(new, &Who::Operator).await.map(Json)
}

async fn remove_person(State(state): State<AdminState>, Path(name): Path<String>) -> Result<StatusCode, AdminError> {
    state.remove_person(&name, &Who::Operator).await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
struct NewPassword {
    password: String,
}

async fn set_password(
    State(state): State<AdminState>,
    Path(name): Path<String>,
    Json(new): Json<NewPassword>,
) -> Result<StatusCode, AdminError> {
    state.accounts.set_password(&name, Secret::given(new.password)).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn set_meters(
    State(state): State<AdminState>,
    Path(name): Path<String>,
    Json(meters): Json<Vec<Wanted>>,
) -> Result<Json<Linked>, AdminError> {
    state.set_meters(&name, meters, &Who::Operator).await.map(Json)
}

/// Says which spaces a doorman sees; none: all.
async fn set_spaces(
    State(state): State<AdminState>,
    Path(name): Path<String>,
    Json(spaces): Json<Vec<SpaceId>>,
) -> Result<Json<Doorman>, AdminError> {
    state.set_spaces(&name, spaces, &Who::Operator).await.map(Json)
}

async fn move_out(
    State(state): State<AdminState>,
    Path(name): Path<String>,
    Json(wish): Json<Departure>,
) -> Result<Json<Departed>, AdminError> {
    state.move_out(name, wish, &Who::Operator).await.map(Json)
}

async fn invite(State(state): State<AdminState>, Path(name): Path<String>) -> Result<Json<Value>, AdminError> {
    let code = state.invite(&name, &Who::Operator).await?;
    Ok(Json(json!({ "code": code.reveal() })))
}

async fn tokens(State(state): State<AdminState>) -> Result<Json<Vec<Token>>, AdminError> {
    Ok(Json(state.accounts.tokens()?))
}

#[derive(Deserialize)]
struct NewToken {
    name: String,
    scopes: Vec<Scope>,
}

async fn create_token(State(state): State<AdminState>, Json(new): Json<NewToken>) -> Result<Json<Value>, AdminError> {
    let made = state.create_token((&new.name, new.scopes), &Who::Operator);
    let (token, secret) = made.await?;
    Ok(Json(json!({
        "id": token.id, "name": token.name, "scopes": token.scopes, "created": token.created, "token": secret.reveal()
    })))
}

async fn revoke_token(State(state): State<AdminState>, Path(id): Path<String>) -> Result<StatusCode, AdminError> {
    state.revoke_token(&id, &Who::Operator).await?;
    Ok(StatusCode::NO_CONTENT)
}
