//! `GET|POST /v1/spaces/{id}/kiosks`, `DELETE /v1/spaces/{id}/kiosks/{kiosk}`: screens that show a space (OCC §5.13).

use std::sync::Arc;

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::caller::Caller;
use super::error::ApiError;
use super::write::{Request, answer};
use crate::accounts::AUDIT;
use crate::occupancy::Occupancy;
use crate::occupancy::door::kiosk_name;
use crate::occupancy::keys::KeyRole;
use crate::occupancy::kiosks::{self, Kiosk};

/// A screen that is asked for.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct WantedKiosk {
    /// What it is called, such as where it hangs.
    #[schema(min_length = 1, max_length = 100, example = "beside the front door")]
    name: String,
}

/// A screen with its address, shown once.
#[derive(Serialize, ToSchema)]
pub(super) struct KioskMade {
    /// The screen.
    #[serde(flatten)]
    kiosk: Kiosk,
    /// Where it is opened, below the box's own address: no login is asked for. It cannot be shown again.
    #[schema(example = "/k/o2J0…")]
    path: String,
}

/// The screens of a space, without their addresses.
#[utoipa::path(get, path = "/v1/spaces/{id}/kiosks", tag = "spaces", params(("id" = String, Path, description = "Its id")),
    responses((status = 200, description = "The screens", body = Vec<Kiosk>), (status = 403, description = "Only the owner sees them")))]
pub(super) async fn list(
    State(room): State<Arc<Occupancy>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<Json<Vec<Kiosk>>, ApiError> {
    let space = caller.space(&room, &id, KeyRole::Owner)?;
    Ok(Json(kiosks::list(&room.store, Some(space.id))?))
}

/// Make a screen; its address is shown once.
#[utoipa::path(post, path = "/v1/spaces/{id}/kiosks", tag = "spaces", params(("id" = String, Path, description = "Its id")), request_body = WantedKiosk,
    responses((status = 201, description = "The screen and its address", body = KioskMade), (status = 403, description = "Only the owner makes screens"), (status = 409, description = "There are too many")))]
pub(super) async fn create(
    Path(id): Path<String>,
    Request { room, caller, change }: Request,
) -> Result<Response, ApiError> {
    let id = caller.space(&room, &id, KeyRole::Owner)?.id;
    let WantedKiosk { name } = change.json()?;
    kiosk_name(&name).map_err(|_| ApiError::Bounds {
        what: "name",
        wanted: "one line of 1 to 100 characters that people can read".to_owned(),
    })?;
    let (store, by) = (room.store.clone(), caller.in_audit());
    let made = change.make(&room, move |page, _, now| {
        let made = kiosks::create_on(page, id, name, now)?;
        let (kiosk, secret) = made.ok_or(ApiError::TooManyKiosks(kiosks::MOST))?;
        let path = format!("{}{}", kiosks::PATH, secret.reveal());
        Ok(answer(&store, StatusCode::CREATED, &KioskMade { kiosk, path }, None))
    });
    let response = made.await;
    if response.status().is_success() {
        tracing::info!(target: AUDIT, space = %id, by, "a screen was made");
    }
    Ok(response)
}

/// Take a screen away: it shows nothing more, also where it is open.
#[utoipa::path(delete, path = "/v1/spaces/{id}/kiosks/{kiosk}", tag = "spaces",
    params(("id" = String, Path, description = "The space's id"), ("kiosk" = String, Path, description = "The screen's id")),
    responses((status = 204, description = "It is taken away"), (status = 404, description = "No such screen")))]
pub(super) async fn revoke(
    Path((id, kiosk)): Path<(String, String)>,
    Request { room, caller, change }: Request,
) -> Result<Response, ApiError> {
    let id = caller.space(&room, &id, KeyRole::Owner)?.id;
    let (store, by, which) = (room.store.clone(), caller.in_audit(), kiosk.clone());
    let made = change.make(&room, move |page, _, _| match kiosks::revoke_on(page, id, &kiosk)? {
        Some(_) => Ok(answer(&store, StatusCode::NO_CONTENT, &(), None)),
        None => Err(ApiError::UnknownKiosk),
    });
    let response = made.await;
    if response.status().is_success() {
        room.accounts.ring();
        tracing::info!(target: AUDIT, space = %id, by, kiosk = which, "a screen was taken away");
    }
    Ok(response)
}
