//! What a door speaks and whom it believes, and why it cannot be opened.

use super::acme::Challenges;
use super::certificate::Certificate;
use super::client_trust::ClientTrust;
use super::config::Versions;
use super::listener::BindError;
use super::trust::{Demand, TrustError};

/// What a door speaks below HTTP.
#[derive(Clone)]
pub enum Policy {
    /// No TLS: HTTP/1.1, and HTTP/2 to clients that know beforehand (`grpc.plaintext`).
    Plain,
    Tls(Tls),
}

/// A door's TLS.
#[derive(Clone)]
pub struct Tls {
    /// What the door shows for itself.
    pub certificate: Certificate,
    /// Which versions it speaks.
    pub versions: Versions,
    /// What it answers to ACME's TLS-ALPN-01 challenges; `None`: nothing.
    pub challenges: Option<Challenges>,
    /// Whom it believes, and whether it insists; `None`: client certificates are never asked for.
    pub clients: Option<(ClientTrust, Demand)>,
}

/// A door cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum DoorError {
    /// It cannot listen.
    #[error(transparent)]
    Bind(#[from] BindError),
    /// A listener that was handed over does not work.
    #[error("the {door} door cannot use a listener it was given: {source}")]
    Given {
        door: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// Its trust in clients cannot be used.
    #[error("the {door} door cannot verify clients: {source}")]
    Trust { door: &'static str, source: TrustError },
    /// rustls refused the settings.
    #[error("the {door} door cannot speak TLS: {source}")]
    Tls {
        door: &'static str,
        /// What rustls said.
        source: rustls::Error,
    },
}
