//! `/relay`: the table of peers for whoever runs the relay, without script.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::State;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use serde::Deserialize;

use super::Relay;
use super::shown::PeerShown;
use crate::accounts::Act;
use crate::face::{self, Face, Form, Page, Shell, SignedIn, secured};

/// What stands behind the pages.
type PageState = face::PageState<Relay>;

/// Peers on the page; the command line shows all.
const SHOWN: usize = 500;

/// The room's page.
pub fn router(room: Arc<Relay>, face: Face) -> Router {
    secured(
        Router::new()
            .route("/box/relay", get(show).post(end))
            .with_state(PageState { room, face }),
    )
}

#[derive(Template)]
#[template(path = "relay.html", config = ".askama.toml")]
struct RelayPage {
    shell: Shell,
    csrf_token: String,
    waiting: usize,
    paired: usize,
    draining: bool,
    rows: Vec<Row>,
    more: usize,
}

struct Row {
    peer: PeerShown,
    light: &'static str,
    since: String,
    last_pong: String,
    round_trip: String,
}

async fn show(State(state): State<PageState>, person: SignedIn) -> Result<Response, Response> {
    person.must(Act::ManageRelay).map_err(IntoResponse::into_response)?;
    let tally = state.room.tally();
    let mut peers = state.room.list();
    peers.sort_by(|a, b| a.meetup.cmp(&b.meetup).then(a.peer.cmp(&b.peer)));
    let more = peers.len().saturating_sub(SHOWN);
    peers.truncate(SHOWN);
    let row = |peer: PeerShown| Row {
        light: if peer.state == "paired" { "good" } else { "warn" },
        since: state.face.date(peer.since),
        last_pong: peer.last_pong.map(|at| state.face.time(at)).unwrap_or_default(),
        round_trip: peer.round_trip_ms.map(|ms| format!("{ms:.1} ms")).unwrap_or_default(),
        peer,
    };
    let page = RelayPage {
        csrf_token: person.csrf.token(),
        shell: state.face.shell("relay", Some(&person)),
        waiting: tally.waiting,
        paired: tally.paired,
        draining: state.room.is_draining(),
        rows: peers.into_iter().map(row).collect(),
        more,
    };
    Ok(Page(StatusCode::OK, page).into_response())
}

#[derive(Deserialize)]
struct End {
    peer: u64,
}

async fn end(State(state): State<PageState>, person: SignedIn, Form(end): Form<End>) -> Result<Response, Response> {
    person.must(Act::ManageRelay).map_err(IntoResponse::into_response)?;
    state.room.kick(Some(end.peer), None);
    Ok(Redirect::to("/box/relay").into_response())
}
