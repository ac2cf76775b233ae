//! Where a request went, for its log line and for the shape of its answer.

use axum::extract::{MatchedPath, Request};
use axum::http::HeaderMap;
use axum::http::header::ACCEPT;

/// What a log line calls the route of a request that no router matched.
#[derive(Clone, Copy)]
pub(super) struct Under(pub(super) &'static str);

/// Where a request went.
pub(super) enum Route {
    Matched(MatchedPath),
    Under(&'static str),
    Nowhere,
}

impl Route {
    pub(super) fn of(request: &Request) -> Route {
        let known = request.extensions();
        match (known.get::<MatchedPath>(), known.get::<Under>()) {
            (Some(path), _) => Route::Matched(path.clone()),
            (None, Some(Under(prefix))) => Route::Under(prefix),
            (None, None) => Route::Nowhere,
        }
    }

    /// Whether whoever asked may be somebody who looks at a page: browsers say so, and where there is a route, whoever
    /// says nothing else is taken for one.
    pub(super) fn may_be_looked_at(&self, headers: &HeaderMap) -> bool {
        let accepted = || {
            let accepted = headers.get_all(ACCEPT).iter();
            accepted.filter_map(|accepted| accepted.to_str().ok())
        };
        let says = |kind: &str| accepted().any(|accepted| accepted.contains(kind));
        match self {
            Route::Under(_) => false,
            // There programs found an API once, which says the same to all that ask for no page.
            Route::Matched(path) if path.as_str() == "/" => says("text/html"),
            Route::Matched(_) => says("text/html") || says("*/*") || accepted().next().is_none(),
            Route::Nowhere => says("text/html"),
        }
    }

    pub(super) fn name(&self) -> &str {
        match self {
            Route::Matched(path) => path.as_str(),
            Route::Under(prefix) => prefix,
            Route::Nowhere => "(none)",
        }
    }
}
