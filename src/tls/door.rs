//! A door: its listeners, its TLS policy, whom it trusts, and the router behind it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::response::{IntoResponse, Response};
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

use super::front::Front;
use super::handshake::Handshake;
use super::limits::Limits;
use super::listener::{self, Listeners};
use super::policy::{DoorError, Policy};
use crate::http::metrics::Metrics;
use crate::http::serve::{HSTS_DEFAULT, Pages, Serve, Settings, Shape};
use crate::http::swap::Swap;
use crate::http::{Problem, RateLimits};

/// A door that is not open yet.
pub struct Door {
    name: &'static str,
    listen: Vec<SocketAddr>,
    open: Vec<std::net::TcpListener>,
    policy: Policy,
    router: Swap,
    limits: Limits,
    metrics: Metrics,
    hsts: Option<Duration>,
    refusals: Shape,
    pages: Option<Pages>,
}

impl Door {
    /// A door called `name` (as in `limits.<name>`, metrics and logs) that will listen on all of `listen`.
    ///
    /// `router` is a router, or a [`Swap`] by which it can be changed while the door is open.
    #[must_use]
    pub fn new(
        name: &'static str,
        listen: Vec<SocketAddr>,
        policy: Policy,
        router: impl Into<Swap>,
        limits: Limits,
    ) -> Door {
        let hsts = match &policy {
            Policy::Plain => None,
            Policy::Tls(_) => Some(HSTS_DEFAULT),
        };
        Door {
            name,
            listen,
            open: Vec::new(),
            policy,
            router: router.into(),
            limits,
            metrics: Metrics::new(),
            hsts,
            refusals: |_, problem, _| problem.into_response(),
            pages: None,
        }
    }

    /// Takes over listeners that are open already (socket activation), beside the addresses of its own.
    #[must_use]
    pub fn with_listeners(mut self, listeners: Vec<std::net::TcpListener>) -> Door {
        self.open = listeners;
        self
    }

    /// Counts in `metrics`; without this the counts are not shown anywhere.
    #[must_use]
    pub fn with_metrics(mut self, metrics: &Metrics) -> Door {
        self.metrics = metrics.clone();
        self
    }

    /// Tells browsers for how long to come by TLS only; `None`: not at all. Doors with TLS say two years.
    #[must_use]
    pub fn with_hsts(mut self, hsts: Option<Duration>) -> Door {
        self.hsts = hsts;
        self
    }

    /// Lets the layer's own refusals (too long, too many, a fault in here) take the shape of the API that the path
    /// belongs to: `shape` gets the path, the problem, and the same in one line of words.
    #[must_use]
    pub fn with_refusals(mut self, shape: fn(&str, Problem, &str) -> Response) -> Door {
        self.refusals = shape;
        self
    }

    /// Lets people see errors as pages.
    #[must_use]
    pub fn with_pages(mut self, pages: Option<Pages>) -> Door {
        self.pages = pages;
        self
    }

    /// Opens the listeners, so that a port that cannot be had is known before anything runs. Connections wait in
    /// the queue until [`OpenDoor::run`]. To be called in a tokio runtime.
    pub fn bind(self) -> Result<OpenDoor, DoorError> {
        let door = self.name;
        let mut open = Vec::new();
        for listener in self.open {
            listener
                .set_nonblocking(true)
                .and_then(|()| TcpListener::from_std(listener))
                .map(|listener| open.push(listener))
                .map_err(|source| DoorError::Given { door, source })?;
        }
        for addr in &self.listen {
            open.push(listener::bind(door, *addr, &self.listen)?);
        }
        let addrs = open.iter().filter_map(|listener| listener.local_addr().ok()).collect();
        let rates = Arc::new(RateLimits::new(self.limits.per_address, self.limits.per_client));
        let metrics = self.metrics.door(door);
        let serve = Serve::new(Settings {
            door,
            hsts: self.hsts,
            rates: rates.clone(),
            proxies: self.limits.proxies.clone(),
            metrics: metrics.clone(),
            refusals: self.refusals,
            pages: self.pages,
        });
        let handshake = match self.policy {
            Policy::Plain => None,
            Policy::Tls(tls) => Some(Handshake::new(door, tls)?),
        };
        self.router.wrap(serve);
        Ok(OpenDoor {
            listeners: Listeners::new(door, open),
            addrs,
            front: Front::new(door, self.router, self.limits, metrics, rates, handshake),
        })
    }
}

/// A door whose listeners are open.
pub struct OpenDoor {
    listeners: Listeners,
    addrs: Vec<SocketAddr>,
    front: Front,
}

impl OpenDoor {
    /// The door's name.
    #[must_use]
    pub fn name(&self) -> &'static str {
        self.front.door()
    }

    /// Where it listens, with the ports that port 0 became.
    #[must_use]
    pub fn local_addrs(&self) -> &[SocketAddr] {
        &self.addrs
    }

    /// The listening sockets once more, so that a changed door can take them over without a gap.
    pub fn listeners(&self) -> std::io::Result<Vec<std::net::TcpListener>> {
        self.listeners.clones()
    }

    /// Serves until `stop`, then takes no more, finishes what is under way, and returns: at the latest after
    /// [`Limits::drain`]. Dropping the future cuts everything at once. Streams that were upgraded (WebSockets) are
    /// their room's to end.
    pub async fn run(self, stop: CancellationToken) {
        self.front.run(self.listeners, stop).await;
    }
}
