//! Top-ups of a meter for whoever lives there: a code goes in, and the page says what becomes of it.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::PageState;
use super::error::PageError;
use crate::domain::{MeterId, TopupState};
use crate::face::{Form, Page, Shell, SignedIn};
use crate::meter::emop::Token;
use crate::meter::topup::{NewTopup, Origin, Through, TopupShown};

/// Top-ups that are listed.
const LISTED: usize = 30;

#[derive(Template)]
#[template(path = "topups.html", config = ".askama.toml")]
struct TopupsPage {
    shell: Shell,
    meter: MeterId,
    name: String,
    csrf_token: String,
    /// Whether codes can be given.
    takes: bool,
    /// Why the code was not taken in.
    refused: Option<String>,
    rows: Vec<Row>,
}

#[derive(Template)]
#[template(path = "topup.html", config = ".askama.toml")]
struct TopupPage {
    shell: Shell,
    meter: MeterId,
    name: String,
    csrf_token: String,
    row: Row,
    note: Option<&'static str>,
    trouble: Option<String>,
    waits: bool,
    /// Whether it was sent, and the meter is asked.
    checks: bool,
    settled: bool,
}

/// A top-up as a page shows it.
struct Row {
    id: String,
    words: String,
    light: &'static str,
    at: String,
}

/// A meter that codes are, or were, given for.
struct Till {
    meter: MeterId,
    name: String,
    /// Whether it is in the registry, so that codes can be given.
    takes: bool,
}

/// A code as the form sends it.
#[derive(Deserialize)]
pub(super) struct Code {
    token: String,
}

impl PageState {
    /// The meter of a page of money, when the person may top it up. Whose it is not learns nothing of it. One that was
    /// removed has the page as long as the book has codes of it.
    fn till(&self, person: &SignedIn, serial: &str) -> Result<Till, PageError> {
        let meter: MeterId = serial.parse().map_err(|_| PageError::Unknown)?;
        if !person.who().tops_up(&meter, self.room.now()) {
            return Err(PageError::Unknown);
        }
        match self.room.show(&meter) {
            Ok(shown) => Ok(Till {
                name: shown.meter.name.unwrap_or_else(|| meter.to_string()),
                meter,
                takes: true,
            }),
            Err(_) if self.room.has_topups(&meter)? => Ok(Till {
                name: meter.to_string(),
                meter,
                takes: false,
            }),
            Err(_) => Err(PageError::Unknown),
        }
    }

    /// A top-up of this meter, of the person's own time there; of another's nothing is said.
    fn topup(&self, person: &SignedIn, meter: &MeterId, id: &str) -> Result<TopupShown, PageError> {
        let topup = self.room.topup(id).ok().filter(|topup| topup.meter == *meter);
        let seen = topup.filter(|topup| self.sees(person, topup));
        seen.ok_or(PageError::NoTopup)
    }

    /// A top-up for its page: of a meter of the person's, or else the one row of a code that they gave, whoever lives there
    /// now. Of that they learn what became of the code, and no balance of others' time.
    fn theirs(&self, person: &SignedIn, serial: &str, id: &str) -> Result<(Till, TopupShown), PageError> {
        let now = match self.till(person, serial) {
            Ok(till) => self.topup(person, &till.meter, id).map(|topup| (till, topup)),
            Err(error) => Err(error),
        };
        now.or_else(|error| self.given(person, serial, id).ok_or(error))
    }

    fn given(&self, person: &SignedIn, serial: &str, id: &str) -> Option<(Till, TopupShown)> {
        let meter: MeterId = serial.parse().ok()?;
        let giver = person.who().in_audit();
        let topup = self.room.topup(id).ok()?;
        let is_theirs = topup.meter == meter && topup.origin.through == Through::Page && topup.origin.by == giver;
        let mut topup = Some(topup).filter(|_| is_theirs)?;
        let sight = person.who().sight(&meter, self.room.now());
        if !sight.is_some_and(|sight| sight.holds(topup.since)) {
            topup.words = topup.state.words().to_owned();
            topup.trouble = None;
        }
        let till = Till {
            name: meter.to_string(),
            meter,
            takes: false,
        };
        Some((till, topup))
    }

