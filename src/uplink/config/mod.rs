//! The section `[uplink]`.

mod fault;
mod mqtt;

use std::path::PathBuf;

use axum::http::Uri;
use data_encoding::HEXLOWER;
use serde::{Deserialize, Serialize};

use super::connection::address::BrokerUrl;
use super::enrol::CredentialFolder;
use super::names::{COMMANDS, DROP};
use super::operations::words;
use super::tenant::web::WebUrl;
use crate::domain::units::{ByteSize, Span};
use crate::http::Rate;
use crate::http::client::Origin;
use crate::http::way_out::WayOut;
use crate::pki::sha256;
use crate::tls::{Outbound, Pin};
pub use mqtt::{Mqtt, Version};

/// The `[uplink]` section: where what happens goes, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What stands at the other end.
    pub kind: Kind,
    pub url: BrokerUrl,
    /// Authorities that its certificate is checked by, PEM; absent: the system's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// Public keys one of which must be in its chain; empty: any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub pin: Vec<Pin>,
    /// What the box calls itself there; absent: the common name of its certificate, or a name made once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id: Option<String>,
    /// How it proves who it is; absent: by its certificate when there is one, else by its password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub auth: Option<Auth>,
    /// The chain it shows, PEM, the leaf first.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub certificate_file: Option<PathBuf>,
    /// The key to it, PEM.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key_file: Option<PathBuf>,
    /// Its user name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub username: Option<String>,
    /// A file with its password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_file: Option<PathBuf>,
    /// A file with the password that is good for one first certificate.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub otp_file: Option<PathBuf>,
    /// Where what the platform gave the box to prove itself by is kept; whoever reads the file says so.
    #[serde(skip)]
    pub credential_folder: Option<CredentialFolder>,
    /// By which way broker and platform are reached; whoever reads the file says so.
    #[serde(skip)]
    pub way: WayOut,
    /// How long the line may be silent.
    #[serde(default = "a_minute")]
    pub keep_alive: Span,
    /// Messages on their way that are not acknowledged yet.
    #[serde(default = "twenty")]
    pub window: u16,
    /// How fast what waited is sent after an outage.
    #[serde(default = "twenty_a_second")]
    pub replay_rate: Rate,
    /// Whether the newest values are sent at once while older ones still wait.
    #[serde(default = "yes")]
    pub live_first: bool,
    /// Bytes of journal kept for an uplink that lags.
    #[serde(default = "outbox_max")]
    pub outbox_max: ByteSize,
    /// Age of journal kept for an uplink that lags.
    #[serde(default = "thirty_days")]
    pub outbox_age: Span,
    /// The tenant's id, which stands before the user name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant: Option<String>,
    /// Where the platform's HTTP side is; absent: `https` at the broker's host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub http_url: Option<WebUrl>,
    /// Where a certificate alone earns a token for it; absent: port 8443 of the same host.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token_url: Option<WebUrl>,
    /// How operations come from the platform, and how their ends are told.
    #[serde(default)]
    pub operations: Reports,
    /// Commands that the platform may give; absent: those that change nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow_commands: Option<Vec<String>>,
    /// What a restart from the platform does.
    #[serde(default)]
    pub restart: RestartMode,
    /// Where the box is: degrees north, degrees east, metres.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub position: Option<[f64; 3]>,
    /// How often the first meter says a number that rises by one, so that loss can be seen from outside.
    #[serde(default)]
    pub self_test_rate: Rate,
    /// What only kind `"mqtt"` has.
    #[serde(default)]
    pub mqtt: Mqtt,
}

/// How operations come from the platform.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Reports {
    /// As JSON, with their ids.
    #[default]
    Json,
    /// As SmartREST lines, which have none.
    Smartrest,
}

/// What a restart from the platform does.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
pub enum RestartMode {
    /// The box ends with 75, and whoever started it starts it again.
    #[default]
    Process,
    /// Nothing.
    Off,
    /// A program with its arguments, which starts the machine anew; it is run without a shell.
    Command(String),
}

impl From<String> for RestartMode {
    fn from(text: String) -> RestartMode {
        match text.as_str() {
            "process" => RestartMode::Process,
            "off" => RestartMode::Off,
            _ => RestartMode::Command(text),
        }
    }
}

impl From<RestartMode> for String {
    fn from(mode: RestartMode) -> String {
        match mode {
            RestartMode::Process => "process".into(),
            RestartMode::Off => "off".into(),
            RestartMode::Command(command) => command,
        }
    }
}

