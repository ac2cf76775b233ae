//! "Ask now": a meter is asked everything anew, for whoever stands before it. The same as `POST /v1/meters/{serial}/poll`.

use axum::extract::{Path, State};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::PageState;
use super::error::PageError;
use crate::accounts::{AUDIT, Act};
use crate::face::{Form, Nothing, SignedIn};
use crate::meter::MetersError;

/// What was just done, as the address of the page says it.
#[derive(Deserialize)]
pub(super) struct Asked {
    pub(super) asked: Option<String>,
}

/// Has a meter asked as soon as its turn comes, and shows how it is.
pub(super) async fn ask(
    State(state): State<PageState>,
    person: SignedIn,
    Path(serial): Path<String>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, PageError> {
    person.must(Act::CommandMeters).map_err(|_| PageError::Forbidden)?;
    let meter = state.find(&person, &serial)?.shown.meter.serial;
    match state.room.poll_now(&meter) {
        Ok(()) => {
            tracing::info!(target: AUDIT, by = person.who().in_audit(), %meter, "somebody had a meter asked anew");
            Ok(Redirect::to(&format!("/energy/{meter}/health?asked=1")).into_response())
        }
        Err(MetersError::Off(_)) => Err(PageError::NotAsked(meter)),
        Err(_) => Err(PageError::Unknown),
    }
}
