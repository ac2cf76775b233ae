//! How a door stands: open, or shut for now.

use std::net::SocketAddr;
use std::sync::Arc;

use tokio::sync::watch;
use tokio::time::Instant;

use super::door_spec::DoorSpec;
use crate::http::swap::Swap;
use crate::tls::Served;

/// A door that is open.
pub(super) struct DoorUp {
    /// Where it listens.
    pub(super) addrs: Vec<SocketAddr>,
    /// The listening sockets, kept so that a changed door, or one that failed, takes them over. The only
    /// ones beside those of the door that runs: when this goes, connections are refused, not queued.
    pub(super) listeners: Arc<Vec<std::net::TcpListener>>,
    /// What it was opened with.
    pub(super) spec: DoorSpec,
    /// Its router, which a reload changes while connections go on.
    pub(super) router: Swap,
    /// What it shows for itself, if it speaks TLS.
    pub(super) served: Option<watch::Receiver<Served>>,
}

/// A door that could not be opened.
pub(super) struct Shut {
    /// What it was to be opened with.
    pub(super) spec: Option<DoorSpec>,
    /// Tries so far.
    pub(super) failures: u32,
    /// When it is tried again.
    pub(super) next: Instant,
}
