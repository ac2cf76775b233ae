//! Why TLS failed, as a person can act on it: each of rustls's errors has a sentence and a way to mend it. Pure.

use std::io;

use rustls::{AlertDescription as Alert, CertificateError as Bad, Error, InvalidMessage, PeerIncompatible};

/// Why TLS with a peer failed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TlsCause {
    /// The certificate has the mark of an authority and is shown by a server (RFC 5280 §4.2.1.9).
    #[error(
        "its certificate is an authority's (CA:TRUE, as `openssl req -x509` makes it) and stands for the server itself"
    )]
    Authority,
    /// Nobody who is believed issued it.
    #[error("its certificate was issued by an authority that uplink.ca_file does not hold")]
    UnknownIssuer,
    /// It ended.
    #[error("its certificate has ended")]
    Ended,
    /// It is not good yet.
    #[error("its certificate is not good yet")]
    NotYet,
    /// It is for other names.
    #[error("its certificate is not for this host; it is for {0}")]
    Name(String),
    /// It is revoked.
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
    /// Nothing in common.
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

impl TlsCause {
    /// The cause in an error of a line.
    #[must_use]
    pub fn of(error: &io::Error) -> TlsCause {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<Error>()) {
            Some(error) => TlsCause::of_tls(error),
            None if error.kind() == io::ErrorKind::UnexpectedEof => TlsCause::Closed,
            None => TlsCause::Broke(error.to_string()),
        }
    }

    /// The cause in an error of rustls.
    #[must_use]
    pub fn of_tls(error: &Error) -> TlsCause {
        match error {
            Error::InvalidCertificate(bad) => TlsCause::of_certificate(bad),
            Error::NoCertificatesPresented => TlsCause::NoCertificate,
            Error::AlertReceived(alert) => TlsCause::of_alert(*alert),
            Error::InvalidMessage(
                InvalidMessage::InvalidContentType
                | InvalidMessage::UnknownProtocolVersion
                | InvalidMessage::MessageTooLarge,
            ) => TlsCause::NoTls,
            Error::PeerIncompatible(
                PeerIncompatible::ServerDoesNotSupportTls12Or13
                | PeerIncompatible::ServerTlsVersionIsDisabledByOurConfig
                | PeerIncompatible::Tls12NotOffered
                | PeerIncompatible::Tls12NotOfferedOrEnabled,
            ) => TlsCause::NothingInCommon("it knows neither TLS 1.2 nor 1.3"),
            Error::PeerIncompatible(_) => TlsCause::NothingInCommon("ciphers, keys or signatures differ"),
            Error::InvalidMessage(_)
            | Error::InappropriateMessage { .. }
            | Error::InappropriateHandshakeMessage { .. }
            | Error::DecryptError
            | Error::PeerMisbehaved(_)
            | Error::PeerSentOversizedRecord
            | Error::NoApplicationProtocol
            | Error::InvalidEncryptedClientHello(_) => TlsCause::Rules,
            Error::FailedToGetCurrentTime => TlsCause::Ourselves("it does not know what time it is"),
            Error::FailedToGetRandomBytes => TlsCause::Ourselves("it has no random numbers"),
            Error::EncryptError | Error::BadMaxFragmentSize | Error::HandshakeNotComplete => {
                TlsCause::Ourselves("a record could not be made")
            }
            Error::InconsistentKeys(_) => TlsCause::Ourselves("the key is not the certificate's"),
            Error::UnsupportedNameType => TlsCause::Name("none that can be compared".to_owned()),
            Error::InvalidCertRevocationList(_) => TlsCause::Chain("its list of revoked certificates cannot be used"),
            // The rest holds texts of libraries; they are shown, since there is nothing better.
            other => TlsCause::Other(other.to_string()),
        }
    }

    fn of_certificate(bad: &Bad) -> TlsCause {
        match bad {
            Bad::UnknownIssuer => TlsCause::UnknownIssuer,
            Bad::Expired | Bad::ExpiredContext { .. } => TlsCause::Ended,
            Bad::NotValidYet | Bad::NotValidYetContext { .. } => TlsCause::NotYet,
            Bad::NotValidForName => TlsCause::Name("others".to_owned()),
            Bad::NotValidForNameContext { presented, .. } => TlsCause::Name(match presented.is_empty() {
                true => "none: a common name counts for nothing, there must be a subject alternative name".to_owned(),
                false => presented.iter().map(|name| plain(name)).collect::<Vec<_>>().join(", "),
            }),
            Bad::Revoked => TlsCause::Revoked,
            Bad::InvalidPurpose | Bad::InvalidPurposeContext { .. } => TlsCause::Purpose,
            Bad::BadEncoding | Bad::UnhandledCriticalExtension | Bad::InvalidOcspResponse => TlsCause::Unreadable,
            Bad::UnknownRevocationStatus | Bad::ExpiredRevocationList | Bad::ExpiredRevocationListContext { .. } => {
                TlsCause::Chain("its list of revoked certificates cannot be used")
            }
            Bad::ApplicationVerificationFailure => TlsCause::Pin,
            Bad::Other(other) => match other.0.downcast_ref::<webpki::Error>() {
                Some(error) => TlsCause::of_webpki(error),
                None => TlsCause::Other(other.to_string()),
            },
            _ => TlsCause::Signature,
        }
    }

    /// What rustls has no name for.
    fn of_webpki(error: &webpki::Error) -> TlsCause {
        use webpki::Error as Wrong;
        match error {
            Wrong::CaUsedAsEndEntity => TlsCause::Authority,
            Wrong::UnsupportedCertVersion => TlsCause::Version1,
            Wrong::EndEntityUsedAsCa => TlsCause::Chain("it is no authority (CA:FALSE)"),
            Wrong::PathLenConstraintViolated | Wrong::MaximumPathDepthExceeded => {
                TlsCause::Chain("there are more authorities below it than it allows")
            }
            Wrong::NameConstraintViolation => TlsCause::Chain("it is not for names like this one"),
            Wrong::CertDistrusted => TlsCause::Chain("it is not believed any more"),
            Wrong::MaximumNameConstraintComparisonsExceeded
            | Wrong::MaximumPathBuildCallsExceeded
            | Wrong::MaximumSignatureChecksExceeded => TlsCause::Chain("the chain is too long to be checked"),
            Wrong::EmptyEkuExtension => TlsCause::Purpose,
            Wrong::SignatureAlgorithmMismatch => TlsCause::Signature,
            // Everything else says that a field is not as the standard has it.
            _ => TlsCause::Unreadable,
        }
    }

    fn of_alert(alert: Alert) -> TlsCause {
        match alert {
            Alert::CertificateRequired | Alert::NoCertificate => TlsCause::WantsCertificate,
            Alert::UnknownCA => TlsCause::Disbelieved("it does not know the authority that issued it"),
            Alert::BadCertificate | Alert::CertificateUnknown => TlsCause::Disbelieved("it does not say why"),
            Alert::UnsupportedCertificate => TlsCause::Disbelieved("it does not take certificates of this kind"),
            Alert::CertificateExpired => TlsCause::Disbelieved("it has ended"),
            Alert::CertificateRevoked => TlsCause::Disbelieved("it is revoked"),
            Alert::AccessDenied => TlsCause::Disbelieved("it may not log in"),
            Alert::DecryptError => TlsCause::Disbelieved("its signature does not hold for the broker"),
            Alert::UnrecognisedName => TlsCause::UnknownName,
            Alert::ProtocolVersion => TlsCause::NothingInCommon("it does not take TLS 1.2 or 1.3"),
            Alert::HandshakeFailure | Alert::InsufficientSecurity => TlsCause::NothingInCommon(
                "it says that it finds nothing in common, or it wants a certificate of the box",
            ),
            other => TlsCause::Alert(format!("{other:?}")),
        }
    }

    /// Whether it is the other end that does not take ours.
    #[must_use]
    pub fn is_about_us(&self) -> bool {
        matches!(self, TlsCause::WantsCertificate | TlsCause::Disbelieved(_))
    }

    /// What a person can do.
    #[must_use]
    pub fn mend(&self) -> &'static str {
        match self {
            TlsCause::Authority => {
                "give the broker a certificate of its own that this authority issues, and leave the authority in \
                 uplink.ca_file: openssl req -newkey rsa:2048 -nodes -keyout broker.key -subj /CN=HOST -out broker.csr; \
                 then openssl x509 -req -in broker.csr -CA ca.pem -CAkey ca.key -CAcreateserial -days 365 -extfile \
                 <(printf 'subjectAltName=DNS:HOST\\nbasicConstraints=CA:FALSE') -out broker.pem. Or let `gatelodge pki \
                 server --name HOST` make one"
            }
            TlsCause::UnknownIssuer => {
                "put the authority that issued the broker's certificate into uplink.ca_file; if it is there, the broker \
                 must show every certificate between it and its own"
            }
            TlsCause::Ended => "renew the broker's certificate; if it is good, set the box's clock",
            TlsCause::NotYet => "set the box's clock, or the broker's when its certificate was made there",
            TlsCause::Name(_) => {
                "set uplink.url to a name in the certificate, or issue one with this host as subject alternative name"
            }
            TlsCause::Revoked => "issue the broker a new certificate",
            TlsCause::Purpose => "issue the broker a certificate with the extended key usage serverAuth",
            TlsCause::Signature => {
                "issue the broker a new certificate, signed with SHA-256 or better and a present-day key"
            }
            TlsCause::Version1 => {
                "issue the broker a certificate of version 3 with this host as subject alternative name (openssl x509 \
                 makes version 1 when it gets no -extfile)"
            }
            TlsCause::Chain(_) => {
                "let an authority issue the broker's certificate that may; `openssl x509 -text` shows it"
            }
            TlsCause::Unreadable => "issue the broker a new certificate; `openssl x509 -text` shows what is odd",
            TlsCause::Pin => {
                "compare uplink.pin with the broker's key; if its key was changed on purpose, pin the new one"
            }
            TlsCause::NoCertificate => "give the broker a certificate; TLS without one is not used",
            TlsCause::WantsCertificate => {
                "set uplink.certificate_file and uplink.key_file to a certificate that the broker believes"
            }
            TlsCause::Disbelieved(_) => {
                "check that the broker knows the authority of the box's certificate, and that uplink.certificate_file \
                 has every certificate between the leaf and it"
            }
            TlsCause::UnknownName => "set uplink.url to the name under which the broker serves",
            TlsCause::NothingInCommon(_) => "let the broker offer TLS 1.2 or 1.3 with its usual ciphers",
            TlsCause::NoTls => {
                "check the port in uplink.url: TLS is usually on 8883, and a line in clear (mqtt://) on 1883"
            }
            TlsCause::Closed => {
                "check that the port in uplink.url is the one for TLS, usually 8883; the broker's log says why it closed"
            }
            TlsCause::Broke(_) => "wait; the box tries again",
            TlsCause::Rules => {
                "check what stands between the box and the broker: proxies and firewalls that look into TLS"
            }
            TlsCause::Ourselves(_) => {
                "set the clock, and start the box anew; if it stays, tell whoever maintains gatelodge"
            }
            TlsCause::Alert(_) | TlsCause::Other(_) => "look into the broker's log: it says more of it",
        }
    }
}

/// A name in a certificate, without what steers terminals.
fn plain(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(100).collect()
}

#[cfg(test)]
mod tests;
