//! How full a space is by its thresholds, with room between getting fuller and getting emptier, so that one person who
//! comes and goes is not told again and again (OCC §4). Pure.

use super::op::Op;
use crate::domain::{Level, Occupancy, Thresholds};

/// A level is left at so many points of a hundred below where it begins.
const ROOM: f64 = 5.0;

/// The level after this count, when it was `before`.
#[must_use]
pub fn after(before: Level, occupancy: Occupancy, thresholds: Thresholds) -> Level {
    let percent = f64::from(occupancy.current) * 100.0 / f64::from(occupancy.maximum.max(1));
    let from = |percent: u8| {
        let raise = f64::from(percent);
        // An empty space is free, whatever its thresholds.
        let clear = (raise - ROOM).max(0.0);
        Op::Above {
            raise,
            clear,
            inclusive: true,
        }
    };
    // There is a person too many or there is not: no room there.
    let over = Op::Above {
        raise: 100.0,
        clear: 100.0,
        inclusive: false,
    };
    let levels = [
        (Level::Over, over),
        (Level::Full, from(thresholds.full)),
        (Level::Busy, from(thresholds.warn)),
    ];
    let is_at = |(level, op): &&(Level, Op)| op.meets(percent) || (before >= *level && !op.clears(percent));
    levels.iter().find(is_at).map_or(Level::Free, |(level, _)| *level)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(current: u32) -> Occupancy {
        Occupancy { current, maximum: 100 }
    }

    #[test]
    fn each_level_is_left_a_little_below_where_it_began() {
        let usual = Thresholds::default();
        let mut level = Level::Free;
        for (current, expected) in [
            (79, Level::Free),
            (80, Level::Busy),
            (76, Level::Busy),
            (75, Level::Free),
            (100, Level::Full),
            (96, Level::Full),
            (101, Level::Over),
            (100, Level::Full),
            (95, Level::Busy),
            (0, Level::Free),
        ] {
            level = after(level, of(current), usual);
            assert_eq!(level, expected, "{current}");
        }
    }

    proptest! {
        #[test]
        fn one_who_comes_and_goes_changes_the_level_at_most_once(
            start in 1..99_u32, before in prop_oneof![Just(Level::Free), Just(Level::Busy), Just(Level::Full)],
        ) {
            let mut level = before;
            let mut seen = Vec::new();
            for turn in 0..20 {
                level = after(level, of(start + turn % 2), Thresholds::default());
                seen.push(level);
            }
            seen.dedup();
            prop_assert!(seen.len() <= 2, "{seen:?}");
        }

        #[test]
        fn without_a_past_it_is_what_the_count_says(current in 0..300_u32, warn in 1..100_u8, more in 0..50_u8) {
            let thresholds = Thresholds { warn, full: warn.saturating_add(more).min(100) };
            let level = after(Level::Free, of(current), thresholds);
            let percent = current;
            let expected = match () {
                () if percent > 100 => Level::Over,
                () if percent >= u32::from(thresholds.full) => Level::Full,
                () if percent >= u32::from(thresholds.warn) => Level::Busy,
                () => Level::Free,
            };
            prop_assert_eq!(level, expected);
        }
    }
}
