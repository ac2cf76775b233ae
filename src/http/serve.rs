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
    CONTENT_LENGTH, CONTENT_TYPE, HeaderName, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
};
use axum::http::{HeaderValue, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use super::ahead::Under;
use super::metrics::DoorMetrics;
use super::peer::truncated;
use super::request_id::{RequestId, RequestIds};
use super::{Crowded, Peer, Problem, Proxies, RateLimits, claims};

/// The longest address (path and query) a request may have, in bytes.
pub const URI_LIMIT: usize = 16 << 10;

/// How long browsers remember to come by TLS only: two years, as preload lists ask.
pub const HSTS_DEFAULT: Duration = Duration::from_secs(63_072_000);

/// When to come back after too many answers were not taken, in seconds.
const CROWDED: u64 = 10;

static X_REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");

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
        let line = Line {
            id,
            peer,
            started: Instant::now(),
            method: request.method().clone(),
            route: Route::of(&request),
            uri: request.uri().clone(),
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
    /// Only to give an answer after a panic its API's shape; never logged.
    uri: Uri,
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

    fn finish(&self, line: &Line, response: Response) -> Response {
        let took = line.started.elapsed();
        let mut response = self.shaped(line, response);
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
mod tests {
    use super::*;
    use crate::http::Rate;
    use crate::http::metrics::Metrics;
    use axum::Router;
    use axum::body::Body;
    use axum::routing::get;
    use std::io::Write;
    use std::sync::Mutex;
    use tower::ServiceExt;

    #[derive(Clone, Default)]
    struct Lines(Arc<Mutex<Vec<u8>>>);

    impl Write for Lines {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }

    #[tokio::test]
    async fn a_log_line_names_the_route_and_the_network_and_keeps_secrets() {
        let lines = Lines::default();
        let writer = lines.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::DEBUG)
            .with_ansi(false)
            .with_writer(move || writer.clone())
            .finish();
        let _guard = tracing::subscriber::set_default(subscriber);
        let serve = Serve::new(Settings {
            door: "https",
            hsts: None,
            rates: Arc::new(RateLimits::new(Rate::Off, Rate::Off)),
            proxies: Proxies::default(),
            metrics: Metrics::new().door("https"),
            refusals: |_, problem, _| problem.into_response(),
        });
        let router = Router::new().route("/space/{id}", get(async || "7")).layer(serve);
        let mut request = Request::get("/space/secret-id?key=secret-key")
            .header("authorization", "Bearer secret-token")
            .header("x-request-id", "secret-number")
            .body(Body::empty())
            .unwrap();
        request.extensions_mut().insert(Peer {
            addr: "203.0.113.77:4711".parse().unwrap(),
            certificate: None,
        });
        let response = router.oneshot(request).await.unwrap();
        let number = response.headers()["x-request-id"].to_str().unwrap();
        let said = String::from_utf8(lines.0.lock().unwrap().clone()).unwrap();
        let known = [
            "door=\"https\"",
            "GET",
            "/space/{id}",
            "status=200",
            "203.0.113.0",
            "duration_ms=",
            number,
        ];
        for part in known {
            assert!(said.contains(part), "{part} is missing: {said}");
        }
        assert!(!said.contains("secret") && !said.contains("203.0.113.77"), "{said}");
        assert_eq!(said.lines().count(), 1);
    }
}
