//! What a certificate file holds, and whether our own authorities stand behind it.

use std::path::Path;

use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use jiff::Timestamp;
use rustls::pki_types::{CertificateDer, UnixTime};
use serde::Serialize;
use webpki::{ALL_VERIFICATION_ALGS, EndEntityCert, KeyUsage, anchor_from_trusted_cert};
use x509_parser::prelude::{FromDer, GeneralName, X509Certificate};

use super::{Application, CertificateId, Hierarchy, pem, sha256};
use crate::files::{self, FileError};

/// A certificate in words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Description {
    pub subject: String,
    /// Who issued it.
    pub issuer: String,
    /// The serial number, lower-case hex.
    pub serial: String,
    /// The serial number, decimal, as provenance records write it.
    pub serial_decimal: String,
    /// From when it is good.
    pub not_before: Timestamp,
    /// Until when it is.
    pub not_after: Timestamp,
    /// Subject alternative names, each with its kind: `DNS:`, `IP:`, `URI:`, `email:`.
    pub names: Vec<String>,
    /// The application of a data-sharing scheme that it is of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub application: Option<Application>,
    /// Extended key usages: `serverAuth`, `clientAuth`, or an OID.
    pub purposes: Vec<String>,
    /// Whether it may sign certificates.
    pub is_authority: bool,
    /// SHA-256, lower-case hex.
    pub thumbprint: String,
    /// SHA-256 as tokens carry it: `x5t#S256`.
    #[serde(rename = "x5t#S256")]
    pub x5t_s256: String,
}

/// A file is not certificates.
#[derive(Debug, thiserror::Error)]
pub enum InspectError {
    /// It cannot be read.
    #[error(transparent)]
    Folder(#[from] FileError),
    /// It holds no certificate.
    #[error("{path} holds no certificate in PEM")]
    NoCertificate { path: String },
    /// A certificate in it is not readable.
    #[error("certificate {place} in {path} is not readable")]
    Unreadable {
        path: String,
        /// Counted from 1.
        place: usize,
    },
}

/// The certificates of a PEM file in its order, DER. Keys and other blocks are passed over.
pub fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, InspectError> {
    let text = files::read(path)?;
    pem::certificates(text.as_bytes()).map_err(|_| InspectError::NoCertificate {
        path: path.display().to_string(),
    })
}

/// What each certificate of a PEM file says.
pub fn show(path: &Path) -> Result<Vec<Description>, InspectError> {
    (1..)
        .zip(certificates(path)?)
        .map(|(place, der)| {
            describe(&der).ok_or_else(|| InspectError::Unreadable {
                path: path.display().to_string(),
                place,
            })
        })
        .collect()
}

/// What a certificate is in a hierarchy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rank {
    /// An authority under its own name.
    Root,
    /// An authority under another's.
    Between,
    /// No authority.
    Leaf,
}

/// What a certificate is; `None` when it is not readable.
#[must_use]
pub fn rank(der: &CertificateDer<'_>) -> Option<Rank> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let is_own = certificate.subject().as_raw() == certificate.issuer().as_raw();
    Some(match (certificate.is_ca(), is_own) {
        (true, true) => Rank::Root,
        (true, false) => Rank::Between,
        (false, _) => Rank::Leaf,
    })
}

fn describe(der: &CertificateDer<'_>) -> Option<Description> {
    let (_, certificate) = X509Certificate::from_der(der).ok()?;
    let at = |secs| Timestamp::from_second(secs).ok();
    let names = match certificate.subject_alternative_name() {
        Ok(Some(names)) => names.value.general_names.iter().map(name).collect(),
        _ => Vec::new(),
    };
    let thumbprint = sha256(der);
    Some(Description {
        subject: certificate.subject().to_string(),
        issuer: certificate.issuer().to_string(),
        serial: CertificateId::of(&certificate).serial_hex(),
        serial_decimal: certificate.serial.to_string(),
        not_before: at(certificate.validity().not_before.timestamp())?,
        not_after: at(certificate.validity().not_after.timestamp())?,
        names,
        application: Application::of(der).ok(),
        purposes: purposes(&certificate),
        is_authority: certificate.is_ca(),
        thumbprint: HEXLOWER.encode(&thumbprint),
        x5t_s256: BASE64URL_NOPAD.encode(&thumbprint),
    })
}

fn name(name: &GeneralName<'_>) -> String {
    match name {
        GeneralName::DNSName(text) => format!("DNS:{text}"),
        GeneralName::URI(text) => format!("URI:{text}"),
        GeneralName::RFC822Name(text) => format!("email:{text}"),
        GeneralName::IPAddress(bytes) => {
            let v4 = <[u8; 4]>::try_from(*bytes).map(std::net::IpAddr::from);
            let ip = v4.or_else(|_| <[u8; 16]>::try_from(*bytes).map(std::net::IpAddr::from));
            ip.map_or_else(|_| format!("IP:{}", HEXLOWER.encode(bytes)), |ip| format!("IP:{ip}"))
        }
        other => other.to_string(),
    }
}

fn purposes(certificate: &X509Certificate<'_>) -> Vec<String> {
    let Ok(Some(usage)) = certificate.extended_key_usage() else {
        return Vec::new();
    };
    let known = [
        (usage.value.any, "any"),
        (usage.value.server_auth, "serverAuth"),
        (usage.value.client_auth, "clientAuth"),
        (usage.value.code_signing, "codeSigning"),
        (usage.value.email_protection, "emailProtection"),
        (usage.value.time_stamping, "timeStamping"),
        (usage.value.ocsp_signing, "OCSPSigning"),
    ];
    let known = known.into_iter().filter(|(is, _)| *is).map(|(_, word)| word.to_owned());
    known.chain(usage.value.other.iter().map(ToString::to_string)).collect()
}

/// Whether our own authorities stand behind a certificate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Verdict {
    /// The hierarchy it belongs to, as far as a path to a root was found.
    pub hierarchy: Option<Hierarchy>,
    /// Its serial number, lower-case hex.
    pub serial: String,
    /// Whether it is good now.
    pub good: bool,
    /// Why not, when it is not.
    pub reason: Option<String>,
}

/// A path from `chain` (leaf first) to `root`, through what the file holds or our own `issuer`, at `now`.
pub(super) fn path(
    chain: &[CertificateDer<'_>],
    root: &CertificateDer<'_>,
    issuer: &CertificateDer<'_>,
    now: Timestamp,
) -> Result<(), webpki::Error> {
    let leaf = EndEntityCert::try_from(&chain[0])?;
    let mut between: Vec<CertificateDer<'_>> = chain[1..].to_vec();
    between.push(issuer.clone());
    let anchors = [anchor_from_trusted_cert(root)?];
    let secs = u64::try_from(now.as_second()).unwrap_or(0);
    let time = UnixTime::since_unix_epoch(std::time::Duration::from_secs(secs));
    let path = |usage: KeyUsage| {
        let algorithms = ALL_VERIFICATION_ALGS;
        leaf.verify_for_usage(algorithms, &anchors, &between, time, usage, None, None)
            .map(|_| ())
    };
    // What it is for is no question here: either use will do.
    match path(KeyUsage::client_auth()) {
        Err(webpki::Error::RequiredEkuNotFoundContext(_)) => path(KeyUsage::server_auth()),
        result => result,
    }
}
