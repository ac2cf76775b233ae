//! Errors as machines and people read them: RFC 9457 `application/problem+json`.

use axum::Json;
use axum::http::header::{CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::{Map, Value};

use crate::store::Unwritten;
use crate::texts::named;

/// An error answer of our own API (RFC 9457 §3.1).
///
/// It says what the peer can know and do; inner causes go to the log, never in here.
#[derive(Clone, Debug, Serialize)]
pub struct Problem {
    #[serde(rename = "type")]
    kind: String,
    title: String,
    #[serde(serialize_with = "status_number")]
    status: StatusCode,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(flatten)]
    members: Map<String, Value>,
    #[serde(skip)]
    beside: Option<Box<Beside>>,
}

/// What is told beside the document; few problems have any, and all travel as errors.
#[derive(Clone, Debug, Default)]
struct Beside {
    retry_after: Option<u64>,
    on_page: Option<OnPage>,
}

/// What a page says in place of a problem's title and detail, which are English: by the names of its texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OnPage {
    pub title: &'static str,
    /// Absent: the detail as it is.
    pub text: Option<&'static str>,
}

fn status_number<S: serde::Serializer>(status: &StatusCode, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_u16(status.as_u16())
}

impl Problem {
    /// A problem of the kind `slug` (short words joined by hyphens); `title` is the same for every problem of a kind.
    ///
    /// The type is the relative reference `/problems/<slug>` (RFC 9457 §3.1.1 allows one).
    #[must_use]
    pub fn new(status: StatusCode, slug: &str, title: impl Into<String>) -> Problem {
        Problem {
            kind: format!("/problems/{slug}"),
            title: title.into(),
            status,
            detail: None,
            members: Map::new(),
            beside: None,
        }
    }

    /// Says what is wrong this time, in words for the caller.
    #[must_use]
    pub fn detail(mut self, detail: impl Into<String>) -> Problem {
        self.detail = Some(detail.into());
        self
    }

    /// Says it on pages by texts of these names, so that it is read in the reader's language.
    #[must_use]
    pub fn on_page(mut self, title: &'static str, text: impl Into<Option<&'static str>>) -> Problem {
        let text = text.into();
        self.beside.get_or_insert_default().on_page = Some(OnPage { title, text });
        self
    }

    /// What a page says of it, where that is in the tables.
    #[must_use]
    pub fn words_on_page(&self) -> Option<OnPage> {
        self.beside.as_ref()?.on_page
    }

    /// Adds an extension member (RFC 9457 §3.2); the five standard names are not members and stay as they are.
    #[must_use]
    pub fn member(mut self, name: &str, value: impl Into<Value>) -> Problem {
        if !["type", "title", "status", "detail", "instance"].contains(&name) {
            self.members.insert(name.to_owned(), value.into());
        }
        self
    }

    /// Tells the caller to try again after this many seconds (`Retry-After`, RFC 9110 §10.2.3).
    #[must_use]
    pub fn retry_after(mut self, secs: u64) -> Problem {
        self.beside.get_or_insert_default().retry_after = Some(secs);
        self
    }

    /// After how many seconds to try again, if that helps.
    #[must_use]
    pub fn retries_after(&self) -> Option<u64> {
        self.beside.as_ref()?.retry_after
    }

    /// What it is called.
    #[must_use]
    pub fn title(&self) -> &str {
        &self.title
    }

    /// What is wrong this time.
    #[must_use]
    pub fn details(&self) -> Option<&str> {
        self.detail.as_deref()
    }

    /// The status it is answered with.
    #[must_use]
    pub fn status(&self) -> StatusCode {
        self.status
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(&self)).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(secs) = self.retries_after() {
            headers.insert(RETRY_AFTER, HeaderValue::from(secs));
        }
        // What a page says of it, where a page is wanted.
        response.extensions_mut().insert(self);
        response
    }
}

impl From<&Unwritten> for Problem {
    /// What a caller is told when the book did not take a change (BOOK P3, P5).
    fn from(why: &Unwritten) -> Problem {
        let failed = || {
            let problem = Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "Nothing was changed");
            problem.on_page(named("fault-unchanged"), named("fault-500-text"))
        };
        match why {
            Unwritten::Busy | Unwritten::Closed => {
                Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "Busy, try again in a second")
                    .retry_after(1)
                    .on_page(named("fault-busy"), None)
            }
            Unwritten::DiskFull => {
                let title = "The disk is full, nothing was changed";
                Problem::new(StatusCode::INSUFFICIENT_STORAGE, "disk-full", title)
                    .retry_after(60)
                    .on_page(named("fault-disk-full"), None)
            }
            Unwritten::Panicked => failed().detail("The fault is ours and is in the log."),
            Unwritten::Refused(never) => match *never {},
        }
    }
}

/// The fallback of a router: nothing lies under this path.
pub async fn not_found() -> Problem {
    nothing()
}

/// Nothing is at that address.
#[must_use]
pub fn nothing() -> Problem {
    Problem::new(StatusCode::NOT_FOUND, "not-found", "There is nothing here").on_page(named("fault-404"), None)
}

/// The fallback of a router's paths: this path knows other methods.
pub async fn method_not_allowed() -> Problem {
    Problem::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "method-not-allowed",
        "This address does not take that method",
    )
    .on_page(named("fault-method"), None)
}

#[cfg(test)]
mod tests {
    use super::*;
    use http_body_util::BodyExt;

    #[tokio::test]
    async fn a_problem_is_json_with_its_status_and_retry_after() {
        let response = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", "Busy")
            .detail("the queue is full")
            .member("queue", 3)
            .member("status", 200)
            .retry_after(2)
            .into_response();
        assert_eq!(response.status(), 503);
        assert_eq!(response.headers()["content-type"], "application/problem+json");
        assert_eq!(response.headers()["retry-after"], "2");
        let body = response.into_body().collect().await.unwrap().to_bytes();
        assert_eq!(
            serde_json::from_slice::<Value>(&body).unwrap(),
            serde_json::json!({
                "type": "/problems/busy", "title": "Busy", "status": 503, "detail": "the queue is full", "queue": 3
            })
        );
    }
}
