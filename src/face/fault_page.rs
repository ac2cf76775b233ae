//! What people see when something is not there, not theirs or broken: a page with the bar, a way back and a way out.

use askama::Template;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};

use super::security::keep_to_itself;
use super::{Face, Page, Shell, Visitor};
use crate::http::Problem;
use crate::texts::{Said, Texts, named};

/// One thing that somebody is told, and where to go on.
#[derive(Template)]
#[template(path = "message.html", config = ".askama.toml")]
pub struct MessagePage {
    pub shell: Shell,
    pub title: Said,
    pub text: Said,
    /// Where it leads on, and what that says.
    pub link: String,
    pub link_text: Said,
}

impl Face {
    /// The page of an error, for whoever carries these cookies and reads these languages; its words are those of the problem,
    /// where there is one. What no table has is in English, and is marked as such.
    #[must_use]
    pub fn fault(&self, cookies: &HeaderMap, (status, problem): (StatusCode, Option<&Problem>)) -> Response {
        // A book that cannot be read does not keep its own fault from being told.
        let visitor = Visitor::of(self, cookies).ok();
        let shell = visitor
            .as_ref()
            .map_or_else(|| self.shell("fault", None), |visitor| self.shell_for("fault", visitor));
        let is_signed_in = shell.person.is_some();
        let t = shell.t;
        let (title, text) = match problem {
            Some(problem) => told(t, problem),
            None => {
                let (title, text) = words(status);
                (t.say(title), t.say(text))
            }
        };
        let page = MessagePage {
            shell,
            title,
            text,
            link: if is_signed_in { "/" } else { "/login" }.to_owned(),
            link_text: match is_signed_in {
                true => t.say("fault-first-page"),
                false => t.say("login-title"),
            },
        };
        let mut response = Page(status, page).into_response();
        keep_to_itself(response.headers_mut());
        response
    }
}

/// Title and text of a problem.
fn told(t: Texts, problem: &Problem) -> (Said, Said) {
    let on_page = problem.words_on_page();
    let title = on_page.map_or_else(|| t.in_english(problem.title()), |words| t.say(words.title));
    let text = match (on_page.and_then(|words| words.text), problem.details()) {
        (Some(name), _) => t.say(name),
        (None, Some(details)) => t.in_english(details),
        (None, None) => Said::as_it_is(""),
    };
    (title, text)
}

/// What an error means that came without words of its own, by the names of its texts.
fn words(status: StatusCode) -> (&'static str, &'static str) {
    match status {
        StatusCode::BAD_REQUEST => (named("fault-asked"), named("fault-asked-text")),
        StatusCode::FORBIDDEN => (named("fault-forbidden"), named("fault-forbidden-text")),
        StatusCode::NOT_FOUND => (named("fault-404"), named("fault-404-text")),
        StatusCode::METHOD_NOT_ALLOWED => (named("fault-not-so"), named("fault-not-so-text")),
        StatusCode::PAYLOAD_TOO_LARGE => (named("fault-much"), named("fault-much-text")),
        StatusCode::UNSUPPORTED_MEDIA_TYPE | StatusCode::UNPROCESSABLE_ENTITY => {
            (named("fault-form"), named("fault-back"))
        }
        StatusCode::MISDIRECTED_REQUEST => (named("fault-name"), named("fault-name-text")),
        StatusCode::TOO_MANY_REQUESTS => (named("fault-429"), named("fault-429-text")),
        StatusCode::INSUFFICIENT_STORAGE => (named("fault-disk"), named("fault-disk-text")),
        StatusCode::SERVICE_UNAVAILABLE => (named("fault-503"), named("fault-503-text")),
        status if status.is_server_error() => (named("fault-500"), named("fault-500-text")),
        _ => (named("fault-not-taken"), named("fault-back")),
    }
}
