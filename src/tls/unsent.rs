//! Answers that peers did not take yet: how many bytes of them one connection, one address and one door may hold.
//!
//! Whoever asks sets the pace at which answers go, and what waits for it lies in our memory. A connection over its
//! budget has its next requests wait; an address or a door over its budget has new requests refused.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};

use bytes::{Buf, Bytes};
use prometheus_client::metrics::gauge::Gauge;
use tokio::sync::Notify;

use super::limits::UnsentBudget;
use super::watchdog::Turn;

/// What one connection holds unsent, with what its address and its door hold.
pub(super) struct Unsent {
    budget: UnsentBudget,
    held: AtomicUsize,
    /// `None`: a trusted proxy, which calls for many.
    address: Option<Arc<AtomicUsize>>,
    door: Gauge,
    room: Notify,
}

impl Unsent {
    pub(super) fn new(budget: UnsentBudget, address: Option<Arc<AtomicUsize>>, door: Gauge) -> Arc<Unsent> {
        Arc::new(Unsent {
            budget,
            held: AtomicUsize::new(0),
            address,
            door,
            room: Notify::new(),
        })
    }

    /// Whether the connection may have another answer made.
    pub(super) fn has_room(&self) -> bool {
        self.held.load(Relaxed) < self.budget.connection
    }

    /// Waits until the peer has taken enough.
    pub(super) async fn room(&self) {
        loop {
            let mut released = std::pin::pin!(self.room.notified());
            released.as_mut().enable();
            if self.has_room() {
                // Each that was woken wakes the next, as long as there is room.
                return self.room.notify_one();
            }
            released.await;
        }
    }

    /// Whether address or door hold all they may.
    pub(super) fn is_full(&self) -> bool {
        let address = self.address.as_ref().map_or(0, |address| address.load(Relaxed));
        let door = usize::try_from(self.door.get()).unwrap_or(0);
        address >= self.budget.address || door >= self.budget.door
    }

    fn take(&self, bytes: usize) {
        self.held.fetch_add(bytes, Relaxed);
        self.door.inc_by(signed(bytes));
        if let Some(address) = &self.address {
            address.fetch_add(bytes, Relaxed);
        }
    }

    fn give_back(&self, bytes: usize) {
        self.held.fetch_sub(bytes, Relaxed);
        self.door.dec_by(signed(bytes));
        if let Some(address) = &self.address {
            address.fetch_sub(bytes, Relaxed);
        }
        if self.has_room() {
            self.room.notify_one();
        }
    }
}

fn signed(bytes: usize) -> i64 {
    i64::try_from(bytes).unwrap_or(i64::MAX)
}

/// Bytes that are counted until they were taken or dropped.
struct Charge {
    unsent: Arc<Unsent>,
    bytes: usize,
}

impl Charge {
    fn new(unsent: &Arc<Unsent>, bytes: usize) -> Charge {
        unsent.take(bytes);
        Charge {
            unsent: Arc::clone(unsent),
            bytes,
        }
    }

    /// Up to `bytes` of it as a charge of their own.
    fn split(&mut self, bytes: usize) -> Charge {
        let bytes = bytes.min(self.bytes);
        self.bytes -= bytes;
        Charge {
            unsent: Arc::clone(&self.unsent),
            bytes,
        }
    }

    fn less(&mut self, bytes: usize) {
        let bytes = bytes.min(self.bytes);
        self.bytes -= bytes;
        self.unsent.give_back(bytes);
    }
}

impl Drop for Charge {
    fn drop(&mut self) {
        self.unsent.give_back(self.bytes);
    }
}

/// One answer under way: what of it lies in memory, and its turn.
pub(super) struct Owed {
    turn: Arc<Turn>,
    unsent: Arc<Unsent>,
    /// What its body holds and has not handed on.
    inside: Charge,
    /// Its bytes lie in memory once, however many ask for them.
    is_shared: bool,
}

