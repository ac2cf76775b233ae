//! The TLS handshake of a door, and the checks that go with a client's certificate.

use std::io;
use std::sync::Arc;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use rustls::ServerConfig;
use rustls::server::ClientHello;
use tokio::io::AsyncWriteExt;
use tokio_rustls::LazyConfigAcceptor;
use tokio_rustls::server::TlsStream;

use super::PeerCertificate;
use super::acme::CHALLENGE_PROTOCOL;
use super::config;
use super::live::Live;
use super::policy::{DoorError, Tls};
use super::trust::{Trust, TrustError};
use super::wire::Wire;
use crate::http::metrics::ConnectionEnd;

/// What a door needs to shake hands.
pub(super) struct Handshake {
    door: &'static str,
    tls: Tls,
    config: ArcSwap<ServerConfig>,
    live: Live,
}

/// A stream that came through the handshake.
pub(super) struct Welcome {
    pub(super) stream: TlsStream<Wire>,
    pub(super) certificate: Option<PeerCertificate>,
    pub(super) http2: bool,
}

#[derive(Debug, thiserror::Error)]
enum ConfigError {
    #[error(transparent)]
    Trust(#[from] TrustError),
    #[error(transparent)]
    Tls(#[from] rustls::Error),
}

impl Handshake {
    pub(super) fn new(door: &'static str, tls: Tls) -> Result<Handshake, DoorError> {
        let config = configure(&tls).map_err(|error| match error {
            ConfigError::Trust(source) => DoorError::Trust { door, source },
            ConfigError::Tls(source) => DoorError::Tls { door, source },
        })?;
        Ok(Handshake {
            door,
            tls,
            config: ArcSwap::from_pointee(config),
            live: Live::default(),
        })
    }

    /// The configuration that a hello deserves.
    ///
    /// There is one for all, but for ACME's TLS-ALPN-01 challenge (RFC 8737), told by the hello's ALPN list.
    fn config_for(&self, hello: &ClientHello<'_>) -> Arc<ServerConfig> {
        let challenge = self.tls.challenges.as_ref().and_then(|known| known.config_for(hello));
        challenge.unwrap_or_else(|| self.config.load_full())
    }

    /// Shakes hands; the caller limits the time.
    pub(super) async fn shake(&self, wire: Wire) -> Result<Welcome, ConnectionEnd> {
        let start = LazyConfigAcceptor::new(rustls::server::Acceptor::default(), wire)
            .await
            .map_err(|error| refusal(&error))?;
        let config = self.config_for(&start.client_hello());
        let mut stream = start.into_stream(config).await.map_err(|error| refusal(&error))?;
        if stream.get_ref().1.alpn_protocol() == Some(CHALLENGE_PROTOCOL) {
            // The handshake was the answer; nothing is said in it (RFC 8737 §3).
            let _ = stream.shutdown().await;
            return Err(ConnectionEnd::ChallengeAnswered);
        }
        let (wire, session) = stream.get_mut();
        let http2 = session.alpn_protocol() == Some(b"h2");
        let certificate = match session.peer_certificates() {
            Some(chain) => Some(PeerCertificate::read(chain).map_err(|_| ConnectionEnd::CertificateRefused)?),
            None => None,
        };
        if let Some(certificate) = &certificate {
            self.enlist(wire, certificate)?;
        }
        Ok(Welcome {
            stream,
            certificate,
            http2,
        })
    }

    /// Enters the connection among the live ones, and only then looks whether its certificate is still believed:
    /// a revocation between handshake and entry is seen here, a later one by [`Handshake::follow`]. This also
    /// stops resumed sessions, which bring their certificate along from an earlier handshake.
    fn enlist(&self, wire: &mut Wire, certificate: &PeerCertificate) -> Result<(), ConnectionEnd> {
        let live = self.live.enter(certificate.clone(), wire.socket().ender());
        wire.enlist(live);
        match &self.tls.clients {
            Some((trust, _)) => trust
                .current()
                .believes(certificate.ids(), Timestamp::now())
                .map_err(|_| ConnectionEnd::Revoked),
            None => Ok(()),
        }
    }

    /// Keeps certificate and trust fresh, for ever.
    pub(super) async fn follow(&self) {
        let certificate = self.tls.certificate.follow();
        match &self.tls.clients {
            Some((trust, _)) => {
                let changes = self.follow_trust(trust);
                tokio::join!(certificate, trust.follow(), changes);
            }
            None => certificate.await,
        }
    }

    async fn follow_trust(&self, trust: &super::ClientTrust) {
        let mut changes = trust.changes();
        // What changed between the door's making and its run is applied at once.
        changes.mark_changed();
        while changes.changed().await.is_ok() {
            let now = changes.borrow_and_update().clone();
            // First a configuration under which old sessions cannot be resumed, then the sweep.
            match configure(&self.tls) {
                Ok(config) => self.config.store(Arc::new(config)),
                Err(error) => {
                    tracing::error!(door = self.door, %error, "the door keeps its old trust in clients");
                }
            }
            self.sweep(&now);
        }
    }

    fn sweep(&self, trust: &Trust) {
        let now = Timestamp::now();
        let ended = self
            .live
            .sweep(|certificate| trust.believes(certificate.ids(), now).is_ok());
        if ended > 0 {
            tracing::info!(
                door = self.door,
                connections = ended,
                "connections of revoked certificates were ended"
            );
        }
    }
}

fn configure(tls: &Tls) -> Result<ServerConfig, ConfigError> {
    let clients = match &tls.clients {
        Some((trust, demand)) => Some(trust.current().verifier(*demand)?),
        None => None,
    };
    Ok(config::server(tls.versions, tls.certificate.resolver(), clients)?)
}

/// Why a handshake came to nothing, for the counters. It is the peer's doing, and not worth a log line.
fn refusal(error: &io::Error) -> ConnectionEnd {
    let tls = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match tls {
        Some(rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented) => {
            ConnectionEnd::CertificateRefused
        }
        Some(_) => ConnectionEnd::HandshakeFailed,
        None => ConnectionEnd::ClientGone,
    }
}
