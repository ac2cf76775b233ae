//! One hierarchy's root and issuing CA: made, kept on disk, and signing.

use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertificateRevocationListParams, IsCa, Issuer, KeyPair,
    PublicKeyData, RevokedCertParams, SerialNumber,
};
use rustls::pki_types::CertificateDer;
use zeroize::Zeroizing;

use super::profile::{ISSUER_LIFE, ISSUER_MARGIN, LIST_LIFE, ROOT_LIFE, ca, date, serial, span};
use super::{CertificateId, Hierarchy, pem};
use crate::files::{self, FileError, Readers};

/// Where a hierarchy's files lie.
#[derive(Clone, Debug, serde::Serialize)]
pub struct AuthorityFiles {
    /// The root certificate: the one file that those who trust this hierarchy need.
    pub root_certificate: PathBuf,
    /// The root's key.
    pub root_key: PathBuf,
    /// The issuing CA's certificate.
    pub issuer_certificate: PathBuf,
    /// The issuing CA's key.
    pub issuer_key: PathBuf,
    /// The revocation list, once one was made.
    pub crl: PathBuf,
}

impl AuthorityFiles {
    /// In the folder of a hierarchy.
    pub(super) fn in_dir(dir: &Path) -> AuthorityFiles {
        AuthorityFiles {
            root_certificate: dir.join("root.cert.pem"),
            root_key: dir.join("root.key.pem"),
            issuer_certificate: dir.join("issuer.cert.pem"),
            issuer_key: dir.join("issuer.key.pem"),
            crl: dir.join("crl.pem"),
        }
    }
}

/// An authority could not be made, read or used.
#[derive(Debug, thiserror::Error)]
pub enum AuthorityError {
    /// The hierarchy was never made.
    #[error("there is no {0} hierarchy yet; `gatelodge pki init` makes it")]
    Absent(Hierarchy),
    /// It was there, and its files are gone.
    #[error(
        "the {hierarchy} authority that this box had is gone from {}: restore a backup with its keys. \
         `gatelodge pki init --replace` makes a new one instead, and what the old one issued is worth nothing then",
        .dir.display()
    )]
    Gone {
        hierarchy: Hierarchy,
        /// Where its files were.
        dir: PathBuf,
    },
    /// It is there and cannot be used, or is gone.
    #[error("the {hierarchy} hierarchy cannot be used: {why}")]
    Unusable {
        hierarchy: Hierarchy,
        /// What is wrong with it.
        why: String,
    },
    /// A file of it could not be used.
    #[error(transparent)]
    Folder(#[from] FileError),
    /// A file of it does not hold what it should.
    #[error("{} holds no certificate", .path.display())]
    Certificate { path: PathBuf },
    /// Key and certificate do not belong together.
    #[error("{} is not the key of {}", .key.display(), .certificate.display())]
    OtherKey { certificate: PathBuf, key: PathBuf },
    /// A key or certificate could not be made or parsed.
    #[error("the {hierarchy} hierarchy could not {stage}: {}", in_words(.source))]
    Crypto {
        hierarchy: Hierarchy,
        /// At what.
        stage: &'static str,
        /// What the library said.
        source: rcgen::Error,
    },
}

/// What the library says, once: its PEM errors name their kind again and again, and no file.
fn in_words(error: &rcgen::Error) -> String {
    match error {
        rcgen::Error::PemError(_) => "the file holds no whole PEM block".to_owned(),
        other => other.to_string(),
    }
}

/// A hierarchy ready to sign.
pub(super) struct Authority {
    hierarchy: Hierarchy,
    root: CertificateDer<'static>,
    issuer: Issuer<'static, KeyPair>,
    issuer_pem: String,
    issuer_der: CertificateDer<'static>,
    issuer_name: Vec<u8>,
    issuer_ends: Timestamp,
}

impl Authority {
    /// Reads the authority from `files`; `None` when it was never made.
    pub(super) fn open(hierarchy: Hierarchy, files: &AuthorityFiles) -> Result<Option<Authority>, AuthorityError> {
        if !files.issuer_certificate.exists() {
            return Ok(None);
        }
        let crypto = |stage| {
            move |source| AuthorityError::Crypto {
                hierarchy,
                stage,
                source,
            }
        };
        let root = certificate(&files.root_certificate)?;
        let issuer_pem = files::read(&files.issuer_certificate)?;
        let issuer_der = certificate(&files.issuer_certificate)?;
        let key = Zeroizing::new(files::read(&files.issuer_key)?);
        let key = KeyPair::from_pem(&key).map_err(crypto("read its issuer's key"))?;
        if !is_key_of(&issuer_der, &key) {
            return Err(AuthorityError::OtherKey {
                certificate: files.issuer_certificate.clone(),
                key: files.issuer_key.clone(),
            });
        }
        let issuer = Issuer::from_ca_cert_der(&issuer_der, key).map_err(crypto("read its issuer's certificate"))?;
        let (_, parsed) =
            x509_parser::parse_x509_certificate(&issuer_der).map_err(|_| AuthorityError::Certificate {
                path: files.issuer_certificate.clone(),
            })?;
        let (issuer_name, ends) = (
            parsed.subject().as_raw().to_vec(),
            parsed.validity().not_after.timestamp(),
        );
        Ok(Some(Authority {
            hierarchy,
            root,
            issuer,
            issuer_pem,
            issuer_name,
            issuer_ends: Timestamp::from_second(ends).unwrap_or(Timestamp::MAX),
            issuer_der,
        }))
    }

