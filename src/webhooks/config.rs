//! `[[occupancy.webhook]]`: who is told, of what, and by which secret they know that it was us. Pure.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use axum::http::Uri;
use serde::{Deserialize, Serialize};

use crate::domain::units::Span;
use crate::domain::{Faults, SpaceId};
use crate::http::client::Origin;
use crate::http::way_out::WayOut;

/// Targets that there may be.
const MOST: usize = 50;
/// No pause between two tries is longer.
const LONGEST_PAUSE: Span = Span::seconds(3_600);

/// One `[[occupancy.webhook]]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// Its name, which stays: its place in the journal is kept under it.
    pub name: String,
    /// Where it is told; what follows the host may be a secret, and is never shown.
    #[serde(serialize_with = "origin_only")]
    pub url: String,
    /// A file with the secret that requests are signed with; several, one a line, while one follows another.
    pub secret_file: PathBuf,
    /// Of what; absent: of everything.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub events: Option<Vec<Topic>>,
    /// Of which spaces, by id, or `"*"`: all that the operator made.
    #[serde(default = "all")]
    pub spaces: Vec<String>,
    /// Authorities that the target's certificate is checked by, PEM; absent: the system's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ca_file: Option<PathBuf>,
    /// Whether it may be told in clear though it is not in the box.
    #[serde(default)]
    pub allow_http: bool,
    /// By which way it is reached; whoever reads the file says so.
    #[serde(skip)]
    pub way: WayOut,
    /// How long it may take to answer.
    #[serde(default = "ten_seconds")]
    pub timeout: Span,
    /// The pause after the first failure; it doubles with each further one, up to an hour.
    #[serde(default = "ten_seconds")]
    pub retry_first: Span,
    /// What was not taken for so long is a dead letter.
    #[serde(default = "a_day")]
    pub give_up: Span,
}

/// What a target can be told of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Topic {
    /// A space has room.
    #[serde(rename = "space.free")]
    Free,
    /// A space is filling up.
    #[serde(rename = "space.warn")]
    Warn,
    /// A space is full.
    #[serde(rename = "space.full")]
    Full,
    /// More are in a space than may be.
    #[serde(rename = "space.over")]
    Over,
    /// An alarm began, or got better or worse.
    #[serde(rename = "alarm.raised")]
    Raised,
    /// An alarm is over.
    #[serde(rename = "alarm.cleared")]
    Cleared,
}

impl Topic {
    /// The topic's name, as the configuration and the message have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Topic::Free => "space.free",
            Topic::Warn => "space.warn",
            Topic::Full => "space.full",
            Topic::Over => "space.over",
            Topic::Raised => "alarm.raised",
            Topic::Cleared => "alarm.cleared",
        }
    }
}

/// What is wrong with these entries, each under its place.
#[must_use]
pub fn faults(entries: &[Entry]) -> Faults {
    let mut faults = Faults::default();
    let mut names = BTreeSet::new();
    for (place, entry) in entries.iter().enumerate() {
        let mut inner = entry.faults();
        if !names.insert(entry.name.as_str()) {
            let what = format!("`{}` is there twice", entry.name);
            inner.add("name", what, "each has a name of its own");
        }
        if place == MOST {
            inner.add("", format!("is one of more than {MOST}"), "fewer");
        }
        faults.within(&place.to_string(), inner);
    }
    faults
}

impl Entry {
    /// Where it is.
    #[must_use]
    pub fn uri(&self) -> Option<Uri> {
        self.url.parse().ok()
    }

    /// Where it is, as it may be shown.
    #[must_use]
    pub fn origin(&self) -> Option<Origin> {
        Origin::of(&self.uri()?)
    }

    fn faults(&self) -> Faults {
        let mut faults = Faults::default();
        let is_name = (1..=64).contains(&self.name.len())
            && self
                .name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        if !is_name {
            let right = "1 to 64 letters, digits, hyphens and underscores";
            faults.add("name", format!("`{}` is no name", self.name), right);
        }
        match self.origin() {
            None => {
                let right = "https://host/path, without a login in it";
                faults.add("url", "is no address of a server", right);
            }
            Some(origin) if !origin.tls && !self.allow_http && !is_in_the_house(&origin.host) => {
                let right = "https, an address of the house itself, or allow_http = true";
                let what = format!("{origin} would be told in clear");
                faults.joint("url", &["allow_http"], what, right);
            }
            Some(_) => {}
        }
        self.subjects(&mut faults);
        self.times(&mut faults);
        faults
    }

