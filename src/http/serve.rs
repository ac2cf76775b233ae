//! The layer around every request of every door.
//!
//! It numbers the request, finds out whom a trusted proxy speaks for, takes off headers that claim a client
//! certificate, keeps to the door's rates,
//! catches panics, sets the answer's common headers, counts, and writes one log line.

use std::any::Any;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::body::HttpBody;
use axum::extract::{MatchedPath, Request};
use axum::http::header::{
    ACCEPT, CONTENT_LENGTH, CONTENT_TYPE, COOKIE, HeaderName, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use super::ahead::Under;
use super::metrics::DoorMetrics;
use super::peer::truncated;
use super::request_id::{RequestId, RequestIds};
use super::{Crowded, Peer, Problem, Proxies, RateLimits, authority, claims, expect};

/// The longest address (path and query) a request may have, in bytes.
pub const URI_LIMIT: usize = 16 << 10;

/// How long browsers remember to come by TLS only: two years, as preload lists ask.
pub const HSTS_DEFAULT: Duration = Duration::from_secs(63_072_000);

/// When to come back after too many answers were not taken, in seconds.
const CROWDED: u64 = 10;

static X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

/// What somebody who looks at a page is answered in place of an error: which address was asked for, with which cookies
/// and no other headers, and what went wrong, as far as it has words. `None`: the error as it is.
pub type Pages = Arc<dyn Fn(&Uri, &HeaderMap, (StatusCode, Option<&Problem>)) -> Option<Response> + Send + Sync>;

/// What the layer of one door is made of.
pub struct Settings {
    /// The door's name, for log lines.
    pub door: &'static str,
    /// `Strict-Transport-Security` for so long; `None` on doors without TLS.
    pub hsts: Option<Duration>,
    /// Requests a time.
    pub rates: Arc<RateLimits>,
    /// Proxies that may say for whom they call.
    pub proxies: Proxies,
    /// Where requests are counted.
    pub metrics: DoorMetrics,
    /// The form of the layer's own refusals.
    pub refusals: Shape,
    /// Errors as people see them; `None` on doors without pages.
    pub pages: Option<Pages>,
}

/// Gives a refusal of the layer the shape of the API that a path belongs to: the path, the problem, its words.
pub type Shape = fn(&str, Problem, &str) -> Response;

/// The layer; give it to [`axum::Router::layer`] when the router is complete.
#[derive(Clone)]
pub struct Serve {
    shared: Arc<Shared>,
}

struct Shared {
    door: &'static str,
    hsts: Option<HeaderValue>,
    rates: Arc<RateLimits>,
    proxies: Proxies,
    metrics: DoorMetrics,
    refusals: Shape,
    pages: Option<Pages>,
    ids: RequestIds,
}

impl Serve {
    /// The layer of one door.
    #[must_use]
    pub fn new(settings: Settings) -> Serve {
        let hsts = settings.hsts.map(|age| {
            HeaderValue::try_from(format!("max-age={}", age.as_secs())).expect("digits are header characters")
        });
        Serve {
            shared: Arc::new(Shared {
                door: settings.door,
                hsts,
                rates: settings.rates,
                proxies: settings.proxies,
                metrics: settings.metrics,
                refusals: settings.refusals,
                pages: settings.pages,
                ids: RequestIds::new(),
            }),
        }
    }
}

impl<S> Layer<S> for Serve {
    type Service = Served<S>;

    fn layer(&self, inner: S) -> Served<S> {
        Served {
            inner,
            shared: self.shared.clone(),
        }
    }
}

/// A service inside [`Serve`].
#[derive(Clone)]
pub struct Served<S> {
    inner: S,
    shared: Arc<Shared>,
}

impl<S> Service<Request> for Served<S>
where
    S: Service<Request, Error = Infallible>,
    S::Response: IntoResponse,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Answer<S::Future>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, mut request: Request) -> Answer<S::Future> {
        let id = self.shared.ids.next();
        let peer = self.caller(&mut request);
        let route = Route::of(&request);
        let looks = self.shared.pages.is_some() && route.may_be_looked_at(request.headers());
        let line = Line {
            id,
            peer,
            started: Instant::now(),
            method: request.method().clone(),
            route,
            uri: request.uri().clone(),
            cookies: looks.then(|| cookies(request.headers())),
        };
        let refusal = self.refusal(&request, peer.as_ref());
        let inner = refusal.is_none().then(|| {
            claims::strip(request.headers_mut());
            request.extensions_mut().insert(id);
            self.inner.call(request)
        });
        Answer {
            inner,
            refusal,
            line,
            shared: self.shared.clone(),
        }
    }
}

impl<S> Served<S> {
    /// Who calls; from here on every router sees the same.
    fn caller(&self, request: &mut Request) -> Option<Peer> {
        let mut peer = request.extensions().get::<Peer>().copied()?;
        let addr = self.shared.proxies.caller(peer.addr, request.headers());
        if addr != peer.addr {
            peer.addr = addr;
            request.extensions_mut().insert(peer);
        }
        Some(peer)
    }

    fn refusal(&self, request: &Request, peer: Option<&Peer>) -> Option<Response> {
        let problem = self.problem(request, peer)?;
        let words = problem.title().to_owned();
        Some((self.shared.refusals)(request.uri().path(), problem, &words))
    }