    /// An authority of another system, which signs by itself what it vouches for; `shown` (PEM) goes along with what it
    /// signs.
    pub(super) fn adopted(
        hierarchy: Hierarchy,
        certificate: CertificateDer<'static>,
        key: KeyPair,
        shown: String,
    ) -> Result<Authority, AuthorityError> {
        let crypto = |source| AuthorityError::Crypto {
            hierarchy,
            stage: "read an authority of another system",
            source,
        };
        let unreadable = || crypto(rcgen::Error::CouldNotParseCertificate);
        let (_, parsed) = x509_parser::parse_x509_certificate(&certificate).map_err(|_| unreadable())?;
        let (issuer_name, ends) = (
            parsed.subject().as_raw().to_vec(),
            parsed.validity().not_after.timestamp(),
        );
        let issuer = Issuer::from_ca_cert_der(&certificate, key).map_err(crypto)?;
        Ok(Authority {
            hierarchy,
            root: certificate.clone(),
            issuer,
            issuer_pem: shown,
            issuer_name,
            issuer_ends: Timestamp::from_second(ends).unwrap_or(Timestamp::MAX),
            issuer_der: certificate,
        })
    }

    /// Makes root and issuing CA. The issuer's certificate is written last: with it the authority is whole.
    pub(super) fn create(hierarchy: Hierarchy, files: &AuthorityFiles, now: Timestamp) -> Result<(), AuthorityError> {
        let crypto = |stage| {
            move |source| AuthorityError::Crypto {
                hierarchy,
                stage,
                source,
            }
        };
        // The mark keeps apart the names of different boxes, which a peer may trust side by side.
        let mut mark = [0; 4];
        aws_lc_rs::rand::fill(&mut mark).expect("the system gives random bytes");
        let mark = data_encoding::HEXLOWER.encode(&mark);
        let root_key = KeyPair::generate().map_err(crypto("make its root's key"))?;
        let mut params = ca(&format!("Gatelodge {hierarchy} root {mark}"), now, ROOT_LIFE);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let root = params.self_signed(&root_key).map_err(crypto("sign its root"))?;
        let issuer_key = KeyPair::generate().map_err(crypto("make its issuer's key"))?;
        let name = format!("Gatelodge {hierarchy} issuer {mark}");
        let root_issuer = Issuer::from_params(&params, &root_key);
        let issuer = sign_issuer(hierarchy, &name, &issuer_key, &root_issuer, now)?;
        files::write(&files.root_key, pem(&root_key).as_bytes(), Readers::Owner)?;
        files::write(&files.root_certificate, root.pem().as_bytes(), Readers::Owner)?;
        files::write(&files.issuer_key, pem(&issuer_key).as_bytes(), Readers::Owner)?;
        files::write(&files.issuer_certificate, issuer.pem().as_bytes(), Readers::Owner)?;
        Ok(())
    }

    /// Whether the issuing CA should be renewed before it signs again.
    pub(super) fn is_ageing(&self, now: Timestamp) -> bool {
        now.checked_add(ISSUER_MARGIN)
            .is_ok_and(|then| then >= self.issuer_ends)
    }

    /// Gives the issuing CA a new life under the same name and key, so that what it signed stays good.
    pub(super) fn renew(&self, files: &AuthorityFiles, now: Timestamp) -> Result<(), AuthorityError> {
        let hierarchy = self.hierarchy;
        let crypto = |stage| {
            move |source| AuthorityError::Crypto {
                hierarchy,
                stage,
                source,
            }
        };
        let key = Zeroizing::new(files::read(&files.root_key)?);
        let key = KeyPair::from_pem(&key).map_err(crypto("read its root's key"))?;
        let root = Issuer::from_ca_cert_der(&self.root, key).map_err(crypto("read its root's certificate"))?;
        let (_, old) =
            x509_parser::parse_x509_certificate(&self.issuer_der).map_err(|_| AuthorityError::Certificate {
                path: files.issuer_certificate.clone(),
            })?;
        let name = old.subject().iter_common_name().find_map(|name| name.as_str().ok());
        let name = name.unwrap_or("Gatelodge issuer").to_owned();
        let renewed = sign_issuer(hierarchy, &name, self.issuer.key(), &root, now)?;
        Ok(files::write(
            &files.issuer_certificate,
            renewed.pem().as_bytes(),
            Readers::Owner,
        )?)
    }

