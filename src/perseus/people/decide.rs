//! `POST /consent`: a person allows, or does not (PER §4.3). What they decided is on disk before their browser is sent back.

use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::http::header::USER_AGENT;
use axum::response::{IntoResponse, Redirect, Response};

use super::super::ledger::{self, Consent};
use super::super::pushed::{Visit, VisitError};
use super::super::room::Perseus;
use super::super::rows::CodeRow;
use super::consent::{Asked, Kept, LIVES, On, page, person_at};
use super::message::Message;
use crate::accounts::{AUDIT, Secret};
use crate::face::{Form, FormError, PageState, SignedIn, Visitor};
use crate::texts::named;

/// How much of a browser's name for itself is kept, in characters.
const AGENT: usize = 120;

/// The fields of the form, as far as they are known.
struct Chosen {
    allow: Option<bool>,
    sources: Vec<String>,
    days: Option<i64>,
    /// By what the page was known that they looked at.
    shown: Option<String>,
}

impl Chosen {
    fn read(fields: Vec<(String, String)>) -> Chosen {
        let first = |wanted: &str| {
            let mut named = fields.iter().filter(|(name, _)| name == wanted);
            named.next().map(|(_, value)| value.as_str())
        };
        let allow = match first("decision") {
            Some("allow") => Some(true),
            Some("deny") => Some(false),
            Some(_) | None => None,
        };
        let days = match first("expires") {
            None => Some(LIVES[2].2),
            Some(life) => LIVES.iter().find(|(value, ..)| *value == life).map(|(.., days)| *days),
        };
        let shown = first("shown").map(str::to_owned);
        let sources = fields.into_iter().filter(|(name, _)| name == "datasource");
        Chosen {
            allow,
            sources: sources.map(|(_, value)| value).collect(),
            days,
            shown,
        }
    }

    /// What keeps it from being a decision on what was asked, as its text is named.
    fn fault(&self, asked: &Asked) -> Option<&'static str> {
        let changed = self.shown.as_ref().is_some_and(|shown| *shown != asked.shown());
        match self.allow {
            None => Some(named("consent-choose")),
            Some(false) => None,
            Some(true) if changed => Some(named("consent-changed")),
            Some(true) if self.days.is_none() => Some(named("consent-choose-end")),
            Some(true) if self.sources.is_empty() => Some(named("consent-tick")),
            Some(true) => None,
        }
    }
}

pub(super) async fn decide(
    State(state): State<PageState<Perseus>>,
    visitor: Visitor,
    Query(on): Query<On>,
    headers: HeaderMap,
    form: Result<Form<Vec<(String, String)>>, FormError>,
) -> Response {
    let visit = Secret::given(on.i.clone());
    let person = match person_at(&state, &visitor, &visit) {
        Ok(person) => person,
        Err(elsewhere) => return elsewhere.response(&state, &visitor),
    };
    let fields = match form {
        Ok(Form(fields)) => fields,
        Err(error) => return error.into_response(),
    };
    let asked = match Asked::of(&state.room, &visitor, &person, &visit) {
        Ok(asked) => asked,
        Err(message) => return message.page_at(state.face.shell("permissions", Some(&person)), Some(&visit)),
    };
    let chosen = Chosen::read(fields);
    if let Some(fault) = chosen.fault(&asked) {
        let kept = Kept {
            fault: Some(fault),
            sources: chosen.sources,
            days: chosen.days,
        };
        return page(&state, &person, (&visit, &asked), &kept);
    }
    if chosen.allow == Some(false) {
        return denied(&state, &person, &asked);
    }
    let agent = headers
        .get(USER_AGENT)
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    match allowed(&state, &person, &asked, chosen, agent.chars().take(AGENT).collect()).await {
        Ok(response) => response,
        Err(message) => message.page_at(state.face.shell("permissions", Some(&person)), Some(&visit)),
    }
}

/// Back to the application, with an answer (RFC 6749 §4.1.2, RFC 9207).
fn back(room: &Perseus, visit: &Visit, answer: &[(&str, &str)]) -> Response {
    let mut whole = answer.to_vec();
    whole.extend(visit.pushed.state.as_deref().map(|state| ("state", state)));
    whole.push(("iss", &room.places.issuer));
    Redirect::to(&visit.pushed.redirect_uri.with(&whole)).into_response()
}

fn denied(state: &PageState<Perseus>, person: &SignedIn, asked: &Asked) -> Response {
    if !state.room.pushed.answer(&asked.visit) {
        return Message::Visit(VisitError::Over).page(state.face.shell("permissions", Some(person)));
    }
    let (by, client) = (&person.name, &asked.client.client_id);
    tracing::info!(target: AUDIT, by, client, "a person did not allow an application");
    let why = "the person did not allow it";
    back(
        &state.room,
        &asked.visit,
        &[("error", "access_denied"), ("error_description", why)],
    )
}

async fn allowed(
    state: &PageState<Perseus>,
    person: &SignedIn,
    asked: &Asked,
    chosen: Chosen,
    agent: String,
) -> Result<Response, Message> {
    let room = &state.room;
    let known = room
        .accounts
        .person(&person.name)
        .ok()
        .flatten()
        .ok_or(Message::Unavailable)?;
    let proved = room
        .accounts
        .proved(&person.who())
        .ok()
        .flatten()
        .ok_or(Message::Unavailable)?;
    let days = chosen.days.unwrap_or(LIVES[2].2);
    let expires = room.ends(&asked.visit.pushed.scope.licence, days, asked.now);
    let mut filters = Vec::new();
    for source in &chosen.sources {
        let offered = asked
            .offered
            .iter()
            .find(|one| one.filter.source == *source)
            .ok_or(Message::NotTheirs)?;
        let mut filter = offered.filter.clone();
        filter.until = expires;
        filters.push(filter);
    }
    let consent = Consent {
        account: room.naming.account(&known, &asked.client.client_id),
        person: known.name,
        person_since: known.created,
        expires,
        filters,
        text: asked.text(),
        language: asked.words_in.tag().to_owned(),
        agent,
        proved,
        code: CodeRow {
            permission: String::new(),
            client: asked.client.client_id.clone(),
            redirect_uri: asked.visit.pushed.redirect_uri.clone(),
            challenge: asked.visit.pushed.challenge.text(),
            scope: asked.visit.pushed.scope.clone(),
            made: asked.now,
            used: None,
            grant: None,
        },
    };
    room.keep_words(&asked.text(), &asked.words)
        .map_err(|()| Message::Unavailable)?;
    if !room.pushed.answer(&asked.visit) {
        return Err(Message::Visit(VisitError::Over));
    }
    let (code, now) = (Secret::random(""), asked.now);
    let given = code.clone();
    let written = room
        .store
        .write(move |page| ledger::consent_on(page, consent, &given, now))
        .await;
    let row = written.map_err(|error| {
        room.pushed.reopen(&asked.visit);
        tracing::warn!(%error, "a consent was not written down");
        Message::Unavailable
    })?;
    let row = row.ok_or(Message::Role)?;
    let sources = chosen.sources.join(" ");
    tracing::info!(
        target: AUDIT, by = person.name, client = row.client, permission = row.id, sources, expires = %row.expires,
        "a person allowed an application"
    );
    Ok(back(room, &asked.visit, &[("code", code.reveal())]))
}