    fn sees(&self, person: &SignedIn, topup: &TopupShown) -> bool {
        let sight = person.who().sight(&topup.meter, self.room.now());
        sight.is_some_and(|sight| sight.holds(topup.made))
    }

    fn row(&self, topup: &TopupShown) -> Row {
        Row {
            id: topup.id.clone(),
            words: topup.words.clone(),
            light: match topup.state {
                TopupState::Taken => "",
                TopupState::Refused | TopupState::NotSent => "bad",
                TopupState::InDoubt => "warn",
                TopupState::Waiting | TopupState::Sending | TopupState::Cancelled => "off",
            },
            at: self.face.date(topup.made),
        }
    }

    fn topups_page(&self, person: &SignedIn, till: Till, refused: Option<String>) -> Result<Response, PageError> {
        let status = if refused.is_some() {
            StatusCode::UNPROCESSABLE_ENTITY
        } else {
            StatusCode::OK
        };
        let topups = self.room.topups_of(&till.meter, None, LISTED)?;
        let page = TopupsPage {
            shell: self.face.shell("meters", Some(person)),
            csrf_token: person.csrf.token(),
            rows: topups
                .iter()
                .filter(|topup| self.sees(person, topup))
                .map(|topup| self.row(topup))
                .collect(),
            meter: till.meter,
            name: till.name,
            takes: till.takes,
            refused,
        };
        Ok(Page(status, page).into_response())
    }
}

/// The form, and what became of earlier codes.
pub(super) async fn list(
    State(state): State<PageState>,
    person: SignedIn,
    Path(serial): Path<String>,
) -> Result<Response, PageError> {
    let till = state.till(&person, &serial)?;
    state.topups_page(&person, till, None)
}

/// Takes a code, and leads to what becomes of it.
pub(super) async fn create(
    State(state): State<PageState>,
    person: SignedIn,
    Path(serial): Path<String>,
    Form(code): Form<Code>,
) -> Result<Response, PageError> {
    let till = state.till(&person, &serial)?;
    let token: Token = match code.token.parse() {
        Ok(token) => token,
        Err(why) => {
            let why: crate::meter::emop::token::TokenError = why;
            return state.topups_page(&person, till, Some(why.to_string()));
        }
    };
    let new = NewTopup {
        meter: till.meter.clone(),
        token,
        origin: Origin {
            by: person.who().in_audit(),
            through: Through::Page,
        },
        key: None,
        worth: None,
        once: None,
    };
    match state.room.top_up(new).await {
        // Of whoever lived there before: what became of it is not theirs to see.
        Ok((topup, _)) if !state.sees(&person, &topup) => {
            let refused = "This code was given for this meter before. Nothing was sent now".to_owned();
            state.topups_page(&person, till, Some(refused))
        }
        Ok((topup, _)) => Ok(Redirect::to(&format!("/meters/{}/topups/{}", till.meter, topup.id)).into_response()),
        Err(why) if why.is_the_askers() => state.topups_page(&person, till, Some(why.to_string())),
        Err(why) => Err(why.into()),
    }
}

/// What becomes of a code.
pub(super) async fn show(
    State(state): State<PageState>,
    person: SignedIn,
    Path((serial, id)): Path<(String, String)>,
) -> Result<Response, PageError> {
    let (Till { meter, name, .. }, topup) = state.theirs(&person, &serial, &id)?;
    let runs_box = person.must(crate::accounts::Act::CommandMeters).is_ok();
    let page = TopupPage {
        shell: state.face.shell("meters", Some(&person)),
        csrf_token: person.csrf.token(),
        row: state.row(&topup),
        note: topup.may_be_anothers.then_some(
            "The meter's own yes was not heard. If another code was typed in at the meter at the same time, this one may still be good.",
        ),
        // The way to the meter is for whoever runs the box.
        trouble: topup.trouble.clone().filter(|_| runs_box),
        waits: topup.state == TopupState::Waiting,
        checks: topup.state == TopupState::Sending,
        settled: topup.state.is_settled(),
        meter,
        name,
    };
    Ok(Page(StatusCode::OK, page).into_response())
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
    Ok(Redirect::to(&format!("/meters/{meter}/topups/{id}")).into_response())
}

/// A form without fields.
#[derive(Deserialize)]
pub(super) struct Nothing {}
