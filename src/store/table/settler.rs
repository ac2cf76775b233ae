//! The settler: the thread that carries rows written lately to sled. While the disk has no room beyond the reserve it
//! carries nothing: sled takes an error of its files as final (BOOK P12).

use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::store::table::Table;
use crate::store::table::recent::Pile;
use crate::store::write::reserve::Reserve;

/// How long rows gather.
const GATHER: Duration = Duration::from_secs(1);

/// How long a full disk is left alone.
const FULL: Duration = Duration::from_millis(500);

/// A way to tell the settler that there is something, and when it must be done.
#[derive(Clone, Debug, Default)]
pub(in crate::store) struct SettlerCall(Arc<(Mutex<CarryOrder>, Condvar)>);

#[derive(Debug, Default)]
struct CarryOrder {
    /// By when to carry.
    by: Option<Instant>,
    stop: bool,
}

impl SettlerCall {
    /// There is `pile` to carry.
    pub(in crate::store) fn tell(&self, pile: Pile) {
        let now = Instant::now();
        let wanted = match pile {
            Pile::Small => now + GATHER,
            Pile::Large | Pile::TooLarge => now,
        };
        let mut told = self.told();
        if told
            .by
            .is_none_or(|by| wanted + GATHER / 2 < by || by > now && wanted <= now)
        {
            told.by = Some(wanted);
            self.0.1.notify_one();
        }
    }

    /// Ends the settler when it next looks.
    pub(in crate::store) fn stop(&self) {
        self.told().stop = true;
        self.0.1.notify_one();
    }

    /// Waits for its time; says whether to go on.
    fn wait(&self) -> bool {
        let mut told = self.told();
        loop {
            if told.stop {
                return false;
            }
            let wait = told.by.map(|by| by.saturating_duration_since(Instant::now()));
            told = match wait {
                Some(Duration::ZERO) => break,
                Some(wait) => {
                    self.0
                        .1
                        .wait_timeout(told, wait)
                        .unwrap_or_else(PoisonError::into_inner)
                        .0
                }
                None => self.0.1.wait(told).unwrap_or_else(PoisonError::into_inner),
            };
        }
        told.by = None;
        true
    }

    fn told(&self) -> std::sync::MutexGuard<'_, CarryOrder> {
        self.0.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The settler's thread: carries rows to sled whenever it is time, until told to stop.
pub(in crate::store) fn settle(table: &Table, call: &SettlerCall, mut reserve: Reserve) {
    while call.wait() {
        // Sled writes a page for a row, and pages anew that it had before.
        if reserve.has_room_for(4 * table.unsettled() as u64) {
            // A failure has been told through the health, unless the disk has no room: then it is tried again.
            if table.settle().is_err() {
                std::thread::sleep(FULL);
                call.tell(Pile::Small);
            }
        } else {
            std::thread::sleep(FULL);
            call.tell(Pile::Small);
        }
    }
}
