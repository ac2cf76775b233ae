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
