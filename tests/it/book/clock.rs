//! A clock that is set by the test.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

use gatelodge::store::Clock;
use jiff::{SignedDuration, Timestamp};

use crate::support::eventually;

/// Shows what it was set to.
#[derive(Debug)]
pub struct SetClock {
    now: Mutex<Timestamp>,
    synchronised: bool,
    compactor_looked: AtomicBool,
}

impl SetClock {
    pub fn new(now: &str, synchronised: bool) -> SetClock {
        SetClock {
            now: Mutex::new(now.parse().unwrap()),
            synchronised,
            compactor_looked: AtomicBool::new(false),
        }
    }

    /// Waits until the thread that seals months has looked at the clock, as it does once when a book is opened: what is
    /// due by a later time is nothing to that round.
    pub fn was_looked_at_by_the_compactor(&self) {
        eventually("the compactor looks at the clock", || {
            self.compactor_looked.load(Relaxed).then_some(())
        });
    }

    /// Goes on to `now`, if it stands before it.
    pub fn reach(&self, now: Timestamp) {
        let mut shown = self.now.lock().unwrap();
        *shown = now.max(*shown);
    }

    pub fn advance(&self, by: SignedDuration) {
        *self.now.lock().unwrap() += by;
    }
}

impl Clock for SetClock {
    fn now(&self) -> Timestamp {
        let now = *self.now.lock().unwrap();
        if std::thread::current().name() == Some("book-compactor") {
            self.compactor_looked.store(true, Relaxed);
        }
        now
    }

    fn synchronised(&self) -> bool {
        self.synchronised
    }
}
