//! How long a door waits and how much it takes.

use std::time::Duration;

use crate::http::{Proxies, Rate};

/// The limits of one door. The defaults cut a client that says nothing, or one byte a second, within 10 s.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Connections open at once; more wait in the listener's queue.
    pub connections: usize,
    /// Connections open at once from one address (IPv6: one /64). Default: a quarter of all, at least 64.
    pub connections_per_address: Option<usize>,
    /// Requests a time from one address.
    pub per_address: Rate,
    /// Proxies that say for whom they call: requests count for those, connections for nobody.
    pub proxies: Proxies,
    /// Whether they announce each connection by a header of the PROXY protocol: then that says whose it is.
    pub announced: bool,
    /// Requests a time under one client certificate.
    pub per_client: Rate,
    /// From accept to the end of the TLS handshake.
    pub handshake: Duration,
    /// From a request's first byte (on a new connection: from the handshake) to the end of its head.
    pub head: Duration,
    /// Grace of a request's body, after which it must have brought 1 KiB a second.
    pub body: Duration,
    /// A connection without a request.
    pub idle: Duration,
    /// An answer of which the peer takes nothing; after it, the grace of one that is taken below 1 KiB a second.
    pub write_stall: Duration,
    /// Bytes of answers that may wait for peers.
    pub unsent: UnsentBudget,
    /// After how long a silence the system asks whether a connection's other end is there; `None`: never.
    pub keepalive: Option<Duration>,
    /// From the call to stop until what is still under way is cut.
    pub drain: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connections: 10_000,
            connections_per_address: None,
            per_address: Rate::Off,
            proxies: Proxies::default(),
            announced: false,
            per_client: Rate::Off,
            handshake: Duration::from_secs(8),
            head: Duration::from_secs(8),
            body: Duration::from_secs(8),
            idle: Duration::from_secs(60),
            write_stall: Duration::from_secs(10),
            unsent: UnsentBudget::default(),
            keepalive: None,
            drain: Duration::from_secs(10),
        }
    }
}

impl Limits {
    /// The cap on connections from one address.
    #[must_use]
    pub fn address_cap(&self) -> usize {
        self.connections_per_address
            .unwrap_or_else(|| (self.connections / 4).max(64))
    }
}

/// How many bytes of answers may wait for peers. An answer is never cut: the one that goes over is the last.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnsentBudget {
    /// For one connection; its further requests wait.
    pub connection: usize,
    /// For all connections of one address (IPv6: one /64); its further requests are refused.
    pub address: usize,
    /// For all connections of the door; further requests are refused.
    pub door: usize,
}

impl Default for UnsentBudget {
    fn default() -> UnsentBudget {
        UnsentBudget {
            connection: 512 << 10,
            address: 8 << 20,
            door: 32 << 20,
        }
    }
}
