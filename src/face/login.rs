//! Signing in and out, and the one-time link with which somebody chooses their first password.

use askama::Template;
use axum::Router;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum_extra::extract::CookieJar;
use serde::Deserialize;

use super::fault_page::MessagePage;
use super::proof::{Refused, later};
use super::{Face, Form, FormError, Page, Shell, Visitor};
use crate::accounts::{AccountsError, Secret};
use crate::http::{Peer, Problem};
use crate::store::ReadError;
use crate::texts::{Language, Said, Texts, named};

#[derive(Template)]
#[template(path = "login.html", config = ".askama.toml")]
struct LoginPage {
    shell: Shell,
    username: String,
    fault: Option<Said>,
    /// What they came for, as its name stands in addresses.
    errand: Option<String>,
    /// What that is about.
    about: Option<Said>,
    /// Whether somebody is signed in who is asked once more.
    again: bool,
    /// Whom to ask for a lost password.
    contact: Option<(String, String)>,
    csrf_token: String,
}

#[derive(Template)]
#[template(path = "welcome.html", config = ".askama.toml")]
struct WelcomePage {
    shell: Shell,
    name: String,
    fault: Option<Said>,
    csrf_token: String,
}

/// Where somebody lands who just signed in.
const HOME: &str = "/";

pub(super) fn router() -> Router<Face> {
    Router::new()
        .route("/login", get(show).post(sign_in))
        .route("/logout", post(sign_out))
        .route("/welcome/{code}", get(welcome).post(choose))
}

/// What somebody came for, as addresses have it.
#[derive(Deserialize)]
struct On {
    i: Option<String>,
}

/// What somebody came for, and where it goes on.
struct Errand {
    name: String,
    goes_on: String,
    about: Option<Said>,
}

impl Errand {
    fn of(face: &Face, visitor: &Visitor, on: On) -> Option<Errand> {
        let name = on.i?;
        let (goes_on, about) = face
            .inner
            .errands
            .of(&name, &visitor.jar, Texts::of(visitor.language))?;
        Some(Errand { name, goes_on, about })
    }
}

async fn show(State(face): State<Face>, visitor: Visitor, Query(on): Query<On>) -> Response {
    let errand = Errand::of(&face, &visitor, on);
    match (&visitor.signed_in, &errand) {
        (Some(_), None) => Redirect::to(HOME).into_response(),
        (Some(person), Some(errand)) if face.has_proved(person) => Redirect::to(&errand.goes_on).into_response(),
        (person, _) => {
            let name = person.as_ref().map(|person| person.name.clone()).unwrap_or_default();
            login_page(&face, &visitor, (StatusCode::OK, errand.as_ref()), name, None)
        }
    }
}

#[derive(Deserialize)]
struct Login {
    username: String,
    password: String,
}

async fn sign_in(
    State(face): State<Face>,
    visitor: Visitor,
    peer: Peer,
    Query(on): Query<On>,
    form: Result<Form<Login>, FormError>,
) -> Response {
    let errand = Errand::of(&face, &visitor, on);
    let form = match form {
        Ok(Form(form)) => form,
        Err(error) => {
            let fault = error.words(Texts::of(visitor.language));
            let shown = (error.status(), errand.as_ref());
            return login_page(&face, &visitor, shown, String::new(), Some(fault));
        }
    };
    let from = (peer.addr.ip(), face.accounts().now());
    let signed_in = face.accounts().sign_in_instead(
        &form.username,
        Secret::given(form.password),
        from,
        visitor.session.as_ref(),
    );
    match signed_in.await {
        Ok(session) => {
            let to = errand.map_or_else(|| HOME.to_owned(), |errand| errand.goes_on);
            (visitor.signed_in_with(&session), Redirect::to(&to)).into_response()
        }
        Err(error) => {
            let refused = Refused::of(Texts::of(visitor.language), error);
            let shown = (refused.status, errand.as_ref());
            let page = login_page(&face, &visitor, shown, form.username, Some(refused.words));
            later(page, refused.wait)
        }
    }
}

#[derive(Deserialize)]
struct Logout {}

