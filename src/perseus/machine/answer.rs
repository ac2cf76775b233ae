//! Answers of the machine endpoints: JSON that nobody keeps (RFC 6749 §5.1, §5.2).

use axum::Json;
use axum::http::header::{ALLOW, CACHE_CONTROL, PRAGMA, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use serde_json::json;

use super::super::refusal::Refusal;

/// An answer that was refused, and when to come again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    refusal: Refusal,
    /// Seconds.
    retry_after: Option<u64>,
}

impl Refused {
    /// Refused for now.
    pub(super) fn until(refusal: Refusal, retry_after: Option<u64>) -> Refused {
        Refused { refusal, retry_after }
    }
}

impl From<Refusal> for Refused {
    fn from(refusal: Refusal) -> Refused {
        let wait = (refusal == Refusal::Unavailable).then_some(10);
        Refused::until(refusal, wait)
    }
}

fn no_store() -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(PRAGMA, HeaderValue::from_static("no-cache"));
    headers
}

/// A success.
pub(super) fn json(status: StatusCode, body: impl Serialize) -> Response {
    (status, no_store(), Json(body)).into_response()
}

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let refusal = self.refusal;
        let body = json!({ "error": refusal.code(), "error_description": refusal.to_string() });
        let mut headers = no_store();
        if refusal == Refusal::Method {
            headers.insert(ALLOW, HeaderValue::from_static("POST"));
        }
        if let Some(wait) = self.retry_after {
            headers.insert(RETRY_AFTER, HeaderValue::from(wait));
        }
        (refusal.status(), headers, Json(body)).into_response()
    }
}
