//! TLS for calls out: which authorities and pins a peer is believed by, and what the box shows of itself.
//!
//! Peers are brokers and platforms of others (UPLINK §1.1): TLS 1.2 and 1.3, host names always
//! checked, pins beside authorities and never in their place. There is no switch that turns checking off.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;
use std::sync::Arc;

use data_encoding::{BASE64, HEXLOWER_PERMISSIVE};
use jiff::Timestamp;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::{ServerCertVerified, ServerCertVerifier};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::sign::SingleCertAndKey;
use rustls::{CertificateError as Fault, ClientConfig, Error, RootCertStore};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::config::provider;
use super::files::{self, FileError};
use super::forward::signatures_by;
use super::pair::{CertificateError, Pair};
use crate::domain::text_form;
use crate::pki::pem::{self, PemError};
use crate::pki::sha256;

/// The SHA-256 of a public key (SubjectPublicKeyInfo), written as hex or as `sha256/` and base64.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pin([u8; 32]);

/// The text is no pin.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no pin: the SHA-256 of a public key, 64 hex digits or sha256/ and base64")]
pub struct PinError(String);

impl Pin {
    pub(super) const fn from_bytes(hash: [u8; 32]) -> Pin {
        Pin(hash)
    }

    /// The pin of a certificate's public key; `None` when it is no certificate.
    #[must_use]
    pub fn of(certificate: &CertificateDer<'_>) -> Option<Pin> {
        let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
        Some(Pin(sha256(certificate.public_key().raw)))
    }
}

impl FromStr for Pin {
    type Err = PinError;

    fn from_str(text: &str) -> Result<Pin, PinError> {
        let bytes = match text.strip_prefix("sha256/") {
            Some(rest) => BASE64.decode(rest.as_bytes()),
            None => HEXLOWER_PERMISSIVE.decode(text.as_bytes()),
        };
        let bytes = bytes.ok().and_then(|bytes| bytes.try_into().ok());
        bytes.map(Pin).ok_or_else(|| PinError(text.to_owned()))
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sha256/{}", BASE64.encode(&self.0))
    }
}

text_form!(Pin);

/// What a call out is made with; the files are read anew for each.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outbound {
    /// Authorities, PEM; they replace the system's.
    pub ca_file: Option<PathBuf>,
    /// One of these keys must be in the peer's chain; empty: any.
    pub pins: Vec<Pin>,
    /// Chain and key that the box shows.
    pub identity: Option<(PathBuf, PathBuf)>,
}

/// TLS that is ready for a call.
#[derive(Clone, Debug)]
pub struct OutboundTls {
    /// For the connector.
    pub config: Arc<ClientConfig>,
    /// What the box shows, when it shows a certificate.
    pub identity: Option<Identity>,
}

/// What the box's own certificate says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// The common name of the leaf.
    pub common_name: Option<String>,
    /// When the leaf begins to be good.
    pub not_before: Timestamp,
    /// When it ends.
    pub not_after: Timestamp,
    /// Which certificate of the file does not issue the one before it, counted from 1.
    pub out_of_order: Option<usize>,
}

