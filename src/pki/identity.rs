//! How certificates are told apart.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use data_encoding::HEXLOWER;
use x509_parser::certificate::X509Certificate;

/// A certificate by its issuer and serial number, as revocation lists name it (RFC 5280 §5.1.2.6).
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct CertificateId {
    /// SHA-256 of the issuer's name, DER.
    issuer: [u8; 32],
    /// The serial number, big-endian, without leading zeros.
    serial: Vec<u8>,
}

impl CertificateId {
    /// `issuer` is the issuer's name as DER, `serial` the number's bytes, big-endian.
    #[must_use]
    pub fn new(issuer: &[u8], serial: &[u8]) -> CertificateId {
        let zeros = serial.iter().take_while(|byte| **byte == 0).count();
        CertificateId {
            issuer: sha256(issuer),
            serial: serial[zeros..].to_vec(),
        }
    }

    /// From the SHA-256 of the issuer's name and the serial number.
    pub(super) fn from_parts(issuer: [u8; 32], serial: Vec<u8>) -> CertificateId {
        CertificateId { issuer, serial }
    }

    /// Of a parsed certificate.
    #[must_use]
    pub fn of(certificate: &X509Certificate<'_>) -> CertificateId {
        CertificateId::new(certificate.issuer().as_raw(), certificate.raw_serial())
    }

    /// Whether `id` names the subject of `authority` as its issuer.
    #[must_use]
    pub fn is_of(authority: &[u8], id: &CertificateId) -> bool {
        let parsed = x509_parser::parse_x509_certificate(authority);
        parsed.is_ok_and(|(_, parsed)| sha256(parsed.subject().as_raw()) == id.issuer)
    }

    /// SHA-256 of the issuer's name, lower-case hex.
    #[must_use]
    pub fn issuer_hex(&self) -> String {
        HEXLOWER.encode(&self.issuer)
    }

    /// The serial number, lower-case hex without leading zero bytes.
    #[must_use]
    pub fn serial_hex(&self) -> String {
        HEXLOWER.encode(&self.serial)
    }
}

impl fmt::Debug for CertificateId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", HEXLOWER.encode(&self.issuer[..4]), self.serial_hex())
    }
}

/// SHA-256 of `bytes`.
#[must_use]
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    digest(&SHA256, bytes)
        .as_ref()
        .try_into()
        .expect("SHA-256 is 32 bytes long")
}
