//! The layer around every request of every door.
//!
//! It numbers the request, finds out whom a trusted proxy speaks for, takes off headers that claim a client
//! certificate, keeps to the door's rates,
//! catches panics; and `finish` sets the answer's common headers, counts, and writes one log line.

mod finish;

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use axum::extract::Request;
use axum::http::header::{ACCEPT_LANGUAGE, COOKIE, HeaderName};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Version};
use axum::response::{IntoResponse, Response};
use pin_project_lite::pin_project;
use tower::{Layer, Service};

use super::metrics::DoorMetrics;
use super::request_id::RequestIds;
use super::route::Route;
use super::{Crowded, Peer, Problem, Proxies, RateLimits, authority, claims, expect};
use crate::texts::named;
use finish::{DoorContext, Line};
pub use finish::{Pages, Shape};

/// The longest address (path and query) a request may have, in bytes.
pub const URI_LIMIT: usize = 16 << 10;

/// How long browsers remember to come by TLS only: two years, as preload lists ask.
pub const HSTS_DEFAULT: Duration = Duration::from_secs(63_072_000);

/// When to come back after too many answers were not taken, in seconds.
const CROWDED: u64 = 10;

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

/// The layer; a door lays it round its [`Swap`](super::swap::Swap), and so round every router that stands there.
#[derive(Clone)]
pub struct Serve {
    shared: Arc<DoorContext>,
}

impl Serve {
    /// The layer of one door.
    #[must_use]
    pub fn new(settings: Settings) -> Serve {
        let hsts = settings.hsts.map(|age| {
            HeaderValue::try_from(format!("max-age={}", age.as_secs())).expect("digits are header characters")
        });
        Serve {
            shared: Arc::new(DoorContext {
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
    shared: Arc<DoorContext>,
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
        if request.version() == Version::HTTP_11 && authority::authority(request.uri(), request.headers()).is_none() {
            let title = "The request does not name one host";
            return Some(Problem::new(StatusCode::BAD_REQUEST, "no-host", title));
        }
        if expect::is_unknown(request.headers()) {
            let title = "The request expects what is not known here";
            return Some(Problem::new(StatusCode::EXPECTATION_FAILED, "expectation", title));
        }
        let length = request.uri().path_and_query().map_or(0, |path| path.as_str().len());
        if length > URI_LIMIT {
            let title = "The address is too long";
            return Some(
                Problem::new(StatusCode::URI_TOO_LONG, "uri-too-long", title)
                    .on_page(named("fault-414"), None)
                    .member("limit_bytes", URI_LIMIT),
            );
        }
        if request.extensions().get::<Crowded>().is_some() {
            let title = "Too many answers wait to be taken";
            let problem = Problem::new(StatusCode::SERVICE_UNAVAILABLE, "busy", title);
            return Some(problem.on_page(named("fault-crowded"), None).retry_after(CROWDED));
        }
        self.shared.rates.check(peer?).err()
    }
}

fn cookies(headers: &HeaderMap) -> HeaderMap {
    let of = |name: HeaderName| {
        headers
            .get_all(name.clone())
            .iter()
            .map(move |value| (name.clone(), value.clone()))
    };
    of(COOKIE).chain(of(ACCEPT_LANGUAGE)).collect()
}

pin_project! {
    /// The answer on its way; see [`Serve`].
    pub struct Answer<F> {
        #[pin]
        inner: Option<F>,
        refusal: Option<Response>,
        line: Line,
        shared: Arc<DoorContext>,
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

#[cfg(test)]
mod tests;
