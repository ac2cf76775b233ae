//! What the wires of a house can carry: the most energy that a register can have counted over a stretch of time. Pure.
//!
//! Low voltage is 230 V, and at most 20 % above that before anything trips (EN 50160 allows 10 %); a single phase
//! service and the meters on it are built for 100 A (BS 7657, EN 50470-1).

use serde::{Deserialize, Serialize};

use super::Register;

/// The most that a way through a meter carries, in watts; the same in var and VA.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Rating(pub u64);

impl Rating {
    /// One element of a single phase meter: 100 A.
    pub const ELEMENT: Rating = Rating(27_600);
    /// Both elements of a twin meter.
    pub const TWIN: Rating = Rating(2 * Rating::ELEMENT.0);
    /// Three phases through the meter itself.
    pub const THREE_PHASES: Rating = Rating(3 * Rating::ELEMENT.0);
    /// Three phases behind current transformers of 4,000 A, more than a building has at low voltage.
    pub const TRANSFORMERS: Rating = Rating(3 * 40 * Rating::ELEMENT.0);

    /// The most that a register can be of, whatever meter keeps it.
    #[must_use]
    pub fn of(register: Register) -> Rating {
        if register.is_three_phase() {
            Rating::TRANSFORMERS
        } else {
            Rating::ELEMENT
        }
    }

    /// The most energy in so many seconds, in watt-hours.
    #[must_use]
    pub fn energy(self, seconds: u64) -> u64 {
        let energy = u128::from(self.0) * u128::from(seconds) / 3_600;
        u64::try_from(energy).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_half_hour_of_a_house_is_under_fourteen_kilowatt_hours() {
        assert_eq!(Rating::of(Register::ImportB).energy(1_800), 13_800);
        assert_eq!(Rating::of(Register::ActiveImport).energy(1_800), 1_656_000);
        assert_eq!(Rating(u64::MAX).energy(u64::MAX), u64::MAX);
    }
}
