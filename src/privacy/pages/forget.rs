//! `/me/forget`: having oneself erased; and the page that shows how far that is, to whoever has its address.

use askama::Template;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use serde::Deserialize;

use super::super::erasure::ForgetError;
use super::super::room::{Account, PersonalData};
use super::super::rows::AskedBy;
use super::super::under_way::ErasureShown;
use super::answers::{broken, unknown};
use crate::accounts::{AccountsError, Role, Secret};
use crate::face::{Forbidden, Form, Page, PageState, Refused, Shell, SignedIn, Visitor};
use crate::http::{Peer, Problem};
use crate::texts::{Said, Texts, named};

#[derive(Template)]
#[template(path = "forget.html", config = ".askama.toml")]
struct ForgetPage {
    shell: Shell,
    csrf_token: String,
    account: Account,
    fault: Option<Said>,
}

#[derive(Template)]
#[template(path = "erasure.html", config = ".askama.toml")]
struct ErasurePage {
    shell: Shell,
    erasure: ErasureShown,
    /// When it was asked for and done.
    asked: Said,
    months: Said,
    ended: bool,
    elsewhere: Vec<String>,
}

fn page(state: &PageState<PersonalData>, person: &SignedIn, refused: Option<Refused>) -> Response {
    let account = match state.room.account(&person.name, Texts::of(person.language)) {
        Ok(account) => account,
        Err(error) => return broken(&error),
    };
    let page = ForgetPage {
        shell: state.face.shell("me", Some(person)),
        csrf_token: person.csrf.token(),
        account,
        fault: refused.as_ref().map(|refused| refused.words.clone()),
    };
    Refused::answer(refused, page)
}

/// Residents erase themselves; who runs the box is removed by who else does.
fn may(person: &SignedIn) -> Result<(), Forbidden> {
    (person.role == Role::Resident).then_some(()).ok_or(Forbidden)
}

pub(super) async fn ask(State(state): State<PageState<PersonalData>>, person: SignedIn) -> Result<Response, Forbidden> {
    may(&person)?;
    Ok(page(&state, &person, None))
}

#[derive(Deserialize)]
pub(super) struct Wish {
    #[serde(default)]
    password: String,
    /// The tick.
    sure: Option<String>,
}

pub(super) async fn forget(
    State(state): State<PageState<PersonalData>>,
    person: SignedIn,
    visitor: Visitor,
    peer: Peer,
    Form(wish): Form<Wish>,
) -> Result<Response, Forbidden> {
    may(&person)?;
    if wish.sure.is_none() {
        let words = Texts::of(person.language).say("forget-tick");
        let refused = Refused {
            status: StatusCode::BAD_REQUEST,
            words,
            wait: None,
        };
        return Ok(page(&state, &person, Some(refused)));
    }
    let proved = state
        .face
        .prove((&visitor, &person), Secret::given(wish.password), &peer);
    if let Err(refused) = proved.await {
        return Ok(page(&state, &person, Some(refused)));
    }
    Ok(match state.room.forget(&person.name, AskedBy::Person).await {
        Ok(erasure) => Redirect::to(&format!("/erasures/{}", erasure.id)).into_response(),
        Err(ForgetError::Account(AccountsError::Unknown(_))) => Redirect::to("/login").into_response(),
        Err(error) => {
            tracing::warn!(%error, "somebody could not be erased");
            let title = "Nothing was erased: the box cannot write just now, or its clock is not right yet";
            Problem::new(StatusCode::SERVICE_UNAVAILABLE, "not-erased", title)
                .detail("Try again in a few minutes.")
                .on_page(named("forget-not"), named("forget-not-text"))
                .into_response()
        }
    })
}

pub(super) async fn shown(
    State(state): State<PageState<PersonalData>>,
    visitor: Visitor,
    Path(id): Path<String>,
) -> Response {
    let erasure = match state.room.erasure(&id) {
        Ok(Some(erasure)) => erasure,
        Ok(None) => return unknown(),
        Err(error) => return broken(&error.into()),
    };
    let face = &state.face;
    let shell = face.shell_for("me", &visitor);
    let t = shell.t;
    let asked = face.date_in(t, erasure.asked);
    let page = ErasurePage {
        asked: match erasure.ended {
            Some(ended) => t.say2("erasure-done", ("asked", asked), ("ended", face.date_in(t, ended))),
            None => t.say1("erasure-asked", "asked", asked),
        },
        months: t.say2("erasure-months", ("done", erasure.done), ("of", erasure.of)),
        ended: erasure.ended.is_some(),
        elsewhere: (state.room.elsewhere)(erasure.asked, t),
        shell,
        erasure,
    };
    Page(StatusCode::OK, page).into_response()
}
