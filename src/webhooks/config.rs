//! `[[occupancy.webhook]]`: who is told, of what, and by which secret they know that it was us. Pure.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::PathBuf;

use axum::http::Uri;
use serde::{Deserialize, Serialize};

use crate::domain::SpaceId;
use crate::domain::units::Span;
use crate::http::client::Origin;

/// Targets that there may be.
const MOST: usize = 50;

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
    /// Whether it may be told in clear though it is not in the house.
    #[serde(default)]
    pub allow_http: bool,
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
    /// Its name, as the configuration and the message have it.
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

/// What is wrong with an entry: which, its key, what is wrong, what would be right.
pub type Fault = (usize, &'static str, String, String);

/// The first fault among these entries.
#[must_use]
pub fn fault(entries: &[Entry]) -> Option<Fault> {
    let mut names = BTreeSet::new();
    entries.iter().enumerate().find_map(|(place, entry)| {
        let twice = !names.insert(entry.name.as_str());
        let many = place >= MOST;
        let fault = match () {
            () if twice => Some((
                "name",
                format!("`{}` is there twice", entry.name),
                "each has a name of its own".into(),
            )),
            () if many => Some(("name", format!("there are more than {MOST}"), "fewer".into())),
            () => entry.fault(),
        };
        fault.map(|(key, what, right)| (place, key, what, right))
    })
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

    fn fault(&self) -> Option<(&'static str, String, String)> {
        let fault = |key, what: String, right: &str| Some((key, what, right.to_owned()));
        let is_name = (1..=64).contains(&self.name.len())
            && self
                .name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte));
        if !is_name {
            return fault(
                "name",
                format!("`{}` is no name", self.name),
                "1 to 64 letters, digits, hyphens and underscores",
            );
        }
        let Some(origin) = self.origin() else {
            return fault(
                "url",
                "is no address of a server".to_owned(),
                "https://host/path, without a login in it",
            );
        };
        if !origin.tls && !self.allow_http && !is_in_the_house(&origin.host) {
            let right = "https, an address of the house itself, or allow_http = true";
            return fault("url", format!("{origin} would be told in clear"), right);
        }
        if let Some(wrong) = self
            .spaces
            .iter()
            .find(|space| *space != "*" && space.parse::<SpaceId>().is_err())
        {
            return fault("spaces", format!("`{wrong}` is no space"), "ids of spaces, or \"*\"");
        }
        if !(1..=60).contains(&self.timeout.0.as_secs()) {
            return fault(
                "timeout",
                format!("{} is not between 1 s and 60 s", self.timeout),
                "such as \"10s\"",
            );
        }
        if self.retry_first.0.as_millis() < 100 {
            return fault(
                "retry_first",
                format!("{} is under 100 ms", self.retry_first),
                "such as \"10s\"",
            );
        }
        if self.give_up < self.timeout {
            return fault(
                "give_up",
                format!("{} is shorter than one try may take", self.give_up),
                "such as \"1d\"",
            );
        }
        None
    }
}

/// Whether a host is this machine or one of the house's own network.
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

    fn key(more: &str) -> Option<&'static str> {
        fault(&[entry(more)]).map(|fault| fault.1)
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
            assert_eq!(key(&format!(r#", "url": "{wrong}""#)), Some("url"), "{wrong}");
        }
        assert_eq!(key(r#", "url": "http://a.example/", "allow_http": true"#), None);
    }

    #[test]
    fn other_faults_are_named_too_and_the_address_is_never_shown_whole() {
        let url = r#", "url": "https://a.example/T0/secret""#;
        assert_eq!(key(&format!(r#"{url}, "spaces": ["hall"]"#)), Some("spaces"));
        assert_eq!(key(&format!(r#"{url}, "timeout": "2m""#)), Some("timeout"));
        assert_eq!(key(&format!(r#"{url}, "give_up": "1s""#)), Some("give_up"));
        assert_eq!(key(&format!(r#"{url}, "retry_first": "0s""#)), Some("retry_first"));
        let twice = [entry(url), entry(url)];
        assert_eq!(fault(&twice).unwrap().0, 1);
        let shown = serde_json::to_string(&entry(url)).unwrap();
        assert!(
            shown.contains("https://a.example/***") && !shown.contains("secret\""),
            "{shown}"
        );
    }
}
