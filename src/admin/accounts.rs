//! `user …` and `token …`.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::routing::{delete, get, post, put};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::AdminState;
use super::move_out::move_out;
use super::problem::AdminError;
use crate::accounts::{Beginning, Link, Person, Role, Scope, Secret, Shared, Standing, Token, Wanted};
use crate::domain::{MeterId, SpaceId};

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

#[derive(Deserialize)]
struct NewPerson {
    name: String,
    role: Role,
    password: Option<String>,
    #[serde(default)]
    meters: Vec<Wanted>,
    #[serde(default)]
    spaces: Vec<SpaceId>,
}

/// Without a password the answer holds the code of a one-time link.
async fn add_person(State(state): State<AdminState>, Json(new): Json<NewPerson>) -> Result<Json<Value>, AdminError> {
    let now = state.accounts.now();
    let unknown = unknown_meters(&state, &new.meters);
    let invited = new.password.is_none();
    let standing = Standing {
        role: new.role,
        meters: beginnings(&state, new.meters)?,
        spaces: new.spaces,
    };
    let person = state
        .accounts
        .add_person(&new.name, standing, new.password.map(Secret::given), now)
        .await?;
    let code = if invited {
        Some(state.accounts.invite(&person.name, now).await?)
    } else {
        None
    };
    Ok(Json(json!({
        "person": person, "code": code.as_ref().map(Secret::reveal), "shared": state.accounts.shared(&person)?,
        "unknown_meters": unknown, "unknown_spaces": unknown_spaces(&state, &person.spaces),
    })))
}

async fn remove_person(State(state): State<AdminState>, Path(name): Path<String>) -> Result<StatusCode, AdminError> {
    state.accounts.remove_person(&name).await?;
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
    let unknown_meters = unknown_meters(&state, &meters);
    let meters = beginnings(&state, meters)?;
    let before = state.accounts.person(&name)?;
    let person = state.accounts.set_meters(&name, meters).await?;
    let shared = state.accounts.shared(&person)?;
    let postponed = before.map_or_else(Vec::new, |before| postponed(&before, &person));
    Ok(Json(Linked {
        person,
        shared,
        unknown_meters,
        postponed,
    }))
}

/// A person with what is theirs, and who else has it.
#[derive(Serialize)]
struct Linked {
    #[serde(flatten)]
    person: Person,
    shared: Vec<Shared>,
    unknown_meters: Vec<MeterId>,
    /// What was theirs until now, and is theirs again only later.
    postponed: Vec<Link>,
}

/// Says which spaces a doorman sees; none: all.
async fn set_spaces(
    State(state): State<AdminState>,
    Path(name): Path<String>,
    Json(spaces): Json<Vec<SpaceId>>,
) -> Result<Json<Value>, AdminError> {
    let person = state.accounts.set_spaces(&name, spaces).await?;
    let unknown = unknown_spaces(&state, &person.spaces);
    Ok(Json(
        json!({ "name": person.name, "spaces": person.spaces, "unknown_spaces": unknown }),
    ))
}

/// Spaces that are to be somebody's and that the running box has not. Without one nobody knows.
fn unknown_spaces(state: &AdminState, wanted: &[SpaceId]) -> Vec<SpaceId> {
    let Some(running) = &state.running else {
        return Vec::new();
    };
    let room = running.occupancy.borrow().clone();
    let is_known = |space: &SpaceId| room.as_ref().is_some_and(|room| room.show(*space).is_ok());
    wanted.iter().copied().filter(|space| !is_known(space)).collect()
}

/// Links to come of meters that were a person's, and are not until those begin: whoever gave a day to come for what is in
/// force may not have meant to end it.
fn postponed(before: &Person, after: &Person) -> Vec<Link> {
    let stopped = before.meters.iter().filter(|meter| !after.meters.contains(meter));
    let again = stopped.filter_map(|meter| {
        let open = after
            .links
            .iter()
            .filter(|link| link.meter == *meter && link.until.is_none());
        open.min_by_key(|link| link.since)
    });
    again.cloned().collect()
}

/// Meters that are to be somebody's and that the registry of the running box has not. Without one nobody knows.
fn unknown_meters(state: &AdminState, wanted: &[Wanted]) -> Vec<MeterId> {
    let Some(running) = &state.running else {
        return Vec::new();
    };
    let room = running.meters.borrow().clone();
    let is_known = |meter: &MeterId| room.as_ref().is_some_and(|room| room.show(meter).is_ok());
    let meters = wanted.iter().map(|one| one.meter.clone());
    meters.filter(|meter| !is_known(meter)).collect()
}

/// From which moments on meters are to be somebody's: days begin where the house stands.
fn beginnings(state: &AdminState, wanted: Vec<Wanted>) -> Result<Vec<Beginning>, AdminError> {
    let timezone = state.timezone();
    let all = wanted.into_iter().map(|one| one.beginning(&timezone));
    all.collect::<Result<_, _>>()
        .map_err(|error| AdminError::argument(error.to_string()))
}

async fn invite(State(state): State<AdminState>, Path(name): Path<String>) -> Result<Json<Value>, AdminError> {
    let code = state.accounts.invite(&name, state.accounts.now()).await?;
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
    let (token, secret) = state
        .accounts
        .create_token(&new.name, new.scopes, state.accounts.now())
        .await?;
    Ok(Json(json!({
        "id": token.id, "name": token.name, "scopes": token.scopes, "created": token.created, "token": secret.reveal()
    })))
}

async fn revoke_token(State(state): State<AdminState>, Path(id): Path<String>) -> Result<StatusCode, AdminError> {
    state.accounts.revoke_token(&id).await?;
    Ok(StatusCode::NO_CONTENT)
}