    /// Signs `params` for `key`, with serial number, dates (at most `life`, never past the issuer's own) and
    /// identifiers filled in.
    pub(super) fn sign(
        &self,
        mut params: CertificateParams,
        key: &impl PublicKeyData,
        now: Timestamp,
        life: SignedDuration,
    ) -> Result<Signed, AuthorityError> {
        let serial = serial();
        params.serial_number = Some(serial.clone());
        let (not_before, not_after) = span(now, life);
        let not_after = not_after.min(self.issuer_ends);
        params.not_before = date(not_before);
        params.not_after = date(not_after);
        params.use_authority_key_identifier_extension = true;
        params.is_ca = IsCa::ExplicitNoCa;
        let hierarchy = self.hierarchy;
        let certificate = params
            .signed_by(key, &self.issuer)
            .map_err(|source| AuthorityError::Crypto {
                hierarchy,
                stage: "sign a certificate",
                source,
            })?;
        Ok(Signed {
            id: CertificateId::new(&self.issuer_name, &serial.to_bytes()),
            certificate,
            not_before,
            not_after,
        })
    }

    /// A signed list of what was revoked, PEM.
    pub(super) fn list(&self, revoked: Vec<RevokedCertParams>, now: Timestamp) -> Result<String, AuthorityError> {
        let hierarchy = self.hierarchy;
        let list = CertificateRevocationListParams {
            this_update: date(now),
            next_update: date(now.saturating_add(LIST_LIFE).unwrap_or(Timestamp::MAX)),
            // Seconds rise by themselves, and no list is made twice in one.
            crl_number: SerialNumber::from_slice(&now.as_second().max(1).to_be_bytes()),
            issuing_distribution_point: None,
            revoked_certs: revoked,
            key_identifier_method: rcgen::KeyIdMethod::Sha256,
        };
        list.signed_by(&self.issuer)
            .and_then(|list| list.pem())
            .map_err(|source| AuthorityError::Crypto {
                hierarchy,
                stage: "sign its revocation list",
                source,
            })
    }

    /// Until when it is good.
    pub(super) fn ends(&self) -> Timestamp {
        self.issuer_ends
    }

    /// Whether `id` names this issuer.
    pub(super) fn is_issuer_of(&self, id: &CertificateId) -> bool {
        id.issuer_hex() == CertificateId::new(&self.issuer_name, &[]).issuer_hex()
    }

    pub(super) fn root(&self) -> &CertificateDer<'static> {
        &self.root
    }

    pub(super) fn issuer(&self) -> &CertificateDer<'static> {
        &self.issuer_der
    }

    pub(super) fn issuer_pem(&self) -> &str {
        &self.issuer_pem
    }
}

/// A certificate that an authority just signed.
pub(super) struct Signed {
    pub(super) certificate: Certificate,
    pub(super) id: CertificateId,
    pub(super) not_before: Timestamp,
    pub(super) not_after: Timestamp,
}

/// A key as PEM text that is wiped after use.
pub(super) fn pem(key: &KeyPair) -> Zeroizing<String> {
    Zeroizing::new(key.serialize_pem())
}

pub(super) fn is_key_of(certificate: &CertificateDer<'_>, key: &KeyPair) -> bool {
    x509_parser::parse_x509_certificate(certificate)
        .is_ok_and(|(_, parsed)| parsed.tbs_certificate.subject_pki.raw == key.subject_public_key_info())
}

fn certificate(path: &Path) -> Result<CertificateDer<'static>, AuthorityError> {
    let text = files::read(path)?;
    pem::certificate(text.as_bytes()).map_err(|_| AuthorityError::Certificate { path: path.to_owned() })
}

fn sign_issuer(
    hierarchy: Hierarchy,
    name: &str,
    key: &impl PublicKeyData,
    root: &Issuer<'_, impl rcgen::SigningKey>,
    now: Timestamp,
) -> Result<Certificate, AuthorityError> {
    let mut params = ca(name, now, ISSUER_LIFE);
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    params.extended_key_usages = hierarchy.issuer_purposes();
    params.use_authority_key_identifier_extension = true;
    params.signed_by(key, root).map_err(|source| AuthorityError::Crypto {
        hierarchy,
        stage: "sign its issuer",
        source,
    })
}
