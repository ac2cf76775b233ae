//! How many connections are in: in all, and from one address.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::AtomicUsize;
use std::sync::{Arc, Mutex};

use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::limits::Limits;
use crate::http::{Proxies, counted};

/// Places for connections. A connection keeps its [`Admission`] as long as its stream lives, upgraded or not.
#[derive(Clone)]
pub(super) struct Places {
    total: Arc<Semaphore>,
    addresses: Arc<Mutex<HashMap<IpAddr, Share>>>,
    address_cap: usize,
    proxies: Proxies,
    open: Gauge,
}

/// What one address has.
#[derive(Default)]
struct Share {
    connections: usize,
    /// Bytes of answers that it has not taken yet.
    unsent: Arc<AtomicUsize>,
}

/// One connection's place; it is free again when this is dropped.
pub(super) struct Admission {
    _place: OwnedSemaphorePermit,
    address: IpAddr,
    unsent: Option<Arc<AtomicUsize>>,
    places: Places,
}

impl Admission {
    /// Where bytes of answers are counted that its address has not taken yet; a trusted proxy has no share.
    pub(super) fn unsent(&self) -> Option<Arc<AtomicUsize>> {
        self.unsent.clone()
    }
}

impl Places {
    pub(super) fn new(limits: &Limits, open: Gauge) -> Places {
        Places {
            total: Arc::new(Semaphore::new(limits.connections.clamp(1, Semaphore::MAX_PERMITS))),
            addresses: Arc::default(),
            address_cap: limits.address_cap().max(1),
            proxies: limits.proxies.clone(),
            open,
        }
    }

    /// Waits for a place. Meanwhile connections wait in the listener's queue, where they cost us nothing.
    pub(super) async fn vacancy(&self) -> OwnedSemaphorePermit {
        let total = self.total.clone();
        total.acquire_owned().await.expect("the semaphore is never closed")
    }

    /// Lets `address` in, unless it holds its share already. A trusted proxy calls for many and has no share.
    pub(super) fn admit(&self, place: OwnedSemaphorePermit, address: IpAddr) -> Option<Admission> {
        let is_proxy = self.proxies.trust(address);
        let address = counted(address);
        let mut addresses = self.addresses.lock().expect("counting does not panic");
        let share = addresses.entry(address).or_default();
        if share.connections >= self.address_cap && !is_proxy {
            return None;
        }
        share.connections += 1;
        let unsent = (!is_proxy).then(|| Arc::clone(&share.unsent));
        self.open.inc();
        Some(Admission {
            _place: place,
            address,
            unsent,
            places: self.clone(),
        })
    }
}

impl Drop for Admission {
    fn drop(&mut self) {
        self.places.open.dec();
        let mut addresses = self.places.addresses.lock().expect("counting does not panic");
        if let Some(share) = addresses.get_mut(&self.address) {
            share.connections -= 1;
            if share.connections == 0 {
                addresses.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn an_address_has_its_share_and_gets_it_back() {
        let limits = Limits {
            connections: 10,
            connections_per_address: Some(2),
            proxies: Proxies::new(&["192.0.2.9".parse().unwrap()]),
            ..Limits::default()
        };
        let places = Places::new(&limits, Gauge::default());
        let proxy: IpAddr = "192.0.2.9".parse().unwrap();
        for _ in 0..2 {
            let three: Vec<_> = [(); 3]
                .map(|()| places.admit(places.total.clone().try_acquire_owned().unwrap(), proxy))
                .into();
            assert!(three.iter().all(Option::is_some), "a proxy has no share");
        }
        let [a, b] = ["192.0.2.1", "192.0.2.2"].map(|text| text.parse::<IpAddr>().unwrap());
        let first = places.admit(places.vacancy().await, a).unwrap();
        let _second = places.admit(places.vacancy().await, a).unwrap();
        assert!(places.admit(places.vacancy().await, a).is_none());
        let _other = places.admit(places.vacancy().await, b).unwrap();
        drop(first);
        let _third = places.admit(places.vacancy().await, a).unwrap();
        assert_eq!(places.open.get(), 3);
        assert_eq!(places.total.available_permits(), 7);
    }

    #[test]
    fn the_share_is_a_quarter_but_never_tiny() {
        let cap = |connections| {
            Limits {
                connections,
                ..Limits::default()
            }
            .address_cap()
        };
        assert_eq!(cap(10_000), 2_500);
        assert_eq!(cap(100), 64);
    }
}
