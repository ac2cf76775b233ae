//! Why there is no session with the broker.

use std::io;
use std::time::Duration;

use super::address::BrokerUrl;
use super::tls_error::TlsError;
use super::wire::reason::code;
use super::wire::{ConnackError, Larger, Reason, WireError};
use crate::http::way_out::ProxyError;
use crate::store::ClockState;
use crate::tls::OutboundError;
use crate::uplink::enrol::CredentialFolderError;

/// Why a session did not begin, or ended.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionError {
    /// The files for TLS cannot be used.
    #[error(transparent)]
    Files(#[from] OutboundError),
    /// The password cannot be read.
    #[error("the password file {path} cannot be read: {source}")]
    Password { path: String, source: io::Error },
    /// The password file is empty.
    #[error("the password file {0} is empty")]
    NoPassword(String),
    /// The box's certificate is not good now.
    #[error("the box's certificate {0}")]
    Certificate(OwnCertificateError),
    /// The certificate that the platform gave the box is not good now.
    #[error("the certificate that the platform gave the box {0}")]
    Issued(OwnCertificateError),
    /// The platform gave the box nothing to prove itself by yet.
    #[error("the box has no proof of who it is yet")]
    NotEnrolled,
    /// What the platform gave cannot be used.
    #[error("what the platform gave the box cannot be used: {0}")]
    Given(#[from] CredentialFolderError),
    /// The broker does not take the login that the platform granted.
    #[error("the broker does not take the login that the platform granted the box: {0}")]
    Grant(ConnackError),
    /// The host has no address.
    #[error("{host} cannot be resolved: {source}")]
    Resolve { host: String, source: io::Error },
    /// Nobody takes the connection.
    #[error("{host}:{port} cannot be reached: {source}")]
    Connect { host: String, port: u16, source: io::Error },
    /// The proxy opens no way to it.
    #[error(transparent)]
    Proxy(#[from] ProxyError),
    /// The TLS handshake failed, on our side or on theirs.
    #[error("{host} is not believed: {cause}")]
    Tls { host: String, cause: TlsError },
    /// Certificates do not seem good, and the clock of the box is not set.
    #[error("clock? that of the box stands at {now:.0} and is not known to be right: {fault}")]
    Clock {
        /// What it shows.
        now: jiff::Timestamp,
        /// What went wrong.
        fault: Box<ConnectionError>,
    },
    /// A step took too long.
    #[error("{step} took longer than {} s", .limit.as_secs())]
    Slow {
        step: &'static str,
        /// How long it may take.
        limit: Duration,
    },
    /// The broker does not let the box in.
    #[error("the broker refused the session: {0}")]
    Refused(ConnackError),
    /// The broker said something else than yes or no.
    #[error("the broker did not answer the opening of the session")]
    NoAnswer,
    /// The session broke.
    #[error(transparent)]
    Wire(#[from] WireError),
    /// The broker hung up.
    #[error("the broker hung up: {0}")]
    HungUp(Reason),
    /// The broker does not take a message.
    #[error("the broker does not take a message to {topic}: {why}")]
    NotTaken {
        /// Where it was to go.
        topic: String,
        why: Reason,
    },
    /// A message that came was larger than the box takes.
    #[error(
        "a message of {} bytes on {} is more than the box takes; it was passed over",
        .0.bytes, .0.topic
    )]
    Larger(Larger),
    /// The broker allows less than was asked of it, and the session goes on with that.
    #[error("{0}")]
    Limited(LimitError),
    /// A subscription is not granted.
    #[error("the broker did not grant the subscription to {0}")]
    NotSubscribed(String),
}

/// What a broker does not allow, and the box does without.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LimitError {
    /// It says that it keeps nothing.
    #[error("the broker keeps no retained messages; the box goes on without them (uplink.mqtt.retain)")]
    NoRetain,
    /// It hangs up on what it is to keep.
    #[error(
        "the broker hangs up on what it is to retain, and not on the same without: it keeps no retained messages; the \
         box goes on without them (uplink.mqtt.retain)"
    )]
    HangsUpOnRetain,
    /// It takes messages at most once only.
    #[error("the broker takes messages at most once only (quality of service 0); what is lost on the way is lost")]
    OnlyPerhaps,
    /// It takes the client id with a shorter keep-alive.
    #[error(
        "the broker refuses a keep-alive of {asked_s} s as if it were the client id, and takes one of {taken_s} s; the \
         box goes on with that"
    )]
    KeepAlive {
        /// What the configuration says, in seconds.
        asked_s: u16,
        /// What it takes, in seconds.
        taken_s: u16,
    },
    /// It sends the box to another server.
    #[error("the broker sends the box to {server}{}", if *.for_good { ", for good" } else { ", for now" })]
    Elsewhere {
        server: BrokerUrl,
        /// Whether it has moved there.
        for_good: bool,
    },
}

