//! What people see when something is not there, not theirs or broken: a page with the bar, a way back and a way out.

use askama::Template;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::security::keep_to_itself;
use super::{Face, Page, Shell, Visitor};
use crate::http::Problem;

/// One thing that somebody is told, and where to go on.
#[derive(Template)]
#[template(path = "message.html", config = ".askama.toml")]
pub struct MessagePage {
    pub shell: Shell,
    pub title: String,
    pub text: String,
    /// Where it leads on, and what that says.
    pub link: String,
    pub link_text: String,
}

impl Face {
    /// The page of an error, for whoever carries these cookies; its words are those of the problem, where there is one.
    #[must_use]
    pub fn fault(&self, cookies: &HeaderMap, (status, problem): (StatusCode, Option<&Problem>)) -> Response {
        // A book that cannot be read does not keep its own fault from being told.
        let visitor = Visitor::of(self, cookies).ok();
        let person = visitor.and_then(|visitor| visitor.signed_in);
        let (title, text) = words(status);
        let page = MessagePage {
            shell: self.shell("fault", person.as_ref()),
            title: problem.map_or(title, Problem::title).to_owned(),
            text: match problem {
                Some(problem) => problem.details().unwrap_or_default().to_owned(),
                None => text.to_owned(),
            },
            link: if person.is_some() { "/" } else { "/login" }.to_owned(),
            link_text: match person.is_some() {
                true => "To the first page",
                false => "Sign in",
            }
            .to_owned(),
        };
        let mut response = Page(status, page).into_response();
        keep_to_itself(response.headers_mut());
        response
    }
}

/// What an error means that came without words of its own.
fn words(status: StatusCode) -> (&'static str, &'static str) {
    match status {
        StatusCode::BAD_REQUEST => (
            "That cannot be asked for",
            "The address is not one that a page here leads to.",
        ),
        StatusCode::FORBIDDEN => ("Not for you", "Your role does not cover that."),
        StatusCode::NOT_FOUND => ("There is nothing here", "The address leads to no page of this box."),
        StatusCode::METHOD_NOT_ALLOWED => ("Not like that", "This address is for something else."),
        StatusCode::PAYLOAD_TOO_LARGE => (
            "That is too much",
            "What was sent is larger than anything a page here asks for.",
        ),
        StatusCode::UNSUPPORTED_MEDIA_TYPE | StatusCode::UNPROCESSABLE_ENTITY => (
            "That form cannot be read",
            "Go back, load the page again, and try once more.",
        ),
        StatusCode::MISDIRECTED_REQUEST => ("Another name", "This box does not answer under that name."),
        StatusCode::TOO_MANY_REQUESTS => ("Too many requests", "Wait a minute, then load the page again."),
        StatusCode::INSUFFICIENT_STORAGE => (
            "The disk is full",
            "Nothing was changed. Whoever runs the box can make room.",
        ),
        StatusCode::SERVICE_UNAVAILABLE => (
            "Not now",
            "The box is busy, or on its way up or down. Try again in a moment.",
        ),
        status if status.is_server_error() => (
            "Something went wrong in here",
            "The fault is ours, and is in the log of the box.",
        ),
        _ => ("That was not taken", "Go back, load the page again, and try once more."),
    }
}
