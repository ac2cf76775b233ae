//! The section of ACME, and what is wrong with names, addresses and servers in it.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::domain::Faults;
use crate::domain::units::Span;
use crate::http::client::Origin;
use crate::http::way_out::WayOut;

const LETS_ENCRYPT: &str = "https://acme-v02.api.letsencrypt.org/directory";
const LETS_ENCRYPT_STAGING: &str = "https://acme-staging-v02.api.letsencrypt.org/directory";
/// Let's Encrypt takes so many names in one certificate.
const MOST_NAMES: usize = 100;

/// Certificates that order and renew themselves.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Acme {
    /// The server: `letsencrypt`, `letsencrypt-staging`, or the address of its directory.
    pub directory: String,
    /// Whom the server may write to: mail addresses.
    pub contact: Vec<String>,
    /// What the account with the server's owner is called, to which ours is bound.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eab_key_id: Option<String>,
    /// A file with the key of that account, base64url.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub eab_key_file: Option<PathBuf>,
    /// Of which kind the certificate is to be, where the server has several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub profile: Option<String>,
    /// The names of the certificate; empty: `site.hostname`.
    pub domains: Vec<String>,
    /// The root of a private server, PEM; absent: the system's roots.
    pub ca_file: Option<PathBuf>,
    /// By which way the server is reached; whoever orders says so.
    #[serde(skip)]
    pub way: WayOut,
    /// How long one order may take.
    pub order_deadline: Span,
    /// The pause after a first failure; it doubles with each further one.
    pub retry_first: Span,
    /// The longest pause after failures.
    pub retry_longest: Span,
}

impl Default for Acme {
    fn default() -> Acme {
        Acme {
            directory: "letsencrypt".into(),
            contact: Vec::new(),
            eab_key_id: None,
            eab_key_file: None,
            profile: None,
            domains: Vec::new(),
            ca_file: None,
            way: WayOut::default(),
            order_deadline: Span::seconds(300),
            retry_first: Span::seconds(900),
            retry_longest: Span::seconds(86_400),
        }
    }
}

impl Acme {
    /// The address of the directory.
    #[must_use]
    pub fn directory_url(&self) -> &str {
        match self.directory.as_str() {
            "letsencrypt" => LETS_ENCRYPT,
            "letsencrypt-staging" => LETS_ENCRYPT_STAGING,
            url => url,
        }
    }

    /// The directory that a dry run uses in its place, so that it does not count against the rate limits.
    #[must_use]
    pub fn rehearsal_url(&self) -> Option<&str> {
        (self.directory_url() == LETS_ENCRYPT).then_some(LETS_ENCRYPT_STAGING)
    }

    /// The names of the certificate, of a box called `hostname`.
    #[must_use]
    pub fn names(&self, hostname: &str) -> Vec<String> {
        if self.domains.is_empty() {
            vec![hostname.to_owned()]
        } else {
            self.domains.clone()
        }
    }

    /// Contacts as RFC 8555 wants them: `mailto:` addresses.
    #[must_use]
    pub fn contact_urls(&self) -> Vec<String> {
        let url = |address: &String| format!("mailto:{}", address.trim_start_matches("mailto:"));
        self.contact.iter().map(url).collect()
    }

    fn is_public(&self) -> bool {
        [LETS_ENCRYPT, LETS_ENCRYPT_STAGING].contains(&self.directory_url())
    }

    /// What is wrong with it, for a box called `hostname` whose https door wants an ACME certificate.
    pub(super) fn faults(&self, hostname: &str) -> Faults {
        let mut faults = Faults::default();
        if !is_directory(self.directory_url()) {
            let right = "\"letsencrypt\", \"letsencrypt-staging\", or the https:// address of a server's directory";
            let what = format!("\"{}\" is no ACME server", self.directory);
            faults.add("acme.directory", what, right);
        }
        for address in self.contact.iter().filter(|address| !is_mail_address(address)) {
            let what = format!("\"{address}\" is no mail address");
            faults.add("acme.contact", what, "such as [\"it@example.org\"]");
        }
        self.of_names(hostname, &mut faults);
        if self.eab_key_id.is_some() != self.eab_key_file.is_some() {
            let (key, other) = match self.eab_key_id {
                Some(_) => ("acme.eab_key_file", "acme.eab_key_id"),
                None => ("acme.eab_key_id", "acme.eab_key_file"),
            };
            let right = "the server's owner gives out both: a name and its key";
            faults.joint(key, &[other], "is not there, and the other is", right);
        }
        for (key, text) in [("acme.eab_key_id", &self.eab_key_id), ("acme.profile", &self.profile)] {
            let is_word = |text: &String| !text.is_empty() && !text.contains(char::is_control);
            if text.as_ref().is_some_and(|text| !is_word(text)) {
                faults.add(
                    key,
                    "is empty, or has control characters in it",
                    "leave it out, or name one",
                );
            }
        }
        let (first, longest) = (self.retry_first.0, self.retry_longest.0);
        if first.is_zero() || first > longest {
            let what = "is not between 0 and acme.retry_longest";
            faults.joint("acme.retry_first", &["acme.retry_longest"], what, "such as \"15m\"");
        }
        if self.order_deadline.is_zero() {
            faults.add("acme.order_deadline", "leaves no time", "such as \"5m\"");
        }
        faults
    }

