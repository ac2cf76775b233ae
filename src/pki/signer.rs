//! Who signed something of a data-sharing scheme, and whether they could then (PER §7.3). Pure.

use std::sync::Arc;
use std::time::Duration;

use aws_lc_rs::signature::{ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA256_ASN1, UnparsedPublicKey, VerificationAlgorithm};
use jiff::Timestamp;
use rustls::pki_types::{CertificateDer, UnixTime};
use serde::Serialize;
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, KeyUsage, anchor_from_trusted_cert};
use x509_parser::prelude::{FromDer, ParsedExtension, X509Certificate};

use super::{Application, ApplicationError, CertificateId};

/// Whose signature something bears.
#[derive(Clone, Debug, Serialize)]
pub struct Signer {
    /// The URL of the member.
    pub member: String,
    /// What the organisation is called.
    pub name: String,
    /// The application's URL.
    pub application: String,
    /// The URLs of its roles.
    pub roles: Vec<String>,
    /// An uncompressed point, and its curve.
    #[serde(skip)]
    key: (Arc<[u8]>, Curve),
}

#[derive(Clone, Copy, Debug)]
enum Curve {
    P256,
    P384,
}

/// A chain that nobody could have signed with.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SignerError {
    /// There is no certificate, or one cannot be read.
    #[error("certificate {0} of the chain cannot be read")]
    Unreadable(usize),
    /// No path to a root at that moment.
    #[error("no path to the signing root at that moment: {}", in_words(.0))]
    Path(webpki::Error),
    /// The leaf lacks what the scheme's leaves have.
    #[error("the signer's certificate has no {0}")]
    Lacks(&'static str),
    /// Who may use the leaf is said in a way that is not taken.
    #[error("the signer's certificate is marked critical for its purposes")]
    CriticalPurposes,
    /// The leaf's names are marked critical beside a subject (RFC 5280 §4.2.1.6).
    #[error("the signer's certificate is marked critical for its names")]
    CriticalNames,
    /// An authority that may not issue.
    #[error("certificate {0} of the chain is none of an authority that issues certificates")]
    NoAuthority(usize),
    /// The names of the application.
    #[error("{0}")]
    Application(#[from] ApplicationError),
    /// Another kind of key than P-256 and P-384.
    #[error("the signer's key is neither on P-256 nor on P-384")]
    Key,
}

impl SignerError {
    /// Whether it comes and goes with time.
    #[must_use]
    pub fn is_of_time(&self) -> bool {
        use webpki::Error::{CertExpired, CertNotValidYet};
        matches!(self, SignerError::Path(CertExpired { .. } | CertNotValidYet { .. }))
    }

    /// Whether none of the roots, and of the issuers that came along, issued it.
    #[must_use]
    pub fn is_of_another_root(&self) -> bool {
        // An authority that was made anew may have the name of before, and another key.
        use webpki::Error::{InvalidSignatureForPublicKey, UnknownIssuer};
        matches!(self, SignerError::Path(UnknownIssuer | InvalidSignatureForPublicKey))
    }
}

/// The object identifiers of the two curves (RFC 5480 §2.1.1.1).
const P256: &str = "1.2.840.10045.3.1.7";
const P384: &str = "1.3.132.0.34";

impl Signer {
    /// Whoever could sign with the first certificate of `chain` at `at`, by one of these roots.
    ///
    /// # Errors
    ///
    /// For the first rule that is broken.
    pub fn of(
        chain: &[CertificateDer<'_>],
        roots: &[CertificateDer<'_>],
        at: Timestamp,
    ) -> Result<Signer, SignerError> {
        let parsed = |place: usize| -> Result<X509Certificate<'_>, SignerError> {
            let der = chain.get(place).ok_or(SignerError::Unreadable(place + 1))?;
            X509Certificate::from_der(der)
                .map(|(_, certificate)| certificate)
                .map_err(|_| SignerError::Unreadable(place + 1))
        };
        let leaf = parsed(0)?;
        path(chain, roots, at).map_err(SignerError::Path)?;
        for place in 1..chain.len() {
            may_issue(&parsed(place)?)
                .then_some(())
                .ok_or(SignerError::NoAuthority(place + 1))?;
        }
        let has = |wanted: fn(&ParsedExtension<'_>) -> bool| {
            leaf.extensions()
                .iter()
                .any(|extension| wanted(extension.parsed_extension()))
        };
        if !has(|one| matches!(one, ParsedExtension::AuthorityKeyIdentifier(_))) {
            return Err(SignerError::Lacks("authority key identifier"));
        }
        if leaf
            .extended_key_usage()
            .ok()
            .flatten()
            .is_some_and(|usage| usage.critical)
        {
            return Err(SignerError::CriticalPurposes);
        }
        if leaf
            .subject_alternative_name()
            .ok()
            .flatten()
            .is_some_and(|names| names.critical)
        {
            return Err(SignerError::CriticalNames);
        }
        let application = Application::of(&chain[0])?;
        let name = leaf
            .subject()
            .iter_organization()
            .next()
            .and_then(|name| name.as_str().ok());
        Ok(Signer {
            member: application.member,
            name: name.ok_or(SignerError::Lacks("organisation"))?.to_owned(),
            application: application.url,
            roles: application.roles,
            key: key(&leaf).ok_or(SignerError::Key)?,
        })
    }

    /// Whether a signature (ECDSA with SHA-256, DER) of `message` is theirs.
    #[must_use]
    pub fn signed(&self, message: &[u8], signature: &[u8]) -> bool {
        let (point, curve) = &self.key;
        let algorithm: &'static dyn VerificationAlgorithm = match curve {
            Curve::P256 => &ECDSA_P256_SHA256_ASN1,
            Curve::P384 => &ECDSA_P384_SHA256_ASN1,
        };
        UnparsedPublicKey::new(algorithm, point.as_ref())
            .verify(message, signature)
            .is_ok()
    }
}

/// What tells a certificate apart, and when it is good.
#[derive(Clone, Debug)]
pub struct LeafFacts {
    /// The serial number in decimal digits, as records name it.
    pub serial: String,
    /// How lists of revoked ones name it.
    pub id: CertificateId,
    /// From when on it is good.
    pub not_before: Timestamp,
    /// Until when.
    pub not_after: Timestamp,
}

impl LeafFacts {
    /// Of a certificate; `None` when it cannot be read.
    #[must_use]
    pub fn of(certificate: &CertificateDer<'_>) -> Option<LeafFacts> {
        let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
        let validity = certificate.validity();
        Some(LeafFacts {
            serial: certificate.serial.to_string(),
            id: CertificateId::of(&certificate),
            not_before: Timestamp::from_second(validity.not_before.timestamp()).ok()?,
            not_after: Timestamp::from_second(validity.not_after.timestamp()).ok()?,
        })
    }
}

fn key(leaf: &X509Certificate<'_>) -> Option<(Arc<[u8]>, Curve)> {
    let public = leaf.public_key();
    let curve = public.algorithm.parameters.as_ref()?.as_oid().ok()?.to_id_string();
    let curve = match curve.as_str() {
        P256 => Curve::P256,
        P384 => Curve::P384,
        _ => return None,
    };
    Some((Arc::from(public.subject_public_key.data.as_ref()), curve))
}

fn path(chain: &[CertificateDer<'_>], roots: &[CertificateDer<'_>], at: Timestamp) -> Result<(), webpki::Error> {
    let leaf = EndEntityCert::try_from(&chain[0])?;
    let anchors: Vec<_> = roots.iter().map(anchor_from_trusted_cert).collect::<Result<_, _>>()?;
    let seconds = u64::try_from(at.as_second()).unwrap_or(0);
    let time = UnixTime::since_unix_epoch(Duration::from_secs(seconds));
    let usage = KeyUsage::client_auth();
    leaf.verify_for_usage(ALL_VERIFICATION_ALGS, &anchors, &chain[1..], time, usage, None, None)
        .map(drop)
}

/// Why there is no path, for people.
fn in_words(error: &webpki::Error) -> String {
    match error {
        webpki::Error::CertExpired { .. } => "a certificate of it was over then".to_owned(),
        webpki::Error::CertNotValidYet { .. } => "a certificate of it was not good yet".to_owned(),
        webpki::Error::RequiredEkuNotFoundContext(_) => "a certificate of it is not for clients".to_owned(),
        webpki::Error::UnknownIssuer | webpki::Error::InvalidSignatureForPublicKey => {
            "none of the authorities there issued it".to_owned()
        }
        other => other.to_string(),
    }
}

/// Whether an authority says, marked critical, that it is one, and that it signs certificates (RFC 5280 §4.2.1.3,
/// §4.2.1.9).
fn may_issue(certificate: &X509Certificate<'_>) -> bool {
    let is_authority = certificate
        .basic_constraints()
        .ok()
        .flatten()
        .is_some_and(|constraints| constraints.critical && constraints.value.ca);
    let signs = certificate.key_usage().ok().flatten();
    is_authority && signs.is_some_and(|usage| usage.value.key_cert_sign())
}
