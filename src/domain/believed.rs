//! Readings of a register that it can have shown one after the other. Pure.

use std::iter::Peekable;

use super::energy::{Reading, WattHours};
use super::rating::Rating;

/// Whether so much energy comes through wires of this rating in so many seconds.
pub(super) fn carries(rating: Rating, energy: WattHours, seconds: i64) -> bool {
    energy.0 <= rating.energy(seconds.unsigned_abs())
}

/// Readings without those that stand alone: the register can have come from the one before to the one after, but neither
/// there from the one before nor from there to the one after.
pub(super) struct Believed<I: Iterator> {
    readings: Peekable<I>,
    last: Option<Reading>,
    rating: Rating,
}

impl<E, I: Iterator<Item = Result<Reading, E>>> Believed<I> {
    /// The readings that a meter with such wires can have.
    pub(super) fn new(readings: I, rating: Rating) -> Believed<I> {
        Believed {
            readings: readings.peekable(),
            last: None,
            rating,
        }
    }

    fn goes(&self, from: Reading, to: Reading) -> bool {
        let seconds = to.at.as_second() - from.at.as_second();
        let risen = to.value.since(from.value);
        // Readings between half-hours come at any second: a minute at least.
        risen.is_some_and(|energy| carries(self.rating, energy, seconds.max(60)))
    }
}

impl<E, I: Iterator<Item = Result<Reading, E>>> Iterator for Believed<I> {
    type Item = Result<Reading, E>;

    fn next(&mut self) -> Option<Result<Reading, E>> {
        loop {
            let reading = match self.readings.next()? {
                Ok(reading) => reading,
                error => return Some(error),
            };
            let after = self.readings.peek().and_then(|next| next.as_ref().ok()).copied();
            if let (Some(last), Some(after)) = (self.last, after)
                && !self.goes(last, reading)
                && !self.goes(reading, after)
                && self.goes(last, after)
            {
                continue;
            }
            self.last = Some(reading);
            return Some(Ok(reading));
        }
    }
}
