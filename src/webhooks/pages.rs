//! `/box/webhooks`: who is told, what became of it, and once more; without script.

use std::collections::BTreeMap;
use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use serde::Deserialize;

use super::error::ReplayError;
use super::ledger;
use super::room::Webhooks;
use super::shown::{DeliveryShown, TargetShown};
use crate::accounts::Act;
use crate::face::{self, Face, Form, Light, Page, Shell, SignedIn, secured};
use crate::http::Problem;
use crate::http::blocking;
use crate::store::ReadError;
use crate::texts::{Said, Texts};

/// What stands behind the pages.
type PageState = face::PageState<Webhooks>;

/// Deliveries on the page; the command line and programs see all.
const SHOWN: usize = 100;

/// The room's page.
pub fn router(room: Arc<Webhooks>, face: Face) -> Router {
    secured(
        Router::new()
            .route("/box/webhooks", get(show).post(replay))
            .with_state(PageState { room, face }),
    )
}

#[derive(Template)]
#[template(path = "webhooks.html", config = ".askama.toml")]
struct WebhooksPage {
    shell: Shell,
    csrf_token: String,
    targets: Vec<Target>,
    rows: Vec<Row>,
    more: usize,
}

/// Somebody who is told.
struct Target {
    shown: TargetShown,
    /// Until when it wants to be left alone.
    left_alone: Option<String>,
}

struct Row {
    target: String,
    id: String,
    topic: String,
    at: String,
    light: Light,
    word: Said,
    attempts: Option<Said>,
    /// What was answered, where the row above does not say so already.
    outcome: Option<String>,
    settled: bool,
}

/// A delivery as people read of it, below one of the same target whose answer was `above`.
fn row((face, t): (&Face, Texts), one: DeliveryShown, above: Option<&String>) -> Row {
    let (light, word) = match (one.state, one.attempts) {
        (ledger::State::Delivered, _) => (Light::Good, t.say("webhooks-taken")),
        // What nobody tried yet only waits.
        (ledger::State::Waiting, 0) => (Light::Off, t.say("webhooks-waits")),
        (ledger::State::Waiting, _) => (Light::Warn, t.say("webhooks-tried-again")),
        (ledger::State::Again, _) => (Light::Off, t.say("webhooks-once-more")),
        (ledger::State::Dead, _) => (Light::Bad, t.say("webhooks-given-up")),
    };
    Row {
        at: face.date(one.at),
        settled: matches!(one.state, ledger::State::Delivered | ledger::State::Dead),
        target: one.target,
        id: one.id,
        topic: one.topic,
        light,
        word,
        attempts: (one.attempts > 1).then(|| t.say1("webhooks-tries", "count", one.attempts)),
        outcome: Some(one.outcome.clone()).filter(|outcome| !outcome.is_empty() && above != Some(outcome)),
    }
}

async fn show(State(state): State<PageState>, person: SignedIn) -> Result<Response, Response> {
    person.must(Act::ManageSpaces).map_err(IntoResponse::into_response)?;
    let room = Arc::clone(&state.room);
    let read = blocking(move || Ok((room.targets()?, room.deliveries(None, None)?))).await;
    let broken = |error: &dyn std::error::Error| {
        tracing::error!(%error, "webhooks could not be read");
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    };
    let read: Result<_, ReadError> = read.map_err(|error| broken(&error))?;
    let (targets, deliveries) = read.map_err(|error| broken(&error))?;
    let more = deliveries.len().saturating_sub(SHOWN);
    let t = Texts::of(person.language);
    let mut said: BTreeMap<String, String> = BTreeMap::new();
    let rows = deliveries.into_iter().take(SHOWN).map(|one| {
        let above = said.insert(one.target.clone(), one.outcome.clone());
        row((&state.face, t), one, above.as_ref())
    });
    let rows = rows.collect();
    let targets = targets.into_iter().map(|shown| Target {
        left_alone: shown.not_before.map(|until| state.face.date(until)),
        shown,
    });
    let page = WebhooksPage {
        shell: state.face.shell("box", Some(&person)),
        csrf_token: person.csrf.token(),
        targets: targets.collect(),
        rows,
        more,
    };
    Ok(Page(StatusCode::OK, page).into_response())
}

#[derive(Deserialize)]
struct Replay {
    target: String,
    id: String,
}

async fn replay(
    State(state): State<PageState>,
    person: SignedIn,
    Form(wanted): Form<Replay>,
) -> Result<Response, Response> {
    person.must(Act::ManageSpaces).map_err(IntoResponse::into_response)?;
    let asked = state.room.replay(&wanted.target, &wanted.id).await;
    asked.map_err(|error| {
        let (status, slug) = match error {
            ReplayError::Target(_) | ReplayError::Delivery(_) => (StatusCode::NOT_FOUND, "unknown-delivery"),
            ReplayError::Write(_) => (StatusCode::SERVICE_UNAVAILABLE, "busy"),
        };
        let problem = Problem::new(status, slug, "It was not sent again");
        problem.detail(error.to_string()).into_response()
    })?;
    Ok(Redirect::to("/box/webhooks").into_response())
}
