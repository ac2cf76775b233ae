//! `POST /v1/spaces`, `GET|PATCH|DELETE /v1/spaces/{id}`, and a space with all that is known of it.

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use jiff::Timestamp;
use serde_json::json;

use super::caller::Caller;
use super::error::ApiError;
use super::shape::{KeyMade, NewSpace, Patch, SpaceMade, SpaceShown};
use super::write::{Request, answer};
use crate::accounts::random;
use crate::domain::{Occupancy as Counts, SpaceId, SpaceOrigin};
use crate::occupancy::Occupancy;
use crate::occupancy::keys::{self, KeyRole};
use crate::occupancy::{corrections, kiosks};
use crate::store::spaces::{NewSpace as NewRow, SpacesWriter};

/// Create a space; the answer holds its owner's key.
#[utoipa::path(post, path = "/v1/spaces", tag = "spaces", request_body = NewSpace,
    responses((status = 201, description = "The space and its owner's key", body = SpaceMade), (status = 401, description = "No token"),
        (status = 403, description = "The token lacks spaces:admin"), (status = 409, description = "There are too many spaces"),
        (status = 422, description = "A value is out of bounds, or the idempotency key was used for another request")))]
pub(super) async fn create(Request { room, caller, change }: Request) -> Result<Response, ApiError> {
    caller.is_operator(KeyRole::Owner)?;
    let body: NewSpace = change.json()?;
    body.check()?;
    let here = Arc::clone(&room);
    let made = change.make(&room, move |page, _, now| {
        let id = SpaceId::from_random(random());
        let counts = Counts {
            current: body.current,
            maximum: body.maximum,
        };
        let new = NewRow {
            tags: body.tags,
            thresholds: body.thresholds,
            ttl: body.ttl,
            overfill: body.overfill,
            ..NewRow::plain(id, body.name, counts, SpaceOrigin::Operator)
        };
        let space = here.writer.create_on(page, new, now)?;
        let label = Some("first".to_owned());
        let (key, secret) =
            keys::create_on(page, id, KeyRole::Owner, label, now)?.ok_or(ApiError::TooManyKeys(keys::MOST))?;
        let owner_key = KeyMade {
            key,
            secret: secret.reveal().to_owned(),
        };
        let body = SpaceMade {
            space: SpaceShown::of(&space, &here),
            owner_key,
        };
        Ok(answer(&here.store, StatusCode::CREATED, &body, Some(&space)))
    });
    Ok(made.await)
}

/// Read a space.
#[utoipa::path(get, path = "/v1/spaces/{id}", tag = "spaces", params(("id" = String, Path, description = "Its id")),
    responses((status = 200, description = "The space", body = SpaceShown, headers(("ETag" = String, description = "Its version"))),
        (status = 304, description = "Unchanged"), (status = 404, description = "No such space")))]
pub(super) async fn show(
    State(room): State<Arc<Occupancy>>,
    caller: Caller,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, ApiError> {
    let space = caller.space(&room, &id, KeyRole::Viewer)?;
    let tag = format!("\"{}\"", room.version(&space));
    let unchanged = headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .any(|value| crate::occupancy::compat::matches(value, &tag));
    let mut response = match unchanged {
        true => StatusCode::NOT_MODIFIED.into_response(),
        false => Json(SpaceShown::of(&space, &room)).into_response(),
    };
    response.headers_mut().insert(
        ETAG,
        HeaderValue::try_from(tag).expect("tags are digits, a dot and quotes"),
    );
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Ok(response)
}

/// Change a space's name, maximum, life, thresholds or tags.
#[utoipa::path(patch, path = "/v1/spaces/{id}", tag = "spaces", params(("id" = String, Path, description = "Its id")), request_body = Patch,
    responses((status = 200, description = "The space after it", body = SpaceShown), (status = 404, description = "No such space"),
        (status = 412, description = "It has changed since that version"), (status = 422, description = "A value is out of bounds")))]
pub(super) async fn patch(
    Path(id): Path<String>,
    Request { room, caller, change }: Request,
) -> Result<Response, ApiError> {
    let id = caller.space(&room, &id, KeyRole::Owner)?.id;
    let body: Patch = change.json()?;
    body.check()?;
    let here = Arc::clone(&room);
    let made = change.make(&room, move |page, versions, now| {
        let before = SpacesWriter::get_on(page, id)?;
        versions.check(&before)?;
        let mut space = before.clone();
        body.apply(&mut space, now);
        let space = if space == before {
            before
        } else {
            SpacesWriter::put_on(page, space, &before)?
        };
        Ok(answer(
            &here.store,
            StatusCode::OK,
            &SpaceShown::of(&space, &here),
            Some(&space),
        ))
    });
    Ok(made.await)
}

/// Delete a space, its count and its keys.
#[utoipa::path(delete, path = "/v1/spaces/{id}", tag = "spaces", params(("id" = String, Path, description = "Its id")),
    responses((status = 204, description = "It is gone"), (status = 404, description = "No such space"), (status = 412, description = "It has changed since that version")))]
pub(super) async fn remove(
    Path(id): Path<String>,
    Request { room, caller, change }: Request,
) -> Result<Response, ApiError> {
    let id = caller.space(&room, &id, KeyRole::Owner)?.id;
    let here = Arc::clone(&room);
    let made = change.make(&room, move |page, versions, _| {
        let space = SpacesWriter::get_on(page, id)?;
        versions.check(&space)?;
        keys::revoke_all_on(page, id)?;
        kiosks::revoke_all_on(page, id)?;
        here.writer.delete_on(page, &space);
        Ok(answer(&here.store, StatusCode::NO_CONTENT, &(), None))
    });
    let response = made.await;
    // A refused or failed deletion leaves the space, and its life, as they were.
    if response.status().is_success() {
        room.last_use.forget(id);
        // No bell for its keys: that it is removed is the last that there is to hear of it, and they may hear that.
    }
    Ok(response)
}

/// All that is known of a space, to take along (OCC §5.8).
#[utoipa::path(get, path = "/v1/spaces/{id}/export", tag = "spaces", params(("id" = String, Path, description = "Its id")),
    responses((status = 200, description = "The space, its keys and screens without their secrets, and the corrections of its count"), (status = 404, description = "No such space")))]
pub(super) async fn export(
    State(room): State<Arc<Occupancy>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Response, ApiError> {
    let space = caller.space(&room, &id, KeyRole::Owner)?;
    let keys = keys::list(&room.store, space.id)?;
    let corrections = corrections::between(&room.store, space.id, (Timestamp::MIN, Timestamp::MAX))?;
    let whole = json!({
        "space": SpaceShown::of(&space, &room), "keys": keys, "kiosks": kiosks::list(&room.store, Some(space.id))?,
        "corrections": corrections,
    });
    let mut response = Json(whole).into_response();
    let name = format!("attachment; filename=\"space-{}.json\"", space.id);
    response.headers_mut().insert(
        CONTENT_DISPOSITION,
        HeaderValue::try_from(name).expect("ids are hex and hyphens"),
    );
    Ok(response)
}
