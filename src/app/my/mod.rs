//! `/my`, the first page of residents: what they have left, what they used, what that cost, and who sees it.

mod consents;
mod meter;

use std::sync::Arc;

use askama::Template;
use axum::Router;
use axum::extract::{FromRef, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};
use axum::routing::get;

use crate::accounts::Role;
use crate::face::{Face, Page, Shell, SignedIn, secured};
use crate::http::{Problem, blocking};
use crate::meter::Meters;
use crate::meter::pages::{OwnMeters, own};
use crate::perseus::Perseus;
use crate::texts::{Texts, named};
use consents::ConsentShown;
use meter::OwnShown;

/// The rooms that it is put together from, as far as they are open.
#[derive(Clone, Default)]
pub(super) struct Rooms {
    pub(super) meters: Option<Arc<Meters>>,
    pub(super) perseus: Option<Arc<Perseus>>,
}

#[derive(Clone)]
struct MyState {
    rooms: Rooms,
    face: Face,
}

impl FromRef<MyState> for Face {
    fn from_ref(state: &MyState) -> Face {
        state.face.clone()
    }
}

#[derive(Template)]
#[template(path = "my.html", config = ".askama.toml")]
struct MyPage {
    shell: Shell,
    script: String,
    /// From where on it hears of changes; absent: nothing changes.
    mark: Option<String>,
    meters: Vec<OwnShown>,
    /// What was theirs: the address, and until when.
    before: Vec<(String, String)>,
    /// Whether meters are read by this box at all.
    reads_meters: bool,
    /// Whom they ask: where that leads, and what it says.
    contact: Option<(String, String)>,
    /// Who sees their data; absent: nobody can here.
    consents: Option<Vec<ConsentShown>>,
}

/// The page.
pub(super) fn router(rooms: Rooms, face: &Face) -> Router {
    let state = MyState {
        rooms,
        face: face.clone(),
    };
    secured(Router::new().route("/my", get(show)).with_state(state))
}

/// Whoever lives nowhere here has another first page, to which the refusal leads.
async fn show(State(state): State<MyState>, person: SignedIn) -> Result<Response, Response> {
    if person.role != Role::Resident {
        let refused = Problem::new(StatusCode::FORBIDDEN, "forbidden", "Not for you");
        let refused = refused
            .detail("This page is for residents. Yours is Home.")
            .on_page(named("fault-forbidden"), named("fault-residents"));
        return Err(refused.into_response());
    }
    let t = Texts::of(person.language);
    let mine = match &state.rooms.meters {
        Some(room) => own(room, &state.face, &person).await?,
        None => OwnMeters::default(),
    };
    let mut shell = state.face.shell("start", Some(&person));
    // How the box is does not concern them; what is wrong with their meter stands on the page.
    shell.lamps.clear();
    let face = &state.face;
    let page = MyPage {
        shell,
        script: face.asset("my.js"),
        mark: Some(mine.mark).filter(|_| !mine.now.is_empty()),
        meters: mine.now.into_iter().map(|one| OwnShown::of(one, (face, t))).collect(),
        before: mine
            .before
            .into_iter()
            .map(|(serial, until)| (format!("/energy/{serial}"), face.date_in(t, until)))
            .collect(),
        reads_meters: state.rooms.meters.is_some(),
        contact: face.contact(),
        consents: consents(&state, &person, t).await?,
    };
    Ok(Page(StatusCode::OK, page).into_response())
}

async fn consents(state: &MyState, person: &SignedIn, t: Texts) -> Result<Option<Vec<ConsentShown>>, Response> {
    let Some(room) = state.rooms.perseus.clone() else {
        return Ok(None);
    };
    let broken = |error: &dyn std::error::Error| {
        tracing::error!(%error, "who sees somebody's data cannot be read");
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    };
    let read = blocking({
        let person = person.clone();
        move || room.allowed_by(&person)
    });
    let all = read
        .await
        .map_err(|error| broken(&error))?
        .map_err(|error| broken(&error))?;
    let shown = all
        .into_iter()
        .map(|one| ConsentShown::of(one, (&state.face, t), person.now));
    Ok(Some(shown.collect()))
}
