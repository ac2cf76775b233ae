//! Signing in and out, and the one-time link with which somebody chooses their first password.

use askama::Template;
use axum::Form;
use axum::Router;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum_extra::extract::CookieJar;
use jiff::Timestamp;
use serde::Deserialize;

use super::{Face, Page, Shell, SignedIn, Visitor};
use crate::accounts::{AccountsError, Act, Secret};
use crate::http::Problem;
use crate::store::ReadError;

#[derive(Template)]
#[template(path = "login.html", config = ".askama.toml")]
struct LoginPage {
    shell: Shell,
    username: String,
    fault: Option<String>,
    csrf_token: String,
}

#[derive(Template)]
#[template(path = "welcome.html", config = ".askama.toml")]
struct WelcomePage {
    shell: Shell,
    name: String,
    fault: Option<String>,
    csrf_token: String,
}

#[derive(Template)]
#[template(path = "message.html", config = ".askama.toml")]
struct MessagePage {
    shell: Shell,
    title: &'static str,
    text: String,
    link: &'static str,
    link_text: &'static str,
}

/// Where somebody lands who just signed in.
const HOME: &str = "/home";

pub(super) fn router() -> Router<Face> {
    Router::new()
        .route("/home", get(home))
        .route("/login", get(show).post(sign_in))
        .route("/logout", post(sign_out))
        .route("/welcome/{code}", get(welcome).post(choose))
}

/// The first page that a person may see.
async fn home(person: SignedIn) -> Redirect {
    let may = |act| person.must(act).is_ok();
    Redirect::to(if may(Act::ReadSpaces) || !person.sees_meters() {
        "/spaces"
    } else {
        "/meters"
    })
}

async fn show(State(face): State<Face>, visitor: Visitor) -> Response {
    if visitor.signed_in.is_some() {
        return Redirect::to(HOME).into_response();
    }
    login_page(&face, &visitor, StatusCode::OK, String::new(), None)
}

#[derive(Deserialize)]
struct Login {
    username: String,
    password: String,
    csrf_token: String,
}

async fn sign_in(State(face): State<Face>, visitor: Visitor, headers: HeaderMap, Form(form): Form<Login>) -> Response {
    if let Err(forged) = visitor.before().0.check(&headers, &form.csrf_token) {
        let fault = format!("{forged}. Try once more.");
        return login_page(&face, &visitor, StatusCode::FORBIDDEN, form.username, Some(fault));
    }
    match face
        .accounts()
        .sign_in(&form.username, Secret::given(form.password), Timestamp::now())
        .await
    {
        Ok(session) => (visitor.signed_in_with(&session), Redirect::to(HOME)).into_response(),
        Err(error) => {
            let (status, fault) = refusal(error);
            login_page(&face, &visitor, status, form.username, Some(fault))
        }
    }
}

#[derive(Deserialize)]
struct Logout {
    csrf_token: String,
}

async fn sign_out(
    State(face): State<Face>,
    visitor: Visitor,
    headers: HeaderMap,
    Form(form): Form<Logout>,
) -> Response {
    let (Some(person), Some(session)) = (&visitor.signed_in, &visitor.session) else {
        return Redirect::to("/login").into_response();
    };
    if let Err(forged) = person.csrf.check(&headers, &form.csrf_token) {
        return (StatusCode::FORBIDDEN, format!("{forged}\n")).into_response();
    }
    match face.accounts().sign_out(session).await {
        Ok(()) => (visitor.signed_out(), Redirect::to("/login")).into_response(),
        Err(error) => refusal(error).into_response(),
    }
}

async fn welcome(State(face): State<Face>, visitor: Visitor, Path(code): Path<String>) -> Response {
    match face.accounts().invited(&Secret::given(code), Timestamp::now()) {
        Ok(Some(name)) => welcome_page(&face, &visitor, StatusCode::OK, name, None),
        Ok(None) => link_is_over(&face),
        Err(error) => unreadable(&error),
    }
}

