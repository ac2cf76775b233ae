//! What the box stands on: its clock, and the disk under its book.

use std::sync::Arc;

use crate::store::files::{Disk, RealDisk};
use crate::store::{Clock, SystemClock};

/// What the box stands on. The default: the machine's own.
#[derive(Clone, Debug)]
pub struct Ground {
    /// Where the time comes from.
    pub clock: Arc<dyn Clock>,
    /// What the book's files lie on.
    pub disk: Arc<dyn Disk>,
}

impl Default for Ground {
    fn default() -> Ground {
        Ground {
            clock: Arc::new(SystemClock),
            disk: Arc::new(RealDisk),
        }
    }
}
