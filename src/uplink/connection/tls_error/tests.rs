use std::sync::Arc;

use rustls::pki_types::{ServerName, UnixTime};
use rustls::{InconsistentKeys, OtherError, PeerMisbehaved};

use super::*;

fn webpki(error: webpki::Error) -> Error {
    Error::InvalidCertificate(Bad::Other(OtherError(Arc::new(error))))
}

/// Every error that a handshake can end with, and a word that must be in what is said of it and in how it is mended.
fn table() -> Vec<(Error, &'static str, &'static str)> {
    let bad = Error::InvalidCertificate;
    let now = UnixTime::since_unix_epoch(std::time::Duration::from_secs(1));
    let names = |presented: &[&str]| {
        bad(Bad::NotValidForNameContext {
            expected: ServerName::try_from("broker.example").unwrap(),
            presented: presented.iter().map(|name| (*name).to_owned()).collect(),
        })
    };
    let alert = Error::AlertReceived;
    vec![
        (webpki(webpki::Error::CaUsedAsEndEntity), "authority's", "CA:FALSE"),
        (webpki(webpki::Error::UnsupportedCertVersion), "version 1", "version 3"),
        (webpki(webpki::Error::EndEntityUsedAsCa), "no authority", "may"),
        (
            webpki(webpki::Error::PathLenConstraintViolated),
            "more authorities",
            "may",
        ),
        (webpki(webpki::Error::NameConstraintViolation), "names", "may"),
        (
            webpki(webpki::Error::EmptyEkuExtension),
            "not for servers",
            "serverAuth",
        ),
        (
            webpki(webpki::Error::SignatureAlgorithmMismatch),
            "signature",
            "SHA-256",
        ),
        (
            webpki(webpki::Error::InvalidSerialNumber),
            "cannot be read",
            "new certificate",
        ),
        (webpki(webpki::Error::MaximumSignatureChecksExceeded), "too long", "may"),
        (bad(Bad::UnknownIssuer), "uplink.ca_file", "uplink.ca_file"),
        (bad(Bad::Expired), "ended", "renew"),
        (
            bad(Bad::ExpiredContext {
                time: now,
                not_after: now,
            }),
            "ended",
            "renew",
        ),
        (bad(Bad::NotValidYet), "not good yet", "clock"),
        (
            bad(Bad::NotValidYetContext {
                time: now,
                not_before: now,
            }),
            "not good yet",
            "clock",
        ),
        (bad(Bad::NotValidForName), "not for this host", "uplink.url"),
        (names(&["DnsName(\"other.example\")"]), "other.example", "uplink.url"),
        (names(&[]), "common name", "alternative name"),
        (bad(Bad::Revoked), "revoked", "new certificate"),
        (bad(Bad::InvalidPurpose), "not for servers", "serverAuth"),
        (bad(Bad::BadSignature), "signature", "SHA-256"),
        (bad(Bad::BadEncoding), "cannot be read", "new certificate"),
        (bad(Bad::UnhandledCriticalExtension), "cannot be read", "openssl"),
        (bad(Bad::ApplicationVerificationFailure), "uplink.pin", "pin"),
        (bad(Bad::UnknownRevocationStatus), "revoked", "may"),
        (Error::NoCertificatesPresented, "no certificate", "give"),
        (
            alert(Alert::CertificateRequired),
            "wants a certificate",
            "uplink.certificate_file",
        ),
        (
            alert(Alert::NoCertificate),
            "wants a certificate",
            "uplink.certificate_file",
        ),
        (alert(Alert::UnknownCA), "does not know the authority", "authority"),
        (alert(Alert::BadCertificate), "does not believe", "authority"),
        (alert(Alert::CertificateUnknown), "does not believe", "authority"),
        (alert(Alert::UnsupportedCertificate), "kind", "authority"),
        (alert(Alert::CertificateExpired), "ended", "authority"),
        (alert(Alert::CertificateRevoked), "revoked", "authority"),
        (alert(Alert::AccessDenied), "may not log in", "authority"),
        (alert(Alert::DecryptError), "signature", "authority"),
        (alert(Alert::UnrecognisedName), "no host", "uplink.url"),
        (alert(Alert::ProtocolVersion), "TLS 1.2", "TLS 1.2"),
        (alert(Alert::HandshakeFailure), "in common", "ciphers"),
        (alert(Alert::InternalError), "InternalError", "log"),
        (
            Error::InvalidMessage(InvalidMessage::InvalidContentType),
            "no TLS",
            "8883",
        ),
        (
            Error::InvalidMessage(InvalidMessage::InvalidKeyUpdate),
            "rules",
            "proxies",
        ),
        (
            Error::PeerIncompatible(PeerIncompatible::ServerDoesNotSupportTls12Or13),
            "neither",
            "TLS 1.2",
        ),
        (
            Error::PeerIncompatible(PeerIncompatible::NoCipherSuitesInCommon),
            "ciphers",
            "ciphers",
        ),
        (
            Error::PeerMisbehaved(PeerMisbehaved::BadCertChainExtensions),
            "rules",
            "proxies",
        ),
        (Error::DecryptError, "rules", "proxies"),
        (Error::PeerSentOversizedRecord, "rules", "proxies"),
        (Error::FailedToGetCurrentTime, "what time", "clock"),
        (Error::FailedToGetRandomBytes, "random", "start"),
        (Error::InconsistentKeys(InconsistentKeys::KeyMismatch), "key", "start"),
        (Error::General("odd".to_owned()), "odd", "log"),
    ]
}

#[test]
fn every_error_of_tls_has_a_sentence_that_names_its_cause_and_a_way_to_mend_it() {
    for (error, said, mend) in table() {
        let shown = format!("{error:?}");
        // As it comes out of a handshake.
        let cause = TlsError::of(&io::Error::new(io::ErrorKind::InvalidData, error));
        assert!(cause.to_string().contains(said), "{shown}: {cause}");
        assert!(cause.mend().contains(mend), "{shown}: {}", cause.mend());
        for internal in ["OtherError", "InvalidCertificate", "invalid peer", "Context {"] {
            assert!(!cause.to_string().contains(internal), "{shown}: {cause}");
        }
    }
}

#[test]
fn a_line_that_ends_in_the_handshake_is_told_from_one_that_breaks() {
    let of = |kind| TlsError::of(&io::Error::from(kind));
    assert_eq!(of(io::ErrorKind::UnexpectedEof), TlsError::Closed);
    assert!(matches!(of(io::ErrorKind::ConnectionReset), TlsError::Broke(_)));
}
