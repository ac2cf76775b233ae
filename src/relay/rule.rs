//! Which certificates may meet where: the entries `[[relay.meetup]]` (RELAY Q4, Q5, Q6, Q7). Pure.

use serde::{Deserialize, Serialize};

use crate::domain::units::{ByteSize, Span};

/// One `[[relay.meetup]]`; the first whose `id` fits counts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The ids it is about: `*` stands for any characters, none among them.
    pub id: String,
    /// Whose certificates may meet there; absent: all that the door trusts.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peers: Option<Vec<String>>,
    /// Whether peers without a certificate may come there with a ticket (`gatelodge relay ticket`).
    #[serde(default)]
    pub tickets: bool,
    /// What a newcomer does to a full meetup.
    #[serde(default)]
    pub policy: Policy,
    /// Whether the two must have different certificates, so that nobody meets an old connection of their own.
    #[serde(default)]
    pub different_identities: bool,
    /// How long a peer whose partner was lost may wait for the next one without being closed; `"0s"`: not at all.
    #[serde(default = "no_time")]
    pub hold: Span,
    /// How long two may say nothing to each other before both are ended; `"0s"`: for ever. Pings do not count.
    #[serde(default = "no_time")]
    pub idle_timeout: Span,
    /// The longest message there; absent: `relay.max_message`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_message: Option<ByteSize>,
}

fn no_time() -> Span {
    Span::seconds(0)
}

/// What a newcomer does to a full meetup.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Policy {
    /// Nothing: it is turned away.
    #[default]
    Reject,
    /// It takes the place of a connection under the same certificate identity, which may be a dead one.
    ReplaceSameIdentity,
}

impl Default for Rule {
    fn default() -> Rule {
        Rule {
            id: "*".to_owned(),
            peers: None,
            tickets: false,
            policy: Policy::Reject,
            different_identities: false,
            hold: no_time(),
            idle_timeout: no_time(),
            max_message: None,
        }
    }
}

impl Rule {
    /// Whether it is about this id.
    #[must_use]
    pub fn is_about(&self, id: &str) -> bool {
        fits(&self.id, id)
    }

    /// Whether it is about every id that `other` is about.
    #[must_use]
    pub fn covers(&self, other: &Rule) -> bool {
        // What stands for any characters there must stand for any here too, so it is like a character of its own.
        fits(&self.id, &other.id)
    }

    /// Whether somebody of these identities may come.
    #[must_use]
    pub fn admits(&self, identity: &Identity) -> bool {
        if identity.is_by_ticket() {
            // Whoever signed the ticket said who may come.
            return self.tickets;
        }
        let Some(peers) = &self.peers else { return true };
        peers.iter().any(|wanted| identity.is(wanted))
    }
}

/// Whether `text` is as `pattern` says.
fn fits(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else {
        return false;
    };
    let mut parts: Vec<&str> = parts.collect();
    let Some(last) = parts.pop() else {
        return rest.is_empty();
    };
    for part in parts {
        match rest.find(part) {
            Some(at) => rest = &rest[at + part.len()..],
            None => return false,
        }
    }
    rest.ends_with(last)
}

/// The kind of name that a ticket gives.
const TICKET: &str = "ticket:";

/// Who a peer is by its certificate or its ticket (RELAY Q5, Q7).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// `O:`, `CN:`, `DNS:`, `URI:`, `email:` and `IP:` names, in that order.
    names: Vec<String>,
    /// SHA-256 of the public key, lower-case hex.
    key: String,
}

impl Identity {
    /// Of the names in a certificate, each with its kind before a colon, and its public key's SHA-256.
    #[must_use]
    pub fn new(names: Vec<String>, key: &[u8; 32]) -> Identity {
        Identity {
            names,
            key: data_encoding::HEXLOWER.encode(key),
        }
    }

    /// Of whoever shows a ticket for this name: it has no key.
    #[must_use]
    pub fn of_ticket(name: &str) -> Identity {
        Identity {
            names: vec![format!("{TICKET}{name}")],
            key: "-".repeat(64),
        }
    }

    /// Whether it has a ticket in place of a certificate. No certificate looks like that: its names have kinds of
    /// their own.
    #[must_use]
    pub fn is_by_ticket(&self) -> bool {
        self.names.first().is_some_and(|name| name.starts_with(TICKET))
    }