async fn sign_out(
    State(face): State<Face>,
    visitor: Visitor,
    Query(on): Query<On>,
    Form(Logout {}): Form<Logout>,
) -> Response {
    // Whoever signs out on the way to something is there to sign in as another.
    let login = match Errand::of(&face, &visitor, on) {
        Some(errand) => format!("/login?i={}", errand.name),
        None => "/login".to_owned(),
    };
    let (Some(_), Some(session)) = (&visitor.signed_in, &visitor.session) else {
        return Redirect::to(&login).into_response();
    };
    match face.accounts().sign_out(session).await {
        Ok(()) => (visitor.signed_out(), Redirect::to(&login)).into_response(),
        Err(error) => {
            // What programs read is English; the page says it by the name of its text.
            let refused = Refused::of(Texts::of(Language::English), error);
            let problem = Problem::new(refused.status, "not-signed-out", "You are still signed in")
                .detail(refused.words.text())
                .on_page(named("login-still"), named("login-still-text"));
            later(problem.into_response(), refused.wait)
        }
    }
}

async fn welcome(State(face): State<Face>, visitor: Visitor, Path(code): Path<String>) -> Response {
    match face.accounts().invited(&Secret::given(code), face.accounts().now()) {
        Ok(Some(name)) => welcome_page(&face, &visitor, StatusCode::OK, name, None),
        Ok(None) => link_is_over(&face, &visitor),
        Err(error) => unreadable(&error),
    }
}

#[derive(Deserialize)]
struct Choice {
    password: String,
    again: String,
}

async fn choose(
    State(face): State<Face>,
    visitor: Visitor,
    peer: Peer,
    Path(code): Path<String>,
    form: Result<Form<Choice>, FormError>,
) -> Response {
    let (code, now) = (Secret::given(code), face.accounts().now());
    let name = match face.accounts().invited(&code, now) {
        Ok(Some(name)) => name,
        Ok(None) => return link_is_over(&face, &visitor),
        Err(error) => return unreadable(&error),
    };
    let form = match form {
        Ok(Form(form)) => form,
        Err(error) => {
            let fault = error.words(Texts::of(visitor.language));
            return welcome_page(&face, &visitor, error.status(), name, Some(fault));
        }
    };
    if form.password != form.again {
        let fault = Texts::of(visitor.language).say("welcome-differ");
        return welcome_page(&face, &visitor, StatusCode::BAD_REQUEST, name, Some(fault));
    }
    let accounts = face.accounts();
    let session = match accounts
        .accept_invitation(&code, Secret::given(form.password), now)
        .await
    {
        Ok(name) => {
            let before = visitor.session.as_ref();
            accounts.sign_in_invited(&name, (peer.addr.ip(), now), before).await
        }
        Err(error) => Err(error),
    };
    match session {
        Ok(session) => (visitor.signed_in_with(&session), Redirect::to(HOME)).into_response(),
        Err(AccountsError::Invitation) => link_is_over(&face, &visitor),
        Err(error) => {
            let refused = Refused::of(Texts::of(visitor.language), error);
            let page = welcome_page(&face, &visitor, refused.status, name, Some(refused.words));
            later(page, refused.wait)
        }
    }
}

fn login_page(
    face: &Face,
    visitor: &Visitor,
    (status, errand): (StatusCode, Option<&Errand>),
    username: String,
    fault: Option<Said>,
) -> Response {
    let (csrf, jar): (_, CookieJar) = visitor.before();
    let page = LoginPage {
        shell: face.shell_before("login", visitor),
        username,
        fault,
        errand: errand.map(|errand| errand.name.clone()),
        about: errand.and_then(|errand| errand.about.clone()),
        again: visitor.signed_in.is_some(),
        contact: face.contact(),
        csrf_token: csrf.token(),
    };
    (jar, Page(status, page)).into_response()
}

fn welcome_page(face: &Face, visitor: &Visitor, status: StatusCode, name: String, fault: Option<Said>) -> Response {
    let (csrf, jar): (_, CookieJar) = visitor.before();
    let page = WelcomePage {
        shell: face.shell_before("welcome", visitor),
        name,
        fault,
        csrf_token: csrf.token(),
    };
    (jar, Page(status, page)).into_response()
}

fn link_is_over(face: &Face, visitor: &Visitor) -> Response {
    let shell = face.shell_before("welcome", visitor);
    let t = shell.t;
    let page = MessagePage {
        shell,
        title: t.say("welcome-over"),
        text: t.say("welcome-over-text"),
        link: "/login".to_owned(),
        link_text: t.say("login-title"),
    };
    Page(StatusCode::NOT_FOUND, page).into_response()
}

fn unreadable(error: &ReadError) -> Response {
    tracing::error!(%error, "a one-time link could not be looked up");
    StatusCode::INTERNAL_SERVER_ERROR.into_response()
}
