//! The key that signs records, read of its files; and what `check-config` says of those that somebody else looks after
//! (PER §7.5).

use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use rustls::pki_types::CertificateDer;
use zeroize::Zeroizing;

use super::config::Config;
use super::provenance::{SigningKey, SigningKeyError};
use crate::files::{self, FileError};
use crate::pki::{LeafFacts, PkiError, Signer, SignerError, pem};

/// It is told so long before its end: whoever looks after files has time.
pub(super) const WARNED: SignedDuration = SignedDuration::from_hours(24 * 30);

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

/// Why no record could be signed with the files that are named, or soon none can.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningFinding {
    /// The key of the configuration by which the file is named that is to be another.
    pub key: &'static str,
    /// What is the matter.
    pub what: String,
    /// What to do.
    pub next: String,
    /// Whether it comes and goes with time: no fault of the configuration.
    pub is_of_time: bool,
}

/// What keeps the key that `config` names from signing at `now`; `None`: nothing, or the box has its own.
#[must_use]
pub fn check_signing(config: &Config, now: Timestamp) -> Option<SigningFinding> {
    let certificate = config.signing_certificate_file.as_deref()?;
    let (key, ca) = (config.signing_key_file.as_deref()?, config.signing_ca_file.as_deref()?);
    let found = roots(ca).and_then(|roots| read((certificate, key), &roots, &config.signing_role(), now));
    let fault = match found.map(|ready| ready.facts) {
        Err(fault) => fault,
        Ok(facts) if now < facts.not_before => SigningFault::Future(facts.not_before),
        Ok(facts) if now >= facts.not_after => SigningFault::Expired(facts.not_after),
        Ok(facts) => return ends_soon(facts.not_after, now),
    };
    Some(SigningFinding {
        key: fault.key(),
        what: format!("no half-hours are given, since no record can be signed: {fault}"),
        next: fault.next_step(),
        is_of_time: fault.is_of_time(),
    })
}

fn ends_soon(not_after: Timestamp, now: Timestamp) -> Option<SigningFinding> {
    let left: SignedDuration = not_after.duration_since(now);
    (left < WARNED).then(|| SigningFinding {
        key: CERTIFICATE,
        what: format!(
            "the certificate that signs records is good until {not_after:.0}: from then on no half-hours are given"
        ),
        next: "have the next one issued, and put it there before".to_owned(),
        is_of_time: true,
    })
}

const CERTIFICATE: &str = "perseus.signing_certificate_file";
const KEY: &str = "perseus.signing_key_file";
const CA: &str = "perseus.signing_ca_file";

impl SigningFault {
    /// The key of the configuration by which the file is named that is to be another.
    fn key(&self) -> &'static str {
        match self {
            SigningFault::Key(SigningKeyError::Key) | SigningFault::Mismatch => KEY,
            SigningFault::Signer(error) if error.is_of_another_root() => CA,
            _ => CERTIFICATE,
        }
    }

    /// Whether it comes and goes with time.
    fn is_of_time(&self) -> bool {
        match self {
            SigningFault::Expired(_) | SigningFault::Future(_) => true,
            SigningFault::Signer(error) => error.is_of_time(),
            _ => false,
        }
    }

    /// What to do about it, where the files are somebody else's to look after.
    pub(super) fn next_step(&self) -> String {
        match self {
            SigningFault::File(_) | SigningFault::Pem { .. } => "put a readable PEM file there".to_owned(),
            SigningFault::Key(SigningKeyError::Key) => "records are signed with a key on P-256: make one, and have a \
                                                        certificate issued for it"
                .to_owned(),
            SigningFault::Mismatch => "name the key that the certificate was issued for".to_owned(),
            SigningFault::Role(_) => {
                "have a certificate issued with that role, or set perseus.registry_base to where the \
                                      scheme's names begin"
                    .to_owned()
            }
            SigningFault::Expired(_) => "have a new certificate issued".to_owned(),
            SigningFault::Future(_) => "wait until then, or set this machine's clock right".to_owned(),
            SigningFault::Signer(error) if error.is_of_another_root() => {
                format!(
                    "name the root that issued the certificate, or put the issuers between them behind it in {CERTIFICATE}"
                )
            }
            SigningFault::Signer(_) | SigningFault::Key(_) => {
                "have a certificate issued as the scheme's signing certificates are".to_owned()
            }
            SigningFault::Issue(_) | SigningFault::Replaced => "see `gatelodge pki list`".to_owned(),
        }
    }
}

/// The roots in a file.
pub(super) fn roots(ca: &Path) -> Result<Vec<CertificateDer<'static>>, SigningFault> {
    pem::certificates(files::read(ca)?.as_bytes()).map_err(|why| fault_of(ca, why))
}

/// The key of a chain and its key, by which somebody with that role signs whom others verify by these roots. Whether it is
/// good at `now` is asked each time that it signs.
pub(super) fn read(
    (certificate, key): (&Path, &Path),
    roots: &[CertificateDer<'_>],
    role: &str,
    now: Timestamp,
) -> Result<Ready, SigningFault> {
    let chain = pem::certificates(files::read(certificate)?.as_bytes()).map_err(|why| fault_of(certificate, why))?;
    let secret = Zeroizing::new(files::read(key)?);
    let secret = pem::private_key(secret.as_bytes()).map_err(|why| fault_of(key, why))?;
    // A root at the chain's end is no issuer that records name.
    let chain: Vec<_> = chain.into_iter().filter(|one| !roots.contains(one)).collect();
    let facts = chain
        .first()
        .and_then(LeafFacts::of)
        .ok_or(SigningKeyError::Certificate)?;
    let key = SigningKey::new(&chain, secret.secret_der())?;
    let when = now.clamp(facts.not_before, facts.not_after);
    let signer = Signer::of(&chain, roots, when)?;
    if !signer.roles.iter().any(|one| one == role) {
        return Err(SigningFault::Role(role.to_owned()));
    }
    let probe = b"whether the key is this certificate's";
    if !signer.signed(probe, &key.signature(probe)?) {
        return Err(SigningFault::Mismatch);
    }
    Ok(Ready { key, facts, signer })
}

fn fault_of(path: &Path, why: pem::PemError) -> SigningFault {
    SigningFault::Pem {
        path: PathBuf::from(path),
        why,
    }
}