/// What is wrong with the box's own certificate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OwnCertificateError {
    #[error("ended at {0}; issue a new one")]
    Ended(jiff::Timestamp),
    /// It is not good yet.
    #[error("is not good before {0}; is the clock right?")]
    NotYet(jiff::Timestamp),
    /// It is another one's.
    #[error("is for `{common_name}`, and the box calls itself `{client_id}`: they must be the same")]
    OtherName {
        common_name: String,
        /// What the box calls itself.
        client_id: String,
    },
    /// The chain is in the wrong order.
    #[error(
        "file is out of order: certificate {0} does not issue the one before it; the leaf comes first, then each issuer"
    )]
    Order(usize),
}

/// How a fault is answered: what kind of trouble it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorClass {
    /// The peer is away or has trouble: it will pass.
    Away,
    /// The peer does not believe us, or we not the peer: somebody must do something.
    Trust,
    /// What is configured cannot work with this peer.
    Settings,
}

impl ConnectionError {
    /// What kind of trouble it is.
    #[must_use]
    pub fn trouble(&self) -> ErrorClass {
        match self {
            ConnectionError::Refused(ConnackError::Protocol | ConnackError::ClientId) => ErrorClass::Settings,
            ConnectionError::Refused(ConnackError::Login | ConnackError::NotAuthorised)
            | ConnectionError::Files(_)
            | ConnectionError::Password { .. }
            | ConnectionError::NoPassword(_)
            | ConnectionError::NotEnrolled
            | ConnectionError::Given(_)
            | ConnectionError::Grant(_)
            | ConnectionError::Issued(_)
            | ConnectionError::Certificate(_)
            | ConnectionError::Proxy(ProxyError::Password { .. } | ProxyError::Login { .. })
            // A peer that checks certificates after the handshake of TLS 1.3 says so in the first bytes we read.
            | ConnectionError::Wire(WireError::Tls(_)) => ErrorClass::Trust,
            // A line that ends in the handshake may be any trouble.
            ConnectionError::Tls { cause: TlsError::Closed | TlsError::Broke(_), .. } => ErrorClass::Away,
            ConnectionError::Tls { .. } => ErrorClass::Trust,
            ConnectionError::Refused(ConnackError::Unavailable | ConnackError::Other(_))
            | ConnectionError::Resolve { .. }
            | ConnectionError::Connect { .. }
            | ConnectionError::Proxy(_)
            // It is set from outside, at any moment.
            | ConnectionError::Clock { .. }
            | ConnectionError::Slow { .. }
            | ConnectionError::NoAnswer
            | ConnectionError::Wire(_)
            | ConnectionError::HungUp(_)
            | ConnectionError::NotTaken { .. }
            | ConnectionError::Larger(_)
            | ConnectionError::Limited(_)
            | ConnectionError::NotSubscribed(_) => ErrorClass::Away,
        }
    }

    /// With a clock that may be wrong, that is the first thing to look at when certificates do not seem good.
    #[must_use]
    pub fn by_the_clock(self, clock: ClockState, now: jiff::Timestamp) -> ConnectionError {
        let dated = matches!(
            &self,
            ConnectionError::Tls { .. }
                | ConnectionError::Certificate(OwnCertificateError::Ended(_) | OwnCertificateError::NotYet(_))
        );
        if clock == ClockState::Trusted || !dated {
            return self;
        }
        ConnectionError::Clock {
            now,
            fault: Box::new(self),
        }
    }

    /// Whether it comes before the broker has looked at who we are.
    #[must_use]
    pub fn is_on_the_way(&self) -> bool {
        matches!(
            self,
            ConnectionError::Resolve { .. } | ConnectionError::Connect { .. } | ConnectionError::Proxy(_)
        )
    }

    /// Whether the broker itself says that another client came with our name (MQTT 5, reason 0x8E).
    #[must_use]
    pub fn is_taken_over(&self) -> bool {
        matches!(self, ConnectionError::HungUp(why) if why.code == code::SESSION_TAKEN_OVER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tls_that_fails_while_the_clock_may_be_wrong_names_the_clock_first() {
        let now = jiff::Timestamp::UNIX_EPOCH;
        let tls = || ConnectionError::Tls {
            host: "broker.example".into(),
            cause: TlsError::NotYet,
        };
        let not_yet = ConnectionError::Certificate(OwnCertificateError::NotYet(now));
        for fault in [tls(), not_yet] {
            let fault = fault.by_the_clock(ClockState::Wrong, now);
            assert!(
                fault
                    .to_string()
                    .starts_with("clock? that of the box stands at 1970-01-01T00:00:00Z")
            );
            assert_eq!((fault.trouble(), fault.label()), (ErrorClass::Away, "clock"));
        }
        assert!(
            tls()
                .by_the_clock(ClockState::Unconfirmed, now)
                .to_string()
                .contains("not good yet")
        );
        assert_eq!(tls().by_the_clock(ClockState::Trusted, now).label(), "tls");
        let refused = ConnectionError::Refused(ConnackError::Login).by_the_clock(ClockState::Wrong, now);
        assert_eq!(refused.label(), "refused", "a wrong password has nothing to do with it");
    }
}
