//! Why there is no session with the broker, and what a person can do about it.

use std::io;
use std::time::Duration;

use super::address::BrokerUrl;
use super::tls_error::TlsError;
use super::wire::reason::code;
use super::wire::{ConnackError, DecodeError, Larger, Reason, WireError};
use crate::store::ClockState;
use crate::tls::OutboundError;
use crate::uplink::enrol::KeptError;

/// Why a session did not begin, or ended.
#[derive(Debug, thiserror::Error)]
pub enum ConnectionError {
    /// The files for TLS cannot be used.
    #[error(transparent)]
    Files(#[from] OutboundError),
    /// The password cannot be read.
    #[error("the password file {path} cannot be read: {source}")]
    Password {
        /// Which file.
        path: String,
        /// Why.
        source: io::Error,
    },
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
    Given(#[from] KeptError),
    /// The broker does not take the login that the platform granted.
    #[error("the broker does not take the login that the platform granted the box: {0}")]
    Grant(ConnackError),
    /// The host has no address.
    #[error("{host} cannot be resolved: {source}")]
    Resolve {
        /// Which host.
        host: String,
        /// Why.
        source: io::Error,
    },
    /// Nobody takes the connection.
    #[error("{host}:{port} cannot be reached: {source}")]
    Connect {
        /// Which host.
        host: String,
        /// Which port.
        port: u16,
        /// Why.
        source: io::Error,
    },
    /// The TLS handshake failed, on our side or on theirs.
    #[error("{host} is not believed: {cause}")]
    Tls {
        /// Which host.
        host: String,
        /// Why.
        cause: TlsError,
    },
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
        /// Which step.
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
        /// Why.
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
        /// Which.
        server: BrokerUrl,
        /// Whether it has moved there.
        for_good: bool,
    },
}

impl LimitError {
    /// What a person can do.
    #[must_use]
    pub fn mend(&self) -> &'static str {
        match self {
            LimitError::NoRetain | LimitError::HangsUpOnRetain => {
                "nothing has to be done: who subscribes hears of a thing when it changes next. With uplink.mqtt.retain = \
                 false it is not tried first"
            }
            LimitError::OnlyPerhaps => "let the broker take quality of service 1, or live with gaps",
            LimitError::KeepAlive { .. } => "set uplink.keep_alive = \"10s\", or another that the broker takes",
            LimitError::Elsewhere { for_good: true, .. } => "set uplink.url to that server",
            LimitError::Elsewhere { for_good: false, .. } => "nothing: the box goes there until it is started anew",
        }
    }
}

