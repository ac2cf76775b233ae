//! One top-up for whoever lives there: what becomes of it, and how whoever runs the box ends one that only a person can.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::PageState;
use super::error::PageError;
use super::topups::{Row, Till};
use crate::accounts::Act;
use crate::domain::{MeterId, TopupState};
use crate::face::{Form, Nothing, Page, Shell, SignedIn};
use crate::meter::topup::{ByHand, TopupShown};
use crate::texts::Texts;

#[derive(Template)]
#[template(path = "topup.html", config = ".askama.toml")]
struct TopupPage {
    shell: Shell,
    meter: MeterId,
    name: String,
    csrf_token: String,
    row: Row,
    may_be_anothers: bool,
    trouble: Option<String>,
    waits: bool,
    /// Whether it was sent, and the meter is asked.
    checks: bool,
    /// Whether the box goes on by itself.
    goes_on: bool,
    /// Whether the person may say how it ended.
    settles: bool,
    /// Why what they said was not taken.
    refused: Option<String>,
}

impl PageState {
    fn topup_page(
        &self,
        person: &SignedIn,
        (till, topup): (Till, TopupShown),
        refused: Option<String>,
    ) -> Result<Response, PageError> {
        let Till { meter, name, .. } = till;
        let runs_box = person.must(Act::CommandMeters).is_ok();
        let status = match &refused {
            Some(_) => StatusCode::UNPROCESSABLE_ENTITY,
            None => StatusCode::OK,
        };
        let page = TopupPage {
            shell: self.face.shell("meters", Some(person)),
            csrf_token: person.csrf.token(),
            row: self.row(Texts::of(person.language), &topup),
            may_be_anothers: topup.may_be_anothers,
            // The way to the meter is for whoever runs the box.
            trouble: topup.trouble.clone().filter(|_| runs_box),
            waits: topup.state == TopupState::Waiting,
            checks: topup.state == TopupState::Sending,
            goes_on: !topup.state.is_settled() && !topup.wants_a_person,
            settles: topup.wants_a_person && runs_box,
            refused,
            meter,
            name,
        };
        Ok(Page(status, page).into_response())
    }
}

/// What becomes of a code.
pub(super) async fn show(
    State(state): State<PageState>,
    person: SignedIn,
    Path((serial, id)): Path<(String, String)>,
) -> Result<Response, PageError> {
    let theirs = state.theirs(&person, &serial, &id)?;
    state.topup_page(&person, theirs, None)
}

/// How a code in doubt ended, as whoever looked at the meter says.
#[derive(Deserialize)]
pub(super) struct Settlement {
    outcome: Ended,
    why: String,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Ended {
    Taken,
    NotTaken,
}

/// Ends one that is in doubt. Whoever may not is told what they would be told of one that is not there.
pub(super) async fn settle(
    State(state): State<PageState>,
    person: SignedIn,
    Path((serial, id)): Path<(String, String)>,
    Form(said): Form<Settlement>,
) -> Result<Response, PageError> {
    let till = state.till(&person, &serial)?;
    person.must(Act::CommandMeters).map_err(|_| PageError::NoTopup)?;
    let topup = state.topup(&person, &till.meter, &id)?;
    let by_hand = ByHand {
        by: person.who().in_audit(),
        why: said.why,
    };
    match state
        .room
        .settle_topup(&id, said.outcome == Ended::Taken, by_hand)
        .await
    {
        Ok(_) => Ok(Redirect::to(&format!("/energy/{}/topups/{id}", till.meter)).into_response()),
        Err(why) if why.is_the_askers() => state.topup_page(&person, (till, topup), Some(why.to_string())),
        Err(why) => Err(why.into()),
    }
}

/// Takes a code back that waits.
pub(super) async fn cancel(
    State(state): State<PageState>,
    person: SignedIn,
    Path((serial, id)): Path<(String, String)>,
    Form(_): Form<Nothing>,
) -> Result<Response, PageError> {
    let (Till { meter, .. }, _) = state.theirs(&person, &serial, &id)?;
    match state.room.cancel_topup(&id, &person.who().in_audit()).await {
        // Whether it was in time stands on its page.
        Ok(_) => {}
        Err(why) if why.is_the_askers() => {}
        Err(why) => return Err(why.into()),
    }
    Ok(Redirect::to(&format!("/energy/{meter}/topups/{id}")).into_response())
}
