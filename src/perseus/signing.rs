//! The key that signs records: the box's own, which renews itself, or files that somebody else looks after (PER §7.5).

use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

use jiff::{SignedDuration, Timestamp};
use zeroize::Zeroizing;

use super::provenance::{SigningKey, SigningKeyError};
use crate::files::{self, FileError};
use crate::pki::{Application, Hierarchy, LeafFacts, Overwrite, Pki, PkiError, Request, Signer, SignerError, pem};

/// How long the box's own leaf lasts.
const LIFE: SignedDuration = SignedDuration::from_hours(24 * 365);
/// It is made anew so long before its end.
const RENEWED: SignedDuration = SignedDuration::from_hours(24 * 60);
/// It is told so long before its end: whoever looks after files has time.
const WARNED: SignedDuration = SignedDuration::from_hours(24 * 30);
/// What its files are called.
const NAME: &str = "provenance";

/// Where the key is.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum KeySource {
    /// Somebody else's: chain, key, root.
    Files {
        certificate: PathBuf,
        key: PathBuf,
        ca: PathBuf,
    },
    /// The box's own, of this application.
    Own { application: Application, name: String },
}

/// Records cannot be signed.
#[derive(Debug, thiserror::Error)]
pub(super) enum SigningFault {
    #[error(transparent)]
    File(#[from] FileError),
    #[error("{}: {why}", path.display())]
    Pem { path: PathBuf, why: pem::PemError },
    #[error("the certificate that signs records cannot be issued: {0}")]
    Issue(#[from] PkiError),
    #[error(transparent)]
    Key(#[from] SigningKeyError),
    #[error("nobody could verify what is signed with it: {0}")]
    Signer(#[from] SignerError),
    #[error("the key is another certificate's")]
    Mismatch,
    #[error("the certificate that signs records was good until {0:.0}")]
    Expired(Timestamp),
    #[error("the certificate that signs records is good from {0:.0} on")]
    Future(Timestamp),
    #[error("the authority that issued it was replaced, or it was revoked: it is made anew at once")]
    Replaced,
    #[error("its roles do not hold {0}")]
    Role(String),
}

/// A key that is ready.
#[derive(Debug)]
pub(super) struct Ready {
    pub(super) key: SigningKey,
    pub(super) facts: LeafFacts,
    /// Who verifiers will say it was.
    pub(super) signer: Signer,
}

/// The certificate that signs records, for whoever runs the box.
#[derive(Clone, Debug)]
pub struct SigningShown {
    /// Who it says that signs.
    pub application: String,
    /// `own` or `files`.
    pub source: &'static str,
    /// When it ends.
    pub not_after: Timestamp,
    /// When it is made anew; `None`: that is somebody else's to do.
    pub renewed: Option<Timestamp>,
    /// Whether it ends within thirty days.
    pub ends_soon: bool,
}

/// The key, as it was last looked at.
pub(super) struct Signing {
    pki: Pki,
    source: KeySource,
    /// The role that records are signed in.
    role: String,
    current: RwLock<Result<Arc<Ready>, Arc<SigningFault>>>,
    tending: tokio::sync::Mutex<()>,
}

impl Signing {
    /// Looks for the key, and makes the box's own when there is none.
    pub(super) async fn open(pki: Pki, source: KeySource, role: String, now: Timestamp) -> Signing {
        let signing = Signing {
            pki,
            source,
            role,
            current: RwLock::new(Err(Arc::new(SigningFault::Mismatch))),
            tending: tokio::sync::Mutex::default(),
        };
        signing.tend(now).await;
        signing
    }

    /// Looks at the key again; one of the box's own that is old is made anew.
    pub(super) async fn tend(&self, now: Timestamp) {
        // Of many who find it wrong at once, one makes it anew.
        let _alone = self.tending.lock().await;
        let found = self.look(now).await.map(Arc::new).map_err(Arc::new);
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = found;
    }

    /// The key, when it can sign at `now`.
    pub(super) fn ready(&self, now: Timestamp) -> Result<Arc<Ready>, Arc<SigningFault>> {
        let ready = self.current.read().unwrap_or_else(PoisonError::into_inner).clone()?;
        if now < ready.facts.not_before {
            return Err(Arc::new(SigningFault::Future(ready.facts.not_before)));
        }
        if now >= ready.facts.not_after {
            return Err(Arc::new(SigningFault::Expired(ready.facts.not_after)));
        }
        if matches!(self.source, KeySource::Own { .. }) && !self.is_ours(&ready) {
            return Err(Arc::new(SigningFault::Replaced));
        }
        Ok(ready)
    }

    /// What there is, whether it can sign or not.
    pub(super) fn shown(&self, now: Timestamp) -> Option<SigningShown> {
        let ready = self
            .current
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
            .ok()?;
        let not_after = ready.facts.not_after;
        let own = matches!(self.source, KeySource::Own { .. });
        Some(SigningShown {
            application: ready.signer.application.clone(),
            source: if own { "own" } else { "files" },
            not_after,
            renewed: own.then(|| not_after.saturating_sub(RENEWED).unwrap_or(not_after)),
            ends_soon: not_after.duration_since(now) < WARNED,
        })
    }

    async fn look(&self, now: Timestamp) -> Result<Ready, SigningFault> {
        let (application, name) = match &self.source {
            KeySource::Files { certificate, key, ca } => return self.read(certificate, key, Some(ca), now),
            KeySource::Own { application, name } => (application, name),
        };
        let dir = self.pki.dir(Hierarchy::Signing).join("own");
        let file = |kind: &str| dir.join(format!("{NAME}.{kind}.pem"));
        let (chain, key) = (file("chain"), file("key"));
        if let Ok(ready) = self.read(&chain, &key, None, now)
            && self.is_fresh(&ready, (application, name), now)
        {
            return Ok(ready);
        }
        let request = Request {
            application: Some(application.clone()),
            organization: Some(name.clone()),
            lifetime: Some(LIFE),
            overwrite: Overwrite::Yes,
            ..Request::new(Hierarchy::Signing, NAME)
        };
        let issued = self.pki.issue(request, Some(dir), now).await?;
        tracing::info!(serial = issued.serial, not_after = %issued.not_after, "the certificate that signs records was made anew");
        self.read(&chain, &key, None, now)
    }

    /// Whether the authority that stands now issued it, and did not revoke it.
    fn is_ours(&self, ready: &Ready) -> bool {
        let id = &ready.facts.id;
        self.pki.issued_by(Hierarchy::Signing, id) && !self.pki.revocations().borrow().contains(id)
    }

    /// Whether the box's own leaf can go on for a while.
    fn is_fresh(&self, ready: &Ready, (application, name): (&Application, &str), now: Timestamp) -> bool {
        let old = ready
            .facts
            .not_after
            .saturating_sub(RENEWED)
            .unwrap_or(ready.facts.not_before);
        let signer = &ready.signer;
        let same = signer.application == application.url
            && signer.member == application.member
            && signer.roles == application.roles
            && signer.name == name;
        let ours = self.is_ours(ready);
        same && ours && now >= ready.facts.not_before && now < old
    }

    fn read(&self, certificate: &Path, key: &Path, ca: Option<&Path>, now: Timestamp) -> Result<Ready, SigningFault> {
        let at = |path: &Path| {
            let path = path.to_owned();
            move |why| SigningFault::Pem { path, why }
        };
        let chain = pem::certificates(files::read(certificate)?.as_bytes()).map_err(at(certificate))?;
        let secret = Zeroizing::new(files::read(key)?);
        let secret = pem::private_key(secret.as_bytes()).map_err(at(key))?;
        let roots = match ca {
            Some(ca) => pem::certificates(files::read(ca)?.as_bytes()).map_err(at(ca))?,
            None => self.pki.roots(Hierarchy::Signing)?,
        };
        // A root at the chain's end is no issuer that records name.
        let chain: Vec<_> = chain.into_iter().filter(|one| !roots.contains(one)).collect();
        let facts = chain
            .first()
            .and_then(LeafFacts::of)
            .ok_or(SigningKeyError::Certificate)?;
        // Whether it is good now is asked each time that it signs.
        let when = now.clamp(facts.not_before, facts.not_after);
        let signer = Signer::of(&chain, &roots, when)?;
        if !signer.roles.contains(&self.role) {
            return Err(SigningFault::Role(self.role.clone()));
        }
        let key = SigningKey::new(&chain, secret.secret_der())?;
        let probe = b"whether the key is this certificate's";
        if !signer.signed(probe, &key.signature(probe)?) {
            return Err(SigningFault::Mismatch);
        }
        Ok(Ready { key, facts, signer })
    }
}
