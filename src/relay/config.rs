//! The section `[relay]` and its `[[relay.meetup]]`.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::rule::Rule;
use crate::domain::units::{ByteSize, Span};
use crate::http::{ByteRate, Rate};

/// Where the relay's peers look for it (RELAY §1).
pub const PREFIX: &str = "/micronets/v1/ws-proxy/";
/// The relay's usual port.
const PORT: u16 = 5050;

/// The relay: its door and its room.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// Where it listens; `None`: port 5050; empty: closed.
    pub listen: Option<Vec<SocketAddr>>,
    /// Its own certificate, PEM; absent: issued by the relay hierarchy.
    pub certificate_file: Option<PathBuf>,
    /// Its own key, PEM.
    pub key_file: Option<PathBuf>,
    /// Whose peers are trusted, PEM; absent: the relay hierarchy.
    pub client_ca_file: Option<PathBuf>,
    /// Which of them are revoked, PEM; read again when it changes.
    pub crl_file: Option<PathBuf>,
    /// What stands before the id in a request's path.
    pub prefix: String,
    /// From one ping to the next.
    pub ping_interval: Span,
    /// How long a peer may be silent after a ping.
    pub ping_timeout: Span,
    /// From the upgrade to a whole HELLO.
    pub hello_timeout: Span,
    /// How long a peer may take nothing of what is for it.
    pub send_timeout: Span,
    /// The longest message.
    pub max_message: ByteSize,
    /// Whether peers that offer it may compress messages (RFC 7692), for connections that begin from now on.
    pub compression: bool,
    /// Bytes that wait for one peer; then its partner is not read. As much may be sent before a partner comes.
    pub buffer: ByteSize,
    /// How many meetups there may be.
    pub max_meetups: u32,
    /// How many connections one certificate identity may have; 0: any number.
    pub per_identity: u32,
    /// Messages that one certificate identity may send, over all its connections; then it is not read for a while.
    pub messages_per_identity: Rate,
    /// Bytes of them.
    pub bytes_per_identity: ByteRate,
    /// What refused peers are told.
    pub close_codes: CloseCodes,
    /// Who may meet where; without any: every certificate that the door trusts, everywhere.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub meetup: Vec<Rule>,
}

/// What refused peers are told (RELAY Q13).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CloseCodes {
    /// A code for each reason, 4400 and above.
    #[default]
    Distinct,
    /// 1000 for all, as the original does.
    Original,
}

impl Default for Config {
    fn default() -> Config {
        Config {
            listen: None,
            certificate_file: None,
            key_file: None,
            client_ca_file: None,
            crl_file: None,
            prefix: PREFIX.to_owned(),
            ping_interval: Span::seconds(10),
            ping_timeout: Span::seconds(10),
            hello_timeout: Span::seconds(10),
            send_timeout: Span::seconds(30),
            max_message: ByteSize(16 << 20),
            compression: false,
            buffer: ByteSize(256 << 10),
            max_meetups: 20_000,
            per_identity: 0,
            messages_per_identity: Rate::Off,
            bytes_per_identity: ByteRate::Off,
            close_codes: CloseCodes::Distinct,
            meetup: Vec::new(),
        }
    }
}

/// What makes the relay's door; all else can change while peers are connected.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DoorConfig {
    /// Where it listens; empty: closed.
    pub addresses: Vec<SocketAddr>,
    /// Its own certificate, PEM; `None`: issued by the relay hierarchy.
    pub certificate_file: Option<PathBuf>,
    /// Its own key, PEM.
    pub key_file: Option<PathBuf>,
    /// Whose peers are trusted, PEM; `None`: the relay hierarchy.
    pub client_ca_file: Option<PathBuf>,
    /// Which of them are revoked, PEM.
    pub crl_file: Option<PathBuf>,
    /// Whether anybody may come without a certificate.
    pub tickets: bool,
}

impl Config {
    /// Where it listens.
    #[must_use]
    pub fn addresses(&self) -> Vec<SocketAddr> {
        let everywhere = || {
            vec![
                (Ipv4Addr::UNSPECIFIED, PORT).into(),
                (Ipv6Addr::UNSPECIFIED, PORT).into(),
            ]
        };
        self.listen.clone().unwrap_or_else(everywhere)
    }

    /// What makes its door.
    #[must_use]
    pub fn door(&self) -> DoorConfig {
        DoorConfig {
            addresses: self.addresses(),
            certificate_file: self.certificate_file.clone(),
            key_file: self.key_file.clone(),
            client_ca_file: self.client_ca_file.clone(),
            crl_file: self.crl_file.clone(),
            tickets: self.takes_tickets(),
        }
    }

    /// Whether anybody may come without a certificate.
    #[must_use]
    pub fn takes_tickets(&self) -> bool {
        self.meetup.iter().any(|rule| rule.tickets)
    }

    /// The rule for an id; `None`: there is no such meetup.
    #[must_use]
    pub fn rule(&self, id: &str) -> Option<Rule> {
        if self.meetup.is_empty() {
            return Some(Rule::default());
        }
        self.meetup.iter().find(|rule| rule.is_about(id)).cloned()
    }
}
