//! The box's own authorities and every certificate kind it issues.
//!
//! Five hierarchies ([`Hierarchy`]), each a root and an issuing CA in a folder of its own, never trusted for one
//! another. What was issued and revoked stands in the book; keys and certificates are files. [`Revocations`] tell
//! the gate at once whom it must not believe any more.

mod authority;
mod folder;
mod hierarchy;
mod identity;
mod inspect;
mod register;
mod request;
mod revocations;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, RwLock};

use data_encoding::HEXLOWER;
use jiff::Timestamp;
use rcgen::KeyPair;
use rustls::pki_types::CertificateDer;
use tokio::sync::watch;

pub use authority::{AuthorityError, AuthorityFiles};
pub use folder::FolderError;
pub use hierarchy::{Hierarchy, Role, UnknownWord, Usage};
pub use identity::{CertificateId, sha256};
pub use inspect::{Description, InspectError, Verdict, show};
pub use register::{Reason, Revoked, Row};
pub use request::{Extension, Issued, Overwrite, Request, RequestError};
pub use revocations::Revocations;

use authority::{Authority, Signed};
use folder::Readers;

use crate::store::{ReadError, RowError, Store, WriteError};

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

/// The PKI could not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum PkiError {
    /// An authority failed.
    #[error(transparent)]
    Authority(#[from] AuthorityError),
    /// A file failed.
    #[error(transparent)]
    Folder(#[from] FolderError),
    /// The request makes no certificate.
    #[error(transparent)]
    Request(#[from] RequestError),
    /// A file in the way.
    #[error("{} exists already; choose another name, or replace it on purpose", .0.display())]
    Exists(PathBuf),
    /// The register could not be read.
    #[error("the register of certificates: {0}")]
    Read(#[from] ReadError),
    /// The register could not be written.
    #[error("the register of certificates: {0}")]
    Write(#[from] WriteError<RowError>),
    /// A certificate file could not be understood.
    #[error(transparent)]
    Inspect(#[from] InspectError),
    /// Nothing of that serial number or name was issued.
    #[error("no certificate with serial number or name {0:?} was issued here")]
    Unknown(String),
    /// A name that several certificates have.
    #[error("{count} certificates are named {name:?}; say which by its serial number (`gatelodge pki list`)")]
    Ambiguous {
        /// The name.
        name: String,
        /// How many have it.
        count: usize,
    },
    /// The work's thread ended before the work.
    #[error("the work was interrupted")]
    Interrupted,
}

/// A word that is no reason to revoke.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{word:?} is no reason; say unspecified, key-compromise, affiliation-changed, superseded, \
     cessation-of-operation or privilege-withdrawn"
)]
pub struct UnknownReason {
    word: String,
}

impl UnknownReason {
    fn new(word: &str) -> UnknownReason {
        UnknownReason { word: word.to_owned() }
    }
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
        let revoked = revoked(&register::rows(&store)?);
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

    /// Issues a certificate with a new key, enters it in the register, and writes its four files to `out`
    /// (default: the folder `issued` of its hierarchy).
    pub async fn issue(&self, request: Request, out: Option<PathBuf>, now: Timestamp) -> Result<Issued, PkiError> {
        let out = out.unwrap_or_else(|| self.dir(request.hierarchy).join("issued"));
        let draft = self.work(move |pki| pki.draft(request, &out, now)).await?;
        let row = draft.row();
        // First the register: a certificate that is out there without a row could not be revoked.
        self.inner.store.write(move |page| row.put_on(page)).await?;
        self.work(move |_| draft.save()).await
    }

    /// As [`Pki::issue`], but the files are the caller's to write: nothing of the certificate stays here but its row.
    /// The paths in the answer are bare file names.
    pub async fn issue_in_memory(&self, request: Request, now: Timestamp) -> Result<(Issued, Pem), PkiError> {
        let draft = self.work(move |pki| pki.draft(request, Path::new(""), now)).await?;
        let row = draft.row();
        self.inner.store.write(move |page| row.put_on(page)).await?;
        let pem = draft.pem();
        Ok((draft.issued, pem))
    }

    fn draft(&self, request: Request, out: &Path, now: Timestamp) -> Result<Draft, PkiError> {
        let params = request.params()?;
        let stem = request.stem();
        let [key_file, certificate, chain, pkeycert] =
            ["key", "cert", "chain", "pkeycert"].map(|kind| out.join(format!("{stem}.{kind}.pem")));
        let files = [&key_file, &certificate, &chain, &pkeycert];
        if request.overwrite == Overwrite::No
            && let Some(taken) = files.into_iter().find(|file| file.exists())
        {
            return Err(PkiError::Exists(taken.clone()));
        }
        let hierarchy = request.hierarchy;
        let authority = self.authority(hierarchy, now)?;
        let key = KeyPair::generate().map_err(|source| AuthorityError::Crypto {
            hierarchy,
            stage: "make a key",
            source,
        })?;
        let signed = authority.sign(params, &key, now, request.life())?;
        let issued = Issued {
            hierarchy,
            name: request.name.clone(),
            serial: signed.id.serial_hex(),
            thumbprint: HEXLOWER.encode(&sha256(signed.certificate.der())),
            not_before: signed.not_before,
            not_after: signed.not_after,
            key: key_file,
            certificate,
            chain,
            pkeycert,
        };
        Ok(Draft {
            request,
            signed,
            key,
            issuer_pem: authority.issuer_pem().to_owned(),
            issued,
        })
    }

    /// Every certificate issued, by hierarchy and serial number.
    pub fn list(&self) -> Result<Vec<Row>, PkiError> {
        Ok(register::rows(&self.inner.store)?)
    }

    /// Says whether the first certificate in a PEM file is one of ours (of `hierarchy`, if given) and good at `now`.
    pub fn verify(&self, path: &Path, hierarchy: Option<Hierarchy>, now: Timestamp) -> Result<Verdict, PkiError> {
        let chain = inspect::certificates(path)?;
        let (_, leaf) = x509_parser::parse_x509_certificate(&chain[0]).map_err(|_| InspectError::Unreadable {
            path: path.display().to_string(),
            place: 1,
        })?;
        let id = CertificateId::of(&leaf);
        let verdict = |hierarchy, reason: Option<String>| Verdict {
            hierarchy,
            serial: id.serial_hex(),
            good: reason.is_none(),
            reason,
        };
        let mut reason = "none of our authorities issued it".to_owned();
        for (candidate, authority) in self.read_open().iter() {
            if hierarchy.is_some_and(|wanted| wanted != *candidate) {
                continue;
            }
            match inspect::path(&chain, authority.root(), authority.issuer(), now) {
                Ok(()) if self.inner.revocations.borrow().contains(&id) => {
                    return Ok(verdict(Some(*candidate), Some("it was revoked".to_owned())));
                }
                Ok(()) => return Ok(verdict(Some(*candidate), None)),
                Err(webpki::Error::UnknownIssuer) => {}
                Err(error) => reason = format!("{candidate}: {error}"),
            }
        }
        Ok(verdict(None, Some(reason)))
    }

    /// Revokes the certificate with this serial number (hex) or name (of `hierarchy`, if given). Live sessions under
    /// it are cut as soon as this is in the book; the hierarchy's list is signed anew. Revoking again changes nothing.
    pub async fn revoke(
        &self,
        which: &str,
        hierarchy: Option<Hierarchy>,
        reason: Reason,
        now: Timestamp,
    ) -> Result<Row, PkiError> {
        let row = self.find(which, hierarchy)?;
        let revoked = self.inner.store.write(move |page| {
            let mut row = row.again_on(page)?.unwrap_or(row);
            if row.revoked.is_none() {
                row.revoked = Some(Revoked { at: now, reason });
                row.put_on(page)?;
            }
            Ok(row)
        });
        let row = revoked.await?;
        let all = revoked_of(&self.inner.store)?;
        self.inner.revocations.send_replace(Arc::new(all));
        self.crl(row.hierarchy, now).await?;
        Ok(row)
    }

    fn find(&self, which: &str, hierarchy: Option<Hierarchy>) -> Result<Row, PkiError> {
        let rows = self.list()?;
        let mut rows: Vec<Row> = rows
            .into_iter()
            .filter(|row| hierarchy.is_none_or(|wanted| wanted == row.hierarchy))
            .collect();
        let serial = which.replace(':', "").to_ascii_lowercase();
        if let Some(place) = rows.iter().position(|row| row.serial == serial) {
            return Ok(rows.swap_remove(place));
        }
        rows.retain(|row| row.name == which && row.revoked.is_none());
        match rows.len() {
            0 => Err(PkiError::Unknown(which.to_owned())),
            1 => Ok(rows.swap_remove(0)),
            count => Err(PkiError::Ambiguous {
                name: which.to_owned(),
                count,
            }),
        }
    }

    /// Signs a hierarchy's revocation list as it stands and gives the file, for those who verify elsewhere.
    pub async fn crl(&self, hierarchy: Hierarchy, now: Timestamp) -> Result<PathBuf, PkiError> {
        self.work(move |pki| {
            let authority = pki.authority(hierarchy, now)?;
            let revoked = register::rows(&pki.inner.store)?;
            let revoked = revoked
                .iter()
                .filter(|row| row.hierarchy == hierarchy)
                .filter_map(|row| {
                    let because = row.revoked.as_ref()?;
                    Some(authority::revoked(
                        &row.serial_bytes()?,
                        because.at,
                        because.reason.code(),
                    ))
                });
            let list = authority.list(revoked.collect(), now)?;
            let path = pki.files(hierarchy).crl;
            folder::write(&path, list.as_bytes(), Readers::All)?;
            Ok(path)
        })
        .await
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

/// A certificate that is signed and neither registered nor on disk.
struct Draft {
    request: Request,
    signed: Signed,
    key: KeyPair,
    issuer_pem: String,
    issued: Issued,
}

impl Draft {
    fn row(&self) -> Row {
        Row {
            hierarchy: self.issued.hierarchy,
            name: self.issued.name.clone(),
            serial: self.issued.serial.clone(),
            issuer: self.signed.id.issuer_hex(),
            thumbprint: self.issued.thumbprint.clone(),
            usage: self.request.usage(),
            role: self.request.role,
            not_before: self.issued.not_before,
            not_after: self.issued.not_after,
            revoked: None,
        }
    }

    fn pem(&self) -> Pem {
        let key = authority::pem(&self.key);
        let certificate = self.signed.certificate.pem();
        let chain = format!("{certificate}{}", self.issuer_pem);
        let pkeycert = zeroize::Zeroizing::new(format!("{chain}{}", *key));
        Pem { key, certificate, chain, pkeycert }
    }

    fn save(self) -> Result<Issued, PkiError> {
        let pem = self.pem();
        let issued = self.issued;
        if let Some(out) = issued.key.parent() {
            folder::make(out)?;
        }
        folder::write(&issued.key, pem.key.as_bytes(), Readers::Owner)?;
        folder::write(&issued.certificate, pem.certificate.as_bytes(), Readers::All)?;
        folder::write(&issued.chain, pem.chain.as_bytes(), Readers::All)?;
        folder::write(&issued.pkeycert, pem.pkeycert.as_bytes(), Readers::Owner)?;
        Ok(issued)
    }
}

/// The four files of a certificate as texts; see [`Issued`].
pub struct Pem {
    /// The private key.
    pub key: zeroize::Zeroizing<String>,
    /// The certificate.
    pub certificate: String,
    /// The certificate and its issuer.
    pub chain: String,
    /// Certificate, issuer and key.
    pub pkeycert: zeroize::Zeroizing<String>,
}

fn revoked_of(store: &Store) -> Result<Revocations, ReadError> {
    Ok(revoked(&register::rows(store)?))
}

fn revoked(rows: &[Row]) -> Revocations {
    rows.iter()
        .filter(|row| row.revoked.is_some())
        .filter_map(Row::id)
        .collect()
}
