//! The bundle of a peer, and its trust in a relay (RELAY §2.1, §6.2).
//!
//! Relays of this family have certificates without any name, so peers check the chain, the dates and the signatures;
//! the name only where they are asked to.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_cert_signed_by_trust_anchor;
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};
use zeroize::Zeroizing;

use crate::pki::pem::{self, PemError};
use crate::tls::is_exposed;

/// Whether the relay's certificate must be for the name that is dialled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Names {
    /// It may have any name or none: the relay's authority signs for relays and peers only.
    Any,
    /// It must.
    Checked,
}

/// Where a peer's certificates lie.
#[derive(Clone, Debug)]
pub struct Bundle {
    /// Certificate, issuers and key in one PEM file; `None` for a peer that comes with a ticket.
    pub own: Option<PathBuf>,
    /// The relay's authority, PEM.
    pub authority: PathBuf,
    /// How the relay's certificate is looked at.
    pub names: Names,
}

/// Certificates that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BundleError {
    /// A file holds no certificate or no key.
    #[error("{} has no usable {what}: {source}", .path.display())]
    Pem {
        path: PathBuf,
        /// What is missing.
        what: &'static str,
        /// What the parser said.
        source: PemError,
    },
    /// A file cannot be read.
    #[error("{} has no usable {what}: {source}", .path.display())]
    Unread {
        path: PathBuf,
        /// What is missing.
        what: &'static str,
        /// What the system said.
        source: std::io::Error,
    },
    /// The authority's private key is published.
    #[error(
        "{} holds a test authority whose private key is public: anybody could answer as the relay. Have the relay \
         use an authority of its own",
        .path.display()
    )]
    Exposed { path: PathBuf },
    /// rustls refused them.
    #[error("{} cannot be used: {source}", .path.display())]
    Refused {
        path: PathBuf,
        /// What rustls said.
        source: Error,
    },
}

impl Bundle {
    /// Reads the files.
    pub fn read(&self) -> Result<Arc<ClientConfig>, BundleError> {
        let mut roots = RootCertStore::empty();
        for root in certificates(&self.authority)? {
            if is_exposed(&root) {
                let path = self.authority.clone();
                return Err(BundleError::Exposed { path });
            }
            roots.add(root).map_err(refused(&self.authority))?;
        }
        let builder = ClientConfig::builder();
        let builder = match self.names {
            Names::Checked => builder.with_root_certificates(roots),
            Names::Any => {
                let provider = builder.crypto_provider().clone();
                builder
                    .dangerous()
                    .with_custom_certificate_verifier(Arc::new(ByAuthority { roots, provider }))
            }
        };
        let mut config = match &self.own {
            None => builder.with_no_client_auth(),
            Some(own) => {
                let chain = certificates(own)?;
                // Bundles of the original's scripts have an EC PARAMETERS block before the key, which is passed over.
                let key = pem::private_key(&read(own, "key")?).map_err(no(own, "key"))?;
                builder.with_client_auth_cert(chain, key).map_err(refused(own))?
            }
        };
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

fn no(path: &Path, what: &'static str) -> impl Fn(PemError) -> BundleError {
    let path = path.to_owned();
    move |source| BundleError::Pem {
        path: path.clone(),
        what,
        source,
    }
}

fn read(path: &Path, what: &'static str) -> Result<Zeroizing<Vec<u8>>, BundleError> {
    let bytes = std::fs::read(path).map(Zeroizing::new);
    bytes.map_err(|source| BundleError::Unread {
        path: path.to_owned(),
        what,
        source,
    })
}

fn refused(path: &Path) -> impl Fn(Error) -> BundleError {
    let path = path.to_owned();
    move |source| BundleError::Refused {
        path: path.clone(),
        source,
    }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, BundleError> {
    pem::certificates(&read(path, "certificate")?).map_err(no(path, "certificate"))
}

/// Believes every certificate of the authority, whatever its name.
#[derive(Debug)]
struct ByAuthority {
    roots: RootCertStore,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for ByAuthority {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let certificate = ParsedCertificate::try_from(end_entity)?;
        let algorithms = self.provider.signature_verification_algorithms.all;
        verify_server_cert_signed_by_trust_anchor(&certificate, &self.roots, intermediates, now, algorithms)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(
            message,
            certificate,
            signed,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(
            message,
            certificate,
            signed,
            &self.provider.signature_verification_algorithms,
        )
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
