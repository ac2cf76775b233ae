//! The section `[uplink]` (`contract.md` section 4).

use std::path::PathBuf;

use axum::http::Uri;
use serde::{Deserialize, Serialize};

use super::address::BrokerUrl;
use super::operations::{COMMANDS, words};
use super::web::WebUrl;
use crate::domain::units::{ByteSize, Span};
use crate::http::Rate;
use crate::http::client::Origin;
use crate::tls::{Outbound, Pin};

/// The `[uplink]` section: where what happens goes, and how.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Config {
    /// What stands at the other end.
    pub kind: Kind,
    /// Where it is.
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
    /// Any MQTT broker: topics and JSON (`spec/uplink.md` section 5).
    Mqtt,
    /// A Cumulocity tenant: SmartREST (`spec/uplink.md` sections 1 to 3).
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
}

/// What only kind `"mqtt"` has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mqtt {
    /// Which MQTT is spoken.
    pub version: Version,
    /// What all topics begin with; absent: `emop/` and the client id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// Whether Home Assistant is told what there is.
    pub ha_discovery: bool,
    /// What its topics begin with.
    pub ha_prefix: String,
}

impl Default for Mqtt {
    fn default() -> Mqtt {
        Mqtt {
            version: Version::default(),
            prefix: None,
            ha_discovery: false,
            ha_prefix: "homeassistant".into(),
        }
    }
}

/// Which MQTT is spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Version {
    /// 3.1.1.
    #[default]
    #[serde(rename = "3.1.1")]
    V311,
    /// 5.
    #[serde(rename = "5")]
    V5,
    /// 5, or 3.1.1 with a broker that does not speak it.
    #[serde(rename = "auto")]
    Auto,
}

/// What is wrong with the section as a whole: the key, what is wrong, what would be right.
pub type Fault = (&'static str, String, String);

impl Config {
    /// What the keys cannot say each for itself.
    #[must_use]
    pub fn fault(&self) -> Option<Fault> {
        let fault = |key, what: &str, right: &str| Some((key, what.to_owned(), right.to_owned()));
        if self.client_id.as_deref().is_some_and(|id| !is_device_id(id)) {
            return fault(
                "uplink.client_id",
                "is no device id",
                "1 to 64 letters, digits, hyphens and underscores",
            );
        }
        if self.certificate_file.is_some() != self.key_file.is_some() {
            let what = "has only one of certificate_file and key_file";
            return fault("uplink", what, "give both, or neither");
        }
        match self.auth() {
            Auth::Certificate if self.certificate_file.is_none() => {
                return fault(
                    "uplink.auth",
                    "is \"certificate\"",
                    "then certificate_file and key_file must say which",
                );
            }
            Auth::Certificate if self.username.is_some() || self.password_file.is_some() => {
                let right = "leave username and password_file out; a broker believes one kind of proof";
                return fault("uplink.auth", "is \"certificate\", and there is a login too", right);
            }
            Auth::Certificate if !self.url.tls => {
                return fault(
                    "uplink.url",
                    "is in clear, where no certificate can be shown",
                    "mqtts://host:port",
                );
            }
            Auth::Password if self.username.is_some() != self.password_file.is_some() => {
                return fault(
                    "uplink",
                    "has only one of username and password_file",
                    "give both, or neither",
                );
            }
            Auth::Certificate | Auth::Password => {}
        }
        if let Some(unknown) = self.allow_commands.iter().flatten().find(|name| !is_command(name)) {
            let known: Vec<&str> = COMMANDS.iter().map(|(name, _, _)| *name).collect();
            let what = format!("has `{unknown}`, which is no command");
            return Some(("uplink.allow_commands", what, known.join(", ")));
        }
        if let RestartMode::Command(command) = &self.restart
            && words(command).is_none_or(|words| words.is_empty())
        {
            let right = "\"process\", \"off\", or a program with its arguments";
            return fault("uplink.restart", "is no command", right);
        }
        let web = [
            ("uplink.http_url", &self.http_url),
            ("uplink.token_url", &self.token_url),
        ];
        for (key, url) in web {
            let in_clear = url.as_ref().is_some_and(|url| !url.origin().tls);
            if in_clear && self.url.tls {
                let what = "is in clear, where a token would be seen";
                return fault(key, what, "https://tenant.example.org");
            }
        }
        if let Some([latitude, longitude, altitude]) = self.position
            && !(latitude.abs() <= 90.0 && longitude.abs() <= 180.0 && altitude.is_finite())
        {
            return fault(
                "uplink.position",
                "is no place",
                "[51.47, -0.11, 12.0]: degrees north, degrees east, metres",
            );
        }
        if self.kind == Kind::Cumulocity {
            if self.tenant.is_none() && self.username.is_some() {
                return fault(
                    "uplink.tenant",
                    "is missing",
                    "the tenant's id, such as \"t12345\"; not its domain",
                );
            }
            if self.auth() == Auth::Password && self.username.is_none() {
                let right = "username and password_file, or certificate_file and key_file";
                return fault("uplink", "has nothing to prove who the box is", right);
            }
            if self.mqtt != Mqtt::default() {
                return fault("uplink.mqtt", "is not used", "with uplink.kind = \"mqtt\" it is");
            }
        }
        if !self.url.tls && (self.ca_file.is_some() || !self.pin.is_empty()) {
            return fault(
                "uplink.url",
                "is in clear, where nothing can be checked",
                "mqtts://host:port",
            );
        }
        if !(10..=600).contains(&self.keep_alive.0.as_secs()) {
            return fault("uplink.keep_alive", "is not between 10 s and 600 s", "such as \"60s\"");
        }
        if !(1..=100).contains(&self.window) {
            return fault("uplink.window", "is not between 1 and 100", "such as 20");
        }
        if self.outbox_max.0 < 1 << 20 {
            return fault("uplink.outbox_max", "is under 1 MiB", "such as \"256MiB\"");
        }
        if self.outbox_age.0.as_secs() < 3_600 {
            return fault("uplink.outbox_age", "is under an hour", "such as \"30d\"");
        }
        let is_topic = |text: &str| text.split('/').all(is_device_id);
        if self.mqtt.prefix.as_deref().is_some_and(|prefix| !is_topic(prefix)) {
            let right = "letters, digits, hyphens and underscores, with / between";
            return fault("uplink.mqtt.prefix", "cannot begin a topic", right);
        }
        if !is_topic(&self.mqtt.ha_prefix) {
            return fault(
                "uplink.mqtt.ha_prefix",
                "cannot begin a topic",
                "such as \"homeassistant\"",
            );
        }
        None
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
        let usual = || COMMANDS.iter().map(|(name, _, _)| (*name).to_owned()).collect();
        self.allow_commands.clone().unwrap_or_else(usual)
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
            identity: (self.auth() == Auth::Certificate)
                .then(|| self.certificate_file.clone().zip(self.key_file.clone()))
                .flatten(),
        })
    }
}

fn is_command(name: &str) -> bool {
    COMMANDS.iter().any(|(known, _, _)| *known == name)
}

/// Whether a text can be a device's id and a part of a topic (`spec/uplink.md` section 1.2).
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
