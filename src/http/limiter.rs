//! Requests a time: per address, per client certificate, or per whatever a room counts by.

use std::array;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, RandomState};
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};

use axum::http::StatusCode;
use tokio::time::Instant;

use super::peer::counted;
use super::rate::Quota;
use super::{Bucket, Peer, Problem, Rate};
use crate::texts::named;

/// Parts of the table, so that callers seldom wait for one another.
const SHARDS: usize = 16;

/// One rate for each key; a key that was quiet long enough is forgotten.
#[derive(Debug)]
pub struct Limiter<K> {
    quota: Option<Quota>,
    hasher: RandomState,
    shards: [Mutex<HashMap<K, Bucket>>; SHARDS],
}

impl<K: Hash + Eq + Clone> Limiter<K> {
    /// A limiter at `rate`; the whole count of a unit may come at once, then it refills evenly.
    #[must_use]
    pub fn new(rate: Rate) -> Limiter<K> {
        Limiter {
            quota: rate.quota(),
            hasher: RandomState::new(),
            shards: array::from_fn(|_| Mutex::default()),
        }
    }

    /// Counts one for `key`, or says with 429 and `Retry-After` when the next may come.
    pub fn check(&self, key: &K) -> Result<(), Problem> {
        let Some(quota) = self.quota else { return Ok(()) };
        let now = Instant::now();
        let hash = self.hasher.hash_one(key);
        let mut shard = lock(&self.shards[usize::try_from(hash % SHARDS as u64).unwrap_or(0)]);
        let taken = match shard.get_mut(key) {
            Some(bucket) => bucket.take_one(now, quota),
            None => {
                let bucket = shard.entry(key.clone()).or_insert(Bucket::full(now));
                bucket.take_one(now, quota)
            }
        };
        taken.map_err(|wait| {
            Problem::new(StatusCode::TOO_MANY_REQUESTS, "too-many-requests", "Too many requests")
                .detail("This caller has used up its rate; try again later.")
                .on_page(named("fault-429"), named("fault-rate"))
                .retry_after(wait.as_secs().saturating_add(1))
        })
    }

    /// Forgets the keys that have their whole rate again; call it now and then.
    pub fn forget_quiet(&self) {
        let now = Instant::now();
        for shard in &self.shards {
            let mut shard = lock(shard);
            shard.retain(|_, bucket| !bucket.is_full(now));
            shard.shrink_to_fit();
        }
    }
}

/// A half-done count is none that does harm.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
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
        if self.addresses.quota.is_some() {
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

    #[tokio::test(start_paused = true)]
    async fn whoever_has_the_whole_rate_again_is_forgotten() {
        let limiter: Limiter<u8> = Limiter::new("2/min".parse().unwrap());
        let known = || limiter.shards.iter().map(|shard| lock(shard).len()).sum::<usize>();
        for key in 0..100 {
            limiter.check(&key).unwrap();
        }
        limiter.check(&7).unwrap();
        assert_eq!(limiter.check(&7).unwrap_err().status(), StatusCode::TOO_MANY_REQUESTS);
        tokio::time::advance(std::time::Duration::from_secs(31)).await;
        limiter.forget_quiet();
        assert_eq!(known(), 1);
        limiter.check(&7).unwrap();
        tokio::time::advance(std::time::Duration::from_secs(61)).await;
        limiter.forget_quiet();
        assert_eq!(known(), 0);
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
