//! What is wrong with the section `[uplink]` as a whole: what its keys cannot say each for itself.

use super::{Auth, Config, Kind, Mqtt, RestartMode, is_device_id};
use crate::uplink::operations::{COMMANDS, words};

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
            Auth::Password if self.auth.is_some() && self.username.is_none() && self.password_file.is_none() => {
                return fault(
                    "uplink.auth",
                    "is \"password\"",
                    "then username and password_file must say which",
                );
            }
            Auth::Password if self.username.is_some() != self.password_file.is_some() => {
                return fault(
                    "uplink",
                    "has only one of username and password_file",
                    "give both, or neither",
                );
            }
            Auth::Est | Auth::Bootstrap => {
                if let Some(fault) = self.given_fault() {
                    return Some(fault);
                }
            }
            Auth::Certificate | Auth::Password => {}
        }
        if self.otp_file.is_some() && self.auth.is_none() {
            return fault("uplink.otp_file", "is not used", "with uplink.auth = \"est\" it is");
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
}

impl Config {
    /// What does not go with a proof that the platform gives.
    fn given_fault(&self) -> Option<Fault> {
        let is_est = self.auth() == Auth::Est;
        let word = if is_est { "is \"est\"" } else { "is \"bootstrap\"" };
        let fault = |key, what: String, right: &str| Some((key, what, right.to_owned()));
        if !self.url.tls {
            let what = "is in clear, where what the platform gives would be seen".to_owned();
            return fault("uplink.url", what, "mqtts://host:port");
        }
        if self.certificate_file.is_some() || self.username.is_some() || self.tenant.is_some() {
            let what = format!("{word}, and there is another proof too");
            let right = "leave certificate_file, key_file, tenant and username out; the platform gives what is needed";
            return fault("uplink.auth", what, right);
        }
        if is_est && self.password_file.is_some() {
            let right = "otp_file for the password that is good once";
            return fault("uplink.auth", format!("{word}, and there is a password_file"), right);
        }
        if !is_est && self.password_file.is_none() {
            let right = "then password_file must say where the platform's bootstrap password is";
            return fault("uplink.auth", word.to_owned(), right);
        }
        if !is_est && self.kind != Kind::Cumulocity {
            let right = "with uplink.kind = \"cumulocity\" it works; other brokers grant no logins";
            return fault("uplink.auth", word.to_owned(), right);
        }
        None
    }
}

fn is_command(name: &str) -> bool {
    COMMANDS.iter().any(|(known, _, _)| *known == name)
}
