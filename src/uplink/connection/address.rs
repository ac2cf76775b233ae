//! Where the broker is: `mqtt://host:port` or `mqtts://host:port` (`uplink.url`).

use std::fmt;
use std::str::FromStr;

use crate::domain::text_form;

/// The way to a broker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokerUrl {
    /// Whether the line is encrypted.
    pub tls: bool,
    /// A name or an address, without brackets.
    pub host: String,
    pub port: u16,
}

/// The text is no address of a broker.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BrokerUrlError {
    /// Neither of the two schemes.
    #[error("`{0}` is no broker: write mqtts://host:port, or mqtt://host:port for a line in clear")]
    Scheme(String),
    /// Something stands before or behind the host; brokers have no paths. A name and password may be among it, so it is not repeated.
    #[error("it has a path, a login or a question in it: only host and port belong there")]
    Path,
    /// The host is none.
    #[error("`{0}` names no host")]
    Host(String),
    /// The port is none.
    #[error("`{0}` has no port between 1 and 65535")]
    Port(String),
}

impl FromStr for BrokerUrl {
    type Err = BrokerUrlError;

    fn from_str(text: &str) -> Result<BrokerUrl, BrokerUrlError> {
        let (tls, rest) = match (text.strip_prefix("mqtts://"), text.strip_prefix("mqtt://")) {
            (Some(rest), _) => (true, rest),
            (None, Some(rest)) => (false, rest),
            (None, None) => return Err(BrokerUrlError::Scheme(text.to_owned())),
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.contains(['/', '?', '#', '@']) {
            return Err(BrokerUrlError::Path);
        }
        let usual = if tls { 8883 } else { 1883 };
        let (host, port) = match rest.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
            Some((host, "")) => (host, None),
            Some((host, port)) => (host, Some(port.strip_prefix(':').unwrap_or(""))),
            None => match rest.split_once(':') {
                Some((host, port)) => (host, Some(port)),
                None => (rest, None),
            },
        };
        let port = match port {
            None => Some(usual),
            Some(port) => port.parse().ok().filter(|port| *port != 0),
        };
        let port = port.ok_or_else(|| BrokerUrlError::Port(text.to_owned()))?;
        let is_address = host.parse::<std::net::IpAddr>().is_ok();
        let is_name = host.split('.').all(|label| {
            !label.is_empty()
                && label
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        });
        if !is_address && !is_name {
            return Err(BrokerUrlError::Host(text.to_owned()));
        }
        Ok(BrokerUrl {
            tls,
            host: host.to_owned(),
            port,
        })
    }
}

impl fmt::Display for BrokerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let scheme = if self.tls { "mqtts" } else { "mqtt" };
        if self.host.contains(':') {
            write!(f, "{scheme}://[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{scheme}://{}:{}", self.host, self.port)
        }
    }
}

text_form!(BrokerUrl);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn hosts_names_and_addresses_with_and_without_a_port() {
        for (text, shown) in [
            ("mqtts://x.example.org", "mqtts://x.example.org:8883"),
            ("mqtt://10.0.0.7/", "mqtt://10.0.0.7:1883"),
            ("mqtts://[::1]:9", "mqtts://[::1]:9"),
            ("mqtt://localhost:1", "mqtt://localhost:1"),
        ] {
            assert_eq!(text.parse::<BrokerUrl>().unwrap().to_string(), shown);
        }
    }

    #[test]
    fn what_is_wrong_is_said() {
        let error = |text: &str| text.parse::<BrokerUrl>().unwrap_err();
        assert!(matches!(error("x.example.org:8883"), BrokerUrlError::Scheme(_)));
        assert!(matches!(error("mqtts://x.example.org/mqtt"), BrokerUrlError::Path));
        assert!(matches!(error("mqtts://me:secret@x"), BrokerUrlError::Path));
        assert!(matches!(error("mqtts://"), BrokerUrlError::Host(_)));
        assert!(matches!(error("mqtts://x:0"), BrokerUrlError::Port(_)));
        assert!(matches!(error("mqtts://x:y"), BrokerUrlError::Port(_)));
        assert!(matches!(error("mqtts://[::1]9"), BrokerUrlError::Port(_)));
    }

    proptest! {
        #[test]
        fn any_text_is_an_address_or_refused(text in "(mqtts?://)?.{0,30}") {
            if let Ok(url) = text.parse::<BrokerUrl>() {
                prop_assert_eq!(url.to_string().parse::<BrokerUrl>().unwrap(), url);
            }
        }
    }
}
