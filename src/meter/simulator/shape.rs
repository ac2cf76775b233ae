//! How a simulated meter's import rises: by the same amount each half-hour, so that tests can tell any reading in
//! advance, or as in a household, for people to look at.

use std::sync::Arc;

use crate::meter::emop::MeterTime;
use crate::meter::emop::profile_log::HALF_HOUR;

/// Half-hours in a week.
const WEEK: u32 = 336;
/// Watt-hours of a steady half-hour.
const STEADY: u32 = 250;
/// What a household of the average kind takes in each half-hour of a day, in watt-hours: night, breakfast, day, evening.
const DAY: [u16; 48] = [
    70, 65, 62, 60, 58, 58, 58, 60, 62, 65, 75, 95, 140, 230, 310, 330, 280, 220, 180, 160, 150, 145, 150, 170, 210,
    230, 200, 170, 150, 145, 150, 165, 210, 290, 390, 470, 510, 490, 440, 400, 360, 330, 290, 240, 190, 150, 110, 85,
];

/// How a register rises.
#[derive(Clone, Debug, PartialEq)]
pub enum Shape {
    /// 250 Wh each half-hour.
    Steady,
    /// The same power always, in W; at most [`Shape::MOST`].
    Constant(u32),
    /// A week that repeats itself: what was taken since its beginning, at each half-hour and at its end.
    Household(Arc<[u32]>),
}

impl Shape {
    /// More would not fit into the registers: 100 kW.
    pub const MOST: u32 = 100_000;

    /// The week of a household, a different one for each serial.
    #[must_use]
    pub fn of_household(serial: &str) -> Shape {
        let mut chance = crc32fast::hash(serial.as_bytes());
        let mut total = 0;
        let mut week = vec![0];
        let size = 70 + chance % 80;
        for half_hour in 0..WEEK {
            chance = chance.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let spread = 60 + (chance >> 16) % 80;
            let usual = u32::from(DAY[(half_hour % 48) as usize]);
            total += usual * size * spread / 10_000;
            week.push(total);
        }
        Shape::Household(week.into())
    }

    /// What was taken until half-hour `k` since the first of all.
    pub(super) fn watt_hours(&self, k: u32) -> u32 {
        match self {
            Shape::Steady => STEADY * k,
            // Registers of four bytes go round.
            Shape::Constant(watts) => (u64::from(*watts) * u64::from(k) / 2) as u32,
            Shape::Household(week) => {
                let in_week = (k % WEEK) as usize;
                (k / WEEK).wrapping_mul(week[WEEK as usize]).wrapping_add(week[in_week])
            }
        }
    }

    /// What is taken just now.
    pub(super) fn watts(&self, now: MeterTime) -> u32 {
        let k = now.0 / HALF_HOUR;
        match self {
            Shape::Steady => 2 * STEADY,
            Shape::Constant(watts) => *watts,
            Shape::Household(_) => {
                let average = 2 * self.watt_hours(k + 1).wrapping_sub(self.watt_hours(k));
                average * (80 + now.0 / 7 % 40) / 100
            }
        }
    }

    /// The voltage just now.
    pub(super) fn volts(&self, now: MeterTime) -> u16 {
        match self {
            Shape::Steady | Shape::Constant(_) => 240,
            Shape::Household(_) => 236 + (now.0 / 11 % 8) as u16,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_household_takes_something_each_half_hour_and_a_likely_amount_a_day() {
        for serial in ["EML2137580826", "EML1", ""] {
            let shape = Shape::of_household(serial);
            let steps = (0..1_000).map(|k| shape.watt_hours(k + 1) - shape.watt_hours(k));
            assert!(steps.clone().all(|step| step > 0));
            let day: u32 = steps.take(48).sum();
            assert!((4_000..16_000).contains(&day), "{day} Wh");
        }
    }
}
