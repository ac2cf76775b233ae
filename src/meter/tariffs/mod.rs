//! Tariffs as numbers with units, and writing one to come as one operation of the box (EMOP §22).
//!
//! `wanted` says what is refused before a meter hears of it, `compared` what a meter holds beside what was wanted, `shown`
//! how tariffs and writes look: these are pure. `ledger` keeps how far a write is, `asked` asks the meter first,
//! `work` writes.

mod asked;
mod compared;
mod error;
mod frames;
mod ledger;
mod shown;
mod switches;
mod wanted;
#[cfg(test)]
mod wanted_tests;
mod work;

use std::collections::{BTreeMap, HashSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;
use tokio_util::task::TaskTracker;

use crate::domain::MeterId;
pub use compared::Difference;
pub(super) use compared::payload_in_words;
pub use error::TariffError;
pub use frames::FrameShown;
pub use ledger::WriteState;
pub use shown::{
    AmountShown, CUTS_ITSELF, SwitchesShown, TariffSeenShown, TariffShown, TariffWriteShown, TariffsShown,
};
pub use wanted::{Absent, NewTariff};

/// What the room keeps beside the rows.
pub(super) struct Tariffs {
    /// Meters to which a tariff is being written, or that are asked whether one may be.
    at_work: Mutex<HashSet<MeterId>>,
    /// Rings when a write is further.
    changed: watch::Sender<u64>,
    /// Time switches that somebody had read in this run.
    switches: Mutex<BTreeMap<MeterId, SwitchesShown>>,
    pub(super) workers: TaskTracker,
}

impl Tariffs {
    pub(super) fn new() -> Tariffs {
        Tariffs {
            at_work: Mutex::default(),
            changed: watch::Sender::new(0),
            switches: Mutex::default(),
            workers: TaskTracker::new(),
        }
    }

    /// Whether a tariff is being written to a meter.
    pub(super) fn is_at_work(&self, meter: &MeterId) -> bool {
        self.at_work().contains(meter)
    }

    fn at_work(&self) -> MutexGuard<'_, HashSet<MeterId>> {
        self.at_work.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn switches(&self) -> MutexGuard<'_, BTreeMap<MeterId, SwitchesShown>> {
        self.switches.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whoever waits looks again.
    fn tell(&self) {
        self.changed.send_modify(|count| *count += 1);
    }
}
