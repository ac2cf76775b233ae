//! Enrolment over secure transport (RFC 7030) as the platform does it (UPLINK §1.5): what is sent, what
//! comes back, and when a certificate is to be renewed. Pure.

use jiff::{SignedDuration, Timestamp};
use rustls::pki_types::CertificateDer;
use x509_parser::prelude::{FromDer, X509Certificate};

use super::certs_only::{self, CertsOnlyError};

/// Media type of a request.
pub const CONTENT_TYPE: &str = "application/pkcs10";
/// How the request's body is written.
pub const TRANSFER_ENCODING: &str = "base64";
/// A certificate is renewed at the latest so long before its end.
const AT_LATEST: SignedDuration = SignedDuration::from_hours(14 * 24);

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EstRequest {
    /// The first certificate.
    Enrol,
    /// The next one, before the present one ends.
    Renew,
}

impl EstRequest {
    /// Where the platform takes it.
    #[must_use]
    pub const fn path(self) -> &'static str {
        match self {
            EstRequest::Enrol => "/.well-known/est/simpleenroll",
            EstRequest::Renew => "/.well-known/est/simplereenroll",
        }
    }
}

/// The body of a request for what `csr` (DER) wants certified.
#[must_use]
pub fn body(csr: &[u8]) -> String {
    data_encoding::BASE64.encode(csr)
}

/// A chain that is ours: the leaf first, then each issuer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chain {
    /// The certificates, PEM.
    pub pem: String,
    /// When the leaf begins to be good.
    pub not_before: Timestamp,
    /// When it ends.
    pub not_after: Timestamp,
}

/// What the platform answered is no certificate for us.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum EstAnswerError {
    /// There are no certificates to be read.
    #[error(transparent)]
    None(#[from] CertsOnlyError),
    /// A certificate cannot be read.
    #[error("certificate {0} of the answer cannot be read")]
    Unreadable(usize),
    /// None is for the key that the request was made with.
    #[error("no certificate of the answer is for the key that was sent")]
    Foreign,
    /// The platform certified another name.
    #[error("the certificate is for {named:?} and not for this device, {wanted:?}")]
    Name {
        /// The common name in it.
        named: String,
        /// The device id.
        wanted: String,
    },
    /// It is not good yet, or no more.
    #[error("the certificate is good from {from} to {until}, which is not now; look at the box's clock")]
    Dates {
        /// Its beginning.
        from: Timestamp,
        /// Its end.
        until: Timestamp,
    },
}

/// The chain in an answer for the request with this public key (SubjectPublicKeyInfo, DER), when it is for `device`
/// and good at `now`.
pub fn chain(answer: &[u8], public_key: &[u8], device: &str, now: Timestamp) -> Result<Chain, EstAnswerError> {
    let mut left = certs_only::certificates(answer)?;
    let mut parsed = Vec::with_capacity(left.len());
    for (place, der) in (1..).zip(&left) {
        let (_, certificate) = X509Certificate::from_der(der).map_err(|_| EstAnswerError::Unreadable(place))?;
        parsed.push(certificate);
    }
    let leaf = parsed
        .iter()
        .position(|certificate| certificate.public_key().raw == public_key)
        .ok_or(EstAnswerError::Foreign)?;
    let named = parsed[leaf].subject().iter_common_name().next();
    let named = named.and_then(|name| name.as_str().ok()).unwrap_or_default();
    if named != device {
        return Err(EstAnswerError::Name {
            named: named.to_owned(),
            wanted: device.to_owned(),
        });
    }
    let moment = |second| Timestamp::from_second(second).unwrap_or(Timestamp::MAX);
    let validity = parsed[leaf].validity();
    let (from, until) = (
        moment(validity.not_before.timestamp()),
        moment(validity.not_after.timestamp()),
    );
    if now < from || now >= until {
        return Err(EstAnswerError::Dates { from, until });
    }
    drop(parsed);
    let mut ordered = vec![left.swap_remove(leaf)];
    while let Some(place) = issuer_of(ordered.last().expect("it begins with the leaf"), &left) {
        ordered.push(left.swap_remove(place));
    }
    Ok(Chain {
        pem: ordered.iter().map(pem).collect(),
        not_before: from,
        not_after: until,
    })
}

