//! `/me`: one's own page. Another password, where one is signed in, the language, and the way to one's data.

use askama::Template;
use axum::Router;
use axum::extract::{Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use serde::Deserialize;

use super::proof::Refused;
use super::{Face, Form, Nothing, Shell, SignedIn, Visitor};
use crate::accounts::{OwnSession, Secret};
use crate::http::Peer;
use crate::texts::{Said, Texts};

pub(super) fn router() -> Router<Face> {
    Router::new()
        .route("/me", get(show))
        .route("/me/password", post(change))
        .route("/me/sessions/end", post(end_others))
        // Where browsers and keepers of passwords look (W3C, A Well-Known URL for Changing Passwords).
        .route("/.well-known/change-password", get(async || Redirect::to("/me")))
}

#[derive(Template)]
#[template(path = "me.html", config = ".askama.toml")]
struct MePage {
    shell: Shell,
    name: String,
    /// As its text is named.
    role: String,
    sessions: Vec<SessionShown>,
    fault: Option<Said>,
    /// What was just done.
    said: Option<Said>,
    csrf_token: String,
}

struct SessionShown {
    here: bool,
    /// Since when it is, and when it was used.
    words: Said,
}

impl SessionShown {
    fn of(face: &Face, t: Texts, session: &OwnSession) -> SessionShown {
        SessionShown {
            here: session.here,
            words: t.say2(
                "me-session",
                ("since", face.moment(t, session.created)),
                ("used", face.moment(t, session.used)),
            ),
        }
    }
}

/// What was just done, as addresses have it.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Done {
    Password,
    Sessions,
}

#[derive(Deserialize)]
struct After {
    done: Option<Done>,
}

fn page(face: &Face, person: &SignedIn, (done, refused): (Option<Done>, Option<Refused>)) -> Response {
    let sessions = match face.accounts().own_sessions(&person.who()) {
        Ok(sessions) => sessions,
        Err(error) => {
            tracing::error!(%error, "somebody's sessions could not be read");
            return StatusCode::INTERNAL_SERVER_ERROR.into_response();
        }
    };
    let t = Texts::of(person.language);
    let page = MePage {
        shell: face.shell("me", Some(person)),
        name: person.name.clone(),
        role: format!("role-{}", person.role.name()),
        sessions: sessions
            .iter()
            .map(|session| SessionShown::of(face, t, session))
            .collect(),
        fault: refused.as_ref().map(|refused| refused.words.clone()),
        said: done.map(|done| match done {
            Done::Password => t.say("me-password-changed"),
            Done::Sessions => t.say("me-sessions-ended"),
        }),
        csrf_token: person.csrf.token(),
    };
    Refused::answer(refused, page)
}

async fn show(State(face): State<Face>, person: SignedIn, Query(after): Query<After>) -> Response {
    page(&face, &person, (after.done, None))
}

#[derive(Deserialize)]
struct Change {
    old: String,
    password: String,
    again: String,
}

async fn change(
    State(face): State<Face>,
    visitor: Visitor,
    person: SignedIn,
    peer: Peer,
    Form(form): Form<Change>,
) -> Response {
    if form.password != form.again {
        let refused = Refused {
            status: StatusCode::BAD_REQUEST,
            words: Texts::of(person.language).say("me-differ"),
            wait: None,
        };
        return page(&face, &person, (None, Some(refused)));
    }
    let passwords = (Secret::given(form.old), Secret::given(form.password));
    let from = (peer.addr.ip(), face.accounts().now());
    match face.accounts().change_password(&person.name, passwords, from).await {
        Ok(session) => {
            let to = Redirect::to("/me?done=password");
            (visitor.signed_in_with(&session), to).into_response()
        }
        Err(error) => page(
            &face,
            &person,
            (None, Some(Refused::of(Texts::of(person.language), error))),
        ),
    }
}

async fn end_others(State(face): State<Face>, person: SignedIn, Form(Nothing {}): Form<Nothing>) -> Response {
    match face.accounts().end_other_sessions(&person.who()).await {
        Ok(_) => Redirect::to("/me?done=sessions").into_response(),
        Err(error) => page(
            &face,
            &person,
            (None, Some(Refused::of(Texts::of(person.language), error))),
        ),
    }
}
