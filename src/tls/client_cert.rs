//! The certificate a client showed in our own handshake, as routers may ask for it.

use std::fmt::Write;
use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{FromRequestParts, OptionalFromRequestParts};
use axum::http::StatusCode;
use axum::http::request::Parts;
use data_encoding::BASE64URL_NOPAD;
use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate, X509Name};

use crate::http::Problem;
use crate::pki::CertificateId;

/// A verified client certificate; clones share it.
///
/// As an extractor it refuses requests without one (401); as `Option<PeerCertificate>` it does not.
#[derive(Clone, Debug)]
pub struct PeerCertificate(Arc<Parsed>);

#[derive(Debug)]
struct Parsed {
    chain: Vec<CertificateDer<'static>>,
    ids: Vec<CertificateId>,
    thumbprint: [u8; 32],
    key_thumbprint: [u8; 32],
    subject: String,
    common_name: Option<String>,
    organization: Option<String>,
    units: Vec<String>,
    names: Vec<SubjectName>,
    not_after: Timestamp,
}

/// One of a certificate's subject alternative names (RFC 5280 §4.2.1.6).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SubjectName {
    /// A host name.
    Dns(String),
    /// An address of a resource; for Perseus the application URL.
    Uri(String),
    /// A mail address.
    Email(String),
    /// An address of a host.
    Ip(IpAddr),
}

impl std::fmt::Display for SubjectName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            SubjectName::Dns(name) => write!(f, "DNS:{name}"),
            SubjectName::Uri(uri) => write!(f, "URI:{uri}"),
            SubjectName::Email(address) => write!(f, "email:{address}"),
            SubjectName::Ip(address) => write!(f, "IP:{address}"),
        }
    }
}

/// A certificate of the chain could not be read (the handshake took it, so this is an oddity of its making).
#[derive(Debug, thiserror::Error)]
#[error("certificate {place} of the client's chain is not readable")]
pub struct UnreadableChainError {
    place: usize,
}

impl PeerCertificate {
    /// Reads `chain` as the handshake gives it: leaf first.
    pub(super) fn read(chain: &[CertificateDer<'_>]) -> Result<PeerCertificate, UnreadableChainError> {
        let unreadable = |place| UnreadableChainError { place };
        let parsed = |place: usize| {
            let der = chain.get(place).ok_or(unreadable(place))?;
            let (_, certificate) = X509Certificate::from_der(der).map_err(|_| unreadable(place))?;
            Ok(certificate)
        };
        let leaf = parsed(0)?;
        let ids = (0..chain.len())
            .map(|place| parsed(place).map(|certificate| CertificateId::of(&certificate)))
            .collect::<Result<_, _>>()?;
        let subject = leaf.subject();
        let not_after = leaf.validity().not_after.timestamp();
        Ok(PeerCertificate(Arc::new(Parsed {
            ids,
            thumbprint: crate::pki::sha256(&chain[0]),
            key_thumbprint: crate::pki::sha256(leaf.public_key().raw),
            subject: subject.to_string(),
            common_name: texts(subject.iter_common_name()).next(),
            organization: texts(subject.iter_organization()).next(),
            units: texts(subject.iter_organizational_unit()).collect(),
            names: names(&leaf),
            not_after: Timestamp::from_second(not_after).unwrap_or(Timestamp::MAX),
            chain: chain.iter().map(|der| der.clone().into_owned()).collect(),
        })))
    }

    /// The certificate itself, DER.
    #[must_use]
    pub fn leaf(&self) -> &CertificateDer<'static> {
        &self.0.chain[0]
    }

    /// The certificate and the issuers that the client sent along, DER.
    #[must_use]
    pub fn chain(&self) -> &[CertificateDer<'static>] {
        &self.0.chain
    }

    /// Issuer and serial number of each certificate of the chain.
    pub(super) fn ids(&self) -> &[CertificateId] {
        &self.0.ids
    }

    /// Issuer and serial number, as CRLs name certificates.
    #[must_use]
    pub fn id(&self) -> &CertificateId {
        &self.0.ids[0]
    }

    /// SHA-256 of the DER.
    #[must_use]
    pub fn thumbprint(&self) -> [u8; 32] {
        self.0.thumbprint
    }

