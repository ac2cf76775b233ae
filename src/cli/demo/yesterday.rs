//! A made-up day for the demonstration's spaces, so that their plots have something to show. Pure.

use crate::domain::Occupancy;

/// Minutes between two counts.
const EVERY: u32 = 4;
/// The whole day, in minutes.
const DAY: u32 = 24 * 60;

/// How full a building is over the day, from 0 to 1: empty at night, two humps around lunch.
pub(super) fn fullness(minute_of_day: u32) -> f64 {
    let hour = f64::from(minute_of_day) / 60.0;
    let hump = |around: f64, width: f64| (-((hour - around) / width).powi(2)).exp();
    (0.75 * hump(10.5, 2.2) + 0.7 * hump(15.0, 2.5)).min(1.0)
}

/// The counts of a space over the last 24 hours: minutes ago, oldest first, and the count from then on.
pub(super) fn counts(maximum: u32, now_minute_of_day: u32, seed: u32) -> Vec<(u32, Occupancy)> {
    let mut noise = seed.wrapping_mul(2_654_435_761).max(1);
    let mut counts: Vec<(u32, Occupancy)> = Vec::new();
    for step in 0..DAY / EVERY {
        let ago = DAY - step * EVERY;
        // xorshift: the same seed gives the same day.
        noise ^= noise << 13;
        noise ^= noise >> 17;
        noise ^= noise << 5;
        let wobble = f64::from(noise % 1000) / 1000.0 - 0.5;
        let minute = (now_minute_of_day + DAY - ago % DAY) % DAY;
        let full = (fullness(minute) * (1.0 + 0.25 * wobble)).clamp(0.0, 1.0);
        let current = (full * f64::from(maximum)).round() as u32;
        if counts.last().is_none_or(|(_, before)| before.current != current) {
            counts.push((ago, Occupancy { current, maximum }));
        }
    }
    counts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_rises_falls_and_keeps_its_bounds() {
        let counts = counts(50, 9 * 60, 7);
        assert!(counts.len() > 50);
        assert!(counts.iter().all(|(ago, count)| *ago <= DAY && count.current <= 50));
        let highest = counts.iter().map(|(_, count)| count.current).max();
        let lowest = counts.iter().map(|(_, count)| count.current).min();
        assert!(highest > Some(30) && lowest == Some(0), "{lowest:?} to {highest:?}");
        assert!(counts.is_sorted_by_key(|(ago, _)| std::cmp::Reverse(*ago)));
    }
}
