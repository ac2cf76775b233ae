//! What is wrong with the section `[uplink]` as a whole: what its keys cannot say each for itself.

use super::{Auth, Config, Kind, Mqtt, RestartMode, is_device_id};
use crate::domain::Faults;
use crate::http::Rate;
use crate::uplink::names::COMMANDS;
use crate::uplink::operations::words;

/// What the keys of a proof hang on.
const PROOF: &[&str] = &[
    "uplink.auth",
    "uplink.certificate_file",
    "uplink.key_file",
    "uplink.username",
    "uplink.password_file",
    "uplink.tenant",
    "uplink.url",
];
const ID: &str = "1 to 64 letters, digits, hyphens and underscores";
const CLEAR: &str = "mqtts://host:port";
const NEITHER: &str = "give both, or neither";
/// The number that rises by one is written down each time.
const MOST_A_SECOND: u64 = 1_000;

impl Config {
    /// What the keys cannot say each for itself.
    #[must_use]
    pub fn faults(&self) -> Faults {
        let mut faults = Faults::default();
        self.names(&mut faults);
        self.proof(&mut faults);
        self.line(&mut faults);
        self.limits(&mut faults);
        self.deeds(&mut faults);
        self.of_kind(&mut faults);
        self.topics(&mut faults);
        faults
    }

    /// What the box is called, and calls itself.
    fn names(&self, faults: &mut Faults) {
        for (key, what, id) in [
            ("uplink.client_id", "is no device id", &self.client_id),
            ("uplink.tenant", "is no tenant's id", &self.tenant),
        ] {
            if id.as_deref().is_some_and(|id| !is_device_id(id)) {
                faults.add(key, what, ID);
            }
        }
        let is_text = |name: &str| (1..=256).contains(&name.len()) && !name.contains(char::is_control);
        if self.username.as_deref().is_some_and(|name| !is_text(name)) {
            let what = "is empty, over 256 bytes long, or has control characters";
            faults.add("uplink.username", what, "the name that the broker knows the box by");
        }
    }

    /// What it proves itself by.
    fn proof(&self, faults: &mut Faults) {
        let mut fault = |key: &str, what: &str, right: &str| faults.joint(key, PROOF, what, right);
        if self.certificate_file.is_some() != self.key_file.is_some() {
            fault("uplink", "has only one of certificate_file and key_file", NEITHER);
        }
        match self.auth() {
            Auth::Certificate => {
                if self.certificate_file.is_none() && self.key_file.is_none() {
                    let right = "then certificate_file and key_file must say which";
                    fault("uplink.auth", "is \"certificate\"", right);
                }
                if self.username.is_some() || self.password_file.is_some() {
                    let right = "leave username and password_file out; a broker believes one kind of proof";
                    fault("uplink.auth", "is \"certificate\", and there is a login too", right);
                }
                if !self.url.tls {
                    fault("uplink.url", "is in clear, where no certificate can be shown", CLEAR);
                }
            }
            Auth::Password => match (&self.username, &self.password_file) {
                (None, None) if self.auth.is_some() => {
                    let right = "then username and password_file must say which";
                    fault("uplink.auth", "is \"password\"", right);
                }
                (None, None) | (Some(_), Some(_)) => {}
                (Some(_), None) | (None, Some(_)) => {
                    fault("uplink", "has only one of username and password_file", NEITHER);
                }
            },
            Auth::Est | Auth::Bootstrap => self.given(faults),
        }
        if self.otp_file.is_some() && self.auth.is_none() {
            let right = "with uplink.auth = \"est\" it is";
            faults.joint("uplink.otp_file", &["uplink.auth"], "is not used", right);
        }
    }

    /// What does not go with a proof that the platform gives.
    fn given(&self, faults: &mut Faults) {
        let is_est = self.auth() == Auth::Est;
        let word = if is_est { "is \"est\"" } else { "is \"bootstrap\"" };
        let mut fault = |key, what: String, right: &str| faults.joint(key, PROOF, what, right);
        if !self.url.tls {
            let what = "is in clear, where what the platform gives would be seen".to_owned();
            fault("uplink.url", what, CLEAR);
        }
        if self.certificate_file.is_some() || self.username.is_some() || self.tenant.is_some() {
            let what = format!("{word}, and there is another proof too");
            let right = "leave certificate_file, key_file, tenant and username out; the platform gives what is needed";
            fault("uplink.auth", what, right);
        }
        if is_est && self.password_file.is_some() {
            let right = "otp_file for the password that is good once";
            fault("uplink.auth", format!("{word}, and there is a password_file"), right);
        }
        if !is_est && self.password_file.is_none() {
            let right = "then password_file must say where the platform's bootstrap password is";
            fault("uplink.auth", word.to_owned(), right);
        }
        if !is_est && self.kind != Kind::Cumulocity {
            let right = "with uplink.kind = \"cumulocity\" it works; other brokers grant no logins";
            faults.joint("uplink.auth", &["uplink.kind"], word, right);
        }
    }