/// What is wrong with the box's own certificate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OwnCertificateError {
    /// It ended.
    #[error("ended at {0}; issue a new one")]
    Ended(jiff::Timestamp),
    /// It is not good yet.
    #[error("is not good before {0}; is the clock right?")]
    NotYet(jiff::Timestamp),
    /// It is another one's.
    #[error("is for `{common_name}`, and the box calls itself `{client_id}`: they must be the same")]
    OtherName {
        /// The common name.
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
            // A peer that checks certificates after the handshake of TLS 1.3 says so in the first bytes we read.
            | ConnectionError::Wire(WireError::Tls(_)) => ErrorClass::Trust,
            // A line that ends in the handshake may be any trouble.
            ConnectionError::Tls { cause: TlsError::Closed | TlsError::Broke(_), .. } => ErrorClass::Away,
            ConnectionError::Tls { .. } => ErrorClass::Trust,
            ConnectionError::Refused(ConnackError::Unavailable | ConnackError::Other(_))
            | ConnectionError::Resolve { .. }
            | ConnectionError::Connect { .. }
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
        matches!(self, ConnectionError::Resolve { .. } | ConnectionError::Connect { .. })
    }

    /// Whether the broker itself says that another client came with our name (MQTT 5, reason 0x8E).
    #[must_use]
    pub fn is_taken_over(&self) -> bool {
        matches!(self, ConnectionError::HungUp(why) if why.code == code::SESSION_TAKEN_OVER)
    }

    /// What it is called among the metrics.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self {
            ConnectionError::Files(_)
            | ConnectionError::Password { .. }
            | ConnectionError::NoPassword(_)
            | ConnectionError::Given(_) => "files",
            ConnectionError::NotEnrolled => "enrol",
            ConnectionError::Certificate(_) | ConnectionError::Issued(_) => "certificate",
            ConnectionError::Resolve { .. } => "dns",
            ConnectionError::Connect { .. } => "tcp",
            ConnectionError::Tls { .. } => "tls",
            ConnectionError::Wire(WireError::Tls(_)) => "tls",
            ConnectionError::Clock { .. } => "clock",
            ConnectionError::Slow { .. } | ConnectionError::NoAnswer => "silent",
            ConnectionError::Refused(_) | ConnectionError::Grant(_) => "refused",
            ConnectionError::Wire(_) | ConnectionError::HungUp(_) => "lost",
            ConnectionError::NotTaken { .. } => "not_taken",
            ConnectionError::Larger(_) => "too_large",
            ConnectionError::Limited(_) => "limit",
            ConnectionError::NotSubscribed(_) => "subscription",
        }
    }

    /// What a person can do.
    #[must_use]
    pub fn mend(&self) -> &'static str {
        match self {
            ConnectionError::Files(_) => "check uplink.ca_file, certificate_file and key_file",
            ConnectionError::Password { .. } | ConnectionError::NoPassword(_) => {
                "write the password to uplink.password_file"
            }
            ConnectionError::NotEnrolled => {
                "register this device id at the platform, and run `gatelodge uplink enrol`, which says what is missing"
            }
            ConnectionError::Given(_) => "let the box be enrolled anew: `gatelodge uplink enrol --again`",
            ConnectionError::Issued(OwnCertificateError::NotYet(_)) => "set the box's clock",
            ConnectionError::Issued(_) => {
                "register this device id at the platform with a one-time password, and run `gatelodge uplink enrol \
                 --again --otp-file FILE`"
            }
            ConnectionError::Grant(_) => {
                "look at the platform whether the device's user is still there and may log in; the box keeps its login \
                 and tries on. `gatelodge uplink enrol --again` asks for another one"
            }
            ConnectionError::Certificate(OwnCertificateError::OtherName { .. }) => {
                "set uplink.client_id to the common name, or issue a certificate for the client id"
            }
            ConnectionError::Certificate(_) => "replace uplink.certificate_file; it is read again at once",
            ConnectionError::Resolve { .. } => "check the host in uplink.url, and the box's name server",
            ConnectionError::Connect { .. } => {
                "check host and port in uplink.url, and that the firewall lets the box out"
            }
            ConnectionError::Tls { cause, .. } | ConnectionError::Wire(WireError::Tls(cause)) => cause.mend(),
            ConnectionError::Clock { .. } => {
                "see that the box reaches a server for network time, or set its clock; then it connects"
            }
            ConnectionError::Slow { .. } | ConnectionError::NoAnswer => {
                "check that an MQTT broker listens at uplink.url, and not something else"
            }
            ConnectionError::Refused(ConnackError::Login) => "check uplink.username and the password file",
            ConnectionError::Refused(ConnackError::NotAuthorised) => {
                "check that the broker knows this client id, its certificate or its login, and what it may do"
            }
            ConnectionError::Refused(ConnackError::ClientId) => {
                "set another uplink.client_id, or look into the broker's log: it says what it does not accept"
            }
            ConnectionError::Refused(ConnackError::Protocol) => "set uplink.mqtt.version to what the broker speaks",
            ConnectionError::Refused(ConnackError::Unavailable) => "wait; the box tries again",
            ConnectionError::Refused(ConnackError::Other(why))
            | ConnectionError::HungUp(why)
            | ConnectionError::NotTaken { why, .. } => mend_of(why.code),
            ConnectionError::Wire(WireError::Garbage(garbage)) => match garbage {
                DecodeError::NoMqtt => "check host and port in uplink.url: 1883 and 8883 are the usual ones of MQTT",
                DecodeError::Answer(_) | DecodeError::Version => {
                    "set uplink.mqtt.version to what the broker speaks, or to \"auto\""
                }
                DecodeError::Malformed | DecodeError::Larger(_) => {
                    "wait; the box connects again. Should it go on, tell whoever maintains the broker"
                }
            },
            ConnectionError::Wire(WireError::TooLarge(_)) => "let the broker take larger packets",
            ConnectionError::Wire(WireError::Closed | WireError::Io(_)) => {
                "wait; the box connects again. Should it go on, see that uplink.url has the right scheme for its port \
                 (mqtts:// where the broker speaks TLS, mqtt:// where not); the broker's log says why it ended the \
                 connection"
            }
            ConnectionError::Larger(larger) if larger.retained => {
                "the broker keeps it and sends it in every session: take it away with an empty retained message to that \
                 topic (mosquitto_pub -r -n -t TOPIC)"
            }
            ConnectionError::Larger(_) => "send the box less in one message",
            ConnectionError::Limited(limit) => limit.mend(),
            ConnectionError::NotSubscribed(_) => "let the broker grant the box this topic",
        }
    }
}

/// What a person can do about a reason that a broker gives.
fn mend_of(code: u8) -> &'static str {
    match code {
        code::SESSION_TAKEN_OVER => "give each client a client id of its own; uplink.client_id is this one's",
        code::NOT_AUTHORIZED => {
            "check that the broker knows this client id, its certificate or its login, and what it may do"
        }
        code::PACKET_TOO_LARGE => "let the broker take larger packets",
        code::USE_ANOTHER_SERVER | code::SERVER_MOVED => "set uplink.url to the server that it names",
        code::RETAIN_NOT_SUPPORTED => "set uplink.mqtt.retain = false",
        0x81 | 0x82 | 0x93 | 0x94 | 0x99 => "tell whoever maintains gatelodge, with what the broker's log says",
        0x8a => "let the broker take this client off its list",
        0x8c => "let the broker take certificates or user name and password",
        0x8f | 0xa2 => "let the broker grant the box the topics that it listens to",
        0x90 => "set another uplink.mqtt.prefix, or let the broker take these topics",
        0x96 => "set uplink.replay_rate lower",
        0x97 => "raise the limit at the broker, or set uplink.replay_rate lower",
        _ => "wait; the box connects again. Should it go on, the broker's log says more",
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
