//! A page that says why something cannot go on, in words that people and programs find (PER §2.4).

use askama::Template;
use axum::http::StatusCode;
use axum::http::header::RETRY_AFTER;
use axum::response::{IntoResponse, Response};

use super::super::pushed::VisitError;
use crate::accounts::Secret;
use crate::face::{Face, Page, Shell, SignedIn};

#[derive(Template)]
#[template(path = "perseus_message.html", config = ".askama.toml")]
struct MessagePage {
    shell: Shell,
    title: String,
    text: String,
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
    fn words(&self) -> (StatusCode, &'static str, String) {
        let begin_again = "Go back to the application and start again.";
        match self {
            Message::Visit(error) => {
                let title = match error {
                    VisitError::Over => "This request is over",
                    VisitError::Another => "Not this application's",
                    VisitError::Browser => "Begun in another browser",
                };
                let words = error.to_string();
                let (first, rest) = words.split_at(1);
                (StatusCode::BAD_REQUEST, title, format!("{}{rest}. {begin_again}", first.to_uppercase()))
            }
            Message::NotPushed => (
                StatusCode::BAD_REQUEST,
                "Nothing was asked for",
                format!("What an application asks for must be pushed first. {begin_again}"),
            ),
            Message::Application => (
                StatusCode::BAD_REQUEST,
                "This application is not known here",
                "It is not registered here, or was disabled meanwhile. Nothing was given to it.".to_owned(),
            ),
            Message::Address => (
                StatusCode::BAD_REQUEST,
                "This address is not whole",
                format!("It must have client_id and request_uri, each once. {begin_again}"),
            ),
            Message::Licence => (
                StatusCode::BAD_REQUEST,
                "Not offered any more",
                format!("The licence under which the application asks is not offered here any more. Nothing was given. {begin_again}"),
            ),
            Message::Words => (
                StatusCode::SERVICE_UNAVAILABLE,
                "There is nothing to agree to yet",
                "The words of the licence are missing on this box. Whoever runs it is told. Nothing was given.".to_owned(),
            ),
            Message::Role => (
                StatusCode::FORBIDDEN,
                "This login has no meters of its own",
                "Only whoever lives with a meter can allow somebody to see what it says. Sign out above, and sign in as \
                 that person."
                    .to_owned(),
            ),
            Message::Unavailable => (
                StatusCode::SERVICE_UNAVAILABLE,
                "Not now",
                "The clock of this box is not right yet, or it cannot write. Nothing is given until it can. Try again in a \
                 few minutes."
                    .to_owned(),
            ),
            Message::NotTheirs => (
                StatusCode::FORBIDDEN,
                "Not yours to allow",
                format!("One of the meters that were chosen is not yours. Nothing was given. {begin_again}"),
            ),
        }
    }

    pub(super) fn page(&self, face: &Face, person: Option<&SignedIn>) -> Response {
        self.page_at(face, person, None)
    }

    /// The page on the way to something, to which whoever signs in as another comes back.
    pub(super) fn page_at(&self, face: &Face, person: Option<&SignedIn>, visit: Option<&Secret>) -> Response {
        let (status, title, text) = self.words();
        let mut shell = face.shell("permissions", person);
        shell.errand = visit.map(|visit| visit.reveal().to_owned());
        let page = MessagePage {
            shell,
            title: title.to_owned(),
            text,
        };
        let response = Page(status, page).into_response();
        match self {
            Message::Unavailable => ([(RETRY_AFTER, "60")], response).into_response(),
            _ => response,
        }
    }
}
