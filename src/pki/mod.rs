//! The box's own authorities and every certificate kind it issues.
//!
//! Five hierarchies ([`Hierarchy`]), each a root and an issuing CA in a folder of its own, never trusted for one
//! another. What was issued and revoked stands in the book; keys and certificates are files. [`Revocations`] tell
//! the gate at once whom it must not believe any more.

mod authority;
mod certs;
mod csr;
mod error;
mod folder;
mod hierarchy;
mod identity;
mod inspect;
mod issuing;
mod possession;
mod profile;
mod register;
mod request;
mod revocations;
mod revoking;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, RwLock};

use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use tokio::sync::watch;

pub use authority::{AuthorityError, AuthorityFiles};
pub use certs::{CertsError, CertsFolder, IssuedClient, Made, Wish};
pub use csr::{SigningRequest, SigningRequestError};
pub use error::{PkiError, UnknownReason};
pub use folder::{FolderError, make as make_private_folder, write_private};
pub use hierarchy::{Hierarchy, Role, UnknownWord, Usage};
pub use identity::{CertificateId, sha256};
pub use inspect::{Description, InspectError, Verdict, show};
pub use issuing::{Issued, Pem};
pub use possession::PossessionError;
pub use register::{Reason, Revoked, Row};
pub use request::{Extension, Overwrite, Request, RequestError};
pub use revocations::Revocations;

use authority::Authority;

use crate::store::Store;

/// The PKI; clones share it.
#[derive(Clone)]
pub struct Pki {
    inner: Arc<Inner>,
}

struct Inner {
    dir: PathBuf,
    store: Store,
    open: RwLock<BTreeMap<Hierarchy, Arc<Authority>>>,
    revocations: watch::Sender<Arc<Revocations>>,
}

impl Pki {
    /// Opens the PKI in `dir` (`<data_dir>/pki`) with its register in `store`. Creates nothing.
    pub fn open(dir: impl Into<PathBuf>, store: Store) -> Result<Pki, PkiError> {
        let dir = dir.into();
        let mut open = BTreeMap::new();
        for hierarchy in Hierarchy::ALL {
            let files = AuthorityFiles::in_dir(&dir.join(hierarchy.name()));
            if let Some(authority) = Authority::open(hierarchy, &files)? {
                open.insert(hierarchy, Arc::new(authority));
            }
        }
        let revoked = revoking::revoked(&register::rows(&store)?);
        Ok(Pki {
            inner: Arc::new(Inner {
                dir,
                store,
                open: RwLock::new(open),
                revocations: watch::Sender::new(Arc::new(revoked)),
            }),
        })
    }

    /// Makes the hierarchies that are not there yet and renews issuing CAs that grow old; says which were made.
    /// Doing it again does nothing, so it may be done at every start.
    pub async fn init(&self, now: Timestamp) -> Result<Vec<Hierarchy>, PkiError> {
        self.work(move |pki| {
            let mut made = Vec::new();
            for hierarchy in Hierarchy::ALL {
                match pki.authority(hierarchy, now) {
                    Err(PkiError::Authority(AuthorityError::Absent(_))) => {
                        folder::make(&pki.dir(hierarchy))?;
                        Authority::create(hierarchy, &pki.files(hierarchy), now)?;
                        pki.reopen(hierarchy)?;
                        made.push(hierarchy);
                    }
                    authority => drop(authority?),
                }
            }
            Ok(made)
        })
        .await
    }

    /// Whether every hierarchy is there.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.read_open().len() == Hierarchy::ALL.len()
    }

    /// Where a hierarchy's own files lie.
    #[must_use]
    pub fn files(&self, hierarchy: Hierarchy) -> AuthorityFiles {
        AuthorityFiles::in_dir(&self.dir(hierarchy))
    }

    /// A hierarchy's folder.
    #[must_use]
    pub fn dir(&self, hierarchy: Hierarchy) -> PathBuf {
        self.inner.dir.join(hierarchy.name())
    }

    /// The certificates to trust for whoever shows one of `hierarchy`: its root.
    pub fn roots(&self, hierarchy: Hierarchy) -> Result<Vec<CertificateDer<'static>>, PkiError> {
        let open = self.read_open();
        let authority = open.get(&hierarchy).ok_or(AuthorityError::Absent(hierarchy))?;
        Ok(vec![authority.root().clone()])
    }

    /// Whether the issuing CA of `hierarchy` as it stands issues under the name in `id`.
    #[must_use]
    pub fn issued_by(&self, hierarchy: Hierarchy, id: &CertificateId) -> bool {
        let open = self.read_open();
        open.get(&hierarchy).is_some_and(|authority| authority.is_issuer_of(id))
    }

    /// Every certificate issued, by hierarchy and serial number.
    pub fn list(&self) -> Result<Vec<Row>, PkiError> {
        Ok(register::rows(&self.inner.store)?)
    }

    /// What is revoked; changes as soon as something more is.
    #[must_use]
    pub fn revocations(&self) -> watch::Receiver<Arc<Revocations>> {
        self.inner.revocations.subscribe()
    }

    /// A hierarchy ready to sign for as long as any leaf lives.
    fn authority(&self, hierarchy: Hierarchy, now: Timestamp) -> Result<Arc<Authority>, PkiError> {
        let open = self.read_open().get(&hierarchy).cloned();
        let authority = open.ok_or(AuthorityError::Absent(hierarchy))?;
        if !authority.is_ageing(now) {
            return Ok(authority);
        }
        authority.renew(&self.files(hierarchy), now)?;
        self.reopen(hierarchy)
    }

    fn reopen(&self, hierarchy: Hierarchy) -> Result<Arc<Authority>, PkiError> {
        let authority = Authority::open(hierarchy, &self.files(hierarchy))?;
        let authority = Arc::new(authority.ok_or(AuthorityError::Absent(hierarchy))?);
        let mut open = self.inner.open.write().expect("no panic under the lock");
        open.insert(hierarchy, authority.clone());
        Ok(authority)
    }

    fn read_open(&self) -> std::sync::RwLockReadGuard<'_, BTreeMap<Hierarchy, Arc<Authority>>> {
        self.inner.open.read().expect("no panic under the lock")
    }

    /// Runs work that waits for the disk away from the tasks that serve.
    async fn work<R: Send + 'static>(
        &self,
        work: impl FnOnce(&Pki) -> Result<R, PkiError> + Send + 'static,
    ) -> Result<R, PkiError> {
        let pki = self.clone();
        tokio::task::spawn_blocking(move || work(&pki))
            .await
            .map_err(|_| PkiError::Interrupted)?
    }
}
