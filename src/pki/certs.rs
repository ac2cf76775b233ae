//! An authority of its own in a folder, as installers of mediators keep one (EMOP §11, the `certs`
//! command): RSA keys, one CA that signs servers and clients itself, the files where their scripts look for them.
//!
//! ```text
//! <dir>/<env>/ca/ca.key ca.cert    server/server.key server.cert    clients/<id>.key <id>.cert    issued.json
//! ```
//! A box uses it by `grpc.client_ca_file`, `grpc.certificate_file` and `grpc.key_file`.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use data_encoding::{BASE64, HEXLOWER};
use jiff::{SignedDuration, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair,
    KeyUsagePurpose, PKCS_RSA_SHA256, RsaKeySize,
};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::pem::{self, PemError};
use super::profile::{date, serial, span};
use crate::files::{self, FileError, Readers};

/// The name that every server's certificate has; clients of mediators look for it.
const SERVER_NAME: &str = "cepro-mediators";

/// The folder of one environment.
pub struct CertsFolder {
    environment: String,
    dir: PathBuf,
}

/// A certificate and its key, PEM; and where they lie.
pub struct Made {
    /// The key's file.
    pub key_file: PathBuf,
    /// The certificate's file.
    pub certificate_file: PathBuf,
    pub key: Zeroizing<String>,
    pub certificate: String,
    /// The certificate of the authority.
    pub ca: String,
}

/// A client's certificate, as `issued.json` has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssuedClient {
    /// The serial number, hex.
    pub serial: String,
    /// The role.
    pub ou: Option<String>,
    /// From when it is good.
    pub not_before: Timestamp,
    pub not_after: Timestamp,
    /// When it was made.
    pub issued_at: Timestamp,
}

#[derive(Default, Serialize, Deserialize)]
struct Ledger {
    clients: BTreeMap<String, IssuedClient>,
}

/// What a certificate is to be.
pub struct CertificateTemplate<'a> {
    /// How long it is good, in days.
    pub days: u32,
    /// The present.
    pub now: Timestamp,
    /// For a server: further names. For a client: its role, at most one.
    pub words: &'a [String],
}

