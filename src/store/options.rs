//! Where the book lies and how large it may grow.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::files::{Disk, RealDisk};
use super::keep::beside::Place;
use super::keep::clock::{Clock, SystemClock};

/// Where the book lies and how large it may grow.
#[derive(Clone, Debug)]
pub struct Options {
    /// The folder of the book; created when absent.
    pub dir: PathBuf,
    /// The folder that the files lie in which belong to the book; `None`: there are none, and a restore that was cut
    /// short is not ended.
    pub beside: Option<PathBuf>,
    /// Bytes of journal kept for readers that lag (`uplink.outbox_max`).
    pub journal_bytes: u64,
    /// Age of journal kept for readers that lag (`uplink.outbox_age`).
    pub journal_age: Duration,
    /// Bytes of one segment of the log; tests use small ones.
    pub segment_bytes: u64,
    /// So many of the latest entries of the journal are kept in memory; who is further behind reads the log.
    pub latest: usize,
    /// Changes that may wait for the pen; beyond it they are refused as busy.
    pub queue: usize,
    /// Bulk changes that may wait for the pen.
    pub bulk_queue: usize,
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// What the files lie on.
    pub disk: Arc<dyn Disk>,
}

impl Options {
    /// The usual bounds, for the book of a box.
    #[must_use]
    pub fn at(place: Place) -> Options {
        Options {
            beside: Some(place.beside),
            ..Options::new(place.book)
        }
    }

    /// The usual bounds, in `dir`.
    #[must_use]
    pub fn new(dir: impl Into<PathBuf>) -> Options {
        Options {
            dir: dir.into(),
            beside: None,
            journal_bytes: 256 << 20,
            journal_age: Duration::from_secs(30 * 86_400),
            segment_bytes: 8 << 20,
            latest: 1_024,
            queue: 4096,
            bulk_queue: 256,
            clock: Arc::new(SystemClock),
            disk: Arc::new(RealDisk),
        }
    }
}
