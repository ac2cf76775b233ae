//! What each key may hold is said by its type; here stands what they must hold together.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::PathBuf;

use figment::Figment;

use super::{Certificate, Config, ConfigError, log_filter};

/// All faults of a configuration that was read.
pub(super) fn check(config: &Config, figment: &Figment) -> Vec<ConfigError> {
    let mut faults = Faults {
        figment,
        found: Vec::new(),
    };
    if !is_host_name(&config.site.hostname) {
        let hint = "such as lodge.example.org: letters, digits, hyphens, dots";
        faults.add("site.hostname", "is not a DNS name", hint);
    }
    if jiff::tz::TimeZone::get(&config.site.timezone).is_err() {
        faults.add("site.timezone", "is not an IANA time zone", "such as Europe/London");
    }
    if let Some((what, hint)) = log_filter::fault(&config.log.filter) {
        faults.add("log.filter", what, hint);
    }
    faults.https(config);
    faults.doors(config);
    faults.of_section(config.occupancy.as_ref().and_then(crate::occupancy::Config::fault));
    faults.of_section(config.meters.as_ref().and_then(crate::meter::Config::fault));
    faults.of_section(config.relay.as_ref().and_then(crate::relay::Config::fault));
    faults.of_section(config.uplink.as_ref().and_then(crate::uplink::Config::fault));
    if let Some(backup) = &config.backup {
        if backup.interval.0.as_secs() < 60 {
            faults.add("backup.interval", "is under a minute", "such as \"1d\"");
        }
        if backup.keep == 0 {
            faults.add("backup.keep", "is 0", "at least 1");
        }
    }
    let mut found = faults.found;
    found.extend(meters(config, figment));
    found.extend(rules(config, figment));
    found.extend(webhooks(config, figment));
    found.extend(doors_apart(config, figment));
    found
}

/// Faults as they are found.
struct Faults<'a> {
    figment: &'a Figment,
    found: Vec<ConfigError>,
}

impl Faults<'_> {
    fn add(&mut self, key: &str, message: impl Into<String>, hint: &str) {
        self.found.push(ConfigError::of_key(self.figment, key, message, hint));
    }

    /// What a section says of itself.
    fn of_section(&mut self, fault: Option<(&'static str, String, String)>) {
        if let Some((key, what, hint)) = fault {
            self.add(key, what, &hint);
        }
    }

    fn https(&mut self, config: &Config) {
        if let Some(https) = &config.https {
            let files = [
                ("https.certificate_file", &https.certificate_file),
                ("https.key_file", &https.key_file),
            ];
            let by_files = https.certificate == Certificate::Files;
            let wrong = files.into_iter().filter(|(_, file)| file.is_some() != by_files);
            let wrong: Vec<&str> = wrong.map(|(key, _)| key).collect();
            match wrong.first() {
                Some(_) if by_files => {
                    let hint = format!("then {} must say which", wrong.join(" and "));
                    self.add("https.certificate", "is \"files\"", &hint);
                }
                Some(key) => self.add(key, "is not used", "with https.certificate = \"files\" it is"),
                None => {}
            }
        }
        let by_acme = config
            .https
            .as_ref()
            .is_some_and(|https| https.certificate == Certificate::Acme);
        if config.acme.is_some() || by_acme {
            let acme = config.acme.clone().unwrap_or_default();
            let hostname = if by_acme {
                &config.site.hostname
            } else {
                "lodge.example.org"
            };
            self.of_section(acme.fault(hostname));
        }
    }

    fn doors(&mut self, config: &Config) {
        let half = |certificate: &Option<PathBuf>, key: &Option<PathBuf>| certificate.is_some() != key.is_some();
        let halves = [
            (
                "mtls",
                config
                    .mtls
                    .as_ref()
                    .is_some_and(|door| half(&door.certificate_file, &door.key_file)),
            ),
            (
                "grpc",
                config
                    .grpc
                    .as_ref()
                    .is_some_and(|door| half(&door.certificate_file, &door.key_file)),
            ),
        ];
        for (key, _) in halves.into_iter().filter(|(_, half)| *half) {
            let hint = "give both, or neither for the own PKI";
            self.add(key, "has only one of certificate_file and key_file", hint);
        }
        if let Some(grpc) = &config.grpc
            && grpc.plaintext
            && !grpc.addresses().iter().all(|address| address.ip().is_loopback())
        {
            let what = "has no roles and no secrets, so it is for loopback addresses only";
            self.add("grpc.plaintext", what, "listen on 127.0.0.1 or [::1], or leave it out");
        }
    }
}

