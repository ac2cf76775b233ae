//! What certbot wrote down of how it renews a certificate (`renewal/NAME.conf`; MOVE §6): keys and values, a line each.

use std::collections::BTreeMap;

/// How a certificate was renewed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Renewal {
    values: BTreeMap<String, String>,
}

impl Renewal {
    /// Adds a line; comments, sections and what is no `key = value` say nothing.
    pub fn add(&mut self, line: &str) {
        let line = line.trim();
        if line.starts_with(['#', '[']) {
            return;
        }
        if let Some((key, value)) = line.split_once('=') {
            self.values.insert(key.trim().to_owned(), value.trim().to_owned());
        }
    }

    /// The directory of the server that issued it (RFC 8555 §7.1.1).
    #[must_use]
    pub fn server(&self) -> Option<&str> {
        self.values.get("server").map(String::as_str)
    }
}

/// Whether a name can be that of a certificate in a folder of certbot: one step of a path, and no way up.
#[must_use]
pub fn is_name(name: &str) -> bool {
    let formed = |byte: u8| byte.is_ascii_graphic() && byte != b'/' && byte != b'\\';
    !name.is_empty() && name.len() <= 253 && !name.starts_with('.') && name.bytes().all(formed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn the_server_is_found_wherever_it_stands() {
        let mut renewal = Renewal::default();
        let text = "# renew_before_expiry = 30 days\nversion = 2.1.0\n[renewalparams]\naccount = 5c\nserver = https://acme-v02.api.letsencrypt.org/directory\n";
        text.lines().for_each(|line| renewal.add(line));
        assert_eq!(renewal.server(), Some("https://acme-v02.api.letsencrypt.org/directory"));
        assert!(is_name("lodge.example.org") && is_name("lodge.example.org-0001"));
        assert!(![".", "..", "a/b", "", "a b"].into_iter().any(is_name));
    }

    proptest! {
        #[test]
        fn any_line_is_taken_or_says_nothing(line in "\\PC{0,40}|[a-z =#\\[]{0,20}") {
            let mut renewal = Renewal::default();
            renewal.add(&line);
            prop_assert!(renewal.values.len() <= 1);
        }
    }
}
