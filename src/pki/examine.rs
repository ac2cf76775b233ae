//! Looks at every PEM file that a start may read, and changes nothing.

use std::path::{Path, PathBuf};

use rustls::pki_types::{CertificateDer, CertificateRevocationListDer};
use serde::{Deserialize, Serialize};
use x509_parser::prelude::{CertificateRevocationList, FromDer};
use zeroize::Zeroizing;

use super::authority::Authority;
use super::pem::{self, PemError};
use super::{AuthorityFiles, Hierarchy};

/// A file beside the book that is damaged.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DamagedFile {
    /// Where it lies.
    pub path: PathBuf,
    /// What is wrong with it.
    pub why: String,
}

/// The damaged files of the PKI in `folder`.
#[must_use]
pub fn examine_pki(folder: &Path) -> Vec<DamagedFile> {
    let mut damaged = examine(folder);
    for hierarchy in Hierarchy::ALL {
        let dir = folder.join(hierarchy.name());
        // Files that are each whole may still not belong together.
        if damaged.iter().any(|one| one.path.starts_with(&dir)) {
            continue;
        }
        if let Err(error) = Authority::open(hierarchy, &AuthorityFiles::in_dir(&dir)) {
            damaged.push(DamagedFile {
                path: dir,
                why: error.to_string(),
            });
        }
    }
    damaged
}

/// The damaged PEM files in and below `folder`; none when it does not exist.
#[must_use]
pub fn examine(folder: &Path) -> Vec<DamagedFile> {
    let (mut damaged, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        let entries = match std::fs::read_dir(&folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => {
                let why = error.to_string();
                damaged.push(DamagedFile { path: folder, why });
                continue;
            }
        };
        for path in entries.flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "pem")
                && let Err(why) = look(&path)
            {
                damaged.push(DamagedFile { path, why });
            }
        }
    }
    damaged.sort_by(|one, other| one.path.cmp(&other.path));
    damaged
}

fn look(path: &Path) -> Result<(), String> {
    let bytes = Zeroizing::new(std::fs::read(path).map_err(|error| error.to_string())?);
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    if name.ends_with("crl.pem") {
        let lists = pem::lists(&bytes).map_err(|_| "holds no revocation list")?;
        let readable = |list: &CertificateRevocationListDer<'_>| CertificateRevocationList::from_der(list).is_ok();
        return match lists.iter().all(readable) {
            true => Ok(()),
            false => Err("holds no readable revocation list".to_owned()),
        };
    }
    if name.ends_with("key.pem") || name.ends_with("pkeycert.pem") {
        let key = pem::private_key(&bytes).map_err(|_| "holds no whole private key")?;
        rustls::crypto::aws_lc_rs::sign::any_supported_type(&key).map_err(|_| "holds no usable private key")?;
        if name.ends_with(".key.pem") {
            return Ok(());
        }
    }
    let certificates = pem::certificates(&bytes).map_err(|error| match error {
        PemError::Damaged(_) => "holds a certificate that is cut or garbled",
        _ => "holds no readable certificate",
    })?;
    let readable = |der: &CertificateDer<'_>| x509_parser::parse_x509_certificate(der).is_ok();
    if !certificates.iter().all(readable) {
        return Err("holds no readable certificate".to_owned());
    }
    Ok(())
}
