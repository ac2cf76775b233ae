//! What lies behind a door, and can be changed while connections go on.

use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::{ArcSwap, Guard};
use axum::Router;

use super::ahead::{Inside, Site};
use super::serve::Serve;

/// The place of what answers behind a door; clones share it.
#[derive(Clone)]
pub struct Swap {
    shared: Arc<SwapState>,
}

struct SwapState {
    /// What answers, inside its door's layer.
    current: ArcSwap<Inside>,
    parts: Mutex<Parts>,
}

struct Parts {
    bare: Site,
    layer: Option<Serve>,
}

impl Parts {
    fn whole(&self) -> Arc<Inside> {
        Arc::new(self.bare.within(self.layer.as_ref()))
    }
}

impl Swap {
    /// A place that holds `site` at first.
    #[must_use]
    pub fn new(site: impl Into<Site>) -> Swap {
        let parts = Parts {
            bare: site.into(),
            layer: None,
        };
        Swap {
            shared: Arc::new(SwapState {
                current: ArcSwap::new(parts.whole()),
                parts: Mutex::new(parts),
            }),
        }
    }

    /// From the next request on, this one answers.
    pub fn set(&self, site: impl Into<Site>) {
        let site = site.into();
        self.change(|parts| parts.bare = site);
    }

    /// Puts a door's layer round this router and those that follow.
    pub(crate) fn wrap(&self, layer: Serve) {
        self.change(|parts| parts.layer = Some(layer));
    }

    /// What answers now.
    pub(crate) fn current(&self) -> Guard<Arc<Inside>> {
        self.shared.current.load()
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