/// An authority or certificate could not be made.
#[derive(Debug, thiserror::Error)]
pub enum CertsError {
    /// A name that would not do for a file.
    #[error("`{0}` is no {1}: letters, digits, hyphens and underscores")]
    Name(String, &'static str),
    /// The authority is there already.
    #[error("{} is there already, and everything it signed would be worthless without it", .0.display())]
    Exists(PathBuf),
    /// The authority is not there yet.
    #[error("there is no authority in {}; `certs init {}` makes it", .dir.display(), .environment)]
    Absent {
        /// Where it would be.
        dir: PathBuf,
        environment: String,
    },
    /// A file could not be used.
    #[error(transparent)]
    Folder(#[from] FileError),
    /// A file of the authority holds something else.
    #[error("{} does not hold what it should", .0.display())]
    Content(PathBuf),
    /// A file of the authority holds no certificate, or no key.
    #[error("{} does not hold what it should: {source}", .path.display())]
    Pem {
        path: PathBuf,
        /// What the parser said.
        source: PemError,
    },
    /// A key or certificate could not be made.
    #[error("could not {0}: {1}")]
    Crypto(&'static str, #[source] rcgen::Error),
}

impl CertsFolder {
    /// The folder of `environment` under `dir`. Makes nothing.
    pub fn new(dir: &Path, environment: &str) -> Result<CertsFolder, CertsError> {
        Ok(CertsFolder {
            dir: dir.join(named(environment, "environment")?),
            environment: environment.to_owned(),
        })
    }

    /// Makes the authority, unless there is one.
    pub fn init(&self, template: &CertificateTemplate<'_>) -> Result<Made, CertsError> {
        let [key_file, certificate_file] = self.files("ca", "ca");
        if let Some(there) = [&key_file, &certificate_file].into_iter().find(|file| file.exists()) {
            return Err(CertsError::Exists(there.clone()));
        }
        let mut params = params(&format!("{SERVER_NAME}-{} CA", self.environment), None, template);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = generate()?;
        let certificate = params.self_signed(&key);
        let certificate = certificate
            .map_err(|error| CertsError::Crypto("sign the authority", error))?
            .pem();
        let made = Made {
            key_file,
            certificate_file,
            key: traditional(&key),
            ca: certificate.clone(),
            certificate,
        };
        made.write()?;
        Ok(made)
    }

    /// Makes a server's certificate, in place of the one before.
    pub fn server(&self, template: &CertificateTemplate<'_>) -> Result<Made, CertsError> {
        let mut params = params(SERVER_NAME, None, template);
        // Of the common name nobody takes notice any more, so it is among the names too.
        let names = ["localhost", SERVER_NAME]
            .into_iter()
            .chain(template.words.iter().map(String::as_str));
        let names: Vec<String> = names.map(str::to_owned).collect();
        params.subject_alt_names = CertificateParams::new(names)
            .map_err(|error| CertsError::Crypto("take the names", error))?
            .subject_alt_names;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        self.sign(params, self.files("server", "server"))
    }

    /// Makes a client's certificate, in place of the one before, and notes it in `issued.json`.
    pub fn client(&self, id: &str, template: &CertificateTemplate<'_>) -> Result<Made, CertsError> {
        let id = named(id, "client id")?;
        let role = template.words.first().map(String::as_str);
        let mut params = params(id, role, template);
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let number = params
            .serial_number
            .clone()
            .expect("every certificate of ours has a number");
        let (not_before, not_after) = life(template);
        let mut ledger = self.ledger()?;
        let made = self.sign(params, self.files("clients", id))?;
        let row = IssuedClient {
            serial: HEXLOWER.encode(&number.to_bytes()),
            ou: role.map(str::to_owned),
            not_before,
            not_after,
            issued_at: template.now,
        };
        ledger.clients.insert(id.to_owned(), row);
        let text = serde_json::to_string_pretty(&ledger).expect("plain data");
        files::write(&self.dir.join("issued.json"), text.as_bytes(), Readers::All)?;
        Ok(made)
    }

    /// The clients' certificates, by their ids.
    pub fn list(&self) -> Result<BTreeMap<String, IssuedClient>, CertsError> {
        Ok(self.ledger()?.clients)
    }

    fn ledger(&self) -> Result<Ledger, CertsError> {
        let file = self.dir.join("issued.json");
        if !file.exists() {
            return Ok(Ledger::default());
        }
        serde_json::from_str(&files::read(&file)?).map_err(|_| CertsError::Content(file))
    }

    fn files(&self, part: &str, name: &str) -> [PathBuf; 2] {
        ["key", "cert"].map(|kind| self.dir.join(part).join(format!("{name}.{kind}")))
    }

    fn sign(&self, mut params: CertificateParams, files: [PathBuf; 2]) -> Result<Made, CertsError> {
        let (issuer, ca) = self.authority()?;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature, KeyUsagePurpose::KeyEncipherment];
        params.use_authority_key_identifier_extension = true;
        params.is_ca = IsCa::ExplicitNoCa;
        let key = generate()?;
        let certificate = params.signed_by(&key, &issuer);
        let certificate = certificate
            .map_err(|error| CertsError::Crypto("sign the certificate", error))?
            .pem();
        let [key_file, certificate_file] = files;
        let made = Made {
            key_file,
            certificate_file,
            key: traditional(&key),
            certificate,
            ca,
        };
        made.write()?;
        Ok(made)
    }

    fn authority(&self) -> Result<(Issuer<'static, KeyPair>, String), CertsError> {
        let [key_file, certificate_file] = self.files("ca", "ca");
        if !certificate_file.exists() {
            return Err(CertsError::Absent {
                dir: self.dir.clone(),
                environment: self.environment.clone(),
            });
        }
        let ca = files::read(&certificate_file)?;
        let no = |path: &Path| {
            let path = path.to_owned();
            move |source| CertsError::Pem { path, source }
        };
        let der = pem::certificate(ca.as_bytes()).map_err(no(&certificate_file))?;
        let key = Zeroizing::new(files::read(&key_file)?);
        let key = pem::private_key(key.as_bytes()).map_err(no(&key_file))?;
        let key = KeyPair::from_der_and_sign_algo(&key, &PKCS_RSA_SHA256).map_err(|_| CertsError::Content(key_file))?;
        let issuer = Issuer::from_ca_cert_der(&der, key);
        Ok((
            issuer.map_err(|error| CertsError::Crypto("read the authority", error))?,
            ca,
        ))
    }
}

impl Made {
    fn write(&self) -> Result<(), CertsError> {
        files::make_private(self.key_file.parent().unwrap_or(Path::new(".")))?;
        files::write(&self.key_file, self.key.as_bytes(), Readers::Owner)?;
        files::write(&self.certificate_file, self.certificate.as_bytes(), Readers::All)?;
        Ok(())
    }
}

fn named<'a>(name: &'a str, what: &'static str) -> Result<&'a str, CertsError> {
    let formed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let right = !name.is_empty() && name.bytes().all(formed);
    right
        .then_some(name)
        .ok_or_else(|| CertsError::Name(name.to_owned(), what))
}

fn life(template: &CertificateTemplate<'_>) -> (Timestamp, Timestamp) {
    span(template.now, SignedDuration::from_hours(24 * i64::from(template.days)))
}

fn params(name: &str, role: Option<&str>, template: &CertificateTemplate<'_>) -> CertificateParams {
    let mut params = CertificateParams::default();
    let (not_before, not_after) = life(template);
    params.not_before = date(not_before);
    params.not_after = date(not_after);
    params.serial_number = Some(serial());
    let mut subject = DistinguishedName::new();
    subject.push(DnType::CountryName, "GB");
    subject.push(DnType::StateOrProvinceName, "England");
    subject.push(DnType::LocalityName, "Bristol");
    subject.push(DnType::OrganizationName, "Cepro");
    if let Some(role) = role {
        subject.push(DnType::OrganizationalUnitName, role);
    }
    subject.push(DnType::CommonName, name);
    params.distinguished_name = subject;
    params
}

fn generate() -> Result<KeyPair, CertsError> {
    KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_4096)
        .map_err(|error| CertsError::Crypto("make a key", error))
}

/// The key in the form of old (PKCS #1, `RSA PRIVATE KEY`), which is what a PKCS #8 key has inside.
fn traditional(key: &KeyPair) -> Zeroizing<String> {
    /// rsaEncryption and NULL, then an octet string with a length of two bytes (RFC 8017 A.1, RFC 5958 §2).
    const BEFORE: [u8; 17] = [
        0x30, 0x0D, 0x06, 0x09, 0x2A, 0x86, 0x48, 0x86, 0xF7, 0x0D, 0x01, 0x01, 0x01, 0x05, 0x00, 0x04, 0x82,
    ];
    let whole = Zeroizing::new(key.serialize_der());
    let place = whole.windows(BEFORE.len()).position(|window| window == BEFORE);
    let place = place.expect("a key of RSA says so") + BEFORE.len();
    let length = usize::from(u16::from_be_bytes([whole[place], whole[place + 1]]));
    let inside = Zeroizing::new(BASE64.encode(&whole[place + 2..place + 2 + length]));
    let mut text = Zeroizing::new(String::from("-----BEGIN RSA PRIVATE KEY-----\n"));
    for line in inside.as_bytes().chunks(64) {
        text.push_str(std::str::from_utf8(line).expect("base64 is ASCII"));
        text.push('\n');
    }
    text.push_str("-----END RSA PRIVATE KEY-----\n");
    text
}
