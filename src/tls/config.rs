//! rustls configurations of doors: Mozilla's *intermediate* choices.
//!
//! rustls knows no others: TLS 1.2 with ECDHE and AEAD suites, TLS 1.3, X25519MLKEM768 first among the groups.

use std::sync::Arc;

use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::server::ResolvesServerCert;
use rustls::server::danger::ClientCertVerifier;
use rustls::version::{TLS12, TLS13};
use rustls::{ServerConfig, SupportedProtocolVersion};

/// Which versions a door speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Versions {
    /// TLS 1.2 and 1.3.
    From12,
    /// TLS 1.3 only.
    Only13,
}

static FROM_12: [&SupportedProtocolVersion; 2] = [&TLS13, &TLS12];
static ONLY_13: [&SupportedProtocolVersion; 1] = [&TLS13];

impl Versions {
    fn list(self) -> &'static [&'static SupportedProtocolVersion] {
        match self {
            Versions::From12 => &FROM_12,
            Versions::Only13 => &ONLY_13,
        }
    }
}

/// Makes aws-lc-rs the provider of every TLS user of the process; call it first of all.
pub fn install_provider() {
    // It fails only when a provider is installed already, and this is the only place that installs one.
    let _ = aws_lc_rs::default_provider().install_default();
}

pub(super) fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

/// A new configuration with new session tickets: sessions of an older one cannot be resumed under it.
pub(super) fn server(
    versions: Versions,
    certificate: Arc<dyn ResolvesServerCert>,
    clients: Option<Arc<dyn ClientCertVerifier>>,
) -> Result<ServerConfig, rustls::Error> {
    let builder = ServerConfig::builder_with_provider(provider()).with_protocol_versions(versions.list())?;
    let builder = match clients {
        Some(verifier) => builder.with_client_cert_verifier(verifier),
        None => builder.with_no_client_auth(),
    };
    let mut config = builder.with_cert_resolver(certificate);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    config.ticketer = aws_lc_rs::Ticketer::new()?;
    Ok(config)
}
