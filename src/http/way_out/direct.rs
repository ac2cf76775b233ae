//! Who is called without the proxy: `outbound.no_proxy`, and the variable `NO_PROXY`. Pure.
//!
//! No standard says what stands in that variable; this takes what curl and Go take: names with all that are below them,
//! addresses, networks, a port behind either, and `*` for everybody.

use std::fmt;
use std::net::IpAddr;
use std::str::FromStr;

use crate::domain::text_form;
use crate::http::Network;

/// Somebody who is called without the proxy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Direct {
    whom: Whom,
    /// Absent: any.
    port: Option<u16>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Whom {
    Everybody,
    Network(Network),
    /// A name, and all that end with it behind a dot.
    Domain(String),
}

/// The text says nobody.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is neither a host nor a network; write \"broker.lan\", \".example.org\", \"10.0.0.0/8\" or \"*\"")]
pub struct DirectError(String);

impl Direct {
    /// Whether a host (a name, or an address without brackets) is meant at this port.
    #[must_use]
    pub fn means(&self, host: &str, port: u16) -> bool {
        if self.port.is_some_and(|only| only != port) {
            return false;
        }
        let host = host.trim_end_matches('.');
        match &self.whom {
            Whom::Everybody => true,
            Whom::Network(network) => host.parse::<IpAddr>().is_ok_and(|address| network.holds(address)),
            Whom::Domain(domain) => {
                let host = host.to_ascii_lowercase();
                let below = host.strip_suffix(domain.as_str());
                below.is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
            }
        }
    }
}

impl FromStr for Direct {
    type Err = DirectError;

    fn from_str(text: &str) -> Result<Direct, DirectError> {
        let error = || DirectError(text.to_owned());
        // Colons of an IPv6 address are no port's.
        if let Ok(network) = text.trim_matches(['[', ']']).parse() {
            let whom = Whom::Network(network);
            return Ok(Direct { whom, port: None });
        }
        let (whom, port) = match text.rsplit_once(':') {
            Some((whom, port)) => (whom, Some(port.parse().map_err(|_| error())?)),
            None => (text, None),
        };
        let bare = whom.trim_matches(['[', ']']);
        if let Ok(network) = bare.parse() {
            let whom = Whom::Network(network);
            return Ok(Direct { whom, port });
        }
        if whom == "*" {
            let whom = Whom::Everybody;
            return Ok(Direct { whom, port });
        }
        let domain = whom.strip_prefix('*').unwrap_or(whom);
        let domain = domain.strip_prefix('.').unwrap_or(domain).trim_end_matches('.');
        let sound = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        if domain.is_empty() || domain.starts_with('.') || !domain.bytes().all(sound) {
            return Err(error());
        }
        let whom = Whom::Domain(domain.to_ascii_lowercase());
        Ok(Direct { whom, port })
    }
}

impl fmt::Display for Direct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.whom, self.port) {
            (Whom::Everybody, _) => f.write_str("*")?,
            (Whom::Network(network), Some(_)) if network.to_string().contains(':') => write!(f, "[{network}]")?,
            (Whom::Network(network), _) => write!(f, "{network}")?,
            (Whom::Domain(domain), _) => f.write_str(domain)?,
        }
        self.port.map_or(Ok(()), |port| write!(f, ":{port}"))
    }
}

text_form!(Direct);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_mean_what_is_below_them_and_networks_what_is_in_them() {
        for (text, host, port, meant) in [
            ("broker.lan", "broker.lan", 8883, true),
            ("broker.lan", "a.broker.lan", 8883, true),
            ("broker.lan", "other-broker.lan", 8883, false),
            (".lan", "broker.lan", 1, true),
            ("*.lan", "broker.lan", 1, true),
            ("lan", "BROKER.LAN.", 1, true),
            ("broker.lan:1883", "broker.lan", 1883, true),
            ("broker.lan:1883", "broker.lan", 8883, false),
            ("10.0.0.0/8", "10.9.8.7", 1, true),
            ("10.0.0.0/8", "11.9.8.7", 1, false),
            ("10.0.0.0/8", "ten.example", 1, false),
            ("127.0.0.1:1883", "127.0.0.1", 1883, true),
            ("127.0.0.1:1883", "127.0.0.1", 1884, false),
            ("::1", "::1", 1, true),
            ("[::1]", "::1", 1, true),
            ("[fd00::]:8883", "fd00::", 8883, true),
            ("fd00::/8", "fd12::1", 1, true),
            ("*", "anybody.example", 1, true),
        ] {
            let direct: Direct = text.parse().unwrap();
            assert_eq!(direct.means(host, port), meant, "{text} {host}");
            assert_eq!(direct.to_string().parse(), Ok(direct), "{text}");
        }
        for wrong in [
            "",
            ".",
            "*x y",
            "a b",
            "a.example:x",
            "10.0.0.0/33",
            "http://a.example",
            "..a",
        ] {
            assert!(wrong.parse::<Direct>().is_err(), "{wrong}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_read_or_refused_and_written_as_it_is_read(text in "[ -~]{0,24}") {
            if let Ok(direct) = text.parse::<Direct>() {
                proptest::prop_assert_eq!(direct.to_string().parse(), Ok(direct));
            }
        }
    }
}
