//! A page that says why something cannot go on, in words that people and programs find (PER §2.4).

use askama::Template;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse, Response};

use super::super::pushed::VisitError;
use crate::accounts::Secret;
use crate::face::{Page, Shell};
use crate::texts::{Said, Texts, named};

#[derive(Template)]
#[template(path = "perseus_message.html", config = ".askama.toml")]
struct MessagePage {
    shell: Shell,
    title: Said,
    text: Said,
}

/// Why somebody cannot go on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Message {
    /// The request is none, or not theirs.
    Visit(VisitError),
    /// Nothing was pushed.
    NotPushed,
    /// The application is not known any more, or was disabled.
    Application,
    /// The address lacks what it must have, once each.
    Address,
    /// The licence has no words to agree to.
    Words,
    /// The licence is not offered any more.
    Licence,
    /// Whoever signed in has no meters of their own.
    Role,
    /// The clock of the box is not believed, or the book takes nothing.
    Unavailable,
    /// What was chosen is not theirs.
    NotTheirs,
}

impl Message {
    fn words(&self, t: Texts) -> (StatusCode, Said, Said) {
        let (status, title, text) = match self {
            Message::Visit(VisitError::Over) => (
                StatusCode::BAD_REQUEST,
                named("consent-visit-over"),
                named("consent-visit-over-text"),
            ),
            Message::Visit(VisitError::Another) => (
                StatusCode::BAD_REQUEST,
                named("consent-visit-another"),
                named("consent-visit-another-text"),
            ),
            Message::Visit(VisitError::Browser) => (
                StatusCode::BAD_REQUEST,
                named("consent-visit-browser"),
                named("consent-visit-browser-text"),
            ),
            Message::NotPushed => (
                StatusCode::BAD_REQUEST,
                named("consent-not-pushed"),
                named("consent-not-pushed-text"),
            ),
            Message::Application => (
                StatusCode::BAD_REQUEST,
                named("consent-unknown"),
                named("consent-unknown-text"),
            ),
            Message::Address => (
                StatusCode::BAD_REQUEST,
                named("consent-address"),
                named("consent-address-text"),
            ),
            Message::Licence => (
                StatusCode::BAD_REQUEST,
                named("consent-licence"),
                named("consent-licence-text"),
            ),
            Message::Words => (
                StatusCode::SERVICE_UNAVAILABLE,
                named("consent-no-words"),
                named("consent-no-words-text"),
            ),
            Message::Role => (StatusCode::FORBIDDEN, named("consent-role"), named("consent-role-text")),
            Message::Unavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                named("fault-503"),
                named("consent-unavailable-text"),
            ),
            Message::NotTheirs => (
                StatusCode::FORBIDDEN,
                named("consent-not-theirs"),
                named("consent-not-theirs-text"),
            ),
        };
        (status, t.say(title), t.say(text))
    }

    /// The page, in this shell.
    pub(super) fn page(&self, shell: Shell) -> Response {
        self.page_at(shell, None)
    }

    /// The page on the way to something, to which whoever signs in as another comes back.
    pub(super) fn page_at(&self, mut shell: Shell, visit: Option<&Secret>) -> Response {
        let (status, title, text) = self.words(shell.t);
        shell.errand = visit.map(|visit| visit.reveal().to_owned());
        let page = MessagePage { shell, title, text };
        let response = Page(status, page).into_response();
        match self {
            Message::Unavailable => ([(RETRY_AFTER, "60")], response).into_response(),
            _ => response,
        }
    }
}
