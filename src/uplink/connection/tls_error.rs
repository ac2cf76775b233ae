//! Why TLS failed, as a person can act on it: each of rustls's errors has a sentence and a way to mend it. Pure.

use std::io;

use rustls::{AlertDescription as Alert, CertificateError as Bad, Error, InvalidMessage, PeerIncompatible};

/// Why TLS with a peer failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsError {
    /// The certificate has the mark of an authority and is shown by a server (RFC 5280 §4.2.1.9).
    #[error(
        "its certificate is an authority's (CA:TRUE, as `openssl req -x509` makes it) and stands for the server itself"
    )]
    Authority,
    /// Nobody who is believed issued it.
    #[error("its certificate was issued by an authority that uplink.ca_file does not hold")]
    UnknownIssuer,
    #[error("its certificate has ended")]
    Ended,
    /// It is not good yet.
    #[error("its certificate is not good yet")]
    NotYet,
    /// It is for other names.
    #[error("its certificate is not for this host; it is for {0}")]
    Name(String),
    #[error("its certificate is revoked")]
    Revoked,
    /// It is for another purpose.
    #[error("its certificate is not for servers (extended key usage)")]
    Purpose,
    /// Its signature is wrong, or made by a way that is not safe any more.
    #[error("its certificate, or one that issued it, has a signature that does not hold or is made in an outdated way")]
    Signature,
    /// It is of X.509 version 1.
    #[error("its certificate is of X.509 version 1, which says nothing of hosts")]
    Version1,
    /// One of its issuers may not issue it.
    #[error("an authority in its chain may not issue it: {0}")]
    Chain(&'static str),
    /// It cannot be read.
    #[error("its certificate cannot be read: it is damaged, or made against the standard")]
    Unreadable,
    /// None of the keys in the chain is one that is pinned.
    #[error("none of the keys in its chain is in uplink.pin")]
    Pin,
    /// It shows none.
    #[error("it shows no certificate")]
    NoCertificate,
    /// It wants a certificate of ours.
    #[error("it wants a certificate of the box and got none")]
    WantsCertificate,
    /// It does not believe ours.
    #[error("it does not believe the box's certificate: {0}")]
    Disbelieved(&'static str),
    /// It does not know the name that it was asked for.
    #[error("it serves no host of this name")]
    UnknownName,
    #[error("it speaks no version or cipher of TLS that is safe today ({0})")]
    NothingInCommon(&'static str),
    /// It is no TLS.
    #[error("what listens there speaks no TLS")]
    NoTls,
    /// It closed in the middle.
    #[error("it closed the connection in the middle of the handshake")]
    Closed,
    /// The line broke.
    #[error("the connection broke in the middle of the handshake: {0}")]
    Broke(String),
    /// One side broke the rules.
    #[error("it broke the rules of TLS, or somebody in between changed what it sent")]
    Rules,
    /// The machine failed.
    #[error("this machine could not do its part of TLS: {0}")]
    Ourselves(&'static str),
    /// It gave up for a reason of its own.
    #[error("it gave up the handshake and says: {0}")]
    Alert(String),
    /// What has no sentence of its own.
    #[error("TLS did not come about: {0}")]
    Other(String),
}

impl TlsError {
    /// The cause in an error of a line.
    #[must_use]
    pub fn of(error: &io::Error) -> TlsError {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
            Some(error) => TlsError::of_tls(error),
            None if error.kind() == io::ErrorKind::UnexpectedEof => TlsError::Closed,
            None => TlsError::Broke(error.to_string()),
        }
    }

    /// The cause in an error of rustls.
    #[must_use]
    pub fn of_tls(error: &Error) -> TlsError {
        match error {
            Error::InvalidCertificate(bad) => TlsError::of_certificate(bad),
            Error::NoCertificatesPresented => TlsError::NoCertificate,
            Error::AlertReceived(alert) => TlsError::of_alert(*alert),
            Error::InvalidMessage(
                InvalidMessage::InvalidContentType
                | InvalidMessage::UnknownProtocolVersion
                | InvalidMessage::MessageTooLarge,
            ) => TlsError::NoTls,
            Error::PeerIncompatible(
                PeerIncompatible::ServerDoesNotSupportTls12Or13
                | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
                | PeerIncompatible::Tls12NotOffered
                | PeerIncompatible::Tls12NotOfferedOrEnabled,
            ) => TlsError::NothingInCommon("it knows neither TLS 1.2 nor 1.3"),
            Error::PeerIncompatible(_) => TlsError::NothingInCommon("ciphers, keys or signatures differ"),
            Error::InvalidMessage(_)
            | Error::InappropriateMessage { .. }
            | Error::InappropriateHandshakeMessage { .. }
            | Error::DecryptError
            | Error::PeerMisbehaved(_)
            | Error::PeerSentOversizedRecord
            | Error::NoApplicationProtocol
            | Error::InvalidEncryptedClientHello(_) => TlsError::Rules,
            Error::FailedToGetCurrentTime => TlsError::Ourselves("it does not know what time it is"),
            Error::FailedToGetRandomBytes => TlsError::Ourselves("it has no random numbers"),
            Error::EncryptError | Error::BadMaxFragmentSize | Error::HandshakeNotComplete => {
                TlsError::Ourselves("a record could not be made")
            }
            Error::InconsistentKeys(_) => TlsError::Ourselves("the key is not the certificate's"),
            Error::UnsupportedNameType => TlsError::Name("none that can be compared".to_owned()),
            Error::InvalidCertRevocationList(_) => TlsError::Chain("its list of revoked certificates cannot be used"),
            // The rest holds texts of libraries; they are shown, since there is nothing better.
            other => TlsError::Other(other.to_string()),
        }
    }

    fn of_certificate(bad: &Bad) -> TlsError {
        match bad {
            Bad::UnknownIssuer => TlsError::UnknownIssuer,
            Bad::Expired | Bad::ExpiredContext { .. } => TlsError::Ended,
            Bad::NotValidYet | Bad::NotValidYetContext { .. } => TlsError::NotYet,
            Bad::NotValidForName => TlsError::Name("others".to_owned()),
            Bad::NotValidForNameContext { presented, .. } => TlsError::Name(match presented.is_empty() {
                true => "none: a common name counts for nothing, there must be a subject alternative name".to_owned(),
                false => presented.iter().map(|name| plain(name)).collect::<Vec<_>>().join(", "),
            }),
            Bad::Revoked => TlsError::Revoked,
            Bad::InvalidPurpose | Bad::InvalidPurposeContext { .. } => TlsError::Purpose,
            Bad::BadEncoding | Bad::UnhandledCriticalExtension | Bad::InvalidOcspResponse => TlsError::Unreadable,
            Bad::UnknownRevocationStatus | Bad::ExpiredRevocationList | Bad::ExpiredRevocationListContext { .. } => {
                TlsError::Chain("its list of revoked certificates cannot be used")
            }
            Bad::ApplicationVerificationFailure => TlsError::Pin,
            Bad::Other(other) => match other.0.downcast_ref::<webpki::Error>() {
                Some(error) => TlsError::of_webpki(error),
                None => TlsError::Other(other.to_string()),
            },
            _ => TlsError::Signature,
        }
    }

    /// What rustls has no name for.
    fn of_webpki(error: &webpki::Error) -> TlsError {
        use webpki::Error as Wrong;
        match error {
            Wrong::CaUsedAsEndEntity => TlsError::Authority,
            Wrong::UnsupportedCertVersion => TlsError::Version1,
            Wrong::EndEntityUsedAsCa => TlsError::Chain("it is no authority (CA:FALSE)"),
            Wrong::PathLenConstraintViolated | Wrong::MaximumPathDepthExceeded => {
                TlsError::Chain("there are more authorities below it than it allows")
            }
            Wrong::NameConstraintViolation => TlsError::Chain("it is not for names like this one"),
            Wrong::CertDistrusted => TlsError::Chain("it is not believed any more"),
            Wrong::MaximumNameConstraintComparisonsExceeded
            | Wrong::MaximumPathBuildCallsExceeded
            | Wrong::MaximumSignatureChecksExceeded => TlsError::Chain("the chain is too long to be checked"),
            Wrong::EmptyEkuExtension => TlsError::Purpose,
            Wrong::SignatureAlgorithmMismatch => TlsError::Signature,
            // Everything else says that a field is not as the standard has it.
            _ => TlsError::Unreadable,
        }
    }

    fn of_alert(alert: Alert) -> TlsError {
        match alert {
            Alert::CertificateRequired | Alert::NoCertificate => TlsError::WantsCertificate,
            Alert::UnknownCA => TlsError::Disbelieved("it does not know the authority that issued it"),
            Alert::BadCertificate | Alert::CertificateUnknown => TlsError::Disbelieved("it does not say why"),
            Alert::UnsupportedCertificate => TlsError::Disbelieved("it does not take certificates of this kind"),
            Alert::CertificateExpired => TlsError::Disbelieved("it has ended"),
            Alert::CertificateRevoked => TlsError::Disbelieved("it is revoked"),
            Alert::AccessDenied => TlsError::Disbelieved("it may not log in"),
            Alert::DecryptError => TlsError::Disbelieved("its signature does not hold for the broker"),
            Alert::UnrecognisedName => TlsError::UnknownName,
            Alert::ProtocolVersion => TlsError::NothingInCommon("it does not take TLS 1.2 or 1.3"),
            Alert::HandshakeFailure | Alert::InsufficientSecurity => TlsError::NothingInCommon(
                "it says that it finds nothing in common, or it wants a certificate of the box",
            ),
            other => TlsError::Alert(format!("{other:?}")),
        }
    }

    /// Whether it is the other end that does not take ours.
    #[must_use]
    pub fn is_about_us(&self) -> bool {
        matches!(self, TlsError::WantsCertificate | TlsError::Disbelieved(_))
    }

    /// What a person can do.
    #[must_use]
    pub fn mend(&self) -> &'static str {
        match self {
            TlsError::Authority => {
                "give the broker a certificate of its own that this authority issues, and leave the authority in \
                 uplink.ca_file: openssl req -newkey rsa:2048 -nodes -keyout broker.key -subj /CN=HOST -out broker.csr; \
                 then openssl x509 -req -in broker.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 365 -extfile \
                 <(printf 'subjectAltName=DNS:HOST\\nbasicConstraints=CA:FALSE') -out broker.pem. Or let `gatelodge pki \
                 server --name HOST` make one"
            }
            TlsError::UnknownIssuer => {
                "put the authority that issued the broker's certificate into uplink.ca_file; if it is there, the broker \
                 must show every certificate between it and its own"
            }
            TlsError::Ended => "renew the broker's certificate; if it is good, set the box's clock",
            TlsError::NotYet => "set the box's clock, or the broker's when its certificate was made there",
            TlsError::Name(_) => {
                "set uplink.url to a name in the certificate, or issue one with this host as subject alternative name"
            }
            TlsError::Revoked => "issue the broker a new certificate",
            TlsError::Purpose => "issue the broker a certificate with the extended key usage serverAuth",
            TlsError::Signature => {
                "issue the broker a new certificate, signed with SHA-256 or better and a present-day key"
            }
            TlsError::Version1 => {
                "issue the broker a certificate of version 3 with this host as subject alternative name (openssl x509 \
                 makes version 1 when it gets no -extfile)"
            }
            TlsError::Chain(_) => {
                "let an authority issue the broker's certificate that may; `openssl x509 -text` shows it"
            }
            TlsError::Unreadable => "issue the broker a new certificate; `openssl x509 -text` shows what is odd",
            TlsError::Pin => {
                "compare uplink.pin with the broker's key; if its key was changed on purpose, pin the new one"
            }
            TlsError::NoCertificate => "give the broker a certificate; TLS without one is not used",
            TlsError::WantsCertificate => {
                "set uplink.certificate_file and uplink.key_file to a certificate that the broker believes"
            }
            TlsError::Disbelieved(_) => {
                "check that the broker knows the authority of the box's certificate, and that uplink.certificate_file \
                 has every certificate between the leaf and it"
            }
            TlsError::UnknownName => "set uplink.url to the name under which the broker serves",
            TlsError::NothingInCommon(_) => "let the broker offer TLS 1.2 or 1.3 with its usual ciphers",
            TlsError::NoTls => {
                "check the port in uplink.url: TLS is usually on 8883, and a line in clear (mqtt://) on 1883"
            }
            TlsError::Closed => {
                "check that the port in uplink.url is the one for TLS, usually 8883; the broker's log says why it closed"
            }
            TlsError::Broke(_) => "wait; the box tries again",
            TlsError::Rules => {
                "check what stands between the box and the broker: proxies and firewalls that look into TLS"
            }
            TlsError::Ourselves(_) => {
                "set the clock, and start the box anew; if it stays, tell whoever maintains gatelodge"
            }
            TlsError::Alert(_) | TlsError::Other(_) => "look into the broker's log: it says more of it",
        }
    }
}

/// A name in a certificate, without what steers terminals.
fn plain(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(100).collect()
}

#[cfg(test)]
mod tests;