    fn of_names(&self, hostname: &str, faults: &mut Faults) {
        let key = if self.domains.is_empty() {
            "site.hostname"
        } else {
            "acme.domains"
        };
        let also = &["acme.domains", "acme.directory", "https.certificate"];
        let names = self.names(hostname);
        if names.len() > MOST_NAMES {
            let what = format!("{} names", names.len());
            faults.add(key, what, "one certificate holds at most 100");
        }
        let mut seen = BTreeSet::new();
        for name in &names {
            if let Some((what, hint)) = name_fault(name, self.is_public()) {
                faults.joint(key, also, format!("\"{name}\" {what}"), hint);
            } else if !seen.insert(name.to_ascii_lowercase()) {
                faults.add(key, format!("\"{name}\" is there twice"), "each name once");
            }
        }
    }
}

fn is_directory(url: &str) -> bool {
    let uri = url.strip_prefix("https://").and_then(|_| url.parse().ok());
    uri.is_some_and(|uri| Origin::of(&uri).is_some())
}

fn is_mail_address(address: &str) -> bool {
    let is_sound = |text: &str| !text.is_empty() && !text.contains([' ', ',', '@', '?']) && text.is_ascii();
    let parts = address.trim_start_matches("mailto:").split_once('@');
    parts.is_some_and(|(user, host)| is_sound(user) && is_sound(host)) && !address.contains(char::is_control)
}

/// Why no certificate can be had for `name`, and what would do; `public`: from everybody's authority.
fn name_fault(name: &str, public: bool) -> Option<(&'static str, &'static str)> {
    let lower = name.to_ascii_lowercase();
    let local = [
        "localhost",
        "local",
        "lan",
        "internal",
        "home",
        "invalid",
        "test",
        "example",
    ];
    let last = lower.rsplit('.').next().unwrap_or_default();
    if name.starts_with("*.") {
        return Some((
            "is a wildcard, which is proved by DNS records that this box cannot write",
            "name each host by itself",
        ));
    }
    if name.contains("://") || name.contains('/') {
        return Some(("is an address of a page", "the bare name: lodge.example.org"));
    }
    if name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok() {
        return Some(("is an address", "a DNS name that leads to it"));
    }
    if name.contains(':') {
        return Some(("names a port", "the bare name: lodge.example.org"));
    }
    if !name.is_ascii() {
        return Some(("has letters outside ASCII", "its form in DNS, which begins with xn--"));
    }
    if name.ends_with('.') {
        return Some(("ends in a dot", "without it"));
    }
    if !super::check::is_host_name(name) {
        return Some(("is not a DNS name", "letters, digits, hyphens, dots: lodge.example.org"));
    }
    if public && (!name.contains('.') || local.contains(&last)) {
        return Some((
            "is not a name of the public DNS, and Let's Encrypt certifies no others",
            "a public name, or the acme.directory of a private server",
        ));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_malformed_name_has_its_explanation() {
        for (name, expected) in [
            ("*.example.org", "wildcard"),
            ("https://lodge.example.org", "page"),
            ("192.0.2.7", "is an address"),
            ("2001:db8::7", "is an address"),
            ("lodge.example.org:443", "port"),
            ("lödge.example.org", "outside ASCII"),
            ("lodge.example.org.", "dot"),
            ("lodge_1.example.org", "not a DNS name"),
            ("lodge example.org", "not a DNS name"),
            ("-lodge.example.org", "not a DNS name"),
            ("", "not a DNS name"),
            ("localhost", "public DNS"),
            ("lodge.local", "public DNS"),
        ] {
            let (what, _) = name_fault(name, true).unwrap_or_else(|| panic!("{name} passed"));
            assert!(what.contains(expected), "{name}: {what}");
        }
        assert_eq!(name_fault("Lodge-1.example.org", true), None);
        assert_eq!(name_fault("lodge.local", false), None);
    }
}
