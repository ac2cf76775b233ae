//! Reading readings: by the register, and as half-hours.

use super::between::Between;
use super::erased::{Erased, erased_in};
use super::series::Series;
use crate::domain::{Interval, MeterId, Rating, Register, intervals};
use crate::store::{ReadError, Store};
use jiff::{SignedDuration, Timestamp};

/// Reads readings.
#[derive(Clone)]
pub struct Readings {
    store: Store,
}

impl Readings {
    /// The readings of this book.
    #[must_use]
    pub fn new(store: Store) -> Readings {
        Readings { store }
    }

    /// Stretches of a meter that were erased: nothing of them is there, nor will be.
    ///
    /// # Errors
    ///
    /// When the book cannot be read.
    pub fn erased(&self, meter: &MeterId) -> Result<Vec<Erased>, ReadError> {
        erased_in(&self.store.shared().table, meter)
    }

    /// The readings of a register at `from` or later and before `to`, in order, a month in memory at once.
    ///
    /// Each step may read the disk: long stretches belong on a thread that may block.
    #[must_use]
    pub fn between(&self, meter: &MeterId, register: Register, from: Timestamp, to: Timestamp) -> Between {
        let series = Series {
            meter: meter.clone(),
            register,
        };
        Between::new(self.store.shared().readings(), series, from, to)
    }

    /// Every half-hour that lies wholly in [`from`, `to`), gaps among them; see [`intervals`].
    pub fn intervals(
        &self,
        meter: &MeterId,
        register: Register,
        from: Timestamp,
        to: Timestamp,
    ) -> impl Iterator<Item = Result<Interval, ReadError>> + use<> {
        self.intervals_within(meter, register, (from, to), Rating::of(register))
    }

    /// The half-hours of a meter that carries no more than `rating`.
    pub fn intervals_within(
        &self,
        meter: &MeterId,
        register: Register,
        (from, to): (Timestamp, Timestamp),
        rating: Rating,
    ) -> impl Iterator<Item = Result<Interval, ReadError>> + use<> {
        // The reading at the very end closes the last half-hour.
        let closing = to
            .saturating_add(SignedDuration::from_secs(1))
            .unwrap_or(Timestamp::MAX);
        let readings = self.between(meter, register, from, closing);
        let readings =
            readings.filter(move |reading| reading.as_ref().map_or(true, |reading| register.holds(reading.value)));
        intervals(readings, from, to, rating)
    }
}
