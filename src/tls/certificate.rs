//! What a door shows for itself, where it comes from, and how it stays fresh.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use jiff::Timestamp;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use serde::Serialize;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};
use x509_parser::prelude::{FromDer, X509Certificate};

use super::client_cert::one_line;
use super::config::provider;
use super::files::{self, FileError, FileWatch};

/// How often files are looked at.
const LOOK: Duration = Duration::from_secs(1);

/// A certificate and its key for one or more doors; clones share it.
#[derive(Clone)]
pub struct Certificate {
    shared: Arc<Shared>,
}

struct Shared {
    source: Source,
    current: ArcSwap<CertifiedKey>,
    served: watch::Sender<Served>,
    keeper: tokio::sync::Mutex<()>,
}

enum Source {
    Files { certificate: PathBuf, key: PathBuf },
}

/// What is shown at a door now, for `status --json`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Served {
    /// The names it is good for.
    pub names: Vec<String>,
    /// Who issued it.
    pub issuer: String,
    /// `files` or `self-signed`.
    pub source: &'static str,
    /// When it ends.
    pub not_after: Timestamp,
    /// When the next attempt to replace it is made, if one is due at a known time.
    pub next_try: Option<Timestamp>,
    /// Why what should be shown is not, when it is not.
    pub last_error: Option<String>,
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
        source: rustls::pki_types::pem::Error,
    },
    /// The key file holds no private key.
    #[error("{what} holds no private key: {source}")]
    Key {
        /// Which file or authority.
        what: String,
        /// What the parser said.
        source: rustls::pki_types::pem::Error,
    },
    /// Certificate and key are not a pair, or of a kind we do not speak.
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
}

impl Certificate {
    /// From a PEM file with the chain, leaf first, and one with the key. When both change on disk and fit each
    /// other, new connections get the new pair; until then the old one stays.
    pub fn files(certificate: PathBuf, key: PathBuf) -> Result<Certificate, CertificateError> {
        let source = Source::Files { certificate, key };
        let (pair, served) = source.read()?;
        Ok(Certificate::new(source, pair, served))
    }

    fn new(source: Source, pair: CertifiedKey, served: Served) -> Certificate {
        Certificate {
            shared: Arc::new(Shared {
                source,
                current: ArcSwap::from_pointee(pair),
                served: watch::Sender::new(served),
                keeper: tokio::sync::Mutex::new(()),
            }),
        }
    }

    /// What is shown now.
    #[must_use]
    pub fn served(&self) -> watch::Receiver<Served> {
        self.shared.served.subscribe()
    }

    pub(super) fn resolver(&self) -> Arc<dyn ResolvesServerCert> {
        Arc::new(Resolver(self.shared.clone()))
    }

    /// Follows the source for ever. Of several callers (doors that share it) one works, the others stand by.
    pub(super) async fn follow(&self) {
        let _keeper = self.shared.keeper.lock().await;
        match &self.shared.source {
            Source::Files { certificate, key } => self.follow_files([certificate, key]).await,
        }
    }

    async fn follow_files(&self, paths: [&PathBuf; 2]) {
        let mut watch = FileWatch::new(paths.map(Clone::clone).to_vec());
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            look.tick().await;
            if watch.changed() {
                self.renew(self.shared.source.read());
            }
        }
    }

    fn renew(&self, read: Result<(CertifiedKey, Served), CertificateError>) {
        match read {
            Ok((pair, served)) => {
                if pair.cert != self.shared.current.load().cert {
                    tracing::info!(names = ?served.names, not_after = %served.not_after, "a new certificate is shown");
                    self.shared.current.store(Arc::new(pair));
                }
                self.shared.served.send_if_modified(|old| {
                    let news = *old != served;
                    *old = served;
                    news
                });
            }
            Err(error) => self.report(&error),
        }
    }

    fn report(&self, error: &CertificateError) {
        let text = error.to_string();
        let news = self.shared.served.send_if_modified(|served| {
            let news = served.last_error.as_ref() != Some(&text);
            served.last_error = Some(text.clone());
            news
        });
        if news {
            tracing::warn!(error = %text, "the certificate was not replaced; the old one stays in force");
        }
    }
}

impl Source {
    fn read(&self) -> Result<(CertifiedKey, Served), CertificateError> {
        match self {
            Source::Files { certificate, key } => {
                let chain = files::read(certificate)?;
                let secret = files::read(key)?;
                let paths = [certificate, key].map(|path| path.display().to_string());
                pair(&chain, &secret, paths, "files")
            }
        }
    }
}

/// The pair that two PEM texts hold; `places` name them in errors.
fn pair(
    chain: &[u8],
    secret: &[u8],
    [chain_place, key_place]: [String; 2],
    source: &'static str,
) -> Result<(CertifiedKey, Served), CertificateError> {
    let mut certificates = Vec::new();
    for certificate in CertificateDer::pem_slice_iter(chain) {
        certificates.push(certificate.map_err(|source| CertificateError::Chain {
            what: chain_place.clone(),
            source,
        })?);
    }
    let Some(leaf) = certificates.first().cloned() else {
        return Err(CertificateError::Chain {
            what: chain_place,
            source: rustls::pki_types::pem::Error::NoItemsFound,
        });
    };
    let key = PrivateKeyDer::from_pem_slice(secret).map_err(|source| CertificateError::Key {
        what: key_place.clone(),
        source,
    })?;
    let served = served(&leaf, source).ok_or(CertificateError::Unreadable {
        what: chain_place.clone(),
    })?;
    let pair = CertifiedKey::from_der(certificates, key, &provider()).map_err(|source| CertificateError::Pair {
        what: format!("{chain_place} with {key_place}"),
        source,
    })?;
    Ok((pair, served))
}

fn served(leaf: &CertificateDer<'_>, source: &'static str) -> Option<Served> {
    let (_, leaf) = X509Certificate::from_der(leaf).ok()?;
    let names = match leaf.subject_alternative_name() {
        Ok(Some(extension)) => super::client_cert::host_names(&extension.value.general_names),
        _ => Vec::new(),
    };
    Some(Served {
        names,
        issuer: one_line(leaf.issuer()),
        source,
        not_after: Timestamp::from_second(leaf.validity().not_after.timestamp()).ok()?,
        next_try: None,
        last_error: None,
    })
}

/// Gives rustls the pair of the moment. SNI picks nothing here: one door, one certificate.
struct Resolver(Arc<Shared>);

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Resolver")
    }
}

impl ResolvesServerCert for Resolver {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.current.load_full())
    }
}
