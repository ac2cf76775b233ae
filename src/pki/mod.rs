//! The box's own authorities and every certificate kind it issues.
//!
//! Five hierarchies ([`Hierarchy`]), each a root and an issuing CA in a folder of its own, never trusted for one
//! another. What was issued and revoked stands in the book; keys and certificates are files. [`Revocations`] tell
//! the gate at once whom it must not believe any more.

mod adopted;
mod adopting;
mod adoption_error;
mod authority;
mod certs;
mod cross;
mod csr;
mod error;
mod examine;
mod extension;
mod foreign;
mod fresh_key;
mod hierarchy;
mod identity;
mod inspect;
mod issuing;
mod known;
pub mod pem;
mod possession;
mod profile;
mod register;
mod request;
mod revocations;
mod revoking;
mod scheme;
mod sealed_key;
mod signer;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, RwLock};

use data_encoding::HEXLOWER;
use jiff::Timestamp;
use rustls::pki_types::CertificateDer;
use tokio::sync::watch;

pub use adopting::{Adoption, is_pair};
pub use adoption_error::AdoptionError;
pub use authority::{AuthorityError, AuthorityFiles};
pub use certs::{CertificateTemplate, CertsError, CertsFolder, IssuedClient, Made};
pub use csr::{SigningRequest, SigningRequestError};
pub use error::{PkiError, UnknownReason};
pub use examine::{DamagedFile, examine, examine_pki};
pub use extension::Extension;
pub use foreign::{Entered, Foreign};
pub use fresh_key::FreshKey;
pub use hierarchy::{Hierarchy, Role, UnknownWordError, Usage};
pub use identity::{CertificateId, sha256};
pub use inspect::{Description, InspectError, Rank, Verdict, certificates, rank, show};
pub use issuing::{Issued, Pem};
pub use possession::PossessionError;
pub use register::{Reason, Revoked, Row};
pub use request::{Overwrite, Request, RequestError};
pub use revocations::Revocations;
pub use scheme::{Application, ApplicationError, is_application_url};
pub use sealed_key::{SealedKeyError, open_key};
pub use signer::{LeafFacts, Signer, SignerError};

use adopted::Adopted;
use authority::Authority;

use crate::files::{self, FileError};
use crate::store::{NEW_AUTHORITIES, Store};

/// The PKI; clones share it.
#[derive(Clone)]
pub struct Pki {
    inner: Arc<Inner>,
}

struct Inner {
    dir: PathBuf,
    store: Store,
    open: RwLock<BTreeMap<Hierarchy, Arc<Authority>>>,
    /// Authorities of other systems that are believed beside the own one.
    adopted: RwLock<BTreeMap<Hierarchy, Arc<[Adopted]>>>,
    /// Hierarchies that cannot be used, and why; what needs them fails alone.
    broken: RwLock<BTreeMap<Hierarchy, String>>,
    revocations: watch::Sender<Arc<Revocations>>,
}

impl Pki {
    /// Opens the PKI in `dir` (`<data_dir>/pki`) with its register in `store`. Creates nothing. A hierarchy whose files
    /// are damaged does not keep the others from being used.
    pub fn open(dir: impl Into<PathBuf>, store: Store) -> Result<Pki, PkiError> {
        let revoked = revoking::revoked(&register::rows(&store)?);
        let pki = Pki {
            inner: Arc::new(Inner {
                dir: dir.into(),
                store,
                open: RwLock::default(),
                adopted: RwLock::default(),
                broken: RwLock::default(),
                revocations: watch::Sender::new(Arc::new(revoked)),
            }),
        };
        for hierarchy in Hierarchy::ALL {
            pki.look(hierarchy);
            pki.look_at_adopted(hierarchy);
        }
        Ok(pki)
    }

    /// Reads a hierarchy's files anew.
    fn look(&self, hierarchy: Hierarchy) {
        let found = Authority::open(hierarchy, &self.files(hierarchy));
        let mut open = self.inner.open.write().expect("no panic under the lock");
        let mut broken = self.inner.broken.write().expect("no panic under the lock");
        open.remove(&hierarchy);
        broken.remove(&hierarchy);
        match found {
            Ok(Some(authority)) => drop(open.insert(hierarchy, Arc::new(authority))),
            Ok(None) => {}
            Err(error) => drop(broken.insert(hierarchy, error.to_string())),
        }
    }

