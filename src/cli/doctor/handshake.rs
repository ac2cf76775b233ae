//! A handshake with the https door as a client makes it: by the box's own root where the certificate is its own, else by
//! the authorities of the system.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls::pki_types::{CertificateDer, ServerName};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::super::elsewhere::own_root;
use super::Patient;
use crate::http::Proxies;
use crate::tls::proxy_header::LOCAL;
use crate::tls::{Outbound, OutboundError};

/// For a connection and its handshake.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);

/// By whom the door is believed.
pub(super) struct Trust {
    tls: Arc<ClientConfig>,
    /// In words.
    pub(super) by: String,
    /// Whether its certificate is of a private ACME server, whose root nobody here may know.
    pub(super) private: bool,
}

/// There was no handshake.
#[derive(Debug)]
pub(super) enum Missed {
    /// Nobody takes the connection, or nothing comes.
    Unreached(String),
    /// What is shown is not believed.
    Disbelieved(io::Error),
    /// The name is none that a certificate can be for.
    Name,
}

pub(super) fn trust(patient: &Patient) -> Result<Trust, OutboundError> {
    let config = &patient.config;
    let root = own_root(config);
    let by = match &root {
        Some(root) => format!("by {}", root.display()),
        None => "by the authorities of this system".to_owned(),
    };
    let outbound = Outbound {
        ca_file: root,
        ..Outbound::default()
    };
    Ok(Trust {
        tls: outbound.load()?.config,
        by,
        private: config.acme.as_ref().is_some_and(|acme| acme.ca_file.is_some()),
    })
}

/// The certificate that is shown at `address` under the box's name, when it is believed.
pub(super) async fn shake(
    patient: &Patient,
    trust: &Trust,
    address: SocketAddr,
) -> Result<CertificateDer<'static>, Missed> {
    let server = ServerName::try_from(patient.config.site.hostname.clone()).map_err(|_| Missed::Name)?;
    let shake = async {
        let unreached = |error: io::Error| Missed::Unreached(error.to_string());
        let mut stream = TcpStream::connect(address).await.map_err(unreached)?;
        if must_announce(patient, &stream) {
            stream.write_all(&LOCAL).await.map_err(unreached)?;
        }
        let shaken = TlsConnector::from(Arc::clone(&trust.tls)).connect(server, stream).await;
        let stream = shaken.map_err(Missed::Disbelieved)?;
        let leaf = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
        leaf.map(|leaf| leaf.clone().into_owned())
            .ok_or_else(|| Missed::Unreached("no certificate is shown".to_owned()))
    };
    let silent = || Missed::Unreached("no handshake within 5 s".to_owned());
    timeout(PATIENCE, shake).await.unwrap_or_else(|_| Err(silent()))
}

/// Whether the https door takes who comes from here for a proxy that says whose a connection is.
fn must_announce(patient: &Patient, stream: &TcpStream) -> bool {
    let limits = &patient.config.limits.https;
    let trusted = Proxies::new(&limits.trusted_proxies);
    limits.proxy_protocol && stream.local_addr().is_ok_and(|own| trusted.trust(own.ip()))
}