/// Which of `others` issued `certificate`, if it did not issue itself.
fn issuer_of(certificate: &CertificateDer<'_>, others: &[CertificateDer<'_>]) -> Option<usize> {
    let (_, certificate) = X509Certificate::from_der(certificate).ok()?;
    let issued = |other: &CertificateDer<'_>| {
        X509Certificate::from_der(other)
            .is_ok_and(|(_, other)| other.subject().as_raw() == certificate.issuer().as_raw())
    };
    if certificate.subject().as_raw() == certificate.issuer().as_raw() {
        return None;
    }
    others.iter().position(issued)
}

fn pem(der: &CertificateDer<'_>) -> String {
    let text = data_encoding::BASE64.encode(der);
    let mut pem = String::from("-----BEGIN CERTIFICATE-----\n");
    for line in text.as_bytes().chunks(64) {
        pem.extend(line.iter().map(|byte| char::from(*byte)));
        pem.push('\n');
    }
    pem + "-----END CERTIFICATE-----\n"
}

/// From when on a certificate is to be renewed: when two thirds of its life are over, and 14 days before its end at
/// the latest, if it lives longer than that.
#[must_use]
pub fn renewal(not_before: Timestamp, not_after: Timestamp) -> Timestamp {
    let life = not_after.duration_since(not_before);
    let two_thirds = not_before + life / 3 * 2;
    let latest = not_after - AT_LATEST;
    if latest > not_before {
        two_thirds.min(latest)
    } else {
        two_thirds
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use data_encoding::BASE64;
    use proptest::prelude::*;

    /// Made with OpenSSL: `crl2pkcs7 -nocrl` of a CA (`CN=ca`) and a leaf (`CN=box-1`), in that order; 2026 to 2036.
    const ANSWER: &str = "\
MIICuAYJKoZIhvcNAQcCoIICqTCCAqUCAQExADALBgkqhkiG9w0BBwGgggKNMIIBbzCCARWgAwIBAgIUPkt5HASeAfeWNj2oIWPQ\r\n\
6Oq7CUEwCgYIKoZIzj0EAwIwDTELMAkGA1UEAwwCY2EwHhcNMjYxMTIyMTUxMDMxWhcNMzYxMTE5MTUxMDMxWjANMQswCQYDVQQD\r\n\
DAJjYTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABGt2Fm8vS/v+CAb7lTdvGteAA9QC9RoRAEnAkZvcF+0GugH7vka3j6V1jWjd\r\n\
QYJ43WuSqg1eSnyPnGLcutqhAP2jUzBRMB0GA1UdDgQWBBQ9kDfrfN0jULkRnv4daIJl3E3ztjAfBgNVHSMEGDAWgBQ9kDfrfN0j\r\n\
ULkRnv4daIJl3E3ztjAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCIQD07+PGkWgxdsTVRiR5PcPdqpk/yN7eybV7\r\n\
al+QkqDM5QIgCHEyE6Cq7zvaJVPf/j0mBkvEhSsDfjDL4V+AMnMK3lUwggEWMIG+AhQs7r+gJll1icCL/t5DC+3LFTScFTAKBggq\r\n\
hkjOPQQDAjANMQswCQYDVQQDDAJjYTAeFw0yNjExMjIxNTEwMzFaFw0zNjExMTkxNTEwMzFaMBAxDjAMBgNVBAMMBWJveC0xMFkw\r\n\
EwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEv9ypsu+75xBM5vvFECz3TnvuwhV6gYq/ZGcwD+3sN09JeDhr/yWB5AZiM3ucuNlXjYPD\r\n\
FrqFYz7Otzgj2SYLjTAKBggqhkjOPQQDAgNHADBEAiBBPJARnX+rpLsvKP1fOFPyXlW3SrtnTpw5VRSLv72yFgIgY4Di9lBpix0V\r\n\
qI5nKq222PdiyBYU059eeJZwPxU02aYxAA==\r\n";

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn der() -> Vec<u8> {
        BASE64.decode(ANSWER.replace("\r\n", "").as_bytes()).unwrap()
    }

    /// The leaf's public key.
    fn key() -> Vec<u8> {
        let certificates = certs_only::certificates(&der()).unwrap();
        let (_, leaf) = X509Certificate::from_der(&certificates[1]).unwrap();
        leaf.public_key().raw.to_vec()
    }

    #[test]
    fn a_chain_comes_as_base64_as_der_and_as_pem_and_is_put_in_order() {
        let now = at("2027-01-01T00:00:00Z");
        let chained = chain(ANSWER.as_bytes(), &key(), "box-1", now).unwrap();
        assert_eq!(chain(&der(), &key(), "box-1", now), Ok(chained.clone()));
        assert_eq!(chain(chained.pem.as_bytes(), &key(), "box-1", now), Ok(chained.clone()));
        let certificates = certs_only::certificates(chained.pem.as_bytes()).unwrap();
        assert_eq!(certificates.len(), 2);
        assert_eq!(chained.not_after, at("2036-11-19T15:10:31Z"));
        assert!(
            issuer_of(&certificates[0], &certificates[1..]).is_some(),
            "the leaf comes first"
        );
    }

    #[test]
    fn what_is_not_ours_is_told_apart() {
        let now = at("2027-01-01T00:00:00Z");
        let of = |answer: &[u8], key: &[u8], device, now| chain(answer, key, device, now).unwrap_err();
        assert_eq!(of(&der(), b"another", "box-1", now), EstAnswerError::Foreign);
        assert!(matches!(of(&der(), &key(), "box-2", now), EstAnswerError::Name { .. }));
        let late = at("2037-01-01T00:00:00Z");
        assert!(matches!(
            of(&der(), &key(), "box-1", late),
            EstAnswerError::Dates { .. }
        ));
        for (answer, fault) in [
            (&b"<html>"[..], CertsOnlyError::Form),
            (b"", CertsOnlyError::Kind),
            (b"-----BEGIN NOTHING-----", CertsOnlyError::None),
            (&der()[..300], CertsOnlyError::Kind),
        ] {
            assert_eq!(of(answer, &key(), "box-1", now), EstAnswerError::None(fault));
        }
    }

    #[test]
    fn renewal_comes_in_time() {
        for (from, until, due) in [
            ("2026-01-01T00:00:00Z", "2026-12-31T00:00:00Z", "2026-08-31T16:00:00Z"),
            ("2026-01-01T00:00:00Z", "2026-01-31T00:00:00Z", "2026-01-17T00:00:00Z"),
            ("2026-01-01T00:00:00Z", "2026-01-04T00:00:00Z", "2026-01-03T00:00:00Z"),
        ] {
            assert_eq!(renewal(at(from), at(until)), at(due));
        }
    }

    proptest! {
        #[test]
        fn any_answer_is_a_chain_or_a_reason(mut answer in prop::collection::vec(any::<u8>(), 0..80), cut in 0..700_usize) {
            let now = at("2027-01-01T00:00:00Z");
            let _ = chain(&answer, b"", "box-1", now);
            // A good one with a part that is not.
            let mut good = der();
            let place = cut.min(good.len() - 1);
            good.truncate(good.len().max(place));
            answer.truncate(good.len() - place);
            good[place..place + answer.len()].copy_from_slice(&answer);
            let _ = chain(&good, b"", "box-1", now);
        }
    }
}