    /// Reads anew which authorities of other systems a hierarchy believes.
    fn look_at_adopted(&self, hierarchy: Hierarchy) {
        let found = Adopted::all(hierarchy, &self.adopted_dir(hierarchy));
        let mut adopted = self.inner.adopted.write().expect("no panic under the lock");
        adopted.insert(hierarchy, found.into());
    }

    /// Makes the hierarchies that were never there and renews issuing CAs that grow old; says which were made.
    /// Doing it again does nothing, so it may be done at every start. One that was there and is gone, or damaged, stays
    /// unusable until its files come back or [`Pki::replace`] is told.
    pub async fn init(&self, now: Timestamp) -> Result<Vec<Hierarchy>, PkiError> {
        let known = known::hierarchies(&self.inner.store)?;
        let may_be_new = self.inner.dir.parent().map(|beside| beside.join(NEW_AUTHORITIES));
        let may_be_new = may_be_new.filter(|note| note.exists());
        let anew = may_be_new.is_some();
        let made = self
            .work(move |pki| {
                let mut made = Vec::new();
                for hierarchy in Hierarchy::ALL {
                    pki.look(hierarchy);
                    match pki.own_authority(hierarchy, now) {
                        Err(PkiError::Authority(AuthorityError::Absent(_))) => {
                            if known.contains(&hierarchy) && !anew {
                                pki.is_missing(hierarchy);
                                continue;
                            }
                            pki.make(hierarchy, now)?;
                            made.push(hierarchy);
                        }
                        Err(error) => tracing::error!(hierarchy = hierarchy.name(), %error, "an authority is unusable"),
                        Ok(_) => {}
                    }
                }
                Ok(made)
            })
            .await?;
        self.note_standing(now).await?;
        if let Some(note) = may_be_new {
            if !made.is_empty() {
                tracing::warn!(
                    ?made,
                    "a backup without keys was restored: what authorities of before issued is worth nothing here"
                );
            }
            std::fs::remove_file(&note).map_err(|source| FileError::new("removed", &note, source))?;
        }
        Ok(made)
    }

    /// Makes the hierarchies anew that are gone or damaged; what is left of them is kept beside. All that they issued
    /// is worth nothing from then on.
    pub async fn replace(&self, now: Timestamp) -> Result<Vec<Hierarchy>, PkiError> {
        let made = self
            .work(move |pki| {
                let mut made = Vec::new();
                for hierarchy in Hierarchy::ALL {
                    pki.look(hierarchy);
                    if pki.own_authority(hierarchy, now).is_ok() {
                        continue;
                    }
                    let dir = pki.dir(hierarchy);
                    if dir.exists() {
                        let kept = format!("{}.replaced-{}", hierarchy.name(), now.as_second());
                        files::rename(&dir, &pki.inner.dir.join(kept))?;
                    }
                    pki.make(hierarchy, now)?;
                    made.push(hierarchy);
                }
                Ok(made)
            })
            .await?;
        self.note_standing(now).await?;
        Ok(made)
    }

    /// Notes which authorities stand here.
    async fn note_standing(&self, now: Timestamp) -> Result<(), PkiError> {
        let standing = {
            let open = self.read_open();
            let roots = open
                .iter()
                .map(|(hierarchy, one)| (*hierarchy, HEXLOWER.encode(&sha256(one.root()))));
            roots.collect()
        };
        for hierarchy in known::note(&self.inner.store, standing, now).await? {
            tracing::warn!(
                hierarchy = hierarchy.name(),
                "another authority stands here than before"
            );
        }
        Ok(())
    }

    fn make(&self, hierarchy: Hierarchy, now: Timestamp) -> Result<(), PkiError> {
        files::make_private(&self.dir(hierarchy))?;
        Authority::create(hierarchy, &self.files(hierarchy), now)?;
        self.reopen(hierarchy)?;
        Ok(())
    }

