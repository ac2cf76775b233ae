//! What each key may hold is said by its type; here stands what they must hold together, and what nobody could work with.

mod doors;

use std::collections::BTreeMap;
use std::path::Path;

use super::{Certificate, Config, Https, Mtls, Site, log_filter};
use crate::domain::{Faults, MeterId};
use crate::perseus;
use crate::texts::Language;

/// The longest path of a Unix socket: its address holds 108 bytes, one of which ends it (unix(7)).
const LONGEST_SOCKET: usize = 107;

/// All faults of a configuration that was read.
pub(super) fn check(config: &Config) -> Faults {
    let mut faults = Faults::default();
    places(config, &mut faults);
    site(&config.site, &mut faults);
    if let Some((what, hint)) = log_filter::fault(&config.log.filter) {
        faults.add("log.filter", what, hint);
    }
    doors::check(config, &mut faults);
    faults.append(config.outbound.faults());
    acme(config, &mut faults);
    if let Some(section) = &config.occupancy {
        faults.append(section.faults());
    }
    if let Some(room) = &config.meters {
        faults.append(room.faults());
    }
    meters(config, &mut faults);
    if let Some(room) = &config.perseus {
        faults.append(room.faults());
        places_of_perseus(config, room, &mut faults);
    }
    if let Some(room) = &config.relay {
        faults.append(room.faults());
    }
    if let Some(section) = &config.uplink {
        faults.append(section.faults());
    }
    if let Some(section) = &config.backup {
        faults.append(section.faults());
    }
    faults
}

/// An address that nobody chose beforehand cannot be told to applications.
fn places_of_perseus(config: &Config, room: &perseus::Config, faults: &mut Faults) {
    let https = config.https.as_ref().map(Https::addresses).unwrap_or_default();
    let mtls = config.mtls.as_ref().map(Mtls::addresses).unwrap_or_default();
    for (key, said, addresses) in [
        ("perseus.issuer", &room.issuer, https),
        ("perseus.mtls_url", &room.mtls_url, mtls),
    ] {
        if said.is_none() && addresses.first().is_some_and(|address| address.port() == 0) {
            let what = "is not said, and the door takes any port that is free";
            faults.add(
                key,
                what,
                "where people and applications find it, such as https://box.example:8443",
            );
        }
    }
}

/// Where the box keeps things, and is asked.
fn places(config: &Config, faults: &mut Faults) {
    let is_empty = |path: &Path| path.as_os_str().is_empty();
    for (key, path) in [("data_dir", &config.data_dir), ("admin_socket", &config.admin_socket)] {
        if is_empty(path) {
            faults.add(key, "is empty", "a path");
        } else if path.is_relative() {
            let what = format!("is {path:?}, which is another place wherever a command is started");
            faults.add(key, what, "a path that begins with /");
        }
    }
    let length = config.admin_socket.as_os_str().len();
    if length > LONGEST_SOCKET {
        let what = format!("is {length} bytes long, and the address of a socket holds {LONGEST_SOCKET}");
        faults.add("admin_socket", what, "a shorter path");
    }
}

fn site(site: &Site, faults: &mut Faults) {
    let length = site.name.chars().count();
    if !(1..=200).contains(&length) || site.name.contains(char::is_control) {
        let what = format!("has {length} characters, at most 200 fit, and none of them a control character");
        faults.add("site.name", what, "such as \"Town hall\"");
    }
    if !is_host_name(&site.hostname) {
        let right = "such as lodge.example.org: letters, digits, hyphens, dots";
        faults.add("site.hostname", "is not a DNS name", right);
    }
    if jiff::tz::TimeZone::get(&site.timezone).is_err() {
        faults.add("site.timezone", "is not an IANA time zone", "such as Europe/London");
    }
    let is_address = |text: &str| {
        let rest = ["mailto:", "https://", "tel:"]
            .iter()
            .find_map(|kind| text.strip_prefix(kind));
        rest.is_some_and(|rest| !rest.is_empty()) && text.bytes().all(|byte| byte.is_ascii_graphic())
    };
    if site.contact.as_deref().is_some_and(|contact| !is_address(contact)) {
        let right = "mailto:security@example.org, or an address that begins with https:// or tel:";
        faults.add("site.contact", "is nothing that anybody can be reached by", right);
    }
    if site.languages.is_empty() {
        faults.add(
            "site.languages",
            "is empty",
            "[\"en\"], or [\"cy\", \"en\"]: the first is the default",
        );
    }
    for (place, tag) in site.languages.iter().enumerate() {
        if let Err(error) = tag.parse::<Language>() {
            faults.add(format!("site.languages.{place}"), error.to_string(), "\"en\" or \"cy\"");
        } else if site.languages[..place].contains(tag) {
            faults.add(
                format!("site.languages.{place}"),
                "stands there twice",
                "each language once",
            );
        }
    }
}

/// The section, which stands with everything as usual when the https door wants it and it is absent.
fn acme(config: &Config, faults: &mut Faults) {
    let door = config.https.as_ref();
    let by_acme = door.is_some_and(|https| https.certificate == Certificate::Acme);
    if config.acme.is_some() || by_acme {
        let acme = config.acme.clone().unwrap_or_default();
        let hostname = match by_acme {
            true => &config.site.hostname,
            false => "lodge.example.org",
        };
        faults.append(acme.faults(hostname));
    }
}

/// Each `[[meter]]` must be one, and no two may have the same serial, the same link, or be the same data source.
fn meters(config: &Config, faults: &mut Faults) {
    let (mut known, mut links) = (BTreeMap::new(), BTreeMap::new());
    let mut sources: BTreeMap<String, &MeterId> = config
        .meter
        .iter()
        .map(|one| (one.serial.to_string(), &one.serial))
        .collect();
    for (place, meter) in config.meter.iter().enumerate() {
        let mut inner = Faults::default();
        for error in meter.errors() {
            inner.add(error.key(), format!("{}: {error}", meter.serial), "");
        }
        if known.insert(&meter.serial, place).is_some() {
            let what = format!("{} is there twice", meter.serial);
            inner.add("serial", what, "each meter has one entry");
        } else if let Some(other) = links.insert(meter.link.line(), &meter.serial) {
            let what = format!("{} has the link of {other}, {}", meter.serial, meter.link);
            inner.add("link", what, "one line leads to one meter: each has a link of its own");
        }
        let id = meter.datasource.as_ref().and_then(|source| source.id.as_ref());
        if let Some(id) = id
            && let Some(other) = sources
                .insert(id.clone(), &meter.serial)
                .filter(|other| **other != meter.serial)
        {
            let what = format!("is {id}, by which applications know {other}");
            inner.add(
                "datasource.id",
                what,
                "each data source has an id of its own, and no other meter's serial",
            );
        }
        faults.within(&format!("meter.{place}"), inner);
    }
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
