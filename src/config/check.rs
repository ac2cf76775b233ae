//! What each key may hold is said by its type; here stands what they must hold together.

use std::collections::BTreeMap;
use std::net::SocketAddr;

use figment::Figment;

use super::{Certificate, Config, ConfigError};

/// Finds the first fault of a configuration that was read.
pub(super) fn check(config: &Config, figment: &Figment) -> Result<(), ConfigError> {
    let fault = |key: &str, message: &str, hint: &str| Err(ConfigError::of_key(figment, key, message, hint));
    if !is_host_name(&config.site.hostname) {
        return fault(
            "site.hostname",
            "is not a DNS name",
            "such as lodge.example.org: letters, digits, hyphens, dots",
        );
    }
    if jiff::tz::TimeZone::get(&config.site.timezone).is_err() {
        return fault("site.timezone", "is not an IANA time zone", "such as Europe/London");
    }
    if config.log.filter.parse::<tracing_subscriber::EnvFilter>().is_err() {
        return fault("log.filter", "is not a filter", "such as info, or info,gatelodge=debug");
    }
    if let Some(https) = &config.https {
        let files = [
            ("https.certificate_file", &https.certificate_file),
            ("https.key_file", &https.key_file),
        ];
        for (key, file) in files {
            match (https.certificate, file) {
                (Certificate::Files, None) => {
                    return fault(
                        "https.certificate",
                        "is \"files\"",
                        &format!("then {key} must say which"),
                    );
                }
                (Certificate::SelfSigned | Certificate::Acme, Some(_)) => {
                    return fault(key, "is not used", "with https.certificate = \"files\" it is");
                }
                (Certificate::Files, Some(_)) | (Certificate::SelfSigned | Certificate::Acme, None) => {}
            }
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
        if let Some((key, what, hint)) = acme.fault(hostname) {
            return fault(key, &what, &hint);
        }
    }
    if let Some(mtls) = &config.mtls
        && mtls.certificate_file.is_some() != mtls.key_file.is_some()
    {
        return fault(
            "mtls",
            "has only one of certificate_file and key_file",
            "give both, or neither for the own PKI",
        );
    }
    if let Some(grpc) = &config.grpc {
        if grpc.certificate_file.is_some() != grpc.key_file.is_some() {
            return fault(
                "grpc",
                "has only one of certificate_file and key_file",
                "give both, or neither for the own PKI",
            );
        }
        if grpc.plaintext && !grpc.addresses().iter().all(|address| address.ip().is_loopback()) {
            return fault(
                "grpc.plaintext",
                "has no roles and no secrets, so it is for loopback addresses only",
                "listen on 127.0.0.1 or [::1], or leave it out",
            );
        }
    }
    if let Some((key, what, hint)) = config.occupancy.as_ref().and_then(crate::occupancy::Config::fault) {
        return fault(key, &what, &hint);
    }
    if let Some((key, what, hint)) = config.meters.as_ref().and_then(crate::meter::Config::fault) {
        return fault(key, &what, &hint);
    }
    if let Some((key, what, hint)) = config.relay.as_ref().and_then(crate::relay::Config::fault) {
        return fault(key, &what, &hint);
    }
    meters(config, figment)?;
    rules(config, figment)?;
    webhooks(config, figment)?;
    if let Some((key, what, hint)) = config.uplink.as_ref().and_then(crate::uplink::Config::fault) {
        return fault(key, &what, &hint);
    }
    if let Some(backup) = &config.backup {
        if backup.interval.0.as_secs() < 60 {
            return fault("backup.interval", "is under a minute", "such as \"1d\"");
        }
        if backup.keep == 0 {
            return fault("backup.keep", "is 0", "at least 1");
        }
    }
    doors_apart(config, figment)
}

/// No two meters may have the same serial, and each must be one.
fn meters(config: &Config, figment: &Figment) -> Result<(), ConfigError> {
    let (mut known, mut links) = (BTreeMap::new(), BTreeMap::new());
    for (place, meter) in config.meter.iter().enumerate() {
        let fault = |what: String, hint: &str| {
            let error = ConfigError::of_key(figment, &format!("meter.{place}.serial"), what, hint);
            Err(ConfigError {
                message: error.message.replace(&format!("`meter.{place}.serial`"), "`[[meter]]`"),
                ..error
            })
        };
        if let Err(error) = meter.check() {
            return fault(format!("{}: {error}", meter.serial), "");
        }
        if known.insert(meter.serial.clone(), place).is_some() {
            return fault(format!("{} is there twice", meter.serial), "each meter has one entry");
        }
        let link = meter.link.to_string();
        if let Some(other) = links.insert(link.clone(), &meter.serial) {
            let what = format!("{} has the link of {other}, {link}", meter.serial);
            return fault(what, "one line leads to one meter: each has a link of its own");
        }
    }
    Ok(())
}

/// Each `[[uplink.rule]]` must be whole, and none may stand twice.
fn rules(config: &Config, figment: &Figment) -> Result<(), ConfigError> {
    let entries: Vec<_> = config.uplink.iter().flat_map(|uplink| &uplink.rule).cloned().collect();
    let checked = crate::rules::rules(&entries).map(drop);
    checked.map_err(|fault| {
        of_several(
            figment,
            ("uplink.rule", fault.place, fault.key),
            (&fault.what, &fault.right),
        )
    })
}

/// Each `[[occupancy.webhook]]` must be whole, and none may stand twice.
fn webhooks(config: &Config, figment: &Figment) -> Result<(), ConfigError> {
    let entries: Vec<_> = config
        .occupancy
        .iter()
        .flat_map(|room| &room.webhook)
        .cloned()
        .collect();
    match crate::webhooks::fault(&entries) {
        None => Ok(()),
        Some((place, key, what, right)) => Err(of_several(figment, ("occupancy.webhook", place, key), (&what, &right))),
    }
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
fn doors_apart(config: &Config, figment: &Figment) -> Result<(), ConfigError> {
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
                return Err(ConfigError::of_key(
                    figment,
                    &key,
                    message,
                    "give each door its own port",
                ));
            }
        }
    }
    Ok(())
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
