//! Requests a time: per address, per client certificate, or per whatever a room counts by.

use std::hash::Hash;
use std::net::IpAddr;

use axum::http::StatusCode;
use governor::clock::Clock;
use governor::{DefaultKeyedRateLimiter, Quota};

use super::peer::counted;
use super::{Peer, Problem, Rate};

/// One rate for each key; a key that was quiet long enough is forgotten.
#[derive(Debug)]
pub struct Limiter<K: Hash + Eq + Clone> {
    cells: Option<DefaultKeyedRateLimiter<K>>,
}

impl<K: Hash + Eq + Clone> Limiter<K> {
    /// A limiter at `rate`; the whole count of a unit may come at once, then it refills evenly.
    #[must_use]
    pub fn new(rate: Rate) -> Limiter<K> {
        let cells = match rate {
            Rate::Off => None,
            Rate::Per { count, unit } => Quota::with_period(unit.duration() / count.get())
                .map(|quota| DefaultKeyedRateLimiter::keyed(quota.allow_burst(count))),
        };
        Limiter { cells }
    }

    /// Counts one for `key`, or says with 429 and `Retry-After` when the next may come.
    pub fn check(&self, key: &K) -> Result<(), Problem> {
        let Some(cells) = &self.cells else { return Ok(()) };
        cells.check_key(key).map_err(|until| {
            let wait = until.wait_time_from(cells.clock().now());
            Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", "Too many requests")
                .detail("This caller has used up its rate; try again later.")
                .retry_after(wait.as_secs().saturating_add(1))
        })
    }

    /// Forgets the keys that have their whole rate again; call it now and then.
    pub fn forget_quiet(&self) {
        if let Some(cells) = &self.cells {
            cells.retain_recent();
            cells.shrink_to_fit();
        }
    }
}

/// A door's two rates, both on every request.
#[derive(Debug)]
pub struct RateLimits {
    addresses: Limiter<IpAddr>,
    clients: Limiter<[u8; 32]>,
}

impl RateLimits {
    /// `per_address` counts by IPv4 address or IPv6 /64, `per_client` by client certificate.
    #[must_use]
    pub fn new(per_address: Rate, per_client: Rate) -> RateLimits {
        RateLimits {
            addresses: Limiter::new(per_address),
            clients: Limiter::new(per_client),
        }
    }

    /// Counts one request of `peer` against both rates.
    pub fn check(&self, peer: &Peer) -> Result<(), Problem> {
        if self.addresses.cells.is_some() {
            self.addresses.check(&counted(peer.addr.ip()))?;
        }
        match &peer.certificate {
            Some(certificate) => self.clients.check(certificate),
            None => Ok(()),
        }
    }

    /// See [`Limiter::forget_quiet`].
    pub fn forget_quiet(&self) {
        self.addresses.forget_quiet();
        self.clients.forget_quiet();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::net::SocketAddr;

    fn peer(addr: &str, certificate: Option<u8>) -> Peer {
        Peer {
            addr: SocketAddr::new(addr.parse().unwrap(), 1),
            certificate: certificate.map(|byte| [byte; 32]),
        }
    }

    #[test]
    fn a_used_up_address_waits_and_its_neighbour_does_not() {
        let limits = RateLimits::new("3/h".parse().unwrap(), Rate::Off);
        for _ in 0..3 {
            limits.check(&peer("192.0.2.1", None)).unwrap();
        }
        let refusal = limits.check(&peer("192.0.2.1", None)).unwrap_err();
        assert_eq!(refusal.status(), StatusCode::TOO_MANY_REQUESTS);
        limits.check(&peer("192.0.2.2", None)).unwrap();
    }

    #[test]
    fn a_client_is_counted_by_its_certificate_wherever_it_calls_from() {
        let limits = RateLimits::new(Rate::Off, "1/h".parse().unwrap());
        limits.check(&peer("192.0.2.1", Some(7))).unwrap();
        limits.check(&peer("198.51.100.1", Some(7))).unwrap_err();
        limits.check(&peer("192.0.2.1", Some(8))).unwrap();
        limits.check(&peer("192.0.2.1", None)).unwrap();
    }
}