#[derive(Deserialize)]
struct Choice {
    password: String,
    again: String,
    csrf_token: String,
}

async fn choose(
    State(face): State<Face>,
    visitor: Visitor,
    Path(code): Path<String>,
    headers: HeaderMap,
    Form(form): Form<Choice>,
) -> Response {
    let (code, now) = (Secret::given(code), Timestamp::now());
    let name = match face.accounts().invited(&code, now) {
        Ok(Some(name)) => name,
        Ok(None) => return link_is_over(&face),
        Err(error) => return unreadable(&error),
    };
    if let Err(forged) = visitor.before().0.check(&headers, &form.csrf_token) {
        return welcome_page(
            &face,
            &visitor,
            StatusCode::FORBIDDEN,
            name,
            Some(format!("{forged}. Try once more.")),
        );
    }
    if form.password != form.again {
        let fault = "The two passwords differ.".to_owned();
        return welcome_page(&face, &visitor, StatusCode::BAD_REQUEST, name, Some(fault));
    }
    let accounts = face.accounts();
    let session = match accounts
        .accept_invitation(&code, Secret::given(form.password), now)
        .await
    {
        Ok(name) => accounts.sign_in_invited(&name, now).await,
        Err(error) => Err(error),
    };
    match session {
        Ok(session) => (visitor.signed_in_with(&session), Redirect::to(HOME)).into_response(),
        Err(AccountsError::Invitation) => link_is_over(&face),
        Err(error) => {
            let (status, fault) = refusal(error);
            welcome_page(&face, &visitor, status, name, Some(fault))
        }
    }
}

fn login_page(face: &Face, visitor: &Visitor, status: StatusCode, username: String, fault: Option<String>) -> Response {
    let (csrf, jar): (_, CookieJar) = visitor.before();
    let page = LoginPage {
        shell: face.shell("login", None),
        username,
        fault,
        csrf_token: csrf.token(),
    };
    (jar, Page(status, page)).into_response()
}

fn welcome_page(face: &Face, visitor: &Visitor, status: StatusCode, name: String, fault: Option<String>) -> Response {
    let (csrf, jar): (_, CookieJar) = visitor.before();
    let page = WelcomePage {
        shell: face.shell("welcome", None),
        name,
        fault,
        csrf_token: csrf.token(),
    };
    (jar, Page(status, page)).into_response()
}

fn link_is_over(face: &Face) -> Response {
    let page = MessagePage {
        shell: face.shell("welcome", None),
        title: "This link is over",
        text: "It was used before, is older than a day, or never was. \
               Whoever gave it to you can make a new one: gatelodge user invite NAME."
            .to_owned(),
        link: "/login",
        link_text: "Sign in",
    };
    Page(StatusCode::NOT_FOUND, page).into_response()
}

fn unreadable(error: &ReadError) -> Response {
    tracing::error!(%error, "a one-time link could not be looked up");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}

/// What the visitor is told when signing in or choosing a password did not work.
fn refusal(error: AccountsError) -> (StatusCode, String) {
    let status = match &error {
        AccountsError::WrongPassword => StatusCode::UNAUTHORIZED,
        AccountsError::TooManyTries => StatusCode::TOO_MANY_REQUESTS,
        AccountsError::Write(why) => Problem::from(why).status(),
        AccountsError::Row(_) | AccountsError::Read(_) => {
            tracing::error!(%error, "people could not be read or written");
            return (
                StatusCode::INTERNAL_SERVER_ERROR,
                "That did not work, and the fault is ours.".to_owned(),
            );
        }
        AccountsError::Name(_)
        | AccountsError::Exists(_)
        | AccountsError::Unknown(_)
        | AccountsError::Password(_)
        | AccountsError::Invitation
        | AccountsError::TokenName
        | AccountsError::NoScope
        | AccountsError::TooManyMeters(_)
        | AccountsError::UnknownToken(_) => StatusCode::BAD_REQUEST,
    };
    (status, error.to_string())
}
