//! From a request to a certificate in the register and on disk.

use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use jiff::Timestamp;
use rcgen::KeyPair;
use serde::Serialize;
use zeroize::Zeroizing;

use super::authority::{self, Signed};
use super::{AuthorityError, Hierarchy, Overwrite, Pki, PkiError, Request, Row, sha256};
use crate::files::{self, Readers};

/// What came of a request.
#[derive(Clone, Debug, Serialize)]
pub struct Issued {
    pub hierarchy: Hierarchy,
    /// The name asked for.
    pub name: String,
    /// The serial number, lower-case hex.
    pub serial: String,
    /// SHA-256 of the certificate, lower-case hex.
    pub thumbprint: String,
    /// From when it is good.
    pub not_before: Timestamp,
    /// Until when it is.
    pub not_after: Timestamp,
    /// The private key (PKCS#8, PEM).
    pub key: PathBuf,
    /// The certificate (PEM).
    pub certificate: PathBuf,
    /// The certificate and its issuer (PEM): what a server shows.
    pub chain: PathBuf,
    /// Certificate, issuer and key in one (PEM): what the relay's peers load (RELAY §6.2).
    pub pkeycert: PathBuf,
}

impl Pki {
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
        let key = KeyPair::generate().map_err(|source| AuthorityError::Crypto {
            hierarchy,
            stage: "make a key",
            source,
        })?;
        let (signed, issuer_pem) = self.signing(hierarchy, now, |authority| {
            let signed = authority.sign(params.clone(), &key, now, request.life())?;
            Ok((signed, authority.issuer_pem().to_owned()))
        })?;
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
            issuer_pem,
            issued,
        })
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
            foreign: false,
        }
    }

    fn pem(&self) -> Pem {
        let key = authority::pem(&self.key);
        let certificate = self.signed.certificate.pem();
        let chain = format!("{certificate}{}", self.issuer_pem);
        let pkeycert = Zeroizing::new(format!("{chain}{}", *key));
        Pem {
            key,
            certificate,
            chain,
            pkeycert,
        }
    }

    fn save(self) -> Result<Issued, PkiError> {
        let pem = self.pem();
        let issued = self.issued;
        if let Some(out) = issued.key.parent() {
            files::make_private(out)?;
        }
        files::write(&issued.key, pem.key.as_bytes(), Readers::Owner)?;
        files::write(&issued.certificate, pem.certificate.as_bytes(), Readers::All)?;
        files::write(&issued.chain, pem.chain.as_bytes(), Readers::All)?;
        files::write(&issued.pkeycert, pem.pkeycert.as_bytes(), Readers::Owner)?;
        Ok(issued)
    }
}

/// The four files of a certificate as texts; see [`Issued`].
pub struct Pem {
    /// The private key.
    pub key: Zeroizing<String>,
    pub certificate: String,
    /// The certificate and its issuer.
    pub chain: String,
    /// Certificate, issuer and key.
    pub pkeycert: Zeroizing<String>,
}
