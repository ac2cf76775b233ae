//! `/box/relay`: the table of peers for whoever runs the relay, without script.

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use serde::Deserialize;

use super::Relay;
use super::shown::PeerShown;
use crate::accounts::Act;
use crate::face::{self, Face, Form, Light, Page, Shell, SignedIn, secured};
use crate::texts::{Said, Texts};

/// What stands behind the pages.
type PageState = face::PageState<Relay>;

/// Peers on the page; the command line shows all.
const SHOWN: usize = 500;

/// The room's page.
pub fn router(room: Arc<Relay>, face: Face) -> Router {
    secured(
        Router::new()
            .route("/box/relay", get(show).post(end))
            .route("/box/relay/end", get(ask))
            .with_state(PageState { room, face }),
    )
}

#[derive(Template)]
#[template(path = "relay.html", config = ".askama.toml")]
struct RelayPage {
    shell: Shell,
    tally: Said,
    draining: bool,
    rows: Vec<Row>,
    more: usize,
}

/// A peer as people read of it.
struct Row {
    peer: u64,
    meetup: String,
    light: Light,
    word: Said,
    /// What is known of it beside.
    facts: Vec<Said>,
}

#[derive(Template)]
#[template(path = "relay_end.html", config = ".askama.toml")]
struct EndPage {
    shell: Shell,
    csrf_token: String,
    peer: u64,
    title: Said,
}

async fn show(State(state): State<PageState>, person: SignedIn) -> Result<Response, Response> {
    person.must(Act::ManageRelay).map_err(IntoResponse::into_response)?;
    let t = Texts::of(person.language);
    let tally = state.room.tally();
    let mut peers = state.room.list();
    peers.sort_by(|a, b| a.meetup.cmp(&b.meetup).then(a.peer.cmp(&b.peer)));
    let more = peers.len().saturating_sub(SHOWN);
    peers.truncate(SHOWN);
    let page = RelayPage {
        shell: state.face.shell("box", Some(&person)),
        tally: t.say2("relay-tally", ("paired", tally.paired), ("waiting", tally.waiting)),
        draining: state.room.is_draining(),
        rows: peers.into_iter().map(|peer| row((&state.face, t), peer)).collect(),
        more,
    };
    Ok(Page(StatusCode::OK, page).into_response())
}

fn row((face, t): (&Face, Texts), peer: PeerShown) -> Row {
    // That one waits for its partner is as it should be.
    let (light, word) = match peer.state.as_str() {
        "paired" => (Light::Good, t.say("relay-paired")),
        "waiting" => (Light::Off, t.say("relay-waiting")),
        _ => (Light::Off, t.say("relay-greeting")),
    };
    let mut facts = vec![
        t.say1("relay-certificate", "name", peer.identity.as_str()),
        t.say1("relay-from", "address", peer.address.as_str()),
        t.say1("relay-since", "at", face.date(peer.since)),
        t.say2("relay-sent", ("count", peer.messages), ("bytes", peer.bytes)),
    ];
    facts.extend(peer.class.as_deref().map(|class| t.say1("relay-says", "class", class)));
    facts.extend(peer.last_pong.map(|at| match peer.round_trip_ms {
        Some(ms) => t.say2("relay-answered-in", ("at", face.time(at)), ("ms", format!("{ms:.1}"))),
        None => t.say1("relay-answered", "at", face.time(at)),
    }));
    Row {
        peer: peer.peer,
        meetup: peer.meetup,
        light,
        word,
        facts,
    }
}

#[derive(Deserialize)]
struct End {
    peer: u64,
}

/// Asks once: the connection is lost to both.
async fn ask(State(state): State<PageState>, person: SignedIn, Query(end): Query<End>) -> Result<Response, Response> {
    person.must(Act::ManageRelay).map_err(IntoResponse::into_response)?;
    let Some(peer) = state.room.list().into_iter().find(|peer| peer.peer == end.peer) else {
        // It went meanwhile.
        return Ok(Redirect::to("/box/relay").into_response());
    };
    let page = EndPage {
        shell: state.face.shell("box", Some(&person)),
        csrf_token: person.csrf.token(),
        peer: peer.peer,
        title: Texts::of(person.language).say1("relay-end-one", "name", peer.meetup),
    };
    Ok(Page(StatusCode::OK, page).into_response())
}

async fn end(State(state): State<PageState>, person: SignedIn, Form(end): Form<End>) -> Result<Response, Response> {
    person.must(Act::ManageRelay).map_err(IntoResponse::into_response)?;
    state.room.kick(Some(end.peer), None);
    Ok(Redirect::to("/box/relay").into_response())
}
