//! An answer on its way out: in the shape of its API or as a page, with the common headers, counted and logged.

use std::any::Any;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::HttpBody;
use axum::http::header::{
    CONTENT_LENGTH, CONTENT_TYPE, HeaderName, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::response::Response;

use crate::http::metrics::DoorMetrics;
use crate::http::peer::truncated;
use crate::http::request_id::{RequestId, RequestIds};
use crate::http::route::Route;
use crate::http::{Peer, Problem, Proxies, RateLimits};
use crate::texts::named;

static X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What somebody who looks at a page is answered in place of an error: which address was asked for, with which cookies,
/// in which languages and with no other headers, and what went wrong, as far as it has words. `None`: the error as it is.
pub type Pages = Arc<dyn Fn(&Uri, &HeaderMap, (StatusCode, Option<&Problem>)) -> Option<Response> + Send + Sync>;

/// Gives a refusal of the layer the shape of the API that a path belongs to: the path, the problem, its words.
pub type Shape = fn(&str, Problem, &str) -> Response;

/// What all requests of a door share.
pub(super) struct DoorContext {
    pub(super) door: &'static str,
    pub(super) hsts: Option<HeaderValue>,
    pub(super) rates: Arc<RateLimits>,
    pub(super) proxies: Proxies,
    pub(super) metrics: DoorMetrics,
    pub(super) refusals: Shape,
    pub(super) pages: Option<Pages>,
    pub(super) ids: RequestIds,
}

/// What the log line says of a request: never its query, its body or a header.
pub(super) struct Line {
    pub(super) id: RequestId,
    pub(super) peer: Option<Peer>,
    pub(super) started: Instant,
    pub(super) method: Method,
    pub(super) route: Route,
    /// Only to give an answer its API's shape; never logged.
    pub(super) uri: Uri,
    /// Its cookies and languages, when somebody looks at a page; never logged.
    pub(super) cookies: Option<HeaderMap>,
}

impl DoorContext {
    pub(super) fn after_panic(&self, line: &Line, panic: Box<dyn Any + Send>) -> Response {
        let said = panic
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("(nothing)");
        tracing::error!(door = self.door, request.id = %line.id, panic = said, "a request handler panicked");
        let title = "Something went wrong in here";
        let problem = Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", title)
            .detail("The fault is ours and is in the log under this request's number.")
            .on_page(named("fault-500"), named("fault-500-number"))
            .member("request_id", line.id.to_string());
        (self.refusals)(line.uri.path(), problem, title)
    }

    /// A refusal that a library wrote as plain text, or left empty, in the shape of the API that the path belongs to.
    fn shaped(&self, line: &Line, response: Response) -> Response {
        let status = response.status();
        let bare = match response.headers().get(CONTENT_TYPE) {
            Some(kind) => kind.as_bytes().starts_with(b"text/plain"),
            None => response.body().size_hint().exact() == Some(0),
        };
        if !bare || !status.is_client_error() {
            return response;
        }
        let (slug, title, on_page) = words_of(status);
        let problem = Problem::new(status, slug, title).on_page(on_page, None);
        let mut shaped = (self.refusals)(line.uri.path(), problem, title);
        // What else the refusal says (Allow, Retry-After, ...) stays.
        for (name, value) in response.headers() {
            if ![CONTENT_TYPE, CONTENT_LENGTH].contains(name) {
                shaped.headers_mut().append(name.clone(), value.clone());
            }
        }
        shaped
    }

    /// The answer as somebody sees it who looks at a page.
    fn seen(&self, line: &Line, response: Response) -> Response {
        let status = response.status();
        let (Some(pages), Some(cookies)) = (&self.pages, &line.cookies) else {
            return response;
        };
        let kind = response.headers().get(CONTENT_TYPE);
        let is_page = kind.is_some_and(|kind| kind.as_bytes().starts_with(b"text/html"));
        if is_page || !(status.is_client_error() || status.is_server_error()) {
            return response;
        }
        let Some(mut page) = pages(&line.uri, cookies, (status, response.extensions().get())) else {
            return response;
        };
        // What else was said stays: when to try again, which methods there are.
        for (name, value) in response.headers() {
            if !page.headers().contains_key(name) && name != CONTENT_LENGTH {
                page.headers_mut().append(name, value.clone());
            }
        }
        page
    }

    pub(super) fn finish(&self, line: &Line, response: Response) -> Response {
        let took = line.started.elapsed();
        let response = self.shaped(line, response);
        let mut response = self.seen(line, response);
        let status = response.status();
        let headers = response.headers_mut();
        headers.insert(X_REQUEST_ID.clone(), line.id.header());
        headers
            .entry(X_CONTENT_TYPE_OPTIONS)
            .or_insert(HeaderValue::from_static("nosniff"));
        headers
            .entry(REFERRER_POLICY)
            .or_insert(HeaderValue::from_static("same-origin"));
        if let Some(hsts) = &self.hsts {
            headers.entry(STRICT_TRANSPORT_SECURITY).or_insert_with(|| hsts.clone());
        }
        self.metrics.answered(status, took);
        self.log(line, status, took);
        response
    }

    /// One line a request: good ones at `debug` (they cost nothing when nobody reads them), the rest higher.
    fn log(&self, line: &Line, status: StatusCode, took: Duration) {
        macro_rules! line {
            ($level:expr) => {
                tracing::event!(
                    $level,
                    door = self.door,
                    method = %line.method,
                    route = line.route.name(),
                    status = status.as_u16(),
                    duration_ms = took.as_micros() as f64 / 1000.0,
                    request.id = %line.id,
                    peer = line.peer.map(|peer| tracing::field::display(truncated(peer.addr.ip()))),
                    "request"
                )
            };
        }
        if status.is_server_error() {
            line!(tracing::Level::WARN);
        } else if status.is_client_error() {
            line!(tracing::Level::INFO);
        } else {
            line!(tracing::Level::DEBUG);
        }
    }
}

/// What a refusal by a library is about: the kind of problem, and its title.
fn words_of(status: StatusCode) -> (&'static str, &'static str, &'static str) {
    match status {
        StatusCode::NOT_FOUND => ("not-found", "There is nothing here", named("fault-404")),
        StatusCode::METHOD_NOT_ALLOWED => (
            "method-not-allowed",
            "This address does not take that method",
            named("fault-method"),
        ),
        StatusCode::PAYLOAD_TOO_LARGE => ("too-large", "The body is too long", named("fault-body-long")),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => (
            "media-type",
            "This address does not take a body of that type",
            named("fault-media"),
        ),
        StatusCode::UNPROCESSABLE_ENTITY => (
            "unprocessable",
            "The body is not what this address takes",
            named("fault-body"),
        ),
        StatusCode::UPGRADE_REQUIRED => (
            "upgrade-required",
            "This address wants a WebSocket",
            named("fault-websocket"),
        ),
        _ => ("bad-request", "The request cannot be read", named("fault-400")),
    }
}