    /// What is told in clear.
    fn line(&self, faults: &mut Faults) {
        if !self.url.tls && (self.ca_file.is_some() || !self.pin.is_empty()) {
            let what = "is in clear, where nothing can be checked";
            faults.joint("uplink.url", &["uplink.ca_file", "uplink.pin"], what, CLEAR);
        }
        let web = [
            ("uplink.http_url", &self.http_url),
            ("uplink.token_url", &self.token_url),
        ];
        for (key, url) in web {
            let in_clear = url.as_ref().is_some_and(|url| !url.origin().tls);
            if in_clear && self.url.tls {
                let what = "is in clear, where a token would be seen";
                faults.joint(key, &["uplink.url"], what, "https://tenant.example.org");
            }
        }
    }

    fn limits(&self, faults: &mut Faults) {
        if !(10..=600).contains(&self.keep_alive.0.as_secs()) {
            faults.add("uplink.keep_alive", "is not between 10 s and 600 s", "such as \"60s\"");
        }
        if !(1..=100).contains(&self.window) {
            faults.add("uplink.window", "is not between 1 and 100", "such as 20");
        }
        if self.outbox_max.0 < 1 << 20 {
            faults.add("uplink.outbox_max", "is under 1 MiB", "such as \"256MiB\"");
        }
        if self.outbox_age.0.as_secs() < 3_600 {
            faults.add("uplink.outbox_age", "is under an hour", "such as \"30d\"");
        }
        if let Rate::Per { count, unit } = self.self_test_rate
            && u64::from(count.get()) > MOST_A_SECOND * unit.duration().as_secs()
        {
            let what = format!("is over {MOST_A_SECOND} a second");
            faults.add("uplink.self_test_rate", what, "such as \"1/s\", or \"off\"");
        }
        if let Some([latitude, longitude, altitude]) = self.position
            && !(latitude.abs() <= 90.0 && longitude.abs() <= 180.0 && altitude.is_finite())
        {
            let right = "[51.47, -0.11, 12.0]: degrees north, degrees east, metres";
            faults.add("uplink.position", "is no place", right);
        }
    }

    /// What may be done from afar.
    fn deeds(&self, faults: &mut Faults) {
        for unknown in self.allow_commands.iter().flatten().filter(|name| !is_command(name)) {
            let known: Vec<&str> = COMMANDS.iter().map(|(name, _, _)| *name).collect();
            let what = format!("has `{unknown}`, which is no command");
            faults.add("uplink.allow_commands", what, known.join(", "));
        }
        if let RestartMode::Command(command) = &self.restart
            && words(command).is_none_or(|words| words.is_empty())
        {
            let right = "\"process\", \"off\", or a program with its arguments";
            faults.add("uplink.restart", "is no command", right);
        }
    }

    /// What a tenant needs, and has no use for.
    fn of_kind(&self, faults: &mut Faults) {
        if self.kind != Kind::Cumulocity {
            return;
        }
        let also: Vec<&str> = PROOF.iter().copied().chain(["uplink.kind"]).collect();
        let mut fault = |key: &str, what: &str, right: &str| faults.joint(key, &also, what, right);
        if self.tenant.is_none() && self.username.is_some() && !self.auth().is_given() {
            let right = "the tenant's id, such as \"t12345\"; not its domain";
            fault("uplink.tenant", "is missing", right);
        }
        let shown = [&self.certificate_file, &self.key_file, &self.password_file];
        if self.auth.is_none() && self.username.is_none() && shown.iter().all(|file| file.is_none()) {
            let right = "username and password_file, or certificate_file and key_file";
            fault("uplink", "has nothing to prove who the box is", right);
        }
        if self.mqtt != Mqtt::default() {
            let right = "with uplink.kind = \"mqtt\" it is";
            faults.joint("uplink.mqtt", &["uplink.kind"], "is not used", right);
        }
    }

    fn topics(&self, faults: &mut Faults) {
        let is_topic = |text: &str| text.len() <= 256 && text.split('/').all(is_device_id);
        if self.mqtt.prefix.as_deref().is_some_and(|prefix| !is_topic(prefix)) {
            let right = "letters, digits, hyphens and underscores, with / between";
            faults.add("uplink.mqtt.prefix", "cannot begin a topic", right);
        }
        if !is_topic(&self.mqtt.ha_prefix) {
            faults.add(
                "uplink.mqtt.ha_prefix",
                "cannot begin a topic",
                "such as \"homeassistant\"",
            );
        }
    }
}

fn is_command(name: &str) -> bool {
    COMMANDS.iter().any(|(known, _, _)| *known == name)
}
