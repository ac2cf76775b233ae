//! How others reach the box: what stands in front of links that are handed on to them.

use std::net::{IpAddr, SocketAddr, UdpSocket};

use axum::http::{HeaderMap, Uri};

use crate::config::{Config, Https, Site};
use crate::http::authority::{authority, host};

/// The machine's own address on the way to others, when it has one that is not for itself alone.
#[must_use]
pub fn machine() -> Option<IpAddr> {
    // Nothing is sent: the kernel only says from where it would (RFC 5737, RFC 3849: addresses that nobody has).
    let from = |own: &str, other: &str| {
        let socket = UdpSocket::bind(own).ok()?;
        socket.connect(other).ok()?;
        Some(socket.local_addr().ok()?.ip())
    };
    let found = from("0.0.0.0:0", "192.0.2.1:9").or_else(|| from("[::]:0", "[2001:db8::1]:9"));
    found.filter(|address| !address.is_loopback() && !address.is_unspecified())
}

/// Under what name the box is reached from elsewhere.
pub(super) struct Reach {
    /// Its name, where somebody set one.
    name: Option<String>,
    listening: Vec<SocketAddr>,
}

impl Reach {
    pub(super) fn of(config: &Config) -> Reach {
        let set = config.site.hostname != Site::default().hostname;
        Reach {
            name: set.then(|| config.site.hostname.clone()),
            listening: config.https.as_ref().map(Https::addresses).unwrap_or_default(),
        }
    }

    /// `https://name` or `https://name:port` for somebody on another machine. Whoever asks reached the box by a name that
    /// works, unless they sit at it: that name is for itself alone.
    pub(super) fn base(&self, uri: &Uri, headers: &HeaderMap) -> String {
        let asked = authority(uri, headers).unwrap_or("localhost");
        let own = host(asked).is_none_or(is_loopback);
        match self.elsewhere(machine()).filter(|_| own) {
            Some(name) => format!("https://{name}{}", self.port(asked)),
            None => format!("https://{asked}"),
        }
    }

    fn elsewhere(&self, machine: Option<IpAddr>) -> Option<String> {
        if let Some(name) = &self.name {
            return Some(name.clone());
        }
        let beyond = self.listening.iter().any(|address| !address.ip().is_loopback());
        machine.filter(|_| beyond).map(|address| match address {
            IpAddr::V6(address) => format!("[{address}]"),
            IpAddr::V4(address) => address.to_string(),
        })
    }

    /// The door's port, as an address has it behind its host. One that the system chose is known by who came through it.
    fn port(&self, asked: &str) -> String {
        let configured = self.listening.first().map(SocketAddr::port).filter(|port| *port != 0);
        let name = host(asked).unwrap_or_default();
        let behind = asked
            .rsplit_once(':')
            .filter(|(before, _)| before.ends_with(name) || before.ends_with(']'));
        let port = configured.or_else(|| behind.and_then(|(_, port)| port.parse().ok()));
        match port {
            None | Some(443) => String::new(),
            Some(port) => format!(":{port}"),
        }
    }
}

fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost") || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_leads_others_to_the_box_and_not_to_themselves() {
        let reach = |name: Option<&str>, listening: &str| Reach {
            name: name.map(str::to_owned),
            listening: vec![listening.parse().unwrap()],
        };
        let base = |reach: &Reach, host: &str| {
            let headers = HeaderMap::from_iter([(axum::http::header::HOST, host.parse().unwrap())]);
            reach.base(&Uri::from_static("/x"), &headers)
        };
        let named = reach(Some("lodge.example.org"), "0.0.0.0:443");
        for own in ["localhost", "127.0.0.1:8443", "[::1]:8443", "LOCALHOST:443"] {
            assert_eq!(base(&named, own), "https://lodge.example.org", "{own}");
        }
        assert_eq!(
            base(&named, "192.0.2.7:8443"),
            "https://192.0.2.7:8443",
            "it works for whoever asks"
        );
        let chosen = reach(Some("lodge.example.org"), "0.0.0.0:0");
        assert_eq!(base(&chosen, "localhost:50123"), "https://lodge.example.org:50123");
        let alone = reach(None, "127.0.0.1:8443");
        assert_eq!(
            base(&alone, "localhost:8443"),
            "https://localhost:8443",
            "nobody else reaches it"
        );
        let unnamed = reach(None, "0.0.0.0:8443");
        assert_eq!(
            unnamed.elsewhere(Some("192.0.2.7".parse().unwrap())).as_deref(),
            Some("192.0.2.7")
        );
        assert_eq!(
            unnamed.elsewhere(Some("2001:db8::7".parse().unwrap())).as_deref(),
            Some("[2001:db8::7]")
        );
        assert_eq!(unnamed.elsewhere(None), None);
    }
}
