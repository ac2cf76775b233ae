//! What a door shows for itself, where it comes from, and how it stays fresh.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use arc_swap::ArcSwap;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval, sleep};
use zeroize::Zeroizing;

use super::acme::{Acme, Standing};
use super::files::{self, FileWatch};
use super::own::Own;
use super::pair::{CertificateError, Pair, Served};
use crate::pki::{Hierarchy, Pki};

/// How often files are looked at.
const LOOK: Duration = Duration::from_secs(1);

/// A certificate and its key for one or more doors; clones share it.
#[derive(Clone)]
pub struct Certificate {
    shared: Arc<KeptCertificate>,
}

struct KeptCertificate {
    source: Source,
    current: ArcSwap<CertifiedKey>,
    served: watch::Sender<Served>,
    keeper: tokio::sync::Mutex<()>,
}

enum Source {
    Files { certificate: PathBuf, key: PathBuf },
    Own(Own),
    Acme { acme: Acme, meanwhile: Own },
}

impl Certificate {
    /// From a PEM file with the chain, leaf first, and one with the key. When both change on disk and fit each
    /// other, new connections get the new pair; until then the old one stays.
    pub fn files(certificate: PathBuf, key: PathBuf) -> Result<Certificate, CertificateError> {
        let pair = read(&certificate, &key)?;
        Ok(Certificate::new(Source::Files { certificate, key }, pair))
    }

    /// From the own PKI, for `hosts` (host names and addresses) and this machine's own names. What was issued for
    /// `door` before is used again while it is good; it is replaced when a third of its life is left.
    pub async fn own(
        pki: &Pki,
        hierarchy: Hierarchy,
        door: &str,
        hosts: Vec<String>,
    ) -> Result<Certificate, CertificateError> {
        let own = Own::new(pki.clone(), hierarchy, door, hosts);
        let pair = own.fetch(pki.now()).await?;
        Ok(Certificate::new(Source::Own(own), pair))
    }

    /// By ACME. Until that has brought a certificate, or when the last one ended, what [`Certificate::own`] would
    /// show for `hosts` is shown, and [`Served::last_error`] says so.
    pub async fn acme(acme: Acme, pki: &Pki, door: &str, hosts: Vec<String>) -> Result<Certificate, CertificateError> {
        let meanwhile = Own::new(pki.clone(), Hierarchy::Server, door, hosts);
        let (pair, _) = best(&acme, &meanwhile).await?;
        Ok(Certificate::new(Source::Acme { acme, meanwhile }, pair))
    }

    fn new(source: Source, pair: Pair) -> Certificate {
        Certificate {
            shared: Arc::new(KeptCertificate {
                source,
                current: ArcSwap::from_pointee(pair.key),
                served: watch::Sender::new(pair.served),
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
            Source::Files { certificate, key } => self.follow_files(certificate, key).await,
            Source::Own(own) => self.follow_own(own).await,
            Source::Acme { acme, meanwhile } => self.follow_acme(acme, meanwhile).await,
        }
    }

    async fn follow_files(&self, certificate: &Path, key: &Path) {
        let mut watch = FileWatch::new([certificate, key].map(Path::to_owned).to_vec());
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            look.tick().await;
            if watch.changed() {
                self.renew(read(certificate, key));
            }
        }
    }

    async fn follow_own(&self, own: &Own) {
        loop {
            own.due().await;
            self.renew(own.fetch(own.now()).await);
        }
    }

    async fn follow_acme(&self, acme: &Acme, meanwhile: &Own) {
        loop {
            match best(acme, meanwhile).await {
                Ok((pair, standing)) => {
                    self.renew(Ok(pair));
                    acme.work(&standing).await;
                }
                Err(error) => {
                    self.report(&error);
                    sleep(LOOK).await;
                }
            }
        }
    }

    fn renew(&self, read: Result<Pair, CertificateError>) {
        match read {
            Ok(Pair { key, served, .. }) => {
                if key.cert != self.shared.current.load().cert {
                    tracing::info!(names = ?served.names, not_after = %served.not_after, "a new certificate is shown");
                    self.shared.current.store(Arc::new(key));
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

/// The pair that ACME brought, or the own one with an excuse.
async fn best(acme: &Acme, meanwhile: &Own) -> Result<(Pair, Standing), CertificateError> {
    let now = meanwhile.now();
    let mut standing = acme
        .standing(now)
        .map_err(|error| CertificateError::Acme(error.into()))?;
    if let Some(pair) = standing.pair.take() {
        return Ok((pair, standing));
    }
    let mut pair = meanwhile.fetch(now).await?;
    acme.excuse(&standing, &mut pair.served);
    Ok((pair, standing))
}

fn read(certificate: &Path, key: &Path) -> Result<Pair, CertificateError> {
    let chain = files::read(certificate)?;
    let secret = Zeroizing::new(files::read(key)?);
    let places = [certificate, key].map(|path| path.display().to_string());
    Pair::parse(&chain, &secret, places, "files")
}

/// Gives rustls the pair of the moment. SNI picks nothing here: one door, one certificate.
struct Resolver(Arc<KeptCertificate>);

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
