//! Who is at the other end of a request, as far as every router may know.

use std::convert::Infallible;
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use axum::extract::FromRequestParts;
use axum::http::request::Parts;

/// Who called; the door puts it in the request's extensions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Peer {
    /// Its address as the socket says it, or a proxy that the door trusts.
    pub addr: SocketAddr,
    /// SHA-256 of the client certificate that the handshake verified, if there was one.
    pub certificate: Option<[u8; 32]>,
}

/// At which of our addresses a request came in: the near end of its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reached(pub SocketAddr);

impl<S: Sync> FromRequestParts<S> for Peer {
    type Rejection = Infallible;

    /// The door's entry; a request that came through no door counts as from nowhere (`0.0.0.0`).
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Peer, Infallible> {
        Ok(parts.extensions.get().copied().unwrap_or(Peer {
            addr: SocketAddr::from((Ipv4Addr::UNSPECIFIED, 0)),
            certificate: None,
        }))
    }
}

/// `addr` as logs may hold it: the network only, /24 or /48 (OCC §5.8). Loopback stays whole.
#[must_use]
pub fn truncated(addr: IpAddr) -> impl fmt::Display {
    match addr.to_canonical() {
        loopback if loopback.is_loopback() => loopback,
        IpAddr::V4(v4) => {
            let [a, b, c, _] = v4.octets();
            Ipv4Addr::new(a, b, c, 0).into()
        }
        IpAddr::V6(v6) => {
            let [a, b, c, ..] = v6.segments();
            Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0).into()
        }
    }
}

/// The address that limits count by: an IPv4 address, or the /64 that one IPv6 subscriber has to themselves.
#[must_use]
pub(crate) fn counted(addr: IpAddr) -> IpAddr {
    match addr.to_canonical() {
        IpAddr::V4(v4) => v4.into(),
        IpAddr::V6(v6) => {
            let [a, b, c, d, ..] = v6.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn logged_addresses_name_a_network_not_a_person() {
        let log = |text: &str| truncated(text.parse().unwrap()).to_string();
        assert_eq!(log("203.0.113.77"), "203.0.113.0");
        assert_eq!(log("::ffff:203.0.113.77"), "203.0.113.0");
        assert_eq!(log("2001:db8:1:2:3:4:5:6"), "2001:db8:1::");
        assert_eq!(log("127.0.0.1"), "127.0.0.1");
    }

    #[test]
    fn one_subscriber_is_counted_once() {
        let a = counted("2001:db8:1:2:3:4:5:6".parse().unwrap());
        let b = counted("2001:db8:1:2:ffff::1".parse().unwrap());
        assert_eq!(a, b);
        assert_ne!(a, counted("2001:db8:1:3::1".parse().unwrap()));
    }
}
