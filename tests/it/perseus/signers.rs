//! Certificates that somebody else made to sign records with: right ones, and ones with one thing wrong.

use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use rcgen::{
    BasicConstraints, CertificateParams, CustomExtension, DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa,
    Issuer, KeyPair, KeyUsagePurpose, PKCS_ECDSA_P256_SHA256, PKCS_ECDSA_P384_SHA384, SanType, SerialNumber,
    SignatureAlgorithm,
};
use time::OffsetDateTime;

use super::fixture::SCHEME;

const ROLES: &[u64] = &[1, 3, 6, 1, 4, 1, 62_329, 1, 1];
const MEMBER: &[u64] = &[1, 3, 6, 1, 4, 1, 62_329, 1, 3];

/// A leaf that somebody wants.
#[derive(Clone)]
pub struct Leaf {
    pub key: &'static SignatureAlgorithm,
    pub uris: Vec<&'static str>,
    pub roles: Option<String>,
    pub member: bool,
    pub organization: bool,
    pub purposes: Vec<ExtendedKeyUsagePurpose>,
    pub authority_key_identifier: bool,
    /// Days from now, as are those of the issuer.
    pub days: (i64, i64),
    pub issuer_days: (i64, i64),
    /// Whether the issuer stands behind it in the chain.
    pub with_issuer: bool,
}

impl Default for Leaf {
    fn default() -> Leaf {
        Leaf {
            key: &PKCS_ECDSA_P256_SHA256,
            uris: vec!["https://directory.example/a/edp"],
            roles: Some(format!("{SCHEME}/role/energy-data-provider")),
            member: true,
            organization: true,
            purposes: Vec::new(),
            authority_key_identifier: true,
            days: (-1, 365),
            issuer_days: (-1, 3_650),
            with_issuer: true,
        }
    }
}

/// Where its files are.
#[derive(Clone, Debug)]
pub struct Files {
    pub chain: PathBuf,
    pub key: PathBuf,
    pub root: PathBuf,
}

fn date(days: i64) -> OffsetDateTime {
    let at = Timestamp::now() + SignedDuration::from_hours(24 * days);
    OffsetDateTime::from_unix_timestamp(at.as_second()).unwrap()
}

/// DER of at most 127 bytes inside, or of 128 to 65,535.
fn der(tag: u8, inside: &[u8]) -> Vec<u8> {
    let length = match u8::try_from(inside.len()) {
        Ok(short) if short < 128 => vec![short],
        Ok(long) => vec![0x81, long],
        Err(_) => [&[0x82][..], &u16::try_from(inside.len()).unwrap().to_be_bytes()].concat(),
    };
    [&[tag], &length[..], inside].concat()
}

fn named(name: &str, days: (i64, i64)) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name = DistinguishedName::new();
    params.distinguished_name.push(DnType::CommonName, name);
    (params.not_before, params.not_after) = (date(days.0), date(days.1));
    params.use_authority_key_identifier_extension = true;
    params
}

fn authority(name: &str, days: (i64, i64)) -> CertificateParams {
    let mut params = named(name, days);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

impl Leaf {
    /// A root on P-384, an issuer on P-256 and this leaf; the files are named `name.*.pem`.
    pub fn write(&self, folder: &Path, name: &str) -> Files {
        let root_key = KeyPair::generate_for(&PKCS_ECDSA_P384_SHA384).unwrap();
        let root = authority("Root", (-1, 9_000));
        let root_certificate = root.self_signed(&root_key).unwrap();
        let root = Issuer::new(root, root_key);
        let issuer_key = KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256).unwrap();
        let issuer = authority("Issuer", self.issuer_days);
        let issuer_certificate = issuer.signed_by(&issuer_key, &root).unwrap();
        let issuer = Issuer::new(issuer, issuer_key);
        let key = KeyPair::generate_for(self.key).unwrap();
        let leaf = self.params().signed_by(&key, &issuer).unwrap();
        let at = |kind: &str| folder.join(format!("{name}.{kind}.pem"));
        let files = Files {
            chain: at("chain"),
            key: at("key"),
            root: at("root"),
        };
        let behind = if self.with_issuer {
            issuer_certificate.pem()
        } else {
            String::new()
        };
        std::fs::write(&files.chain, leaf.pem() + &behind).unwrap();
        std::fs::write(&files.key, key.serialize_pem()).unwrap();
        std::fs::write(&files.root, root_certificate.pem()).unwrap();
        files
    }

    fn params(&self) -> CertificateParams {
        let mut params = named("edp", self.days);
        params.serial_number = Some(SerialNumber::from(7_u64));
        if self.organization {
            params.distinguished_name.push(DnType::OrganizationName, "Lodge & Sons");
        }
        params.use_authority_key_identifier_extension = self.authority_key_identifier;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.extended_key_usages = self.purposes.clone();
        let uris = self.uris.iter().map(|uri| SanType::URI((*uri).try_into().unwrap()));
        params.subject_alt_names = uris.collect();
        let text = |text: &str| der(0x0C, text.as_bytes());
        let roles = self.roles.iter().map(|role| (ROLES, der(0x30, &text(role))));
        let member = self
            .member
            .then(|| (MEMBER, text("https://directory.example/member/1")));
        let extensions = roles.chain(member);
        params.custom_extensions = extensions
            .map(|(oid, der)| CustomExtension::from_oid_content(oid, der))
            .collect();
        params
    }
}