    /// What it is told of.
    fn subjects(&self, faults: &mut Faults) {
        let is_space = |space: &&String| *space == "*" || space.parse::<SpaceId>().is_ok();
        for wrong in self.spaces.iter().filter(|space| !is_space(space)) {
            faults.add("spaces", format!("`{wrong}` is no space"), "ids of spaces, or \"*\"");
        }
        if self.events.as_ref().is_some_and(Vec::is_empty) {
            let right = "name some, or leave it out for all";
            faults.add("events", "is empty, so nothing would be told", right);
        }
        let is_alarm = |topic: &Topic| [Topic::Raised, Topic::Cleared].contains(topic);
        // Alarms of meters and of the box are of no space.
        if self.spaces.is_empty() && self.events.as_ref().is_some_and(|events| !events.iter().any(is_alarm)) {
            let right = "ids of spaces, or leave it out for all";
            faults.joint("spaces", &["events"], "is empty, so nothing would be told", right);
        }
    }

    /// How long it may take.
    fn times(&self, faults: &mut Faults) {
        if !(Span::seconds(1)..=Span::seconds(60)).contains(&self.timeout) {
            let what = format!("{} is not between 1 s and 60 s", self.timeout);
            faults.add("timeout", what, "such as \"10s\"");
        }
        if !(Span(Duration::from_millis(100))..=LONGEST_PAUSE).contains(&self.retry_first) {
            let what = format!("{} is not between 100 ms and an hour", self.retry_first);
            faults.add("retry_first", what, "such as \"10s\"");
        }
        if self.give_up < self.timeout {
            let what = format!("{} is shorter than one try may take", self.give_up);
            faults.joint("give_up", &["timeout"], what, "such as \"1d\"");
        }
    }
}

/// Whether a host is this machine or one of the box's own network.
fn is_in_the_house(host: &str) -> bool {
    match host.parse::<IpAddr>() {
        Ok(IpAddr::V4(address)) => address.is_loopback() || address.is_private() || address.is_link_local(),
        Ok(IpAddr::V6(address)) => {
            address.is_loopback() || address.is_unique_local() || address.is_unicast_link_local()
        }
        Err(_) => host == "localhost",
    }
}

fn origin_only<S: serde::Serializer>(url: &str, to: S) -> Result<S::Ok, S::Error> {
    let origin = url.parse().ok().and_then(|uri| Origin::of(&uri));
    to.collect_str(&origin.map_or_else(|| "***".to_owned(), |origin| format!("{origin}/***")))
}

fn all() -> Vec<String> {
    vec!["*".to_owned()]
}

fn ten_seconds() -> Span {
    Span::seconds(10)
}

fn a_day() -> Span {
    Span::seconds(86_400)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(more: &str) -> Entry {
        let text = format!(r#"{{"name": "hook", "secret_file": "/s"{more}}}"#);
        serde_json::from_str(&text).unwrap()
    }

    fn key(more: &str) -> Option<String> {
        faults(&[entry(more)]).into_iter().next().map(|fault| fault.key)
    }

    #[test]
    fn what_is_told_in_clear_stays_in_the_house() {
        for right in [
            "https://a.example/x?token=1",
            "http://127.0.0.1:9/",
            "http://localhost",
            "http://[::1]:8/",
            "http://192.168.1.7/x",
        ] {
            assert_eq!(key(&format!(r#", "url": "{right}""#)), None, "{right}");
        }
        for wrong in [
            "http://a.example/",
            "http://8.8.8.8/",
            "ftp://a.example",
            "https://me:you@a.example/",
            "a.example",
            "",
        ] {
            assert_eq!(
                key(&format!(r#", "url": "{wrong}""#)).as_deref(),
                Some("0.url"),
                "{wrong}"
            );
        }
        assert_eq!(key(r#", "url": "http://a.example/", "allow_http": true"#), None);
    }

    #[test]
    fn other_faults_are_named_too_and_the_address_is_never_shown_whole() {
        let url = r#", "url": "https://a.example/T0/secret""#;
        assert_eq!(
            key(&format!(r#"{url}, "spaces": ["hall"]"#)).as_deref(),
            Some("0.spaces")
        );
        assert_eq!(key(&format!(r#"{url}, "timeout": "2m""#)).as_deref(), Some("0.timeout"));
        assert_eq!(key(&format!(r#"{url}, "give_up": "1s""#)).as_deref(), Some("0.give_up"));
        assert_eq!(
            key(&format!(r#"{url}, "retry_first": "0s""#)).as_deref(),
            Some("0.retry_first")
        );
        let twice = [entry(url), entry(url)];
        assert_eq!(
            faults(&twice).iter().map(|fault| &fault.key).collect::<Vec<_>>(),
            ["1.name"]
        );
        let shown = serde_json::to_string(&entry(url)).unwrap();
        assert!(
            shown.contains("https://a.example/***") && !shown.contains("secret\""),
            "{shown}"
        );
    }
}
