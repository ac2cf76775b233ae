//! `uplink test`, `uplink status`, `uplink enrol`.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;

use super::Desk;
use super::problem::Refusal;
use super::status::running;
use crate::tls::Step;
use crate::uplink::{EnrolWish, Uplink, UplinkShown};

pub(super) fn router() -> Router<Desk> {
    Router::new()
        .route("/uplink", get(status))
        .route("/uplink/test", post(test))
        .route("/uplink/enrol", post(enrol))
}

/// The room, when the box runs and it is open.
fn room(desk: &Desk) -> Result<Arc<Uplink>, Refusal> {
    let room = running(desk)?.uplink.borrow().clone();
    room.ok_or_else(|| Refusal::closed("the uplink is closed; open it with a section [uplink]"))
}

async fn status(State(desk): State<Desk>) -> Result<Json<UplinkShown>, Refusal> {
    Ok(Json(room(&desk)?.shown()))
}

/// What is to be tested.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Tested {
    /// The section that is meant, by its fingerprint; absent: the one that the box goes by, whichever that is.
    section: Option<String>,
}

async fn test(State(desk): State<Desk>, Json(tested): Json<Tested>) -> Result<Json<Vec<Step>>, Refusal> {
    let room = room(&desk)?;
    if tested.section.is_some_and(|section| !room.goes_by(&section)) {
        let detail = "the running box goes by another [uplink] than the configuration file has";
        return Err(Refusal::other_section(detail));
    }
    Ok(Json(room.rehearse().await))
}

/// Whoever goes away before the answer waits no more: the room asks no longer in their name.
async fn enrol(State(desk): State<Desk>, Json(wish): Json<EnrolWish>) -> Result<Json<Vec<Step>>, Refusal> {
    let steps = room(&desk)?.enrol(wish).await;
    steps.map(Json).ok_or_else(|| {
        Refusal::bad(
            "the box proves itself by what its configuration names; with uplink.auth = \"est\" or \"bootstrap\" the \
             platform gives it a certificate or a login",
        )
    })
}
