//! A clock that is set by the test.

use std::sync::Mutex;

use gatelodge::store::Clock;
use jiff::{SignedDuration, Timestamp};

/// Shows what it was set to.
#[derive(Debug)]
pub struct SetClock {
    now: Mutex<Timestamp>,
    synchronised: bool,
}

impl SetClock {
    pub fn new(now: &str, synchronised: bool) -> SetClock {
        SetClock {
            now: Mutex::new(now.parse().unwrap()),
            synchronised,
        }
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
        *self.now.lock().unwrap()
    }

    fn synchronised(&self) -> bool {
        self.synchronised
    }
}
