//! Proxies in front of a door, and whom they say they speak for (OCC §5.7).
//!
//! `X-Forwarded-For` counts only on connections that come from a proxy the operator named, and is read from its
//! end: each trusted proxy wrote the address it was called from, and what stands before the first that is not
//! trusted may be the caller's own invention. It says an address and nothing else: a certificate counts only from
//! our own handshake, whoever calls.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::sync::Arc;

use axum::http::{HeaderMap, HeaderName};

use crate::domain::text_form;

static X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// One address, or a network: `192.0.2.7`, `10.0.0.0/8`, `fd00::/8`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    /// How many leading bits count.
    bits: u8,
}

/// A text that is neither an address nor a network.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not an address or a network; write \"192.0.2.7\", \"10.0.0.0/8\" or \"fd00::/8\"")]
pub struct NetworkError {
    text: String,
}

impl Network {
    /// Whether `address` is this one, or in it.
    #[must_use]
    pub fn holds(&self, address: IpAddr) -> bool {
        let outside = |width: u8| u32::from(width - self.bits);
        match (self.address, address.to_canonical()) {
            (IpAddr::V4(net), IpAddr::V4(address)) => {
                let differs = net.to_bits() ^ address.to_bits();
                differs.checked_shr(outside(32)).unwrap_or(0) == 0
            }
            (IpAddr::V6(net), IpAddr::V6(address)) => {
                let differs = net.to_bits() ^ address.to_bits();
                differs.checked_shr(outside(128)).unwrap_or(0) == 0
            }
            _ => false,
        }
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Network, NetworkError> {
        let error = || NetworkError { text: text.to_owned() };
        let (address, bits) = match text.split_once('/') {
            Some((address, bits)) => (address, Some(bits)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| error())?;
        let width = if address.is_ipv4() { 32 } else { 128 };
        let bits = bits.map_or(Ok(width), str::parse).map_err(|_| error())?;
        if bits > width {
            return Err(error());
        }
        Ok(Network { address, bits })
    }
}

text_form!(Network);

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.address, self.bits) {
            (IpAddr::V4(_), 32) | (IpAddr::V6(_), 128) => write!(f, "{}", self.address),
            (address, bits) => write!(f, "{address}/{bits}"),
        }
    }
}

/// The proxies whose word counts at a door; clones share them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proxies {
    trusted: Arc<[Network]>,
}

impl Proxies {
    /// The proxies at these addresses and in these networks.
    #[must_use]
    pub fn new(trusted: &[Network]) -> Proxies {
        Proxies {
            trusted: trusted.into(),
        }
    }

    /// Whether `address` is one of them.
    #[must_use]
    pub fn trust(&self, address: IpAddr) -> bool {
        self.trusted.iter().any(|network| network.holds(address))
    }

    /// Who called, when `addr` is at the other end of the connection: `addr` itself, or whom a trusted proxy names.
    /// A word that is no address ends the search: what is known until then counts.
    #[must_use]
    pub fn caller(&self, addr: SocketAddr, headers: &HeaderMap) -> SocketAddr {
        if !self.trust(addr.ip()) {
            return addr;
        }
        let mut caller = addr;
        let hops = headers.get_all(&X_FORWARDED_FOR).iter().rev();
        for hop in hops.flat_map(|value| value.to_str().unwrap_or("").rsplit(',')) {
            let Some(named) = address(hop.trim()) else { break };
            caller = named;
            if !self.trust(named.ip()) {
                break;
            }
        }
        caller
    }
}

/// An address with or without a port, as proxies write it.
fn address(text: &str) -> Option<SocketAddr> {
    let bare = text.trim_start_matches('[').trim_end_matches(']');
    let alone = || bare.parse::<IpAddr>().ok().map(|ip| SocketAddr::new(ip, 0));
    text.parse().ok().or_else(alone)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn caller(addr: &str, forwarded: &[&str]) -> String {
        let trusted = ["10.0.0.0/8", "192.0.2.7", "fd00::/8"].map(|text| text.parse().unwrap());
        let headers = forwarded
            .iter()
            .map(|value| (X_FORWARDED_FOR.clone(), value.parse().unwrap()))
            .collect();
        let addr = SocketAddr::new(addr.parse().unwrap(), 7);
        Proxies::new(&trusted).caller(addr, &headers).ip().to_string()
    }

    #[test]
    fn only_a_trusted_proxy_is_believed_and_only_as_far_as_trust_goes() {
        for (addr, forwarded, who) in [
            ("203.0.113.9", &["198.51.100.1"][..], "203.0.113.9"),
            ("192.0.2.7", &[], "192.0.2.7"),
            ("192.0.2.7", &["198.51.100.1"], "198.51.100.1"),
            ("::ffff:192.0.2.7", &["198.51.100.1"], "198.51.100.1"),
            ("192.0.2.7", &["1.1.1.1, 198.51.100.1"], "198.51.100.1"),
            ("192.0.2.7", &["1.1.1.1, 198.51.100.1, 10.9.8.7"], "198.51.100.1"),
            ("192.0.2.7", &["1.1.1.1", "198.51.100.1", "10.9.8.7"], "198.51.100.1"),
            ("192.0.2.7", &["198.51.100.1:4711"], "198.51.100.1"),
            ("fd00::1", &["[2001:db8::5]:4711"], "2001:db8::5"),
            ("fd00::1", &["[2001:db8::5]"], "2001:db8::5"),
            ("192.0.2.7", &["198.51.100.1, unknown, 10.9.8.7"], "10.9.8.7"),
            ("192.0.2.7", &["unknown"], "192.0.2.7"),
            ("192.0.2.7", &[""], "192.0.2.7"),
        ] {
            assert_eq!(caller(addr, forwarded), who, "{addr} {forwarded:?}");
        }
    }

    #[test]
    fn networks_read_as_they_are_written_and_hold_what_they_say() {
        for text in ["192.0.2.7", "10.0.0.0/8", "fd00::/8", "::1", "0.0.0.0/0"] {
            assert_eq!(text.parse::<Network>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "10.0.0.0/33",
            "10.0.0/8",
            "::/129",
            "10.0.0.0/",
            "proxy.example.org",
        ] {
            let error = text.parse::<Network>().unwrap_err().to_string();
            assert!(error.contains("10.0.0.0/8"), "{error}");
        }
        let all: Network = "0.0.0.0/0".parse().unwrap();
        assert!(all.holds("203.0.113.9".parse().unwrap()) && !all.holds("::1".parse().unwrap()));
        let one: Network = "192.0.2.7".parse().unwrap();
        assert!(!one.holds("192.0.2.6".parse().unwrap()));
    }

    proptest::proptest! {
        #[test]
        fn nothing_that_a_caller_writes_makes_an_untrusted_peer_another(said in "[ -~]{0,60}") {
            proptest::prop_assert_eq!(caller("203.0.113.9", &[&said]), "203.0.113.9");
        }

        #[test]
        fn what_stands_before_the_last_untrusted_address_does_not_count(said in "[ -~]{0,60}") {
            let chain = format!("{said}, 198.51.100.1");
            proptest::prop_assert_eq!(caller("192.0.2.7", &[&chain]), "198.51.100.1");
        }
    }
}
