//! What the demonstration can break of its own: levers under the box, which only the demonstration gives it. Neither a real
//! disk nor a real clock comes to harm.

use std::io;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};

use crate::app::Ground;
use crate::store::files::{Disk, DiskFile, Found, RealDisk};
use crate::store::{ASK_AGAIN, Clock, SystemClock};

/// The levers; clones move the same ones.
#[derive(Clone, Debug, Default)]
pub(super) struct Levers {
    /// Whether one of the meters hangs up on whoever calls it.
    pub(super) silence: Arc<AtomicBool>,
    /// Whether the disk says that it has no room.
    pub(super) full: Arc<AtomicBool>,
    clock: DemoClock,
}

impl Levers {
    /// What the box is to stand on.
    pub(super) fn ground(&self) -> Ground {
        Ground {
            clock: Arc::new(self.clock.clone()),
            disk: Arc::new(DemoDisk {
                disk: RealDisk,
                full: Arc::clone(&self.full),
            }),
        }
    }

    /// Sets the clock wrong, or right again.
    pub(super) fn set_clock(&self, wrong: bool) {
        *self.clock.wrong.lock().unwrap_or_else(PoisonError::into_inner) = wrong.then(Instant::now);
    }
}

/// So far back a wrong clock stands: before this version was made, as that of a machine without a battery.
const BACK: SignedDuration = SignedDuration::from_hours(24 * 365 * 20);

/// The machine's clock, unless it is set wrong.
#[derive(Clone, Debug, Default)]
struct DemoClock {
    /// Since when.
    wrong: Arc<Mutex<Option<Instant>>>,
}

impl DemoClock {
    fn wrong_for(&self) -> Option<Duration> {
        let since = *self.wrong.lock().unwrap_or_else(PoisonError::into_inner);
        since.map(|since| since.elapsed())
    }
}

impl Clock for DemoClock {
    fn now(&self) -> Timestamp {
        let now = SystemClock.now();
        // First everybody must have heard that network time is lost: else the wrong time would be believed.
        let lead = if SystemClock.synchronised() {
            ASK_AGAIN
        } else {
            Duration::ZERO
        };
        match self.wrong_for() {
            Some(past) if past >= lead => now.saturating_sub(BACK).unwrap_or(now),
            Some(_) | None => now,
        }
    }

    fn synchronised(&self) -> bool {
        self.wrong_for().is_none() && SystemClock.synchronised()
    }
}

/// The machine's disk, which may say that it has no room; what is written all the same is written.
#[derive(Debug)]
struct DemoDisk {
    disk: RealDisk,
    full: Arc<AtomicBool>,
}

impl Disk for DemoDisk {
    fn create(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        self.disk.create(path)
    }

    fn open(&self, path: &Path) -> io::Result<Arc<dyn DiskFile>> {
        self.disk.open(path)
    }

    fn list(&self, dir: &Path) -> io::Result<Vec<Found>> {
        self.disk.list(dir)
    }

    fn make_dir(&self, dir: &Path) -> io::Result<()> {
        self.disk.make_dir(dir)
    }

    fn show(&self, path: &Path) -> io::Result<()> {
        self.disk.show(path)
    }

    fn sync_dir(&self, dir: &Path) -> io::Result<()> {
        self.disk.sync_dir(dir)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.disk.rename(from, to)
    }

    fn link(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.disk.link(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.disk.remove(path)
    }

    fn remove_dir(&self, dir: &Path) -> io::Result<()> {
        self.disk.remove_dir(dir)
    }

    fn room(&self, dir: &Path) -> io::Result<u64> {
        if self.full.load(Ordering::Relaxed) {
            return Ok(0);
        }
        self.disk.room(dir)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::is_possible;

    #[test]
    fn a_clock_that_is_set_wrong_stands_before_any_box_and_is_right_again() {
        let levers = Levers::default();
        let clock = levers.ground().clock;
        assert!(is_possible(clock.now()));
        *levers.clock.wrong.lock().unwrap() = Instant::now().checked_sub(ASK_AGAIN);
        assert!(!is_possible(clock.now()) && !clock.synchronised());
        levers.set_clock(false);
        assert!(is_possible(clock.now()));
    }

    #[test]
    fn a_disk_that_is_full_says_so_and_has_its_room_again() {
        let levers = Levers::default();
        let (disk, dir) = (levers.ground().disk, tempfile::tempdir().unwrap());
        assert!(disk.room(dir.path()).unwrap() > 0);
        levers.full.store(true, Ordering::Relaxed);
        assert_eq!(disk.room(dir.path()).unwrap(), 0);
        levers.full.store(false, Ordering::Relaxed);
        assert!(disk.room(dir.path()).unwrap() > 0);
    }
}
