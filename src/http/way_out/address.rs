//! Where a proxy is, and under which name the box comes to it: `http://name@host:port`. Pure.

use std::fmt;
use std::str::FromStr;

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use zeroize::Zeroizing;

/// The port of `http`, where none is said (RFC 9110 §4.2.1).
const USUAL: u16 = 80;

/// An HTTP proxy. Neither `Debug` nor what is written of it shows a password.
#[derive(Clone, PartialEq, Eq)]
pub struct ProxyAddress {
    /// A name or an address, without brackets.
    pub host: String,
    pub port: u16,
    /// Who the box says it is.
    pub name: Option<String>,
    /// What stood behind the name.
    pub password: Option<Zeroizing<String>>,
}

/// Text that names no proxy. The text is not shown, for a password may be in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProxyAddressError {
    /// Another kind of proxy.
    #[error("is no HTTP proxy: it is given as http://name@host:port, and asked for a way by CONNECT")]
    Scheme,
    /// No host, no port, or something behind it.
    #[error("has no host and port that can be read: it is given as http://name@host:port")]
    Place,
    /// Something that no name and no password can be (RFC 7617 §2).
    #[error(
        "has a name or a password that cannot be sent: no control characters, no colon in the name, %XX for odd ones"
    )]
    Login,
}

impl FromStr for ProxyAddress {
    type Err = ProxyAddressError;

    /// `http://` may be missing, as in variables of the environment.
    fn from_str(text: &str) -> Result<ProxyAddress, ProxyAddressError> {
        let rest = match text.split_once("://") {
            Some((scheme, rest)) if scheme.eq_ignore_ascii_case("http") => rest,
            Some(_) => return Err(ProxyAddressError::Scheme),
            None => text,
        };
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (login, place) = match rest.rsplit_once('@') {
            Some((login, place)) => (Some(login), place),
            None => (None, rest),
        };
        let (host, port) = host_port(place).ok_or(ProxyAddressError::Place)?;
        let (name, password) = match login {
            Some(login) => read_login(login).ok_or(ProxyAddressError::Login)?,
            None => (None, None),
        };
        Ok(ProxyAddress {
            host,
            port,
            name,
            password,
        })
    }
}

type Login = (Option<String>, Option<Zeroizing<String>>);

fn read_login(text: &str) -> Option<Login> {
    let (name, password) = match text.split_once(':') {
        Some((name, password)) => (name, Some(password)),
        None => (text, None),
    };
    let name = decoded(name)?;
    let password = match password {
        Some(password) => Some(Zeroizing::new(decoded(password)?)),
        None => None,
    };
    (!name.is_empty() && !name.contains(':')).then_some((Some(name), password))
}

fn decoded(text: &str) -> Option<String> {
    let text = percent_decode_str(text).decode_utf8().ok()?.into_owned();
    (!text.contains(char::is_control)).then_some(text)
}

/// A host, and a port where one is said.
pub(super) fn host_port(text: &str) -> Option<(String, u16)> {
    let (host, port) = match text.strip_prefix('[') {
        Some(rest) => {
            let (host, port) = rest.split_once(']')?;
            host.parse::<std::net::Ipv6Addr>().ok()?;
            (host, port.strip_prefix(':').or(port.is_empty().then_some(""))?)
        }
        None => text.split_once(':').unwrap_or((text, "")),
    };
    let is_host = |host: &str| {
        let sound = |byte: u8| byte.is_ascii_alphanumeric() || b"-._:".contains(&byte);
        (1..=253).contains(&host.len()) && host.bytes().all(sound)
    };
    let port = match port {
        "" => USUAL,
        port => port.parse().ok().filter(|port| *port != 0)?,
    };
    is_host(host).then(|| (host.to_ascii_lowercase(), port))
}

/// A host and a port as one text (RFC 3986 §3.2).
pub(super) fn authority(host: &str, port: u16) -> String {
    match host.contains(':') {
        true => format!("[{host}]:{port}"),
        false => format!("{host}:{port}"),
    }
}

impl fmt::Display for ProxyAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&authority(&self.host, self.port))
    }
}

impl fmt::Debug for ProxyAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ProxyAddress({})", self.masked())
    }
}

impl ProxyAddress {
    fn masked(&self) -> String {
        let name = self.name.as_deref().unwrap_or_default();
        let name = utf8_percent_encode(name, NON_ALPHANUMERIC);
        match (&self.name, &self.password) {
            (None, _) => format!("http://{self}"),
            (Some(_), None) => format!("http://{name}@{self}"),
            (Some(_), Some(_)) => format!("http://{name}:***@{self}"),
        }
    }
}

impl Serialize for ProxyAddress {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.masked())
    }
}

impl<'de> Deserialize<'de> for ProxyAddress {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ProxyAddress, D::Error> {
        Zeroizing::new(String::deserialize(deserializer)?)
            .parse()
            .map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_read_and_its_password_never_shown() {
        let proxy: ProxyAddress = "http://me:p%40ss@Proxy.example:3128/".parse().unwrap();
        assert_eq!(proxy.password.as_ref().unwrap().as_str(), "p@ss");
        assert_eq!(
            (
                proxy.to_string(),
                format!("{proxy:?}"),
                serde_json::to_string(&proxy).unwrap()
            ),
            (
                "proxy.example:3128".to_owned(),
                "ProxyAddress(http://me:***@proxy.example:3128)".to_owned(),
                "\"http://me:***@proxy.example:3128\"".to_owned()
            )
        );
        let read = |text: &str| text.parse::<ProxyAddress>();
        for (text, place) in [
            ("proxy.example:8080", "proxy.example:8080"),
            ("http://proxy.example", "proxy.example:80"),
            ("HTTP://me@[fd00::1]:3128", "[fd00::1]:3128"),
            ("http://[fd00::1]", "[fd00::1]:80"),
        ] {
            assert_eq!(read(text).unwrap().to_string(), place, "{text}");
        }
        for (wrong, error) in [
            ("socks5://a:1", ProxyAddressError::Scheme),
            ("https://a:1", ProxyAddressError::Scheme),
            ("", ProxyAddressError::Place),
            ("http://", ProxyAddressError::Place),
            ("http://a:x", ProxyAddressError::Place),
            ("http://a:0", ProxyAddressError::Place),
            ("http://a:1/path", ProxyAddressError::Place),
            ("http://[fd00::1", ProxyAddressError::Place),
            ("http://fd00::1:3128", ProxyAddressError::Place),
            ("http://me:%0d@a:1", ProxyAddressError::Login),
            ("http://m%3Ae@a:1", ProxyAddressError::Login),
            ("http://@a:1", ProxyAddressError::Login),
            ("http://me:%FF@a:1", ProxyAddressError::Login),
        ] {
            assert_eq!(read(wrong), Err(error), "{wrong}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_a_proxy_or_none_and_what_is_shown_of_it_is_read_again(text in "(http://)?[a-z:@%.\\[\\]/0-9]{0,40}") {
            if let Ok(proxy) = text.parse::<ProxyAddress>() {
                let again: ProxyAddress = proxy.masked().parse().unwrap();
                proptest::prop_assert_eq!((again.host, again.port, again.name), (proxy.host, proxy.port, proxy.name));
            }
        }
    }
}
