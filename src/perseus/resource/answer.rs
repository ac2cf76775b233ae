//! Answers of the data API: each has an interaction's id (PER §6.2), refusals have `detail`.

use axum::Json;
use axum::extract::FromRequestParts;
use axum::http::header::{ALLOW, CACHE_CONTROL, RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;
use uuid::Uuid;

use super::super::access_token::TokenError;
use crate::tls::PeerCertificate;

/// Ties an answer to what was asked (FAPI 1.0 Baseline §6.2.1).
const INTERACTION: HeaderName = HeaderName::from_static("x-fapi-interaction-id");
/// The longest that is given back, in characters.
const LONGEST: usize = 64;

/// The name of one exchange, as the application gave it, or made.
#[derive(Clone, Debug)]
pub(super) struct Interaction(HeaderValue);

impl Interaction {
    pub(super) fn of(headers: &HeaderMap) -> Interaction {
        let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"._-".contains(byte);
        let given = headers.get(&INTERACTION).filter(|value| {
            let bytes = value.as_bytes();
            !bytes.is_empty() && bytes.len() <= LONGEST && bytes.iter().all(plain)
        });
        let made = || HeaderValue::from_str(&Uuid::new_v4().to_string()).expect("a UUID is plain text");
        Interaction(given.cloned().unwrap_or_else(made))
    }

    /// An answer under this name.
    pub(super) fn answer(&self, answer: impl IntoResponse) -> Response {
        let mut response = answer.into_response();
        let headers = response.headers_mut();
        headers.insert(INTERACTION, self.0.clone());
        headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
        response
    }
}

impl std::fmt::Display for Interaction {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.0.to_str().unwrap_or_default())
    }
}

/// The certificate behind a request.
pub(super) async fn certificate(parts: &mut Parts) -> Option<PeerCertificate> {
    let found = <Option<PeerCertificate> as FromRequestParts<()>>::from_request_parts(parts, &()).await;
    found.ok().flatten()
}

/// Why the data API says no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Denied {
    /// The certificate is none of a known application.
    #[error("{0}")]
    Client(super::super::refusal::Refusal),
    /// No token came in the one place for it.
    #[error("No token provided")]
    NoToken,
    /// More than one place has one.
    #[error("More than one token provided")]
    TwoTokens,
    /// The token is not taken.
    #[error("{0}")]
    Token(TokenError),
    /// It is, and what it rests on has ended.
    #[error("the token, or the permission that it rests on, has ended")]
    Ended,
    /// There is no such data source in the permission.
    #[error("Meter not found")]
    Meter,
    /// There is no such measure in the permission.
    #[error("Measure not found")]
    Measure,
    /// There is no such record of the permission.
    #[error("Record not found")]
    Record,
    /// Another method.
    #[error("Method Not Allowed")]
    Method,
    /// The clock of the box is not believed.
    #[error("this service cannot answer just now; try again later")]
    Unavailable,
    /// A fault of our own.
    #[error("something went wrong in here")]
    Ours,
}

impl Denied {
    fn status(self) -> StatusCode {
        use super::super::refusal::Refusal;
        match self {
            Denied::Client(Refusal::Role) => StatusCode::FORBIDDEN,
            Denied::Client(_) | Denied::NoToken | Denied::Token(_) | Denied::Ended => StatusCode::UNAUTHORIZED,
            Denied::TwoTokens => StatusCode::BAD_REQUEST,
            Denied::Meter | Denied::Measure | Denied::Record => StatusCode::NOT_FOUND,
            Denied::Method => StatusCode::METHOD_NOT_ALLOWED,
            Denied::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Denied::Ours => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }

    /// How a bearer is told (RFC 6750 §3).
    fn challenge(self) -> Option<String> {
        match self {
            Denied::NoToken | Denied::Client(_) => Some("Bearer".to_owned()),
            Denied::TwoTokens => Some(format!(
                "Bearer error=\"invalid_request\", error_description=\"{self}\""
            )),
            Denied::Token(_) | Denied::Ended => {
                Some(format!("Bearer error=\"invalid_token\", error_description=\"{self}\""))
            }
            _ => None,
        }
    }
}

impl IntoResponse for Denied {
    fn into_response(self) -> Response {
        let body = json!({ "detail": self.to_string() });
        let mut response = (self.status(), Json(body)).into_response();
        let headers = response.headers_mut();
        if let Some(challenge) = self.challenge().and_then(|text| HeaderValue::from_str(&text).ok()) {
            headers.insert(WWW_AUTHENTICATE, challenge);
        }
        match self {
            Denied::Method => {
                headers.insert(ALLOW, HeaderValue::from_static("GET"));
            }
            Denied::Unavailable => {
                headers.insert(RETRY_AFTER, HeaderValue::from_static("10"));
            }
            _ => {}
        }
        response
    }
}
