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
/// So long before its `nextUpdate` the next one is missed at the earliest; a list of a short life has a tenth of it.
const MISSED_BEFORE: SignedDuration = SignedDuration::from_hours(3 * 24);

/// What is believed at one moment; never changed, only replaced.
#[derive(Debug)]
pub(super) struct Trust {
    roots: Arc<RootCertStore>,
    lists: Vec<CertificateRevocationListDer<'static>>,
    listed: HashSet<CertificateId>,
    own: Arc<Revocations>,
    /// How long the first of the lists counts that runs out.
    term: Option<ListTerm>,
}

/// How long a revocation list counts (RFC 5280 §5.1.2.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ListTerm {
    /// When the next one should be there, if it is ever to come.
    pub missed_at: Timestamp,
    /// When it says that the next one is there at the latest.
    pub next_update: Timestamp,
    /// When it is too old to be relied on: from then on no client certificate is believed.
    pub stale_at: Timestamp,
}

impl ListTerm {
    /// The term of a list; `None`: it has no end.
    fn of(list: &CertificateRevocationList<'_>) -> Option<ListTerm> {
        let moment = |seconds| Timestamp::from_second(seconds).unwrap_or(Timestamp::MAX);
        let issued = moment(list.last_update().timestamp());
        let next_update = moment(list.next_update()?.timestamp());
        let ahead = MISSED_BEFORE.min(next_update.duration_since(issued) / 10);
        Some(ListTerm {
            missed_at: next_update.checked_sub(ahead).unwrap_or(next_update),
            next_update,
            stale_at: next_update.checked_add(STALE_GRACE).unwrap_or(Timestamp::MAX),
        })
    }
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

/// Checks that each of these is a revocation list. Answers how long the first of them counts that runs out.
pub(super) fn check_lists(lists: &[CertificateRevocationListDer<'static>]) -> Result<Option<ListTerm>, TrustError> {
    let terms = (1..).zip(lists).map(|(place, der)| {
        let (_, list) = CertificateRevocationList::from_der(der).map_err(|_| TrustError::List { place })?;
        Ok(ListTerm::of(&list))
    });
    let terms: Vec<_> = terms.collect::<Result<_, TrustError>>()?;
    Ok(first_to_end(terms.into_iter().flatten().collect()))
}

fn first_to_end(terms: Vec<ListTerm>) -> Option<ListTerm> {
    terms.into_iter().min_by_key(|term| term.stale_at)
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
        let mut terms = Vec::new();
        for (place, der) in (1..).zip(&lists) {
            let (_, list) = CertificateRevocationList::from_der(der).map_err(|_| TrustError::List { place })?;
            let issuer = list.issuer().as_raw();
            let revoked = list.iter_revoked_certificates();
            listed.extend(revoked.map(|revoked| CertificateId::new(issuer, revoked.raw_serial())));
            terms.extend(ListTerm::of(&list));
        }
        Ok(Trust {
            roots: Arc::new(store),
            lists,
            listed,
            own,
            term: first_to_end(terms),
        })
    }

    /// How long the first of the lists counts that runs out; `None`: none does.
    pub(super) fn term(&self) -> Option<ListTerm> {
        self.term
    }

    /// Whether `other` says the same.
    pub(super) fn same(&self, other: &Trust) -> bool {
        self.roots.roots == other.roots.roots && self.lists == other.lists && self.own == other.own
    }

    /// Whether a certificate chain, verified once, may still be used.
    pub(super) fn believes(&self, chain: &[CertificateId], now: Timestamp) -> Result<(), Error> {
        if self.term.is_some_and(|term| now >= term.stale_at) {
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
