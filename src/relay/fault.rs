//! What is wrong with the section `[relay]` and its `[[relay.meetup]]`: what their keys cannot say each for itself.

use std::ops::RangeInclusive;
use std::time::Duration;

use super::config::{Config, PREFIX};
use super::rule::Rule;
use crate::domain::Faults;
use crate::domain::units::{ByteSize, Span};

/// The times in which something must happen.
const TIMES: RangeInclusive<Span> = Span(Duration::from_millis(100))..=Span::seconds(86_400);
/// The longest message may be so long.
const MESSAGES: RangeInclusive<u64> = 1 << 10..=1 << 30;
/// What waits for a peer may be so much.
const BUFFERS: RangeInclusive<u64> = 32 << 10..=1 << 30;

impl Config {
    /// What the keys cannot say each for itself.
    #[must_use]
    pub fn faults(&self) -> Faults {
        let mut faults = Faults::default();
        if self.certificate_file.is_some() != self.key_file.is_some() {
            let what = "has only one of certificate_file and key_file";
            let files = ["relay.certificate_file", "relay.key_file"];
            faults.joint("relay", &files, what, "give both, or neither for the own PKI");
        }
        if !is_prefix(&self.prefix) {
            let right = format!("a path from / to /, such as \"{PREFIX}\"");
            faults.add("relay.prefix", format!("is {:?}", self.prefix), right);
        }
        for (key, span) in [
            ("relay.ping_interval", self.ping_interval),
            ("relay.ping_timeout", self.ping_timeout),
            ("relay.hello_timeout", self.hello_timeout),
            ("relay.send_timeout", self.send_timeout),
        ] {
            if !TIMES.contains(&span) {
                let right = "\"100ms\" to \"1d\", such as \"10s\"";
                faults.add(key, format!("is {span}"), right);
            }
        }
        size("relay.max_message", self.max_message, MESSAGES, &mut faults);
        size("relay.buffer", self.buffer, BUFFERS, &mut faults);
        if self.max_meetups == 0 {
            faults.add("relay.max_meetups", "is 0, so nobody could meet", "such as 20000");
        }
        for (place, rule) in self.meetup.iter().enumerate() {
            let mut inner = rule.faults();
            if let Some(other) = self.meetup[..place].iter().find(|other| other.covers(rule)) {
                let what = match other.id == rule.id {
                    true => format!("`{}` is there twice", rule.id),
                    false => format!(
                        "`{}` stands behind `{}`, which fits all that it fits",
                        rule.id, other.id
                    ),
                };
                inner.add("id", what, "the first that fits an id counts, so this one never does");
            }
            faults.within(&format!("relay.meetup.{place}"), inner);
        }
        faults
    }
}

impl Rule {
    /// What is wrong with an entry by itself.
    fn faults(&self) -> Faults {
        let mut faults = Faults::default();
        if !self.idle_timeout.is_zero() && self.idle_timeout < *TIMES.start() {
            let right = "\"100ms\" or more, or \"0s\" for never";
            faults.add("idle_timeout", format!("is {}", self.idle_timeout), right);
        }
        if self.peers.as_ref().is_some_and(Vec::is_empty) {
            let right = "name certificates, or leave `peers` out for all that the door trusts";
            faults.add("peers", "is empty, so nobody could come", right);
        }
        for peer in self.peers.iter().flatten().filter(|peer| !is_peer(peer)) {
            let right = "a name in a certificate, or sha256: and the 64 hexadecimal digits of a public key's hash";
            faults.add("peers", format!("has {peer:?}, which no certificate is"), right);
        }
        if let Some(longest) = self.max_message {
            size("max_message", longest, MESSAGES, &mut faults);
        }
        faults
    }
}

fn size(key: &str, size: ByteSize, bounds: RangeInclusive<u64>, faults: &mut Faults) {
    if !bounds.contains(&size.0) {
        let right = format!("{} to {}", ByteSize(*bounds.start()), ByteSize(*bounds.end()));
        faults.add(key, format!("is {size}"), right);
    }
}

/// Whether it can stand before an id. A router has a meaning of its own for `:` where a part begins.
fn is_prefix(prefix: &str) -> bool {
    let is_plain = |c: char| c.is_ascii_graphic() && !"{}*?#%".contains(c);
    let is_framed = prefix.starts_with('/') && prefix.ends_with('/');
    is_framed && prefix.chars().all(is_plain) && !prefix.contains("/:")
}

/// Whether a certificate can be what an entry wants.
fn is_peer(wanted: &str) -> bool {
    match wanted.strip_prefix("sha256:") {
        Some(hash) => hash.len() == 64 && hash.bytes().all(|byte| byte.is_ascii_hexdigit()),
        None => !wanted.is_empty() && !wanted.contains(char::is_control),
    }
}
