//! `/webhooks`: who is told, what became of it, and once more; without script.

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
use super::shown::TargetShown;
use crate::accounts::Act;
use crate::face::{self, Face, Form, Page, Shell, SignedIn, secured};
use crate::http::Problem;
use crate::http::blocking;
use crate::store::ReadError;

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
    targets: Vec<TargetShown>,
    rows: Vec<Row>,
    more: usize,
}

struct Row {
    target: String,
    id: String,
    topic: String,
    at: String,
    light: &'static str,
    word: &'static str,
    attempts: u32,
    outcome: String,
    settled: bool,
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
    let rows = deliveries.into_iter().take(SHOWN).map(|one| {
        let light = match one.state {
            ledger::State::Delivered => "good",
            ledger::State::Waiting | ledger::State::Again => "warn",
            ledger::State::Dead => "bad",
        };
        Row {
            at: state.face.date(one.at),
            settled: matches!(one.state, ledger::State::Delivered | ledger::State::Dead),
            target: one.target,
            id: one.id,
            topic: one.topic,
            light,
            word: one.state.words(),
            attempts: one.attempts,
            outcome: one.outcome,
        }
    });
    let page = WebhooksPage {
        shell: state.face.shell("webhooks", Some(&person)),
        csrf_token: person.csrf.token(),
        targets,
        rows: rows.collect(),
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
