//! "Is the building well, and what wants me?": the first page of whoever runs the box, and of whoever looks at spaces.

use askama::Template;
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::StartState;
use super::pictures::{self, Heard};
use super::tiles::{self, Energies, Tile};
use super::wanted::{self, Wanted};
use crate::accounts::Act;
use crate::admin::Status;
use crate::app::lamps::light;
use crate::domain::Space;
use crate::face::{Light, Page, Shell, SignedIn};
use crate::http::blocking;
use crate::meter::MeterShown;
use crate::store::ReadError;
use crate::texts::Texts;

/// Spaces that are looked at at most.
const SPACES: usize = 5_000;

#[derive(Template)]
#[template(path = "building.html", config = ".askama.toml")]
struct BuildingPage {
    shell: Shell,
    /// The moment that it tells of.
    at: String,
    /// The one verdict, for whoever runs the box.
    verdict: Option<VerdictShown>,
    csrf_token: String,
    tiles: Vec<Tile>,
    /// How many meters there are.
    meters: usize,
    /// The load of the house, how its meters were heard, what ends when.
    load: Option<String>,
    beats: Option<String>,
    ends: Option<String>,
}

/// How it stands, and what is to be done about it.
struct VerdictShown {
    light: Light,
    wanted: Vec<Wanted>,
}

/// What the page is made of, as far as the person may know it.
struct Known {
    status: Option<Status>,
    meters: Vec<MeterShown>,
    spaces: Vec<Space>,
    energies: Option<Energies>,
    heard: Vec<Heard>,
}

/// The page for one person.
pub(super) async fn show(state: &StartState, person: &SignedIn) -> Result<Response, Response> {
    let t = Texts::of(person.language);
    let known = read(state, person).await?;
    let now = person.now;
    let mut shown = Vec::new();
    shown.extend(tiles::meters(t, &known.meters, now));
    shown.extend(known.energies.as_ref().map(|energies| tiles::energy(t, energies)));
    shown.extend(tiles::people(t, &known.spaces));
    if let Some(status) = &known.status {
        shown.extend(tiles::cloud(t, status, now));
        shown.push(tiles::backup(t, status, now));
    }
    let verdict = known.status.as_ref().map(|status| VerdictShown {
        light: light(status.verdict.grade),
        wanted: wanted::of(t, status, (&state.face, now)),
    });
    let page = BuildingPage {
        shell: state.face.shell("start", Some(person)),
        at: state.face.moment(t, now),
        verdict,
        csrf_token: person.csrf.token(),
        tiles: shown,
        meters: known.meters.len(),
        load: known
            .energies
            .as_ref()
            .map(|energies| pictures::load((&state.face, t), energies)),
        beats: match &known.energies {
            Some(energies) => pictures::beats((&state.face, t), &known.heard, energies.over),
            None => None,
        },
        ends: match &known.status {
            Some(status) => pictures::endings((&state.face, t), status, now),
            None => None,
        },
    };
    Ok(Page(StatusCode::OK, page).into_response())
}

async fn read(state: &StartState, person: &SignedIn) -> Result<Known, Response> {
    let may = |act| person.must(act).is_ok();
    let start = state.start.clone();
    let now = person.now.to_zoned(state.face.timezone().clone());
    let (box_too, meters_too, spaces_too) = (may(Act::ManageBox), may(Act::ReadMeters), may(Act::ReadSpaces));
    let read = blocking(move || {
        let meters = start.meters.as_ref().filter(|_| meters_too);
        let spaces = start.spaces.as_ref().filter(|_| spaces_too);
        let spaces = spaces.map(|room| room.list(None, SPACES)).transpose()?;
        let shown = meters.map(|room| room.list()).unwrap_or_default();
        let energies = meters
            .filter(|_| !shown.is_empty())
            .and_then(|room| Energies::read(room, &now));
        let heard = meters
            .zip(energies.as_ref())
            .map(|(room, energies)| Heard::worst(room, &shown, energies.span));
        Ok::<_, ReadError>(Known {
            status: box_too.then(|| (start.report)()),
            meters: shown,
            spaces: spaces.unwrap_or_default(),
            heard: heard.unwrap_or_default(),
            energies,
        })
    });
    let broken = |error: &dyn std::error::Error| {
        tracing::error!(%error, "the first page cannot be read");
        StatusCode::INTERNAL_SERVER_ERROR.into_response()
    };
    read.await
        .map_err(|error| broken(&error))?
        .map_err(|error| broken(&error))
}
