//! Authorities of other systems that a hierarchy believes beside its own (MOVE §3): their files, read and written.
//!
//! ```text
//! <data>/pki/<hierarchy>/adopted/<id>.cert.pem    the authority
//!                                <id>.key.pem     its key, if it came along: then the hierarchy signs with it
//!                                <id>.cross.pem   the authority once more, signed by the hierarchy's own root
//! ```

use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use jiff::{SignedDuration, Timestamp};
use rcgen::KeyPair;
use rustls::pki_types::CertificateDer;
use zeroize::Zeroizing;

use super::authority::{Authority, AuthorityError};
use super::{Hierarchy, pem, sha256};
use crate::files::{self, Readers};

/// An authority with less than this left signs nothing more: a door's certificate lasts longer.
const MARGIN: SignedDuration = SignedDuration::from_hours(24 * 100);

/// An authority of another system.
pub(super) struct Adopted {
    pub(super) certificate: CertificateDer<'static>,
    /// With its key, ready to sign.
    pub(super) signer: Option<Authority>,
}

/// Where the files of one lie.
pub(super) struct AdoptedFiles {
    pub(super) certificate: PathBuf,
    pub(super) key: PathBuf,
    pub(super) cross: PathBuf,
}

impl AdoptedFiles {
    pub(super) fn of(dir: &Path, certificate: &CertificateDer<'_>) -> AdoptedFiles {
        AdoptedFiles::named(dir, &HEXLOWER.encode(&sha256(certificate)[..16]))
    }

    fn named(dir: &Path, id: &str) -> AdoptedFiles {
        let file = |kind: &str| dir.join(format!("{id}.{kind}.pem"));
        AdoptedFiles {
            certificate: file("cert"),
            key: file("key"),
            cross: file("cross"),
        }
    }
}

impl Adopted {
    /// All that lie in `dir`, by their ids. One that cannot be read is told, and keeps no other from being used.
    pub(super) fn all(hierarchy: Hierarchy, dir: &Path) -> Vec<Adopted> {
        let Ok(entries) = std::fs::read_dir(dir) else {
            return Vec::new();
        };
        let names = entries
            .flatten()
            .filter_map(|entry| entry.file_name().into_string().ok());
        let mut ids: Vec<String> = names
            .filter_map(|name| Some(name.strip_suffix(".cert.pem")?.to_owned()))
            .collect();
        ids.sort();
        let read = |id: &String| {
            let read = Adopted::read(hierarchy, &AdoptedFiles::named(dir, id));
            read.inspect_err(|error| {
                tracing::error!(hierarchy = hierarchy.name(), id, %error, "an authority of another system is unusable");
            })
        };
        ids.iter().filter_map(|id| read(id).ok()).collect()
    }

    fn read(hierarchy: Hierarchy, at: &AdoptedFiles) -> Result<Adopted, AuthorityError> {
        let text = files::read(&at.certificate)?;
        let certificate = pem::certificate(text.as_bytes()).map_err(|_| AuthorityError::Certificate {
            path: at.certificate.clone(),
        })?;
        let signer = match at.key.exists() {
            true => {
                let key = Zeroizing::new(files::read(&at.key)?);
                let key = key_pair(hierarchy, &key)?;
                let shown = match at.cross.exists() {
                    true => files::read(&at.cross)?,
                    false => text,
                };
                Some(Authority::adopted(hierarchy, certificate.clone(), key, shown)?)
            }
            false => None,
        };
        Ok(Adopted { certificate, signer })
    }

    /// Writes what is given. The certificate is last: with it the authority is believed.
    pub(super) fn write(
        dir: &Path,
        certificate: &CertificateDer<'_>,
        (key, cross): (Option<&str>, Option<&str>),
    ) -> Result<(), AuthorityError> {
        let at = AdoptedFiles::of(dir, certificate);
        files::make_private(dir)?;
        for (path, text) in [(&at.key, key), (&at.cross, cross)] {
            if let Some(text) = text {
                files::write(path, text.as_bytes(), Readers::Owner)?;
            }
        }
        files::write(&at.certificate, pem::encoded(certificate).as_bytes(), Readers::Owner)?;
        Ok(())
    }

    /// Whether it can sign what has to last.
    pub(super) fn leads(&self, now: Timestamp) -> Option<&Authority> {
        let ends = now.saturating_add(MARGIN).unwrap_or(Timestamp::MAX);
        self.signer.as_ref().filter(|signer| signer.ends() > ends)
    }
}

/// A key of any kind that authorities have, in any PEM form.
pub(super) fn key_pair(hierarchy: Hierarchy, text: &str) -> Result<KeyPair, AuthorityError> {
    let crypto = |source| AuthorityError::Crypto {
        hierarchy,
        stage: "read the key of an authority",
        source,
    };
    let key = pem::private_key(text.as_bytes()).map_err(|_| crypto(rcgen::Error::CouldNotParseKeyPair))?;
    KeyPair::try_from(&key).map_err(crypto)
}
