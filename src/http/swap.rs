//! A router that can be changed while connections go on.

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use axum::Router;

use super::serve::Serve;

/// The place of a router behind a door; clones share it.
#[derive(Clone)]
pub struct Swap {
    shared: Arc<Shared>,
}

struct Shared {
    /// What answers, inside its door's layer.
    current: ArcSwap<Router>,
    parts: Mutex<Parts>,
}

struct Parts {
    bare: Router,
    layer: Option<Serve>,
}

impl Parts {
    fn whole(&self) -> Arc<Router> {
        let bare = self.bare.clone();
        Arc::new(match &self.layer {
            Some(layer) => bare.layer(layer.clone()),
            None => bare,
        })
    }
}

impl Swap {
    /// A place that holds `router` at first.
    #[must_use]
    pub fn new(router: Router) -> Swap {
        let parts = Parts {
            bare: router,
            layer: None,
        };
        Swap {
            shared: Arc::new(Shared {
                current: ArcSwap::new(parts.whole()),
                parts: Mutex::new(parts),
            }),
        }
    }

    /// From the next request on, this one answers.
    pub fn set(&self, router: Router) {
        self.change(|parts| parts.bare = router);
    }

    /// Puts a door's layer round this router and those that follow.
    pub(crate) fn wrap(&self, layer: Serve) {
        self.change(|parts| parts.layer = Some(layer));
    }

    /// What answers now.
    pub(crate) fn current(&self) -> Router {
        Router::clone(&self.shared.current.load())
    }

    fn change(&self, change: impl FnOnce(&mut Parts)) {
        // A panic inside left parts that were whole before or after the change; both can be shown.
        let mut parts = self.shared.parts.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut parts);
        self.shared.current.store(parts.whole());
    }
}

impl From<Router> for Swap {
    fn from(router: Router) -> Swap {
        Swap::new(router)
    }
}
