//! Answers only under our own names: a foreign name that points here is somebody else's page.

use std::convert::Infallible;
use std::future::{Ready, ready};
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::extract::Request;
use axum::http::StatusCode;
use axum::response::Response;
use futures_util::future::Either;
use tower::{Layer, Service};

use super::identity::Names;
use super::refusal::refused;
use crate::http::{Problem, authority};
use crate::texts::named;

/// The layer round the https door's router.
#[derive(Clone)]
pub(super) struct OurHost {
    names: Arc<Names>,
}

impl OurHost {
    pub(super) fn new(names: Names) -> OurHost {
        OurHost { names: Arc::new(names) }
    }
}

impl<S> Layer<S> for OurHost {
    type Service = UnderOurHost<S>;

    fn layer(&self, inner: S) -> UnderOurHost<S> {
        let names = Arc::clone(&self.names);
        UnderOurHost { inner, names }
    }
}

/// A service inside [`OurHost`].
#[derive(Clone)]
pub(super) struct UnderOurHost<S> {
    inner: S,
    names: Arc<Names>,
}

impl<S> Service<Request> for UnderOurHost<S>
where
    S: Service<Request, Response = Response, Error = Infallible>,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Either<S::Future, Ready<Result<Response, Infallible>>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        let (status, text, on_page) = match host_of(&request) {
            Some(host) if self.names.are_ours(host) => return Either::Left(self.inner.call(request)),
            Some(_) => (
                StatusCode::MISDIRECTED_REQUEST,
                "This box does not answer under that name",
                named("fault-421"),
            ),
            None => (
                StatusCode::BAD_REQUEST,
                "The request names no host, or several",
                named("fault-no-host"),
            ),
        };
        let problem = Problem::new(status, "wrong-host", text).on_page(on_page, None);
        Either::Right(ready(Ok(refused(request.uri().path(), problem, text))))
    }
}

/// The host that a request names, without its port and brackets.
pub(super) fn host_of(request: &Request) -> Option<&str> {
    authority::host(authority::authority(request.uri(), request.headers())?)
}
