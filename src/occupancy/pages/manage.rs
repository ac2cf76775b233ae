//! What admins and installers do on a space's page: its name, maximum and whether it may be overfilled, its screens, and
//! its end. Each is one call of `/v1`, which the page shows beside it.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::finding::{Refusal, by, find, refused};
use crate::accounts::Act;
use crate::domain::{SpaceId, qr_svg};
use crate::face::{Form, Nothing, Page, PageState, Shell, SignedIn};
use crate::http::authority::base;
use crate::occupancy::Occupancy;
use crate::occupancy::kiosks;
use crate::occupancy::manage::Set;
use crate::texts::{Texts, named};

/// What is no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Gone {
    Deleted,
}

impl Gone {
    pub(super) fn said(self) -> &'static str {
        match self {
            Gone::Deleted => named("spaces-was-deleted"),
        }
    }
}

#[derive(Template)]
#[template(path = "space_delete.html", config = ".askama.toml")]
struct DeletePage {
    shell: Shell,
    id: SpaceId,
    name: String,
    csrf_token: String,
    base: String,
}

#[derive(Template)]
#[template(path = "kiosk_made.html", config = ".askama.toml")]
struct KioskMadePage {
    shell: Shell,
    id: SpaceId,
    name: String,
    kiosk: String,
    link: String,
    /// The link as a picture.
    code: String,
}

/// What is set; a box that is not ticked is not sent.
#[derive(Deserialize)]
pub(super) struct Settings {
    name: String,
    maximum: u32,
    overfill: Option<String>,
}

pub(super) async fn settings(
    State(state): State<PageState<Occupancy>>,
    person: SignedIn,
    Path(id): Path<String>,
    Form(form): Form<Settings>,
) -> Result<Response, Refusal> {
    let space = find(&state, (&person, Act::ManageSpaces), &id)?;
    let name = form.name.trim();
    let set = Set {
        name: (!name.is_empty() && space.name.as_deref() != Some(name)).then(|| name.to_owned()),
        // What stays is not set: setting a maximum brings the count down to it.
        maximum: (form.maximum != space.occupancy.maximum).then_some(form.maximum),
        overfill: Some(form.overfill.is_some()),
        ..Set::default()
    };
    let set = state.room.set(space.id, set, &by(&person)).await;
    set.map_err(|error| refused(&error))?;
    Ok(Redirect::to(&format!("/spaces/{}?done=settings", space.id)).into_response())
}

/// Asks once more: what is deleted cannot be brought back.
pub(super) async fn ask_delete(
    State(state): State<PageState<Occupancy>>,
    person: SignedIn,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let space = find(&state, (&person, Act::ManageSpaces), &id)?;
    let page = DeletePage {
        shell: state.face.shell("space", Some(&person)),
        id: space.id,
        name: space.called(),
        csrf_token: person.csrf.token(),
        base: base(&uri, &headers),
    };
    Ok(Page(StatusCode::OK, page).into_response())
}

pub(super) async fn delete(
    State(state): State<PageState<Occupancy>>,
    person: SignedIn,
    Path(id): Path<String>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, Refusal> {
    let space = find(&state, (&person, Act::ManageSpaces), &id)?.id;
    let deleted = state.room.delete(space, &by(&person)).await;
    deleted.map_err(|error| refused(&error))?;
    Ok(Redirect::to("/spaces?done=deleted").into_response())
}

/// A screen that is asked for.
#[derive(Deserialize)]
pub(super) struct WantedKiosk {
    name: String,
    once: Option<String>,
}

/// Makes a screen, and shows its link and the picture of it this once.
pub(super) async fn make_kiosk(
    State(state): State<PageState<Occupancy>>,
    person: SignedIn,
    Path(id): Path<String>,
    uri: Uri,
    headers: HeaderMap,
    Form(form): Form<WantedKiosk>,
) -> Result<Response, Refusal> {
    let space = find(&state, (&person, Act::ManageSpaces), &id)?;
    let asked = (form.name.trim(), by(&person));
    let made = state
        .room
        .create_kiosk(space.id, (asked.0, &asked.1), form.once.as_deref());
    let made = made.await.map_err(|error| refused(&error))?;
    let link = format!("{}{}{}", base(&uri, &headers), kiosks::PATH, made.key);
    let t = Texts::of(person.language);
    let page = KioskMadePage {
        shell: state.face.shell("space", Some(&person)),
        id: space.id,
        name: space.called(),
        kiosk: made.kiosk.name,
        code: qr_svg(&link, t.say("kiosk-code").text()).unwrap_or_default(),
        link,
    };
    Ok(Page(StatusCode::OK, page).into_response())
}

/// Takes a screen away.
pub(super) async fn take_kiosk(
    State(state): State<PageState<Occupancy>>,
    person: SignedIn,
    Path((id, kiosk)): Path<(String, String)>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, Refusal> {
    let space = find(&state, (&person, Act::ManageSpaces), &id)?.id;
    let taken = state.room.revoke_kiosk(space, &kiosk, &by(&person)).await;
    taken.map_err(|error| refused(&error))?;
    Ok(Redirect::to(&format!("/spaces/{space}?done=kiosk")).into_response())
}
