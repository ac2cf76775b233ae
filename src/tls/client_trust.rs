//! Where a door's trust in clients comes from, and how it follows its sources.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use rustls::pki_types::CertificateDer;
use tokio::sync::watch;
use tokio::time::{MissedTickBehavior, interval};

use super::files::{self, FileError, FileWatch};
use super::trust::{self, ListTerm, Trust, TrustError};
use crate::pki::pem::{self, PemError};
use crate::pki::{Hierarchy, Pki, PkiError, Revocations};

/// How often files are looked at: a new revocation list must cut live sessions within a second.
const LOOK: Duration = Duration::from_millis(250);

/// The authorities whose client certificates a door takes.
#[derive(Clone, Debug)]
pub enum Authorities {
    /// PEM file with one or more CA certificates (`client_ca_file`); read again when it changes.
    File(PathBuf),
    /// These, for as long as the door stands.
    Fixed(Vec<CertificateDer<'static>>),
    /// That door's own hierarchy, and what that has taken over from other systems.
    Own(OwnRoots),
}

/// What a hierarchy of our own believes, as it stands.
#[derive(Clone)]
pub struct OwnRoots {
    /// The hierarchies.
    pub pki: Pki,
    /// Which of them.
    pub hierarchy: Hierarchy,
}

impl fmt::Debug for OwnRoots {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("OwnRoots").field(&self.hierarchy).finish()
    }
}

/// Trust in clients that follows its files and our own revocations; clones share it.
#[derive(Clone)]
pub struct ClientTrust {
    shared: Arc<KeptTrust>,
}

struct KeptTrust {
    sources: Sources,
    now: watch::Sender<Arc<Trust>>,
    last_error: watch::Sender<Option<String>>,
    keeper: tokio::sync::Mutex<()>,
}

struct Sources {
    authorities: Authorities,
    crl_file: Option<PathBuf>,
    revocations: Option<watch::Receiver<Arc<Revocations>>>,
}

/// The trust of a door could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum ClientTrustError {
    /// A file is not there or not ours to read.
    #[error(transparent)]
    File(#[from] FileError),
    /// A file is not PEM.
    #[error("{} holds no usable PEM: {source}", .path.display())]
    Pem {
        path: PathBuf,
        /// What the parser said.
        source: PemError,
    },
    /// What the files hold does not work.
    #[error(transparent)]
    Trust(#[from] TrustError),
    /// The own hierarchy cannot be used.
    #[error(transparent)]
    Own(#[from] PkiError),
}

impl ClientTrust {
    /// Trust in clients of `authorities`, less those that `crl_file` (PEM, one or more lists) or `revocations` name.
    pub fn load(
        authorities: Authorities,
        crl_file: Option<PathBuf>,
        revocations: Option<watch::Receiver<Arc<Revocations>>>,
    ) -> Result<ClientTrust, ClientTrustError> {
        let sources = Sources {
            authorities,
            crl_file,
            revocations,
        };
        let trust = sources.read()?;
        Ok(ClientTrust {
            shared: Arc::new(KeptTrust {
                sources,
                now: watch::Sender::new(Arc::new(trust)),
                last_error: watch::Sender::new(None),
                keeper: tokio::sync::Mutex::new(()),
            }),
        })
    }

    /// Why the files as they stand are not in force, when they are not.
    #[must_use]
    pub fn last_error(&self) -> watch::Receiver<Option<String>> {
        self.shared.last_error.subscribe()
    }

    /// The file of revocation lists, and how long the first of those counts that runs out; `None`: none does.
    #[must_use]
    pub fn lists(&self) -> Option<(PathBuf, ListTerm)> {
        self.shared.sources.crl_file.clone().zip(self.current().term())
    }

    pub(super) fn current(&self) -> Arc<Trust> {
        self.shared.now.borrow().clone()
    }

    pub(super) fn changes(&self) -> watch::Receiver<Arc<Trust>> {
        self.shared.now.subscribe()
    }

    /// Follows the sources for ever. Of several callers one works, the others stand by.
    pub(super) async fn follow(&self) {
        let _keeper = self.shared.keeper.lock().await;
        let sources = &self.shared.sources;
        let mut watch = FileWatch::new(sources.files());
        let mut revocations = sources.revocations.clone();
        let mut look = interval(LOOK);
        look.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut loaded = self.current();
        loop {
            tokio::select! {
                () = revoked(&mut revocations) => {}
                _ = look.tick() => if !watch.changed() { continue },
            }
            match sources.read() {
                Ok(trust) => {
                    self.shared.last_error.send_if_modified(|error| error.take().is_some());
                    if !trust.same(&loaded) {
                        loaded = Arc::new(trust);
                        self.shared.now.send_replace(loaded.clone());
                    }
                }
                Err(error) => self.report(&error),
            }
        }
    }

    fn report(&self, error: &ClientTrustError) {
        let text = error.to_string();
        let news = self.shared.last_error.send_if_modified(|last| {
            let news = last.as_ref() != Some(&text);
            *last = Some(text.clone());
            news
        });
        if news {
            tracing::warn!(error = %text, "the door's trust in clients was not renewed; the old one stays in force");
        }
    }
}

/// Waits for the next own revocation, or for what else changes in the own PKI; for ever when there is no own PKI.
async fn revoked(revocations: &mut Option<watch::Receiver<Arc<Revocations>>>) {
    if let Some(changes) = revocations
        && changes.changed().await.is_ok()
    {
        return;
    }
    std::future::pending::<()>().await;
}

impl Sources {
    fn files(&self) -> Vec<PathBuf> {
        let authorities = match &self.authorities {
            Authorities::File(path) => Some(path.clone()),
            Authorities::Fixed(_) | Authorities::Own(_) => None,
        };
        authorities.into_iter().chain(self.crl_file.clone()).collect()
    }

    fn read(&self) -> Result<Trust, ClientTrustError> {
        let roots = match &self.authorities {
            Authorities::File(path) => of_pem(path, pem::certificates)?,
            Authorities::Fixed(roots) => roots.clone(),
            Authorities::Own(own) => own.pki.roots(own.hierarchy)?,
        };
        let lists = match &self.crl_file {
            Some(path) => of_pem(path, pem::lists)?,
            None => Vec::new(),
        };
        let own = self.revocations.as_ref().map(|own| own.borrow().clone());
        Ok(Trust::new(&roots, lists, own.unwrap_or_default())?)
    }
}

/// Whether a door could believe clients of this authority.
///
/// # Errors
/// When nobody could verify by it, or everybody has its key.
pub fn check_authority(authority: &CertificateDer<'static>) -> Result<(), TrustError> {
    Trust::new(std::slice::from_ref(authority), Vec::new(), Arc::default()).map(drop)
}

/// Reads a file of revocation lists as a door will. Answers how long the first of them counts that runs out.
///
/// # Errors
/// When it holds none, or one that is not readable.
pub fn check_lists(file: &Path) -> Result<Option<ListTerm>, ClientTrustError> {
    Ok(trust::check_lists(&of_pem(file, pem::lists)?)?)
}

/// What a file holds. A list file cut short while it is written must not pass for "nobody is revoked".
fn of_pem<T>(path: &Path, read: fn(&[u8]) -> Result<Vec<T>, PemError>) -> Result<Vec<T>, ClientTrustError> {
    read(&files::read(path)?).map_err(|source| ClientTrustError::Pem {
        path: path.to_owned(),
        source,
    })
}
