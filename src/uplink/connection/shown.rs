//! What is shown of a fault of the connection: what it is called among the metrics, and what a person can do about it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::error::{ConnectionError, LimitError, OwnCertificateError};
use super::wire::reason::code;
use super::wire::{ConnackError, DecodeError, WireError};

/// A fault as people see it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FaultShown {
    pub at: Timestamp,
    /// What it is called among the metrics.
    pub kind: String,
    /// What happened.
    pub what: String,
    /// What to do.
    pub mend: String,
}

impl FaultShown {
    /// A fault at `at`.
    #[must_use]
    pub fn of(fault: &ConnectionError, at: Timestamp) -> FaultShown {
        FaultShown {
            at,
            kind: fault.label().to_owned(),
            what: fault.to_string(),
            mend: fault.mend().to_owned(),
        }
    }
}

impl ConnectionError {
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
            ConnectionError::Proxy(_) => "proxy",
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
            ConnectionError::Proxy(error) => error.mend(),
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
