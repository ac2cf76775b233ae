//! Which client certificates a door believes: roots, revocation lists, and our own revocations.

use std::collections::HashSet;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use rustls::pki_types::{CertificateDer, CertificateRevocationListDer, UnixTime};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DistinguishedName, Error, RootCertStore};
use x509_parser::prelude::{CertificateRevocationList, FromDer};

use super::config::provider;
use super::exposed::is_exposed;
use super::forward::signatures_by;
use crate::pki::{CertificateId, Revocations};

/// How long after its `nextUpdate` a revocation list still counts.
const STALE_GRACE: SignedDuration = SignedDuration::from_hours(24);

/// What is believed at one moment; never changed, only replaced.
#[derive(Debug)]
pub(super) struct Trust {
    roots: Arc<RootCertStore>,
    lists: Vec<CertificateRevocationListDer<'static>>,
    listed: HashSet<CertificateId>,
    own: Arc<Revocations>,
    /// When the first of the lists is too old to be relied on.
    stale_at: Option<Timestamp>,
}

/// Trust could not be put together.
#[derive(Debug, thiserror::Error)]
pub enum TrustError {
    /// A root is no CA certificate that rustls can use.
    #[error("certificate {place} among the client authorities cannot be used: {source}")]
    Root {
        /// Counted from 1.
        place: usize,
        /// What rustls said.
        source: Error,
    },
    /// Its private key is published.
    #[error(
        "certificate {place} among the client authorities is a test authority whose private key is public: anybody \
         could sign clients with it. Make an authority of your own, for instance with `gatelodge pki init`"
    )]
    Exposed {
        /// Counted from 1.
        place: usize,
    },
    /// There is no root.
    #[error("there is no certificate among the client authorities")]
    NoRoot,
    /// A revocation list is not readable.
    #[error("revocation list {place} is not readable")]
    List {
        /// Counted from 1.
        place: usize,
    },
    /// rustls refused roots or lists.
    #[error("client verification cannot be set up: {0}")]
    Verifier(#[from] rustls::server::VerifierBuilderError),
}

/// Checks that each of these is a revocation list.
pub(super) fn check_lists(lists: &[CertificateRevocationListDer<'static>]) -> Result<(), TrustError> {
    (1..).zip(lists).try_for_each(|(place, der)| {
        let read = CertificateRevocationList::from_der(der);
        read.map(drop).map_err(|_| TrustError::List { place })
    })
}

impl Trust {
    pub(super) fn new(
        roots: &[CertificateDer<'static>],
        lists: Vec<CertificateRevocationListDer<'static>>,
        own: Arc<Revocations>,
    ) -> Result<Trust, TrustError> {
        let mut store = RootCertStore::empty();
        for (place, root) in (1..).zip(roots) {
            if is_exposed(root) {
                return Err(TrustError::Exposed { place });
            }
            store
                .add(root.clone())
                .map_err(|source| TrustError::Root { place, source })?;
        }
        if store.is_empty() {
            return Err(TrustError::NoRoot);
        }
        let mut listed = HashSet::new();
        let mut stale_at: Option<Timestamp> = None;
        for (place, der) in (1..).zip(&lists) {
            let (_, list) = CertificateRevocationList::from_der(der).map_err(|_| TrustError::List { place })?;
            let issuer = list.issuer().as_raw();
            let revoked = list.iter_revoked_certificates();
            listed.extend(revoked.map(|revoked| CertificateId::new(issuer, revoked.raw_serial())));
            if let Some(next) = list.next_update() {
                let next = Timestamp::from_second(next.timestamp()).unwrap_or(Timestamp::MAX);
                let stale = next.checked_add(STALE_GRACE).unwrap_or(Timestamp::MAX);
                stale_at = Some(stale_at.map_or(stale, |earlier| earlier.min(stale)));
            }
        }
        Ok(Trust {
            roots: Arc::new(store),
            lists,
            listed,
            own,
            stale_at,
        })
    }

    /// Whether `other` says the same.
    pub(super) fn same(&self, other: &Trust) -> bool {
        self.roots.roots == other.roots.roots && self.lists == other.lists && self.own == other.own
    }

    /// Whether a certificate chain, verified once, may still be used.
    pub(super) fn believes(&self, chain: &[CertificateId], now: Timestamp) -> Result<(), Error> {
        if self.stale_at.is_some_and(|stale| now >= stale) {
            return Err(Error::InvalidCertificate(CertificateError::UnknownRevocationStatus));
        }
        if chain.iter().any(|id| self.listed.contains(id) || self.own.contains(id)) {
            return Err(Error::InvalidCertificate(CertificateError::Revoked));
        }
        Ok(())
    }

    /// A verifier of client certificates for handshakes.
    pub(super) fn verifier(self: &Arc<Self>, demand: Demand) -> Result<Arc<dyn ClientCertVerifier>, TrustError> {
        // A list covers one issuer; the others on the path (the root's own list is rarely at hand) stay unknown,
        // and unknown is let pass: without this, one list would shut out everybody else's clients.
        let builder = WebPkiClientVerifier::builder_with_provider(self.roots.clone(), provider())
            .with_crls(self.lists.clone())
            .allow_unknown_revocation_status();
        let builder = match demand {
            Demand::Asked => builder.allow_unauthenticated(),
            Demand::Required => builder,
        };
        Ok(Arc::new(Verifier {
            chain: builder.build()?,
            trust: self.clone(),
        }))
    }
}

/// Whether clients must show a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Demand {
    /// They may; endpoints demand it by [`super::PeerCertificate`].
    Asked,
    /// They must, or the handshake fails.
    Required,
}

/// webpki's verification and then our own revocations, so that a revoked certificate fails the handshake.
#[derive(Debug)]
struct Verifier {
    chain: Arc<dyn ClientCertVerifier>,
    trust: Arc<Trust>,
}

impl ClientCertVerifier for Verifier {
    fn offer_client_auth(&self) -> bool {
        self.chain.offer_client_auth()
    }

    fn client_auth_mandatory(&self) -> bool {
        self.chain.client_auth_mandatory()
    }

    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.chain.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        leaf: &CertificateDer<'_>,
        issuers: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let verified = self.chain.verify_client_cert(leaf, issuers, now)?;
        let ids = std::iter::once(leaf)
            .chain(issuers)
            .map(|der| {
                let (_, certificate) = x509_parser::parse_x509_certificate(der)
                    .map_err(|_| Error::InvalidCertificate(CertificateError::BadEncoding))?;
                Ok(CertificateId::of(&certificate))
            })
            .collect::<Result<Vec<_>, Error>>()?;
        let secs = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
        let now = Timestamp::from_second(secs).unwrap_or(Timestamp::MAX);
        self.trust.believes(&ids, now)?;
        Ok(verified)
    }

    signatures_by!(chain);
}
