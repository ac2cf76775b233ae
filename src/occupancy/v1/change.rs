//! `POST …/change`, `PUT …/maximum`.

use std::sync::Arc;

use axum::extract::Path;
use axum::http::StatusCode;
use axum::response::Response;
use jiff::Timestamp;

use super::error::ApiError;
use super::shape::{self, Changed, Maximum, Policy, SpaceShown};
use super::write::{Request, answer};
use crate::domain::Space;
use crate::occupancy::keys::KeyRole;
use crate::store::spaces::SpacesWriter;

/// People come in or go out.
#[utoipa::path(post, path = "/v1/spaces/{id}/change", tag = "spaces", params(("id" = String, Path, description = "Its id")), request_body = shape::Change,
    responses((status = 200, description = "What it came to", body = Changed), (status = 404, description = "No such space"),
        (status = 409, description = "Not all fit, and the policy is to reject"), (status = 412, description = "It has changed since that version"),
        (status = 422, description = "A value is out of bounds, or the idempotency key was used for another request")))]
pub(super) async fn change(Path(id): Path<String>, request: Request) -> Result<Response, ApiError> {
    let body: shape::Change = request.change.json()?;
    body.check()?;
    let by = move |space: &mut Space, now: Timestamp| {
        let applied = match body.policy {
            Policy::Overfill => space.change_all_the_same(body.by, now),
            Policy::Clamp | Policy::Reject => space.change(body.by, now),
        };
        match body.policy {
            Policy::Reject | Policy::Overfill if applied != body.by => Err(ApiError::DoesNotFit {
                applied,
                requested: body.by,
            }),
            Policy::Reject | Policy::Overfill | Policy::Clamp => Ok((applied, body.by)),
        }
    };
    made(request, &id, KeyRole::Counter, by).await
}

/// Change the maximum; a count above it comes down to it.
#[utoipa::path(put, path = "/v1/spaces/{id}/maximum", tag = "spaces", params(("id" = String, Path, description = "Its id")), request_body = Maximum,
    responses((status = 200, description = "What it came to", body = Changed), (status = 404, description = "No such space"),
        (status = 412, description = "It has changed since that version"), (status = 422, description = "It is out of bounds")))]
pub(super) async fn maximum(Path(id): Path<String>, request: Request) -> Result<Response, ApiError> {
    let body: Maximum = request.change.json()?;
    shape::maximum(body.maximum)?;
    let set = move |space: &mut Space, now: Timestamp| {
        let before = i64::from(space.occupancy.current);
        space.set_maximum(body.maximum, now);
        let clipped = i64::from(space.occupancy.current) - before;
        Ok((clipped, clipped))
    };
    made(request, &id, KeyRole::Owner, set).await
}

/// Changes a space by `act`, which answers how many people it moved and how many it was asked to.
async fn made(
    request: Request,
    id: &str,
    role: KeyRole,
    act: impl FnOnce(&mut Space, Timestamp) -> Result<(i64, i64), ApiError> + Send + 'static,
) -> Result<Response, ApiError> {
    let Request { room, caller, change } = request;
    let id = caller.space(&room, id, role)?.id;
    let here = Arc::clone(&room);
    let made = change.make(&room, move |page, versions, now| {
        let before = SpacesWriter::get_on(page, id)?;
        versions.check(&before)?;
        let mut space = before.clone();
        let (applied, requested) = act(&mut space, now)?;
        let space = if space == before {
            before
        } else {
            SpacesWriter::put_on(page, space, &before)?
        };
        let sequence = here.version(&space);
        let body = Changed {
            applied,
            requested,
            sequence,
            space: SpaceShown::of(&space, &here),
        };
        Ok(answer(&here.store, StatusCode::OK, &body, Some(&space)))
    });
    Ok(made.await)
}