    /// Whether `wanted` names it: a kind and a name (`O:gateway`), a name of any kind, or `sha256:` and the public
    /// key's hash.
    #[must_use]
    pub fn is(&self, wanted: &str) -> bool {
        if let Some(hash) = wanted.strip_prefix("sha256:") {
            return hash.eq_ignore_ascii_case(&self.key);
        }
        let bare = |name: &String| name.split_once(':').is_some_and(|(_, name)| name == wanted);
        self.names.iter().any(|name| name == wanted || bare(name))
    }

    /// What tables and the journal call it.
    #[must_use]
    pub fn label(&self) -> String {
        match self.names.first() {
            Some(name) => name.chars().filter(|c| !c.is_control()).take(120).collect(),
            None => format!("sha256:{}", self.key),
        }
    }

    /// What a log may say: enough to tell certificates apart, and nobody's name.
    #[must_use]
    pub fn mark(&self) -> &str {
        &self.key[..12]
    }

    /// By what its account is kept: the same for all that are the same.
    #[must_use]
    pub fn account(&self) -> String {
        match self.names.is_empty() {
            true => format!("sha256:{}", self.key),
            // With their lengths, so that no two lists of names look alike.
            false => self.names.iter().map(|name| format!("{}:{name}", name.len())).collect(),
        }
    }

    /// Whether both are the same: all names, or, where a certificate has none, the key.
    #[must_use]
    pub fn same(&self, other: &Identity) -> bool {
        match self.names.is_empty() {
            true => other.names.is_empty() && self.key == other.key,
            false => self.names == other.names,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(names: &[&str]) -> Identity {
        Identity::new(names.iter().map(|name| (*name).to_owned()).collect(), &[0xab; 32])
    }

    #[test]
    fn patterns_fit_whole_ids() {
        for (pattern, id, wanted) in [
            ("*", "", true),
            ("gw/*", "gw/7", true),
            ("gw/*", "gw", false),
            ("gw/*", "xgw/7", false),
            ("gw/7", "gw/7", true),
            ("gw/7", "gw/77", false),
            ("*/7", "a/b/7", true),
            ("a*b*c", "abc", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "acb", false),
            ("a*a", "a", false),
            ("", "", true),
            ("", "x", false),
        ] {
            assert_eq!(fits(pattern, id), wanted, "{pattern} {id}");
        }
    }

    #[test]
    fn a_pattern_covers_those_that_fit_nothing_else() {
        let of = |id: &str| Rule {
            id: id.to_owned(),
            ..Rule::default()
        };
        for (wide, narrow, covers) in [
            ("gw/*", "gw/7", true),
            ("gw/*", "gw/*", true),
            ("gw/*", "gw/a*b", true),
            ("*", "", true),
            ("*a*", "*a", true),
            ("gw/7", "gw/*", false),
            ("*a", "*a*", false),
            ("gw/*", "*", false),
        ] {
            assert_eq!(of(wide).covers(&of(narrow)), covers, "{wide} {narrow}");
        }
    }

    #[test]
    fn a_certificate_is_known_by_any_of_its_names_and_its_key() {
        let gateway = identity(&["O:gateway-7", "CN:box", "URI:urn:x:7"]);
        let key = format!("sha256:{}", "AB".repeat(32));
        for name in ["gateway-7", "O:gateway-7", "CN:box", "urn:x:7", "URI:urn:x:7", &key] {
            assert!(gateway.is(name), "{name}");
        }
        for name in ["CN:gateway-7", "gateway", "", "O:", "sha256:", "x:7"] {
            assert!(!gateway.is(name), "{name}");
        }
        let rule = Rule {
            peers: Some(vec!["manager".into(), "O:gateway-7".into()]),
            ..Rule::default()
        };
        assert!(rule.admits(&gateway) && !rule.admits(&identity(&["O:test-client"])));
        assert!(!rule.admits(&identity(&[])) && Rule::default().admits(&identity(&[])));
        assert!(gateway.same(&gateway) && !gateway.same(&identity(&["O:gateway-7"])));
        assert_eq!(
            (gateway.label().as_str(), gateway.mark()),
            ("O:gateway-7", "abababababab")
        );
    }
}