impl Owed {
    /// An answer whose body holds `inside` bytes at least.
    pub(super) fn new(turn: Arc<Turn>, unsent: &Arc<Unsent>, inside: u64, is_shared: bool) -> Owed {
        let inside = if is_shared {
            0
        } else {
            usize::try_from(inside).unwrap_or(0)
        };
        Owed {
            turn,
            inside: Charge::new(unsent, inside),
            unsent: Arc::clone(unsent),
            is_shared,
        }
    }

    pub(super) fn turn(&self) -> &Turn {
        &self.turn
    }

    /// A part that the body handed on.
    pub(super) fn part(&mut self, bytes: Bytes) -> Part {
        let charge = if self.is_shared {
            self.inside.split(0)
        } else {
            let mut charge = self.inside.split(bytes.len());
            let more = bytes.len() - charge.bytes;
            self.unsent.take(more);
            charge.bytes += more;
            charge
        };
        Part {
            bytes,
            charge,
            turn: Arc::clone(&self.turn),
        }
    }
}

/// A part of an answer on its way: its request is under way, and its bytes are counted, until they are written.
pub(super) struct Part {
    bytes: Bytes,
    charge: Charge,
    turn: Arc<Turn>,
}

impl Buf for Part {
    fn remaining(&self) -> usize {
        self.bytes.remaining()
    }

    fn chunk(&self) -> &[u8] {
        self.bytes.chunk()
    }

    fn advance(&mut self, count: usize) {
        self.bytes.advance(count);
        self.charge.less(count);
        self.turn.taken(count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tls::watchdog::Watchdog;
    use futures_util::FutureExt;

    fn unsent(address: &Arc<AtomicUsize>, door: &Gauge) -> Arc<Unsent> {
        let budget = UnsentBudget {
            connection: 100,
            address: 150,
            door: 300,
        };
        Unsent::new(budget, Some(Arc::clone(address)), door.clone())
    }

    #[test]
    fn bytes_count_from_the_answer_to_their_last_writing() {
        let (address, door) = (Arc::default(), Gauge::default());
        let account = unsent(&address, &door);
        let mut owed = Owed::new(Watchdog::new().turn(), &account, 80, false);
        let mut part = owed.part(Bytes::from(vec![0; 60]));
        assert_eq!(door.get(), 80);
        part.advance(25);
        assert_eq!((door.get(), address.load(Relaxed)), (55, 55));
        let more = owed.part(Bytes::from(vec![0; 40]));
        assert_eq!(door.get(), 75, "a body may say more than it said it would");
        drop((part, owed));
        assert_eq!(door.get(), 40);
        drop(more);
        assert_eq!((door.get(), address.load(Relaxed)), (0, 0));
    }

    #[test]
    fn what_is_shared_costs_nothing() {
        let (address, door) = (Arc::default(), Gauge::default());
        let account = unsent(&address, &door);
        let mut owed = Owed::new(Watchdog::new().turn(), &account, 80, true);
        let _part = owed.part(Bytes::from_static(&[0; 80]));
        assert_eq!(door.get(), 0);
    }

    #[test]
    fn a_connection_waits_and_an_address_and_a_door_are_full() {
        let (address, other, door) = (Arc::default(), Arc::default(), Gauge::default());
        let one = unsent(&address, &door);
        let held = Owed::new(Watchdog::new().turn(), &one, 100, false);
        assert!(one.room().now_or_never().is_none());
        assert!(!one.is_full());
        let two = unsent(&address, &door);
        let second = Owed::new(Watchdog::new().turn(), &two, 60, false);
        assert!(one.is_full() && two.is_full(), "the address has 160 of 150");
        let elsewhere = unsent(&other, &door);
        assert!(!elsewhere.is_full() && elsewhere.has_room());
        let third = Owed::new(Watchdog::new().turn(), &elsewhere, 140, false);
        assert!(elsewhere.is_full(), "the door has 300");
        drop((third, second));
        assert!(!elsewhere.is_full());
        drop(held);
        assert!(one.room().now_or_never().is_some());
    }
}