    fn problem(&self, request: &Request, peer: Option<&Peer>) -> Option<Problem> {
        if authority::contradicts(request.version(), request.uri(), request.headers()) {
            let title = "The request names two hosts";
            return Some(Problem::new(StatusCode::BAD_REQUEST, "two-hosts", title));
        }
        if expect::is_unknown(request.headers()) {
            let title = "The request expects what is not known here";
            return Some(Problem::new(StatusCode::EXPECTATION_FAILED, "expectation", title));
        }
        let length = request.uri().path_and_query().map_or(0, |path| path.as_str().len());
        if length > URI_LIMIT {
            let title = "The address is too long";
            return Some(
                Problem::new(StatusCode::URI_TOO_LONG, "uri-too-long", title).member("limit_bytes", URI_LIMIT),
            );
        }
        if request.extensions().get::<Crowded>().is_some() {
            let title = "Too many answers wait to be taken";
            let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", title);
            return Some(problem.retry_after(CROWDED));
        }
        self.shared.rates.check(peer?).err()
    }
}

/// What the log line says of a request: never its query, its body or a header.
struct Line {
    id: RequestId,
    peer: Option<Peer>,
    started: Instant,
    method: Method,
    route: Route,
    /// Only to give an answer its API's shape; never logged.
    uri: Uri,
    /// Its cookies, when somebody looks at a page; never logged.
    cookies: Option<HeaderMap>,
}

fn cookies(headers: &HeaderMap) -> HeaderMap {
    let cookies = headers.get_all(COOKIE).iter();
    cookies.map(|cookie| (COOKIE, cookie.clone())).collect()
}

/// Where a request went.
enum Route {
    Matched(MatchedPath),
    Under(&'static str),
    Nowhere,
}

impl Route {
    fn of(request: &Request) -> Route {
        let known = request.extensions();
        match (known.get::<MatchedPath>(), known.get::<Under>()) {
            (Some(path), _) => Route::Matched(path.clone()),
            (None, Some(Under(prefix))) => Route::Under(prefix),
            (None, None) => Route::Nowhere,
        }
    }

    /// Whether whoever asked may be somebody who looks at a page: browsers say so, and where there is a route, whoever
    /// says nothing else is taken for one.
    fn may_be_looked_at(&self, headers: &HeaderMap) -> bool {
        let accepted = || {
            let accepted = headers.get_all(ACCEPT).iter();
            accepted.filter_map(|accepted| accepted.to_str().ok())
        };
        let says = |kind: &str| accepted().any(|accepted| accepted.contains(kind));
        match self {
            Route::Under(_) => false,
            Route::Matched(_) => says("text/html") || says("*/*") || accepted().next().is_none(),
            Route::Nowhere => says("text/html"),
        }
    }

    fn name(&self) -> &str {
        match self {
            Route::Matched(path) => path.as_str(),
            Route::Under(prefix) => prefix,
            Route::Nowhere => "(none)",
        }
    }
}

pin_project! {
    /// The answer on its way; see [`Serve`].
    pub struct Answer<F> {
        #[pin]
        inner: Option<F>,
        refusal: Option<Response>,
        line: Line,
        shared: Arc<Shared>,
    }
}

impl<F, R> Future for Answer<F>
where
    F: Future<Output = Result<R, Infallible>>,
    R: IntoResponse,
{
    type Output = Result<Response, Infallible>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        let response = match (this.inner.as_pin_mut(), this.refusal.take()) {
            (Some(inner), None) => {
                // The future is never polled again after a panic, so what it left behind is never seen.
                let polled = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| inner.poll(cx)));
                match polled {
                    Ok(Poll::Pending) => return Poll::Pending,
                    Ok(Poll::Ready(Ok(response))) => response.into_response(),
                    Err(panic) => this.shared.after_panic(this.line, panic),
                }
            }
            (_, Some(response)) => response,
            (None, None) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        };
        Poll::Ready(Ok(this.shared.finish(this.line, response)))
    }
}

impl Shared {
    fn after_panic(&self, line: &Line, panic: Box<dyn Any + Send>) -> Response {
        let said = panic
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("(nothing)");
        tracing::error!(door = self.door, request.id = %line.id, panic = said, "a request handler panicked");
        let title = "Something went wrong in here";
        let problem = Problem::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", title)
            .detail("The fault is ours and is in the log under this request's number.")
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
        let (slug, title) = words_of(status);
        let mut shaped = (self.refusals)(line.uri.path(), Problem::new(status, slug, title), title);
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

    fn finish(&self, line: &Line, response: Response) -> Response {
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
fn words_of(status: StatusCode) -> (&'static str, &'static str) {
    match status {
        StatusCode::NOT_FOUND => ("not-found", "There is nothing here"),
        StatusCode::METHOD_NOT_ALLOWED => ("method-not-allowed", "This address does not take that method"),
        StatusCode::PAYLOAD_TOO_LARGE => ("too-large", "The body is too long"),
        StatusCode::UNSUPPORTED_MEDIA_TYPE => ("media-type", "This address does not take a body of that type"),
        StatusCode::UNPROCESSABLE_ENTITY => ("unprocessable", "The body is not what this address takes"),
        StatusCode::UPGRADE_REQUIRED => ("upgrade-required", "This address wants a WebSocket"),
        _ => ("bad-request", "The request cannot be read"),
    }
}

#[cfg(test)]
mod tests;
