//! `GET|POST /v1/spaces/{id}/keys`, `DELETE /v1/spaces/{id}/keys/{key}`.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;

use super::caller::Caller;
use super::error::ApiError;
use super::shape::{KeyMade, NewKey};
use super::write::{Request, answer};
use crate::occupancy::Occupancy;
use crate::occupancy::keys::{self, Key, KeyRole};

/// The keys of a space, without their secrets.
#[utoipa::path(get, path = "/v1/spaces/{id}/keys", tag = "spaces", params(("id" = String, Path, description = "Its id")),
    responses((status = 200, description = "The keys", body = Vec<Key>), (status = 403, description = "Only the owner sees them")))]
pub(super) async fn list(
    State(room): State<Arc<Occupancy>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Vec<Key>>, ApiError> {
    let space = caller.space(&room, &id, KeyRole::Owner)?;
    Ok(Json(keys::list(&room.store, space.id)?))
}

/// Make a key; its secret is shown once.
#[utoipa::path(post, path = "/v1/spaces/{id}/keys", tag = "spaces", params(("id" = String, Path, description = "Its id")), request_body = NewKey,
    responses((status = 201, description = "The key and its secret", body = KeyMade), (status = 403, description = "Only the owner makes keys"), (status = 409, description = "There are too many")))]
pub(super) async fn create(
    Path(id): Path<String>,
    Request { room, caller, change }: Request,
) -> Result<Response, ApiError> {
    let id = caller.space(&room, &id, KeyRole::Owner)?.id;
    let body: NewKey = change.json()?;
    body.check()?;
    let store = room.store.clone();
    let made = change.make(&room, move |page, _, now| {
        let made = keys::create_on(page, id, body.role, body.label, now)?;
        let (key, secret) = made.ok_or(ApiError::TooManyKeys(keys::MOST))?;
        Ok(answer(
            &store,
            StatusCode::CREATED,
            &KeyMade {
                key,
                secret: secret.reveal().to_owned(),
            },
            None,
        ))
    });
    Ok(made.await)
}

/// Revoke a key: from the next request on it is unknown.
#[utoipa::path(delete, path = "/v1/spaces/{id}/keys/{key}", tag = "spaces",
    params(("id" = String, Path, description = "The space's id"), ("key" = String, Path, description = "The key's id")),
    responses((status = 204, description = "It is revoked"), (status = 404, description = "No such key")))]
pub(super) async fn revoke(
    Path((id, key)): Path<(String, String)>,
    Request { room, caller, change }: Request,
) -> Result<Response, ApiError> {
    let id = caller.space(&room, &id, KeyRole::Owner)?.id;
    let store = room.store.clone();
    let made = change.make(&room, move |page, _, _| match keys::revoke_on(page, id, &key)? {
        true => Ok(answer(&store, StatusCode::NO_CONTENT, &(), None)),
        false => Err(ApiError::UnknownKey),
    });
    let response = made.await;
    room.accounts.ring();
    Ok(response)
}
