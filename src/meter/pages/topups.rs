//! Top-ups of a meter for whoever lives there: a code goes in, and the page says what becomes of it.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::PageState;
use super::error::PageError;
use crate::accounts::Link;
use crate::domain::{MeterId, Quantity, TopupState};
use crate::face::{Form, Page, Shell, SignedIn};
use crate::meter::MeterShown;
use crate::meter::emop::Token;
use crate::meter::topup::{NewTopup, Origin, Through, TopupShown};
use crate::texts::{Said, Texts, named};

/// Top-ups that are listed.
const LISTED: usize = 30;

#[derive(Template)]
#[template(path = "topups.html", config = ".askama.toml")]
struct TopupsPage {
    shell: Shell,
    meter: MeterId,
    name: String,
    csrf_token: String,
    /// Why codes cannot be given: the name of its text.
    takes_none: Option<&'static str>,
    /// Why the code was not taken in, in English, as programs are told.
    refused: Option<String>,
    rows: Vec<Row>,
}

/// A top-up as a page shows it.
pub(super) struct Row {
    pub(super) id: String,
    pub(super) words: Said,
    pub(super) light: &'static str,
    pub(super) at: String,
}

/// A meter that codes are, or were, given for.
pub(super) struct Till {
    pub(super) meter: MeterId,
    pub(super) name: String,
    /// Why codes cannot be given: the name of its text.
    takes_none: Option<&'static str>,
}

/// A code as the form sends it.
#[derive(Deserialize)]
pub(super) struct Code {
    token: String,
}

impl PageState {
    /// The meter of a page of money, when the person may top it up. Whose it is not learns nothing of it. One that was
    /// removed has the page as long as the book has codes of it.
    pub(super) fn till(&self, person: &SignedIn, serial: &str) -> Result<Till, PageError> {
        let meter: MeterId = serial.parse().map_err(|_| PageError::Unknown)?;
        if !person.who().tops_up(&meter, self.room.now()) {
            return Err(PageError::Unknown);
        }
        match self.room.show(&meter) {
            Ok(shown) => Ok(Till {
                takes_none: self.takes_none(&shown),
                name: shown.meter.name.unwrap_or_else(|| meter.to_string()),
                meter,
            }),
            Err(_) if self.room.has_topups(&meter)? => Ok(Till {
                name: meter.to_string(),
                meter,
                takes_none: Some(named("topup-none-unknown")),
            }),
            Err(_) => Err(PageError::Unknown),
        }
    }

    fn takes_none(&self, shown: &MeterShown) -> Option<&'static str> {
        if shown
            .value(Quantity::PrepayEnabled)
            .is_some_and(|prepays| *prepays == false)
        {
            return Some(named("topup-none-billed"));
        }
        let has_three = self.room.is_three_phase(&shown.meter.serial);
        has_three.then_some(named("topup-none-three"))
    }

    /// A top-up of this meter, of the person's own time there; of another's nothing is said.
    pub(super) fn topup(&self, person: &SignedIn, meter: &MeterId, id: &str) -> Result<TopupShown, PageError> {
        let topup = self.room.topup(id).ok().filter(|topup| topup.meter == *meter);
        let seen = topup.filter(|topup| self.sees(person, topup));
        seen.ok_or(PageError::NoTopup)
    }

    /// A top-up for its page: of a meter of the person's, or else the one row of a code that they gave, whoever lives there
    /// now. Of that they learn what became of the code, and no balance of others' time.
    pub(super) fn theirs(&self, person: &SignedIn, serial: &str, id: &str) -> Result<(Till, TopupShown), PageError> {
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
        let by_them = topup.meter == meter && topup.origin.through == Through::Page && topup.origin.by == giver;
        // Another person may have the name by now.
        let lived_there = |link: &Link| link.meter == meter && link.since <= topup.made;
        let is_theirs = by_them && person.links.iter().any(lived_there);
        let mut topup = Some(topup).filter(|_| is_theirs)?;
        let sight = person.who().sight(&meter, self.room.now());
        if !sight.is_some_and(|sight| sight.holds(topup.since)) {
            topup.keep_state_alone();
            topup.trouble = None;
        }
        let till = Till {
            name: meter.to_string(),
            meter,
            takes_none: Some(named("topup-none-left")),
        };
        Some((till, topup))
    }

    fn sees(&self, person: &SignedIn, topup: &TopupShown) -> bool {
        let sight = person.who().sight(&topup.meter, self.room.now());
        sight.is_some_and(|sight| sight.holds(topup.made))
    }

    pub(super) fn row(&self, t: Texts, topup: &TopupShown) -> Row {
        Row {
            id: topup.id.clone(),
            words: topup.told.said(t),
            light: light(topup.state),
            at: self.face.date_in(t, topup.made),
        }
    }

    fn topups_page(&self, person: &SignedIn, till: Till, refused: Option<String>) -> Result<Response, PageError> {
        let status = if refused.is_some() {
            StatusCode::UNPROCESSABLE_ENTITY
        } else {
            StatusCode::OK
        };
        let topups = self.room.topups_of(&till.meter, None, LISTED)?;
        let t = Texts::of(person.language);
        let page = TopupsPage {
            shell: self.face.shell("meters", Some(person)),
            csrf_token: person.csrf.token(),
            rows: topups
                .iter()
                .filter(|topup| self.sees(person, topup))
                .map(|topup| self.row(t, topup))
                .collect(),
            meter: till.meter,
            name: till.name,
            takes_none: till.takes_none,
            refused,
        };
        Ok(Page(status, page).into_response())
    }
}

/// The class of a state's lamp.
pub(super) fn light(state: TopupState) -> &'static str {
    match state {
        TopupState::Taken => "",
        TopupState::Refused | TopupState::NotSent => "bad",
        TopupState::InDoubt => "warn",
        TopupState::Waiting | TopupState::Sending | TopupState::Cancelled => "off",
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
        anyway: false,
        once: None,
    };
    match state.room.top_up(new).await {
        // Of whoever lived there before: what became of it is not theirs to see.
        Ok((topup, _)) if !state.sees(&person, &topup) => {
            let refused = Texts::of(person.language).say("topup-given-before").text().to_owned();
            state.topups_page(&person, till, Some(refused))
        }
        Ok((topup, _)) => Ok(Redirect::to(&format!("/energy/{}/topups/{}", till.meter, topup.id)).into_response()),
        Err(why) if why.is_the_askers() => state.topups_page(&person, till, Some(why.to_string())),
        Err(why) => Err(why.into()),
    }
}
