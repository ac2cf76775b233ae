//! A router that can be changed while connections go on.

use std::convert::Infallible;
use std::sync::Arc;

use arc_swap::ArcSwap;
use axum::Router;
use axum::extract::Request;
use tower::ServiceExt;

/// The place of a router.
#[derive(Clone)]
pub struct Swap {
    current: Arc<ArcSwap<Router>>,
}

impl Swap {
    /// A place that holds `router` at first.
    #[must_use]
    pub fn new(router: Router) -> Swap {
        Swap {
            current: Arc::new(ArcSwap::from_pointee(router)),
        }
    }

    /// From the next request on, this one answers.
    pub fn set(&self, router: Router) {
        self.current.store(Arc::new(router));
    }

    /// The router to put behind a door: it passes each request to the one that is current.
    #[must_use]
    pub fn router(&self) -> Router {
        let current = Arc::clone(&self.current);
        Router::new().fallback_service(tower::service_fn(move |request: Request| {
            let router = Router::clone(&current.load());
            async move { Ok::<_, Infallible>(router.oneshot(request).await.unwrap_or_else(|never| match never {})) }
        }))
    }
}
