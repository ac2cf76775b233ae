//! A certificate chain and its key out of PEM texts, and what people may know of them.

use std::path::Path;

use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use rustls::sign::CertifiedKey;
use serde::Serialize;
use x509_parser::prelude::{FromDer, X509Certificate};
use zeroize::Zeroizing;

use super::client_cert::{host_names, one_line};
use super::config::provider;
use super::files::{self, FileError};
use crate::pki::pem::{self, PemError};
use crate::pki::{CertificateId, Hierarchy, PkiError};

/// What is shown at a door now, for `status --json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Served {
    /// The names it is good for.
    pub names: Vec<String>,
    /// Who issued it.
    pub issuer: String,
    /// `acme`, `files` or `self-signed`.
    pub source: &'static str,
    /// When it ends.
    pub not_after: Timestamp,
    /// When the next attempt to replace it is made, if one is due at a known time.
    pub next_try: Option<Timestamp>,
    /// Why what should be shown is not, when it is not.
    pub last_error: Option<String>,
    /// Whether it is late to replace it: people should look.
    pub alarm: bool,
}

/// A certificate cannot be shown.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file is not there or not ours to read.
    #[error(transparent)]
    File(#[from] FileError),
    /// The certificate file holds no certificates.
    #[error("{what} holds no certificate: {source}")]
    Chain {
        /// Which file or authority.
        what: String,
        /// What the parser said.
        source: PemError,
    },
    /// The key file holds no private key.
    #[error("{what} holds no private key: {source}")]
    Key {
        /// Which file or authority.
        what: String,
        /// What the parser said.
        source: PemError,
    },
    /// The key is another certificate's.
    #[error("the key in {key} does not belong to the certificate in {chain}")]
    Mismatch {
        /// Where the certificate is.
        chain: String,
        /// Where the key is.
        key: String,
    },
    /// Certificate and key are of a kind we do not speak.
    #[error("{what} does not work: {source}")]
    Pair {
        /// Which file or authority.
        what: String,
        /// What rustls said.
        source: rustls::Error,
    },
    /// The certificate is not readable.
    #[error("the certificate in {what} is not readable")]
    Unreadable {
        /// Which file or authority.
        what: String,
    },
    /// What ACME left in the store cannot be used.
    #[error(transparent)]
    Acme(Box<dyn std::error::Error + Send + Sync>),
    /// The own authorities could not issue one.
    #[error("the {hierarchy} hierarchy gives no certificate: {source}")]
    Issue { hierarchy: Hierarchy, source: PkiError },
}

impl CertificateError {
    /// Whether it is the key that is wrong.
    #[must_use]
    pub fn is_of_key(&self) -> bool {
        matches!(self, CertificateError::Key { .. } | CertificateError::Mismatch { .. })
    }
}

/// Reads a certificate file and its key as a door will, and pairs them.
///
/// # Errors
/// When one of them cannot be used, or they are no pair.
pub fn check_pair(certificate: &Path, key: &Path) -> Result<(), CertificateError> {
    let places = [certificate, key].map(|path| path.display().to_string());
    let secret = Zeroizing::new(files::read(key)?);
    Pair::parse(&files::read(certificate)?, &secret, places, "files").map(drop)
}

/// A pair that fits, with what the status says of it.
pub(super) struct Pair {
    pub(super) key: CertifiedKey,
    pub(super) served: Served,
    pub(super) not_before: Timestamp,
    pub(super) id: CertificateId,
}

impl Pair {
    /// The pair that two PEM texts hold; `places` name them in errors.
    pub(super) fn parse(
        chain: &[u8],
        secret: &[u8],
        [chain_place, key_place]: [String; 2],
        source: &'static str,
    ) -> Result<Pair, CertificateError> {
        let certificates = pem::certificates(chain).map_err(|source| CertificateError::Chain {
            what: chain_place.clone(),
            source,
        })?;
        let Some(leaf) = certificates.first().cloned() else {
            return Err(CertificateError::Unreadable { what: chain_place });
        };
        let key = pem::private_key(secret).map_err(|source| CertificateError::Key {
            what: key_place.clone(),
            source,
        })?;
        let key = CertifiedKey::from_der(certificates, key, &provider()).map_err(|source| match source {
            rustls::Error::InconsistentKeys(_) => CertificateError::Mismatch {
                chain: chain_place.clone(),
                key: key_place,
            },
            source => CertificateError::Pair {
                what: format!("{chain_place} with {key_place}"),
                source,
            },
        })?;
        Pair::describe(key, &leaf, source).ok_or(CertificateError::Unreadable { what: chain_place })
    }

    fn describe(key: CertifiedKey, leaf: &CertificateDer<'_>, source: &'static str) -> Option<Pair> {
        let (_, leaf) = X509Certificate::from_der(leaf).ok()?;
        let names = match leaf.subject_alternative_name() {
            Ok(Some(extension)) => host_names(&extension.value.general_names),
            _ => Vec::new(),
        };
        let at = |secs| Timestamp::from_second(secs).ok();
        Some(Pair {
            key,
            id: CertificateId::of(&leaf),
            not_before: at(leaf.validity().not_before.timestamp())?,
            served: Served {
                names,
                issuer: one_line(leaf.issuer()),
                source,
                not_after: at(leaf.validity().not_after.timestamp())?,
                next_try: None,
                last_error: None,
                alarm: false,
            },
        })
    }
}
