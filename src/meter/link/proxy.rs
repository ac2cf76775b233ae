//! The way through a SOCKS5 proxy with a login (`meters.socks5_url`).

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use percent_encoding::percent_decode_str;
use serde::{Deserialize, Deserializer, de};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_socks::tcp::Socks5Stream;
use zeroize::Zeroizing;

use super::LinkError;
use super::target::host_port;

/// What a connection through a proxy may take, whatever the meter's own time limit is (EMOP §9).
const PATIENCE: Duration = Duration::from_secs(10);
/// RFC 1929: a name and a password have a length byte each.
const LOGIN_LIMIT: usize = 255;

/// A SOCKS5 proxy: `socks5://name:password@host:port`. Neither `Debug` nor an error shows the password.
#[derive(Clone, PartialEq, Eq)]
pub struct Proxy {
    host: String,
    port: u16,
    login: Option<(String, Zeroizing<String>)>,
}

/// Text that names no proxy. The text is not shown, for a password may be in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProxyError {
    /// Another kind of proxy.
    #[error("a proxy is given as socks5://name:password@host:port")]
    Scheme,
    /// No host or no port.
    #[error("the proxy's host and port cannot be read; give socks5://name:password@host:port")]
    HostPort,
    /// Half a login, or one that is too long.
    #[error("the proxy's login is a name and a password, each of 1 to 255 bytes, with %XX for odd characters")]
    Login,
}

impl FromStr for Proxy {
    type Err = ProxyError;

    fn from_str(text: &str) -> Result<Proxy, ProxyError> {
        let rest = text
            .strip_prefix("socks5://")
            .or_else(|| text.strip_prefix("socks5h://"));
        let rest = rest.ok_or(ProxyError::Scheme)?;
        let (login, place) = match rest.rsplit_once('@') {
            Some((login, place)) => (Some(read_login(login).ok_or(ProxyError::Login)?), place),
            None => (None, rest),
        };
        let (host, port) = host_port(place, Some(1080)).ok_or(ProxyError::HostPort)?;
        Ok(Proxy { host, port, login })
    }
}

fn read_login(text: &str) -> Option<(String, Zeroizing<String>)> {
    let (name, password) = text.split_once(':')?;
    let part = |text: &str| {
        let decoded = percent_decode_str(text).decode_utf8().ok()?.into_owned();
        (1..=LOGIN_LIMIT).contains(&decoded.len()).then_some(decoded)
    };
    Some((part(name)?, Zeroizing::new(part(password)?)))
}

impl Proxy {
    /// Connects to a meter. Its name goes to the proxy as it is: only the proxy may know it.
    pub(super) async fn connect(&self, host: &str, port: u16) -> Result<TcpStream, LinkError> {
        let target = || format!("{host}:{port}");
        let slow = |_| LinkError::Slow {
            target: target(),
            seconds: PATIENCE.as_secs_f64(),
        };
        timeout(PATIENCE, self.through(host, port)).await.map_err(slow)?
    }

    async fn through(&self, host: &str, port: u16) -> Result<TcpStream, LinkError> {
        let (proxy, target) = (|| self.to_string(), || format!("{host}:{port}"));
        let stream = TcpStream::connect((self.host.as_str(), self.port)).await;
        let stream = stream.map_err(|source| LinkError::ProxyUnreachable {
            proxy: proxy(),
            target: target(),
            source,
        })?;
        let _ = stream.set_nodelay(true);
        let asked = match &self.login {
            None => Socks5Stream::connect_with_socket(stream, (host, port)).await,
            Some((name, password)) => {
                Socks5Stream::connect_with_password_and_socket(stream, (host, port), name, password).await
            }
        };
        match asked {
            Ok(stream) => Ok(stream.into_inner()),
            Err(source) => Err(LinkError::Proxy {
                proxy: proxy(),
                target: target(),
                source,
            }),
        }
    }
}

impl<'de> Deserialize<'de> for Proxy {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Proxy, D::Error> {
        Zeroizing::new(String::deserialize(deserializer)?)
            .parse()
            .map_err(de::Error::custom)
    }
}

impl fmt::Display for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let login = if self.login.is_some() { "***@" } else { "" };
        write!(f, "Proxy(socks5://{login}{self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_proxy_is_read_and_its_password_never_shown() {
        let proxy: Proxy = "socks5://me:p%40ss@proxy.example:1081".parse().unwrap();
        assert_eq!(proxy.login.as_ref().unwrap().1.as_str(), "p@ss");
        assert_eq!(
            format!("{proxy:?} {proxy}"),
            "Proxy(socks5://***@proxy.example:1081) proxy.example:1081"
        );
        assert_eq!("socks5://proxy.example".parse::<Proxy>().unwrap().port, 1080);
        for (wrong, error) in [
            ("http://a:1", ProxyError::Scheme),
            ("socks5://a:x", ProxyError::HostPort),
            ("socks5://me@a:1", ProxyError::Login),
            ("socks5://:x@a:1", ProxyError::Login),
            ("socks5://me:%FF@a:1", ProxyError::Login),
        ] {
            assert_eq!(wrong.parse::<Proxy>(), Err(error), "{wrong}");
        }
    }
}
