//! Where a person's browser is sent back to (RFC 6749 §3.1.2; RFC 9700 §2.1). Pure.

use std::fmt;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde::{Deserialize, Serialize};

use crate::http::authority;

/// The longest, in bytes.
const LONGEST: usize = 2_048;
/// Names of an answer (RFC 6749 §4.1.2, RFC 9207 §2): of two, an application might take the wrong one.
const ANSWERS: [&str; 6] = ["code", "state", "iss", "error", "error_description", "error_uri"];
/// What stands in a query as it is (RFC 3986 §2.3).
const QUERY: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// An address of an application's own, compared as a whole, octet for octet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RedirectUri(String);

/// It cannot be one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RedirectUriError {
    /// Something else than https, or http to the machine itself.
    #[error("`{0}` is no redirect URI: it begins with https://, or with http:// and a loopback address")]
    Scheme(String),
    /// A part that must not be there.
    #[error("`{0}` is no redirect URI: no user information, fragment, `.` or `..` segment, space or control character")]
    Part(String),
    /// Its query has a parameter by which an answer is given.
    #[error("`{0}` is no redirect URI: its query has a name that answers have (code, state, iss, error)")]
    Answer(String),
    /// Too long.
    #[error("a redirect URI has at most {LONGEST} characters")]
    Long,
}

impl RedirectUri {
    /// Scheme, host and port, for people.
    #[must_use]
    pub fn origin(&self) -> &str {
        let after = self.0.find("://").map_or(0, |at| at + 3);
        let end = self.0[after..].find(['/', '?']).map_or(self.0.len(), |at| after + at);
        &self.0[..end]
    }

    /// Whether it leads to the machine of the browser itself.
    #[must_use]
    pub fn is_loopback(&self) -> bool {
        self.0.starts_with("http://")
    }

    /// The address with an answer in its query; a query that it has stays (RFC 6749 §4.1.2).
    #[must_use]
    pub fn with(&self, answer: &[(&str, &str)]) -> String {
        let mut address = self.0.clone();
        let mut divider = match address.split_once('?') {
            None => "?",
            Some((_, query)) if query.is_empty() || query.ends_with('&') => "",
            Some(_) => "&",
        };
        for (name, value) in answer {
            address += divider;
            address += name;
            address += "=";
            address.extend(utf8_percent_encode(value, QUERY));
            divider = "&";
        }
        address
    }
}

impl fmt::Display for RedirectUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl From<RedirectUri> for String {
    fn from(uri: RedirectUri) -> String {
        uri.0
    }
}

impl TryFrom<String> for RedirectUri {
    type Error = RedirectUriError;

    fn try_from(text: String) -> Result<RedirectUri, RedirectUriError> {
        if text.len() > LONGEST {
            return Err(RedirectUriError::Long);
        }
        let (is_https, rest) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
            (Some(rest), _) => (true, rest),
            (None, Some(rest)) => (false, rest),
            (None, None) => return Err(RedirectUriError::Scheme(text)),
        };
        let path = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, tail) = rest.split_at(path);
        if !authority::is_sound(authority) || !is_https && !is_loopback(authority) {
            return Err(RedirectUriError::Scheme(text));
        }
        let plain = |byte: u8| byte.is_ascii_graphic() && !b"\"<>\\^`{|}#".contains(&byte);
        let path = tail.split('?').next().unwrap_or_default();
        // As browsers read them: `%2e` is a dot there (WHATWG URL §4.1).
        let dots = |segment: &str| {
            let segment = segment.to_ascii_lowercase().replace("%2e", ".");
            segment == "." || segment == ".."
        };
        if path.split('/').any(dots) || !is_encoded(&text) || !text.bytes().all(plain) {
            return Err(RedirectUriError::Part(text));
        }
        let query = tail.split_once('?').map(|(_, query)| query).unwrap_or_default();
        if form_urlencoded::parse(query.as_bytes()).any(|(name, _)| ANSWERS.contains(&&*name)) {
            return Err(RedirectUriError::Answer(text));
        }
        Ok(RedirectUri(text))
    }
}

/// Whether each percent sign stands before two hex digits, and none of them is a control character.
fn is_encoded(text: &str) -> bool {
    let mut rest = text.split('%').skip(1);
    rest.all(|after| {
        let octet = after.get(..2).and_then(|hex| u8::from_str_radix(hex, 16).ok());
        octet.is_some_and(|octet| !octet.is_ascii_control())
    })
}

fn is_loopback(authority: &str) -> bool {
    ["localhost", "127.0.0.1", "[::1]"].iter().any(|host| {
        let port = authority.strip_prefix(host);
        port.is_some_and(|port| {
            port.is_empty() || port.strip_prefix(':').is_some_and(|port| port.parse::<u16>().is_ok())
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(text: &str) -> Result<RedirectUri, RedirectUriError> {
        text.to_owned().try_into()
    }

    #[test]
    fn an_application_has_addresses_of_its_own_or_on_the_machine_of_the_browser() {
        for right in [
            "https://app.example/callback",
            "https://app.example:8443/a/b?x=1&y=2",
            "https://app.example",
            "http://localhost:3000/callback",
            "http://127.0.0.1/callback",
            "http://[::1]:9/",
        ] {
            assert_eq!(read(right).unwrap().to_string(), right);
        }
        for wrong in [
            "",
            "app.example/callback",
            "ftp://app.example",
            "http://app.example/callback",
            "http://localhost.app.example/",
            "http://localhost:port/",
            "http://127.0.0.1@app.example/",
            "https://",
            "https:///callback",
            "https://a:b@app.example/",
            "https://*.app.example/",
            "https://app.example:99999/",
            "https://app.example;/",
            "https://app.example/%2e%2E/x",
            "https://app.example/%zz",
            "https://app.example/a%",
            "https://app.example/%0d%0a",
            "https://app.example/c?code=1",
            "https://app.example/c?a=1&%69ss=x",
            "https://app.example/callback#part",
            "https://app.example/../callback",
            "https://app.example/a/./b",
            "https://app.example/a b",
            "https://app.example/a\nb",
            "https://app.example/\u{e9}",
            &format!("https://app.example/{}", "a".repeat(3_000)),
        ] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_answer_goes_behind_the_query_that_there_is() {
        let answer = [("code", "a b&c"), ("iss", "https://box.example")];
        for (uri, whole) in [
            (
                "https://a.example/c",
                "https://a.example/c?code=a%20b%26c&iss=https%3A%2F%2Fbox.example",
            ),
            (
                "https://a.example/c?d=1",
                "https://a.example/c?d=1&code=a%20b%26c&iss=https%3A%2F%2Fbox.example",
            ),
            (
                "https://a.example/c?",
                "https://a.example/c?code=a%20b%26c&iss=https%3A%2F%2Fbox.example",
            ),
        ] {
            assert_eq!(read(uri).unwrap().with(&answer), whole);
        }
        assert_eq!(read("https://a.example:1/c?d").unwrap().origin(), "https://a.example:1");
        assert_eq!(read("https://a.example?d").unwrap().origin(), "https://a.example");
        assert!(read("http://localhost/").unwrap().is_loopback());
    }

    proptest! {
        #[test]
        fn whatever_is_taken_stays_as_it_is(text in "https?://[a-z@.:/?#%\\[\\]0-9 ]{0,40}", value in "\\PC{0,20}") {
            if let Ok(uri) = read(&text) {
                prop_assert_eq!(uri.to_string(), text.clone());
                let answered = uri.with(&[("state", &value)]);
                prop_assert!(answered.starts_with(&text) && answered.is_ascii() && !answered.contains('#'));
            }
        }
    }
}
