//! `/`, the first page: for each role the one question that they come with, answered.

mod building;
mod load_csv;
mod load_plot;
mod pictures;
mod tiles;
mod wanted;

pub(super) use pictures::endings;

use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRef, Request, State};
use axum::http::Method;
use axum::http::header::ACCEPT;
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;

use super::box_page::Report;
use super::setup::{SetAside, empty};
use crate::accounts::{Act, Role};
use crate::face::{Face, SignedIn, secured};
use crate::http::blocking;
use crate::meter::Meters;
use crate::occupancy::Occupancy;
use crate::perseus::Perseus;
use crate::store::ReadError;

/// What the first page tells of: the box, and the rooms that are open.
pub(super) struct Start {
    pub(super) report: Report,
    pub(super) meters: Option<Arc<Meters>>,
    pub(super) spaces: Option<Arc<Occupancy>>,
    pub(super) perseus: Option<Arc<Perseus>>,
    /// Whether the setup is set aside.
    pub(super) aside: Option<SetAside>,
}

impl Start {
    pub(super) fn new(report: Report, aside: Option<SetAside>) -> Start {
        Start {
            report,
            meters: None,
            spaces: None,
            perseus: None,
            aside,
        }
    }

    /// Whether the box waits for whoever sets it up: nothing is in it, and nobody set that aside.
    fn is_new(&self) -> Result<bool, ReadError> {
        let aside = self.aside.as_ref().map_or(Ok(true), SetAside::is)?;
        Ok(!aside && empty::of_all(self.meters.as_deref(), self.spaces.as_deref())?)
    }
}

/// What stands behind the page.
#[derive(Clone)]
struct StartState {
    start: Arc<Start>,
    face: Face,
}

impl FromRef<StartState> for Face {
    fn from_ref(state: &StartState) -> Face {
        state.face.clone()
    }
}

/// The page; programs that ask for its address, which was an API's once, get what `programs` answers.
pub(super) fn router(start: Start, face: Face, programs: fn() -> Response) -> Router {
    let state = StartState {
        start: Arc::new(start),
        face,
    };
    let people_alone = from_fn(move |request: Request, next: Next| async move {
        match wants_page(&request) {
            true => next.run(request).await,
            false => programs(),
        }
    });
    let show = get(show).fallback(move || async move { programs() });
    let first = secured(Router::new().route("/", show).with_state(state.clone())).layer(people_alone);
    let beside = secured(
        Router::new()
            .route("/energy/load.csv", get(load_csv::csv))
            .with_state(state),
    );
    first.merge(beside)
}

fn wants_page(request: &Request) -> bool {
    let accepted = request.headers().get(ACCEPT);
    let accepts = accepted.is_some_and(|accept| accept.to_str().is_ok_and(|accept| accept.contains("text/html")));
    accepts && [Method::GET, Method::HEAD].contains(request.method())
}

async fn show(State(state): State<StartState>, person: SignedIn) -> Response {
    match person.role {
        Role::Admin | Role::Installer if is_new(&state, &person).await => Redirect::to("/setup").into_response(),
        Role::Admin | Role::Installer | Role::Viewer => {
            building::show(&state, &person).await.unwrap_or_else(|refused| refused)
        }
        Role::Doorman => {
            let spaces = state.start.spaces.as_ref();
            let first = spaces.map_or_else(|| "/spaces".to_owned(), |spaces| spaces.first_page(&person));
            Redirect::to(&first).into_response()
        }
        Role::Resident => Redirect::to("/my").into_response(),
    }
}

/// Whether they are who sets up a box that waits for it. One that cannot be read shows its first page, which says so.
async fn is_new(state: &StartState, person: &SignedIn) -> bool {
    if person.must(Act::ManageBox).is_err() {
        return false;
    }
    let start = Arc::clone(&state.start);
    let new = blocking(move || start.is_new()).await;
    new.is_ok_and(|new| new.unwrap_or(false))
}
