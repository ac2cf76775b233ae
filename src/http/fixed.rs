//! Documents that are the same for everybody: they lie in memory once, however many ask for them.

use axum::http::HeaderValue;
use axum::http::header::{CONTENT_TYPE, HeaderName};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;

/// Marks an answer whose body is shared with other answers: what of it waits for a slow peer costs nothing.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SharedBody;

/// Marks a request whose address or door holds more unsent answers than it may.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Crowded;

/// A document that is made once; clones share it.
#[derive(Clone, Debug)]
pub struct Fixed {
    kind: HeaderValue,
    body: Bytes,
    more: Vec<(HeaderName, HeaderValue)>,
}

impl Fixed {
    /// A document of the media type `kind`.
    #[must_use]
    pub fn new(kind: &'static str, body: impl Into<Bytes>) -> Fixed {
        Fixed {
            kind: HeaderValue::from_static(kind),
            body: body.into(),
            more: Vec::new(),
        }
    }

    /// Says this in a header too.
    #[must_use]
    pub fn with(mut self, name: HeaderName, value: HeaderValue) -> Fixed {
        self.more.push((name, value));
        self
    }
}

impl IntoResponse for Fixed {
    fn into_response(self) -> Response {
        let mut response = shared(self.body);
        response.headers_mut().insert(CONTENT_TYPE, self.kind);
        response.headers_mut().extend(self.more);
        response
    }
}

/// An answer with a body that others share.
pub(crate) fn shared(body: Bytes) -> Response {
    let mut response = body.into_response();
    response.extensions_mut().insert(SharedBody);
    response
}
