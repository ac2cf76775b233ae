//! What is shown once: a one-time link, or a token.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Response};

use super::super::desk::PeopleDesk;
use super::super::refusal::Refusal;
use super::common::{Manager, picture};
use super::one::notes_of;
use crate::accounts::{Secret, Token};
use crate::admin::Added;
use crate::face::{Form, Nothing, Page, PageState, Shell};
use crate::texts::Said;

#[derive(Template)]
#[template(path = "people_made.html", config = ".askama.toml")]
struct MadePage {
    shell: Shell,
    title: Said,
    what: Said,
    /// What is to be handed on.
    secret: String,
    /// It is a link: the picture of it.
    picture: Option<String>,
    notes: Vec<Said>,
    /// Where it leads on, and what that says.
    back: (String, Said),
}

fn link_page(
    state: &PageState<PeopleDesk>,
    manager: &Manager,
    (name, code, notes): (&str, &Secret, Vec<Said>),
) -> Response {
    let t = manager.t();
    let (link, until) = state.room.link(code, manager.asked());
    let page = MadePage {
        shell: state.face.shell("box", Some(&manager.person)),
        title: t.say1("people-link-for", "name", name),
        what: t.say2(
            "people-link-what",
            ("name", name),
            ("until", state.face.moment(t, until)),
        ),
        picture: Some(picture(&link)),
        secret: link,
        notes,
        back: (format!("/box/people/{name}"), t.say1("people-to-one", "name", name)),
    };
    Page(StatusCode::OK, page).into_response()
}

/// Somebody who was just added.
pub(super) fn added(state: &PageState<PeopleDesk>, manager: &Manager, added: Added) -> Response {
    let t = manager.t();
    let notes = notes_of(t, &added.shared, &added.unknown_meters);
    match &added.code {
        Some(code) => link_page(state, manager, (&added.person.name, code, notes)),
        None => axum::response::Redirect::to(&format!("/box/people/{}", added.person.name)).into_response(),
    }
}

pub(super) async fn invite(
    State(state): State<PageState<PeopleDesk>>,
    manager: Manager,
    Path(name): Path<String>,
    Form(Nothing {}): Form<Nothing>,
) -> Result<Response, Refusal> {
    let code = state.room.admin.invite(&name, &manager.person.who()).await?;
    Ok(link_page(&state, &manager, (&name, &code, Vec::new())))
}

/// A token that was just made.
pub(super) fn token(state: &PageState<PeopleDesk>, manager: &Manager, (token, secret): (&Token, &Secret)) -> Response {
    let t = manager.t();
    let page = MadePage {
        shell: state.face.shell("box", Some(&manager.person)),
        title: t.say1("people-token-made", "name", token.name.as_str()),
        what: t.say("people-token-once"),
        secret: secret.reveal().to_owned(),
        picture: None,
        notes: Vec::new(),
        back: ("/box/tokens".to_owned(), t.say("people-to-tokens")),
    };
    Page(StatusCode::OK, page).into_response()
}
