//! Paths that are answered ahead of the router.
//!
//! axum keeps a boxed copy of each layer round each route and copies all of them for every request. That is no
//! matter for a page; for an API that is asked tens of thousands of times a second it is an eighth of the work.

use std::convert::Infallible;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::extract::Request;
use axum::response::Response;
use axum::routing::future::RouteFuture;
use futures_util::future::Either;
use tower::{Layer, Service};

use super::route::Under;
use super::serve::{Answer, Serve, Served};

/// What an [`Ahead`] answers, on its way.
type Answering = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

/// A service that answers everything under one prefix of paths, without a router.
#[derive(Clone)]
pub struct Ahead {
    prefix: &'static str,
    service: Arc<dyn Fn(Request) -> Answering + Send + Sync>,
}

impl Ahead {
    /// Everything whose path begins with `prefix` goes to `service`.
    pub fn new<S>(prefix: &'static str, service: S) -> Ahead
    where
        S: Service<Request, Response = Response, Error = Infallible> + Clone + Send + Sync + 'static,
        S::Future: Send + 'static,
    {
        Ahead {
            prefix,
            service: Arc::new(move |request| Box::pin(service.clone().call(request))),
        }
    }
}

impl Service<Request> for Ahead {
    type Response = Response;
    type Error = Infallible;
    type Future = Answering;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request) -> Answering {
        (self.service)(request)
    }
}

/// What lies behind a door: a router, and what is answered ahead of it.
#[derive(Clone)]
pub struct Site {
    router: Router,
    ahead: Option<Ahead>,
}

impl Site {
    /// A router with `ahead` before it.
    #[must_use]
    pub fn new(router: Router, ahead: Option<Ahead>) -> Site {
        Site { router, ahead }
    }

    /// The whole inside a door's layer, once it has one.
    pub(super) fn within(&self, layer: Option<&Serve>) -> Inside {
        let router = self.router.clone();
        match layer {
            Some(layer) => Inside {
                router: router.layer(layer.clone()),
                ahead: self.ahead.clone().map(|ahead| (ahead.prefix, layer.layer(ahead))),
            },
            None => Inside { router, ahead: None },
        }
    }
}

impl From<Router> for Site {
    fn from(router: Router) -> Site {
        Site::new(router, None)
    }
}

/// A [`Site`] inside its door's layer.
pub(crate) struct Inside {
    router: Router,
    ahead: Option<(&'static str, Served<Ahead>)>,
}

impl Inside {
    /// Answers a request.
    pub(crate) fn call(&self, mut request: Request) -> Either<RouteFuture<Infallible>, Answer<Answering>> {
        match &self.ahead {
            Some((prefix, served)) if request.uri().path().starts_with(prefix) => {
                request.extensions_mut().insert(Under(prefix));
                Either::Right(served.clone().call(request))
            }
            _ => Either::Left(self.router.clone().call(request)),
        }
    }
}