/// What stands at the other end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// Any MQTT broker: topics and JSON (UPLINK §5).
    Mqtt,
    /// A Cumulocity tenant: SmartREST (UPLINK §1, §2, §3).
    Cumulocity,
}

/// How the box proves who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Auth {
    /// By a certificate in the TLS handshake.
    Certificate,
    /// By user name and password.
    Password,
    /// By a certificate that the platform gives it (EST).
    Est,
    /// By a user name and a password that the platform gives it, once a person has accepted it.
    Bootstrap,
}

impl Auth {
    /// Whether the platform gives the box what it proves itself by.
    #[must_use]
    pub fn is_given(self) -> bool {
        matches!(self, Auth::Est | Auth::Bootstrap)
    }
}

impl Config {
    /// What tells this section from another: a hash of all of it.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let text = serde_json::to_string(self).unwrap_or_default();
        HEXLOWER.encode(&sha256(text.as_bytes()))
    }

    /// How the box proves who it is, whether or not the section says so.
    #[must_use]
    pub fn auth(&self) -> Auth {
        self.auth.unwrap_or(if self.certificate_file.is_some() {
            Auth::Certificate
        } else {
            Auth::Password
        })
    }

    /// Commands that the platform may give.
    #[must_use]
    pub fn commands(&self) -> Vec<String> {
        let harmless = COMMANDS
            .iter()
            .map(|(name, _, _)| *name)
            .filter(|name| !["log", DROP].contains(name));
        let usual = || harmless.map(str::to_owned).collect();
        self.allow_commands.clone().unwrap_or_else(usual)
    }

    /// The program that starts the machine anew, when one does.
    #[must_use]
    pub fn restart_program(&self) -> Option<PathBuf> {
        match &self.restart {
            RestartMode::Command(command) => Some(words(command)?.into_iter().next()?.into()),
            RestartMode::Process | RestartMode::Off => None,
        }
    }

    /// Where the platform's HTTP side is.
    #[must_use]
    pub fn http_origin(&self) -> Origin {
        let usual = || Origin {
            tls: self.url.tls,
            host: self.url.host.to_ascii_lowercase(),
            port: if self.url.tls { 443 } else { 80 },
        };
        self.http_url.as_ref().map_or_else(usual, WebUrl::origin)
    }

    /// Where a certificate alone earns a token.
    #[must_use]
    pub fn token_uri(&self) -> Uri {
        let usual = || {
            let origin = Origin {
                tls: true,
                port: 8443,
                ..self.http_origin()
            };
            let text = format!("{origin}/devicecontrol/deviceAccessToken");
            text.parse().expect("an origin and a path are an address")
        };
        self.token_url.as_ref().map_or_else(usual, |url| url.uri().clone())
    }

    /// What TLS is made of; `None`: the line is in clear.
    #[must_use]
    pub fn outbound(&self) -> Option<Outbound> {
        self.url.tls.then(|| Outbound {
            ca_file: self.ca_file.clone(),
            pins: self.pin.clone(),
            // A broker that sees both believes the certificate and not the password, so only one is shown.
            identity: match self.auth() {
                Auth::Certificate => self.certificate_file.clone().zip(self.key_file.clone()),
                Auth::Est => self
                    .credential_folder
                    .as_ref()
                    .map(|kept| (kept.identity(), kept.identity())),
                Auth::Password | Auth::Bootstrap => None,
            },
        })
    }

    /// What calls out, with the certificate that is to replace the present one; `None`: there is none.
    #[must_use]
    pub fn outbound_next(&self) -> Option<Outbound> {
        let next = self
            .credential_folder
            .as_ref()
            .filter(|_| self.auth() == Auth::Est)?
            .next();
        let outbound = self.outbound().filter(|_| next.exists())?;
        Some(Outbound {
            identity: Some((next.clone(), next)),
            ..outbound
        })
    }
}

/// Whether a text can be a device's id and a part of a topic (UPLINK §1.2).
#[must_use]
pub fn is_device_id(text: &str) -> bool {
    (1..=64).contains(&text.len())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
}

fn a_minute() -> Span {
    Span::seconds(60)
}

fn twenty() -> u16 {
    20
}

fn twenty_a_second() -> Rate {
    "20/s".parse().expect("a rate as the manual writes it")
}

fn yes() -> bool {
    true
}

fn outbox_max() -> ByteSize {
    ByteSize(256 << 20)
}

fn thirty_days() -> Span {
    Span::seconds(30 * 86_400)
}
