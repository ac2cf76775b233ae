//! The headers that keep a page to itself.

use axum::Router;
use axum::extract::Request;
use axum::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, REFERRER_POLICY, X_FRAME_OPTIONS};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use axum::middleware::{Next, from_fn, map_response};
use axum::response::Response;
use tracing::Instrument;

use crate::http::{RequestId, longest_body};

/// Nothing from outside, no inline script or style, no frames.
const POLICY: &str = "default-src 'none'; style-src 'self'; img-src 'self'; script-src 'self'; connect-src 'self'; \
                      font-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; frame-ancestors 'none'; base-uri 'none'";

/// Bytes of a form at most.
const LONGEST_FORM: usize = 64 << 10;

/// Every page of `router` with these headers; what it logs carries the request's number.
pub fn secured(router: Router) -> Router {
    longest_body(router, LONGEST_FORM)
        .layer(from_fn(numbered))
        .layer(map_response(async |mut response: Response| {
            keep_to_itself(response.headers_mut());
            response
        }))
}

/// The headers that keep a page to itself.
pub(super) fn keep_to_itself(headers: &mut HeaderMap) {
    let mut set = |name: HeaderName, value: &'static str| {
        headers.entry(name).or_insert(HeaderValue::from_static(value));
    };
    set(CONTENT_SECURITY_POLICY, POLICY);
    set(X_FRAME_OPTIONS, "DENY");
    // Under `no-referrer` browsers send our own forms with `Origin: null` (Fetch, "append a request Origin header").
    set(REFERRER_POLICY, "same-origin");
    set(HeaderName::from_static("cross-origin-opener-policy"), "same-origin");
    set(
        HeaderName::from_static("permissions-policy"),
        "camera=(), geolocation=(), microphone=()",
    );
    set(CACHE_CONTROL, "no-store");
}

async fn numbered(request: Request, next: Next) -> Response {
    let id = request.extensions().get::<RequestId>().copied();
    let span = tracing::info_span!("page", request.id = id.map(tracing::field::display));
    next.run(request).instrument(span).await
}