    fn is_missing(&self, hierarchy: Hierarchy) {
        let why = AuthorityError::Gone {
            hierarchy,
            dir: self.dir(hierarchy),
        };
        tracing::error!("{why}");
        let mut broken = self.inner.broken.write().expect("no panic under the lock");
        broken.insert(hierarchy, why.to_string());
    }

    /// The hierarchies that cannot be used, and why.
    #[must_use]
    pub fn broken(&self) -> BTreeMap<Hierarchy, String> {
        self.inner.broken.read().expect("no panic under the lock").clone()
    }

    /// Why a hierarchy is not there.
    fn absent(&self, hierarchy: Hierarchy) -> AuthorityError {
        let broken = self.inner.broken.read().expect("no panic under the lock");
        match broken.get(&hierarchy) {
            Some(why) => AuthorityError::Unusable {
                hierarchy,
                why: why.clone(),
            },
            None => AuthorityError::Absent(hierarchy),
        }
    }

    /// The time that the box goes by: what certificates are dated with.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.inner.store.now()
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

    /// Where the authorities of other systems lie that a hierarchy believes.
    #[must_use]
    pub fn adopted_dir(&self, hierarchy: Hierarchy) -> PathBuf {
        self.dir(hierarchy).join("adopted")
    }

    /// The certificates to trust for whoever shows one of `hierarchy`: its root, and the authorities of other systems
    /// that were taken over.
    pub fn roots(&self, hierarchy: Hierarchy) -> Result<Vec<CertificateDer<'static>>, PkiError> {
        let open = self.read_open();
        let authority = open.get(&hierarchy).ok_or_else(|| self.absent(hierarchy))?;
        let adopted = self.read_adopted();
        let adopted = adopted.get(&hierarchy).into_iter().flat_map(|all| all.iter());
        let adopted = adopted.map(|one| one.certificate.clone());
        Ok([authority.root().clone()].into_iter().chain(adopted).collect())
    }

    /// Whether what signs for `hierarchy` as it stands issues under the name in `id`.
    #[must_use]
    pub fn issued_by(&self, hierarchy: Hierarchy, id: &CertificateId) -> bool {
        if let Some(is) = self.leading(hierarchy, self.now(), |authority| authority.is_issuer_of(id)) {
            return is;
        }
        let open = self.read_open();
        open.get(&hierarchy).is_some_and(|authority| authority.is_issuer_of(id))
    }

    /// Asks the authority of another system that signs for `hierarchy`, where there is one: the one that lasts longest.
    fn leading<R>(&self, hierarchy: Hierarchy, now: Timestamp, ask: impl FnOnce(&Authority) -> R) -> Option<R> {
        let adopted = self.read_adopted();
        let adopted = adopted.get(&hierarchy)?.iter();
        adopted
            .filter_map(|one| one.leads(now))
            .max_by_key(|one| one.ends())
            .map(ask)
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

    /// Signs for `hierarchy`: by the authority of another system whose key was taken over, or else by its own.
    fn signing<R>(
        &self,
        hierarchy: Hierarchy,
        now: Timestamp,
        sign: impl Fn(&Authority) -> Result<R, AuthorityError>,
    ) -> Result<R, PkiError> {
        if let Some(signed) = self.leading(hierarchy, now, &sign) {
            return Ok(signed?);
        }
        Ok(sign(&*self.own_authority(hierarchy, now)?)?)
    }

    /// A hierarchy's own authority, ready to sign for as long as any leaf lives.
    fn own_authority(&self, hierarchy: Hierarchy, now: Timestamp) -> Result<Arc<Authority>, PkiError> {
        let open = self.read_open().get(&hierarchy).cloned();
        let authority = open.ok_or_else(|| self.absent(hierarchy))?;
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

    fn read_adopted(&self) -> std::sync::RwLockReadGuard<'_, BTreeMap<Hierarchy, Arc<[Adopted]>>> {
        self.inner.adopted.read().expect("no panic under the lock")
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