/// No two meters may have the same serial, and each must be one.
fn meters(config: &Config, figment: &Figment) -> Vec<ConfigError> {
    let mut faults = Vec::new();
    let (mut known, mut links) = (BTreeMap::new(), BTreeMap::new());
    for (place, meter) in config.meter.iter().enumerate() {
        let fault = |what: String, hint: &str| {
            let error = ConfigError::of_key(figment, &format!("meter.{place}.serial"), what, hint);
            ConfigError {
                message: error.message.replace(&format!("`meter.{place}.serial`"), "`[[meter]]`"),
                ..error
            }
        };
        if let Err(error) = meter.check() {
            faults.push(fault(format!("{}: {error}", meter.serial), ""));
        }
        if known.insert(meter.serial.clone(), place).is_some() {
            let what = format!("{} is there twice", meter.serial);
            faults.push(fault(what, "each meter has one entry"));
            continue;
        }
        let link = meter.link.to_string();
        if let Some(other) = links.insert(link.clone(), &meter.serial) {
            let what = format!("{} has the link of {other}, {link}", meter.serial);
            faults.push(fault(what, "one line leads to one meter: each has a link of its own"));
        }
    }
    faults
}

/// Each `[[uplink.rule]]` must be whole, and none may stand twice.
fn rules(config: &Config, figment: &Figment) -> Vec<ConfigError> {
    let entries: Vec<_> = config.uplink.iter().flat_map(|uplink| &uplink.rule).cloned().collect();
    let first = |entries: &[_]| crate::rules::rules(entries).err();
    let first = |entries: &[_]| first(entries).map(|fault| (fault.place, fault.key, fault.what, fault.right));
    of_all(figment, "uplink.rule", entries, first)
}

/// Each `[[occupancy.webhook]]` must be whole, and none may stand twice.
fn webhooks(config: &Config, figment: &Figment) -> Vec<ConfigError> {
    let room = config.occupancy.iter();
    let entries: Vec<_> = room.flat_map(|room| &room.webhook).cloned().collect();
    of_all(figment, "occupancy.webhook", entries, crate::webhooks::fault)
}

/// The faults of all entries of a table, where `first` finds the first: what has one is looked past.
fn of_all<E>(
    figment: &Figment,
    table: &str,
    mut entries: Vec<E>,
    first: impl Fn(&[E]) -> Option<(usize, &'static str, String, String)>,
) -> Vec<ConfigError> {
    let mut faults = Vec::new();
    let mut places: Vec<usize> = (0..entries.len()).collect();
    while let Some((at, key, what, right)) = first(&entries) {
        faults.push(of_several(figment, (table, places[at], key), (&what, &right)));
        entries.remove(at);
        places.remove(at);
    }
    faults
}

/// A fault in one of several tables of a name, named as people write them.
fn of_several(figment: &Figment, (table, place, key): (&str, usize, &str), (what, right): (&str, &str)) -> ConfigError {
    let path = format!("{table}.{place}.{key}");
    let error = ConfigError::of_key(figment, &path, what, right);
    let message = error
        .message
        .replace(&format!("`{path}`"), &format!("`{key}` of `[[{table}]]`"));
    ConfigError { message, ..error }
}

/// No two doors may want the same address.
fn doors_apart(config: &Config, figment: &Figment) -> Vec<ConfigError> {
    let mut faults = Vec::new();
    let doors: [(&str, Vec<SocketAddr>); 6] = [
        (
            "http",
            config
                .http
                .as_ref()
                .map(super::PlainDoor::http_addresses)
                .unwrap_or_default(),
        ),
        (
            "https",
            config.https.as_ref().map(super::Https::addresses).unwrap_or_default(),
        ),
        (
            "mtls",
            config.mtls.as_ref().map(super::Mtls::addresses).unwrap_or_default(),
        ),
        (
            "grpc",
            config.grpc.as_ref().map(super::Grpc::addresses).unwrap_or_default(),
        ),
        (
            "relay",
            config
                .relay
                .as_ref()
                .map(crate::relay::Config::addresses)
                .unwrap_or_default(),
        ),
        (
            "metrics",
            config
                .metrics
                .as_ref()
                .map(super::PlainDoor::metrics_addresses)
                .unwrap_or_default(),
        ),
    ];
    let mut taken: BTreeMap<SocketAddr, &str> = BTreeMap::new();
    for (door, addresses) in doors {
        for address in addresses.into_iter().filter(|address| address.port() != 0) {
            if let Some(other) = taken.insert(address, door) {
                let key = format!("{door}.listen");
                let message = format!("{address} is listened on by `{other}` too");
                faults.push(ConfigError::of_key(
                    figment,
                    &key,
                    message,
                    "give each door its own port",
                ));
            }
        }
    }
    faults
}

pub(super) fn is_host_name(name: &str) -> bool {
    let label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    name.len() <= 253 && name.split('.').all(label)
}