/// A call out cannot be prepared.
#[derive(Debug, thiserror::Error)]
pub enum OutboundError {
    /// A file cannot be read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file is no PEM of certificates.
    #[error("{} holds no certificate: {source}", .path.display())]
    Pem { path: PathBuf, source: PemError },
    /// A file of authorities holds none.
    #[error("{} holds no certificate of an authority", .0.display())]
    NoAuthority(PathBuf),
    /// The system has no authorities.
    #[error("this system has no authorities installed; name a file of them, or install ca-certificates")]
    NoSystemAuthorities,
    /// The box's own certificate cannot be shown.
    #[error(transparent)]
    Identity(#[from] CertificateError),
    /// rustls does not take the settings.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] Error),
    /// rustls does not take the authorities.
    #[error("the authorities cannot be used: {0}")]
    Verifier(#[from] rustls::client::VerifierBuilderError),
}

impl Outbound {
    /// Reads the files and makes TLS of them.
    pub fn load(&self) -> Result<OutboundTls, OutboundError> {
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(self.roots()?), provider()).build()?;
        let builder = ClientConfig::builder_with_provider(provider()).with_safe_default_protocol_versions()?;
        // Not dangerous: webpki checks first, and the pins can only refuse more.
        let builder = builder.dangerous().with_custom_certificate_verifier(Arc::new(Pinned {
            chain: verifier,
            pins: self.pins.clone(),
        }));
        let Some((chain, key)) = &self.identity else {
            let config = Arc::new(builder.with_no_client_auth());
            return Ok(OutboundTls { config, identity: None });
        };
        let places = [chain.display().to_string(), key.display().to_string()];
        let secret = zeroize::Zeroizing::new(files::read(key)?);
        let pair = Pair::parse(&files::read(chain)?, &secret, places, "files")?;
        let identity = Some(Identity {
            common_name: pair.key.cert.first().and_then(common_name),
            not_before: pair.not_before,
            not_after: pair.served.not_after,
            out_of_order: out_of_order(&pair.key.cert),
        });
        let config = builder.with_client_cert_resolver(Arc::new(SingleCertAndKey::from(pair.key)));
        Ok(OutboundTls {
            config: Arc::new(config),
            identity,
        })
    }

    fn roots(&self) -> Result<RootCertStore, OutboundError> {
        let mut roots = RootCertStore::empty();
        match &self.ca_file {
            Some(file) => {
                let found = pem::certificates(&files::read(file)?).map_err(|source| OutboundError::Pem {
                    path: file.clone(),
                    source,
                })?;
                roots.add_parsable_certificates(found);
                if roots.is_empty() {
                    return Err(OutboundError::NoAuthority(file.clone()));
                }
            }
            None => {
                roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
                if roots.is_empty() {
                    return Err(OutboundError::NoSystemAuthorities);
                }
            }
        }
        Ok(roots)
    }
}

fn common_name(leaf: &CertificateDer<'static>) -> Option<String> {
    let (_, leaf) = X509Certificate::from_der(leaf).ok()?;
    let name = leaf.subject().iter_common_name().next()?;
    name.as_str().ok().map(str::to_owned)
}

fn out_of_order(chain: &[CertificateDer<'static>]) -> Option<usize> {
    let issues = |issued: &CertificateDer<'_>, issuer: &CertificateDer<'_>| {
        let (Ok((_, issued)), Ok((_, issuer))) = (X509Certificate::from_der(issued), X509Certificate::from_der(issuer))
        else {
            return false;
        };
        issued.issuer().as_raw() == issuer.subject().as_raw()
    };
    let wrong = chain.windows(2).position(|pair| !issues(&pair[0], &pair[1]));
    wrong.map(|place| place + 2)
}

/// webpki's verification, then our pins.
#[derive(Debug)]
struct Pinned {
    chain: Arc<WebPkiServerVerifier>,
    pins: Vec<Pin>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        leaf: &CertificateDer<'_>,
        issuers: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self.chain.verify_server_cert(leaf, issuers, name, ocsp, now)?;
        let pinned = || {
            std::iter::once(leaf)
                .chain(issuers)
                .filter_map(Pin::of)
                .any(|pin| self.pins.contains(&pin))
        };
        if self.pins.is_empty() || pinned() {
            Ok(verified)
        } else {
            Err(Error::InvalidCertificate(Fault::ApplicationVerificationFailure))
        }
    }

    signatures_by!(chain);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pins_are_read_in_both_forms_and_written_in_one() {
        let hex = "0f".repeat(32);
        let pin: Pin = hex.parse().unwrap();
        let text = pin.to_string();
        assert!(text.starts_with("sha256/"), "{text}");
        assert_eq!(text.parse::<Pin>().unwrap(), pin);
        for wrong in ["", "0f", "sha256/", "sha256/AAAA", &"zz".repeat(32)] {
            assert_eq!(wrong.parse::<Pin>(), Err(PinError(wrong.to_owned())));
        }
    }
}
