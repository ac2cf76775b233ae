//! `uplink test`, `uplink status`, `uplink enrol`.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;

use super::AdminState;
use super::problem::AdminError;
use crate::tls::Step;
use crate::uplink::{EnrolRequest, Uplink, UplinkShown};

pub(super) fn router() -> Router<AdminState> {
    Router::new()
        .route("/uplink", get(status))
        .route("/uplink/test", post(test))
        .route("/uplink/enrol", post(enrol))
}

/// The room, when the box runs and it is open.
fn room(state: &AdminState) -> Result<Arc<Uplink>, AdminError> {
    let room = state.running()?.uplink.borrow().clone();
    room.ok_or_else(|| AdminError::closed("the uplink is closed; open it with a section [uplink]"))
}

async fn status(State(state): State<AdminState>) -> Result<Json<UplinkShown>, AdminError> {
    Ok(Json(room(&state)?.shown()))
}

/// What is to be tested.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Tested {
    /// The section that is meant, by its fingerprint; absent: the one that the box goes by, whichever that is.
    section: Option<String>,
}

async fn test(State(state): State<AdminState>, Json(tested): Json<Tested>) -> Result<Json<Vec<Step>>, AdminError> {
    let room = room(&state)?;
    if tested.section.is_some_and(|section| !room.goes_by(&section)) {
        let detail = "the running box goes by another [uplink] than the configuration file has";
        return Err(AdminError::other_section(detail));
    }
    Ok(Json(room.rehearse().await))
}

/// Whoever goes away before the answer waits no more: the room asks no longer in their name.
async fn enrol(
    State(state): State<AdminState>,
    Json(request): Json<EnrolRequest>,
) -> Result<Json<Vec<Step>>, AdminError> {
    let steps = room(&state)?.enrol(request).await;
    steps.map(Json).ok_or_else(|| {
        AdminError::bad(
            "the box proves itself by what its configuration names; with uplink.auth = \"est\" or \"bootstrap\" the \
             platform gives it a certificate or a login",
        )
    })
}
