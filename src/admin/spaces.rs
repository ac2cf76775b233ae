//! `space …`.

use std::sync::Arc;

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::routing::{delete, get};
use axum::{Json, Router};
use serde::{Deserialize, Serialize};

use super::AdminState;
use super::problem::AdminError;
use crate::accounts::Who;
use crate::domain::{Space, SpaceId};
use crate::occupancy::Occupancy;
use crate::occupancy::door::NewKiosk;
use crate::occupancy::kiosks::Kiosk;
use crate::occupancy::manage::{Create, ManageError, Set};

/// Spaces in one answer at most.
const PAGE: usize = 500;

/// A space as the command line shows it.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SpaceShown {
    pub id: String,
    pub name: Option<String>,
    /// People inside.
    pub current: u32,
    /// People allowed inside.
    pub maximum: u32,
    /// People who may still come in.
    pub left: u32,
    /// Whether people may be counted in above the maximum by whoever says so each time.
    pub overfill: bool,
    /// Whether whoever knows the id may use it through the old URLs.
    pub open: bool,
    /// When it was created.
    pub created: String,
    /// When it was last changed.
    pub last_updated: String,
}

impl From<Space> for SpaceShown {
    fn from(space: Space) -> SpaceShown {
        SpaceShown {
            left: space.left(),
            overfill: space.overfill,
            id: space.id.to_string(),
            name: space.name,
            current: space.occupancy.current,
            maximum: space.occupancy.maximum,
            open: space.origin.is_open(),
            created: space.created.to_string(),
            last_updated: space.last_updated.to_string(),
        }
    }
}

pub(super) fn router() -> Router<AdminState> {
    Router::new()
        .route("/spaces", get(list).post(create))
        .route("/spaces/{id}", get(show).patch(set).delete(remove))
        .route("/kiosks", get(kiosks).post(create_kiosk))
        .route("/kiosks/{id}", delete(revoke_kiosk))
}

/// The room, when the box runs and it is open.
pub(super) fn room(state: &AdminState) -> Result<Arc<Occupancy>, AdminError> {
    let running = state
        .running
        .as_ref()
        .ok_or_else(|| AdminError::unavailable("spaces need a running box"))?;
    let room = running.occupancy.borrow().clone();
    room.ok_or_else(|| AdminError::closed("the occupancy room is closed; open it with a section [occupancy]"))
}

fn id_of(text: &str) -> Result<SpaceId, AdminError> {
    text.parse().map_err(|_| {
        AdminError::argument(format!(
            "`{text}` is not the id of a space; `gatelodge space list` shows them"
        ))
    })
}

#[derive(Deserialize)]
struct After {
    after: Option<String>,
}

async fn list(State(state): State<AdminState>, Query(from): Query<After>) -> Result<Json<Vec<SpaceShown>>, AdminError> {
    let after = from.after.as_deref().map(id_of).transpose()?;
    let spaces = room(&state)?.list(after, PAGE)?;
    Ok(Json(spaces.into_iter().map(SpaceShown::from).collect()))
}

async fn create(State(state): State<AdminState>, Json(request): Json<Create>) -> Result<Json<SpaceShown>, AdminError> {
    Ok(Json(room(&state)?.create(request).await?.into()))
}

async fn show(State(state): State<AdminState>, Path(id): Path<String>) -> Result<Json<SpaceShown>, AdminError> {
    Ok(Json(room(&state)?.show(id_of(&id)?)?.into()))
}

async fn set(
    State(state): State<AdminState>,
    Path(id): Path<String>,
    Json(request): Json<Set>,
) -> Result<Json<SpaceShown>, AdminError> {
    Ok(Json(room(&state)?.set(id_of(&id)?, request, &operator()).await?.into()))
}

async fn remove(State(state): State<AdminState>, Path(id): Path<String>) -> Result<StatusCode, AdminError> {
    room(&state)?.delete(id_of(&id)?, &operator()).await?;
    Ok(StatusCode::NO_CONTENT)
}

/// Whoever reaches the admin socket, in the words of an audit.
fn operator() -> String {
    Who::Operator.in_audit()
}

async fn kiosks(State(state): State<AdminState>) -> Result<Json<Vec<Kiosk>>, AdminError> {
    Ok(Json(room(&state)?.kiosks(None)?))
}

#[derive(Deserialize)]
struct Wanted {
    space: String,
    name: String,
}

async fn create_kiosk(State(state): State<AdminState>, Json(new): Json<Wanted>) -> Result<Json<NewKiosk>, AdminError> {
    let (room, space) = (room(&state)?, id_of(&new.space)?);
    Ok(Json(room.create_kiosk(space, (&new.name, &operator()), None).await?))
}

async fn revoke_kiosk(State(state): State<AdminState>, Path(id): Path<String>) -> Result<StatusCode, AdminError> {
    let room = room(&state)?;
    let known = room.kiosks(None)?.into_iter().find(|kiosk| kiosk.id == id);
    let kiosk = known.ok_or(ManageError::UnknownKiosk)?;
    room.revoke_kiosk(kiosk.space, &kiosk.id, &operator()).await?;
    Ok(StatusCode::NO_CONTENT)
}