    /// The thumbprint as tokens carry it: `x5t#S256` (RFC 8705 §3.1).
    #[must_use]
    pub fn x5t_s256(&self) -> String {
        BASE64URL_NOPAD.encode(&self.0.thumbprint)
    }

    /// SHA-256 of the public key (SubjectPublicKeyInfo, DER): stays when a certificate is renewed with its key.
    #[must_use]
    pub fn key_thumbprint(&self) -> [u8; 32] {
        self.0.key_thumbprint
    }

    /// The serial number, lower-case hex without leading zero bytes.
    #[must_use]
    pub fn serial(&self) -> String {
        self.id().serial_hex()
    }

    /// The subject in one line, for people.
    #[must_use]
    pub fn subject(&self) -> &str {
        &self.0.subject
    }

    /// The subject's common name.
    #[must_use]
    pub fn common_name(&self) -> Option<&str> {
        self.0.common_name.as_deref()
    }

    /// The subject's organisation.
    #[must_use]
    pub fn organization(&self) -> Option<&str> {
        self.0.organization.as_deref()
    }

    /// The subject's organisational units, in order (EMOP §11: the role).
    #[must_use]
    pub fn organizational_units(&self) -> &[String] {
        &self.0.units
    }

    /// The subject alternative names, in order.
    #[must_use]
    pub fn names(&self) -> &[SubjectName] {
        &self.0.names
    }

    /// When it ends.
    #[must_use]
    pub fn not_after(&self) -> Timestamp {
        self.0.not_after
    }
}

fn texts<'a>(
    values: impl Iterator<Item = &'a x509_parser::x509::AttributeTypeAndValue<'a>>,
) -> impl Iterator<Item = String> {
    values.filter_map(|value| value.as_str().ok().map(str::to_owned))
}

fn names(leaf: &X509Certificate<'_>) -> Vec<SubjectName> {
    let Ok(Some(extension)) = leaf.subject_alternative_name() else {
        return Vec::new();
    };
    let name = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(text) => Some(SubjectName::Dns((*text).to_owned())),
        GeneralName::URI(text) => Some(SubjectName::Uri((*text).to_owned())),
        GeneralName::RFC822Name(text) => Some(SubjectName::Email((*text).to_owned())),
        GeneralName::IPAddress(bytes) => ip(bytes).map(SubjectName::Ip),
        _ => None,
    };
    extension.value.general_names.iter().filter_map(name).collect()
}

/// The host names and addresses among `names`, as text.
pub(super) fn host_names(names: &[GeneralName<'_>]) -> Vec<String> {
    let name = |name: &GeneralName<'_>| match name {
        GeneralName::DNSName(text) => Some((*text).to_owned()),
        GeneralName::IPAddress(bytes) => ip(bytes).map(|ip| ip.to_string()),
        _ => None,
    };
    names.iter().filter_map(name).collect()
}

fn ip(bytes: &[u8]) -> Option<IpAddr> {
    <[u8; 4]>::try_from(bytes)
        .map(IpAddr::from)
        .or_else(|_| <[u8; 16]>::try_from(bytes).map(IpAddr::from))
        .ok()
}

/// `name` in one line, common name first.
pub(super) fn one_line(name: &X509Name<'_>) -> String {
    let mut line = String::new();
    for text in texts(name.iter_common_name()).chain(texts(name.iter_organization())) {
        let separator = if line.is_empty() { "" } else { ", " };
        let _ = write!(line, "{separator}{text}"); // a String takes all that is written
    }
    if line.is_empty() { name.to_string() } else { line }
}

impl<S: Sync> FromRequestParts<S> for PeerCertificate {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<PeerCertificate, Problem> {
        parts.extensions.get().cloned().ok_or_else(|| {
            let title = "A client certificate is needed";
            Problem::new(StatusCode::UNAUTHORIZED, "client-certificate-required", title)
        })
    }
}

impl<S: Sync> OptionalFromRequestParts<S> for PeerCertificate {
    type Rejection = std::convert::Infallible;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Option<PeerCertificate>, Self::Rejection> {
        Ok(parts.extensions.get().cloned())
    }
}
