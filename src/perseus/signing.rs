//! The key that signs records: the box's own, which renews itself, or files that somebody else looks after (PER §7.5).

use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};

use jiff::{SignedDuration, Timestamp};

use super::signing_files::{Ready, SigningFault, WARNED, read, roots};
use crate::pki::{Application, Hierarchy, Overwrite, Pki, Request};

/// How long the box's own leaf lasts.
const LIFE: SignedDuration = SignedDuration::from_hours(24 * 365);
/// It is made anew so long before its end.
const RENEWED: SignedDuration = SignedDuration::from_hours(24 * 60);
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
            KeySource::Files { certificate, key, ca } => {
                return read((certificate, key), &roots(ca)?, &self.role, now);
            }
            KeySource::Own { application, name } => (application, name),
        };
        let dir = self.pki.dir(Hierarchy::Signing).join("own");
        let file = |kind: &str| dir.join(format!("{NAME}.{kind}.pem"));
        let (chain, key) = (file("chain"), file("key"));
        let own = || {
            let roots = self.pki.roots(Hierarchy::Signing)?;
            read((&chain, &key), &roots, &self.role, now)
        };
        if let Ok(ready) = own()
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
        own()
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
}
