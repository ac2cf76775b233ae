//! Which half-hours to ask a meter for next. Pure.

use std::ops::Range;

use super::log::LogExtract;
use crate::domain::{HalfHour, HalfHoursAsked, Stretches};

/// The most half-hours in one window: a quarter of a day is seven requests of a single phase meter.
const LONGEST: u32 = 12;
/// So many stretches without records are remembered of a meter; older ones may be asked for again.
const ABSENT: usize = 500;
/// What a meter said and nobody can believe is asked for again so long after it was.
const AGAIN: u32 = 7 * 48;

/// The first window of a meter that was never asked: the answer tells where its memory begins.
pub(super) fn first(asked: &HalfHoursAsked, horizon: HalfHour) -> Option<Range<HalfHour>> {
    asked.settled.is_empty().then(|| horizon..horizon.later(LONGEST))
}

/// The newest window before `before` that is not settled, and not before `horizon`.
pub(super) fn next(asked: &HalfHoursAsked, horizon: HalfHour, before: HalfHour) -> Option<Range<HalfHour>> {
    let open = asked.settled.missing(horizon..before);
    let newest = open.last()?;
    let aligned = HalfHour((newest.end.0 - 1) / LONGEST * LONGEST);
    Some(newest.start.max(aligned)..newest.end)
}

/// Where to look when a window brought nothing: below it, or where the meter's memory ends.
pub(super) fn below(window: &Range<HalfHour>, told: &[LogExtract]) -> HalfHour {
    let ends = told.iter().filter_map(|told| told.last_held).max();
    ends.map_or(window.start, |last| last.later(1).min(window.start))
}

/// Takes over what the logs said of a window, up to `now`. Answers whether anything became settled.
pub(super) fn settle(asked: &mut HalfHoursAsked, window: &Range<HalfHour>, told: &[LogExtract], now: HalfHour) -> bool {
    let ahead = told.iter().map(|told| told.next_held.unwrap_or(HalfHour(0))).min();
    let known = told.iter().map(|told| told.until.unwrap_or(window.start)).min();
    let until = known.max(ahead).unwrap_or(window.start).min(now.later(1));
    if until <= window.start {
        return false;
    }
    let settled = window.start..until;
    asked.settled.add(settled.clone());
    asked.absent.remove(settled.clone());
    asked.doubtful.remove(settled.clone());
    for one in (settled.start.0..settled.end.0.min(window.end.0)).map(HalfHour) {
        let (mut held, mut doubtful) = (true, false);
        for told in told {
            let record = told.records.iter().find(|record| record.at.moment() == one.start());
            held &= record.is_some();
            doubtful |= record.map_or(told.misdated, |record| record.doubtful);
        }
        if !held {
            asked.absent.add(one..one.later(1));
        }
        if doubtful {
            asked.doubtful.add(one..one.later(1));
        }
    }
    asked.absent.add(settled.end.min(window.end)..settled.end);
    asked.absent.keep_newest(ABSENT);
    asked.doubtful.keep_newest(ABSENT);
    true
}

/// Opens again what the meter said in the last days and nobody can believe: it may say something else now.
pub(super) fn doubt(asked: &mut HalfHoursAsked, now: HalfHour) {
    let since = HalfHour(now.0.saturating_sub(AGAIN));
    for part in asked.doubtful.parts().to_vec() {
        let again = part.start.max(since)..part.end;
        if !again.is_empty() {
            asked.settled.remove(again);
        }
    }
}

/// Opens again what is settled but stands not in the book, except where the meter holds nothing.
/// Answers how many half-hours that are.
pub(super) fn reopen(asked: &mut HalfHoursAsked, stored: impl Fn(HalfHour) -> bool, horizon: HalfHour) -> u32 {
    let mut lost = Stretches::default();
    let mut many = 0;
    for part in asked.settled.parts() {
        let all = (part.start.max(horizon).0..part.end.0).map(HalfHour);
        for one in all.filter(|one| !asked.absent.contains(*one) && !asked.doubtful.contains(*one) && !stored(*one)) {
            lost.add(one..one.later(1));
            many += 1;
        }
    }
    for part in lost.parts() {
        asked.settled.remove(part.clone());
    }
    many
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::super::log::{Record, half_hour};
    use super::*;
    use crate::meter::emop::MeterTime;
    use proptest::prelude::*;

    /// 2025-01-01 as half-hours are counted.
    const BASE: u32 = 964_224;

    fn half(number: u32) -> HalfHour {
        HalfHour(BASE + number)
    }

    fn record(one: HalfHour) -> Record {
        Record {
            at: MeterTime::of(one.start()).unwrap(),
            valid: true,
            values: Vec::new(),
            doubtful: false,
        }
    }

    /// What a meter with these records says of a window, whatever the log's piece.
    fn told(held: &BTreeSet<u32>, window: &Range<HalfHour>) -> LogExtract {
        let inside: Vec<u32> = held
            .range(window.start.0 - BASE..window.end.0 - BASE)
            .copied()
            .collect();
        let later = held.range(window.end.0 - BASE..).next().copied();
        LogExtract {
            until: later.map(|_| window.end).or(inside.last().map(|last| half(last + 1))),
            next_held: later.filter(|_| inside.is_empty()).map(half),
            last_held: held
                .range(..window.start.0 - BASE)
                .next_back()
                .filter(|_| inside.is_empty() && later.is_none())
                .map(|last| half(*last)),
            records: inside.into_iter().map(|one| record(half(one))).collect(),
            misdated: false,
        }
    }

    /// Asks until nothing more can be learnt. Answers what was received, and in how many windows.
    fn round(asked: &mut HalfHoursAsked, held: &BTreeSet<u32>, now: u32) -> (BTreeSet<u32>, u32) {
        let (horizon, mut before) = (half(0), half(now + 1));
        let (mut received, mut windows) = (BTreeSet::new(), 0);
        let mut window = first(asked, horizon);
        let probing = window.is_some();
        if !probing {
            window = next(asked, horizon, before);
        }
        let mut probe = probing;
        while let Some(asking) = window {
            windows += 1;
            let told = told(held, &asking);
            let below = below(&asking, std::slice::from_ref(&told));
            received.extend(told.records.iter().map(|record| half_hour(record.at).0 - BASE));
            settle(asked, &asking, &[told], half(now));
            if !std::mem::take(&mut probe) {
                before = below;
            }
            window = next(asked, horizon, before);
        }
        (received, windows)
    }

    #[test]
    fn a_new_meter_is_read_from_where_its_memory_begins() {
        let held: BTreeSet<u32> = (5_000..5_100).collect();
        let mut asked = HalfHoursAsked::default();
        let (received, windows) = round(&mut asked, &held, 5_099);
        assert_eq!(received, held);
        assert!(
            windows <= 11,
            "{windows}: nobody asks for a hundred days that are not held"
        );
        assert_eq!(asked.absent.parts(), [half(0)..half(5_000)]);
        assert_eq!(round(&mut asked, &held, 5_099), (BTreeSet::new(), 0));
    }

    #[test]
    fn what_a_meter_has_not_written_yet_is_asked_for_again() {
        let mut held: BTreeSet<u32> = (0..10).collect();
        let mut asked = HalfHoursAsked::default();
        round(&mut asked, &held, 11);
        assert!(!asked.settled.contains(half(10)));
        held.extend([10, 12]);
        let (received, _) = round(&mut asked, &held, 12);
        assert_eq!(received, BTreeSet::from([10, 12]));
        // A later record proves that the meter was off.
        assert_eq!(asked.absent.parts(), [half(11)..half(12)]);
    }

    #[test]
    fn a_meter_whose_clock_is_days_behind_is_read_from_where_its_memory_ends() {
        let held: BTreeSet<u32> = (0..50).collect();
        let mut asked = HalfHoursAsked::default();
        let (received, windows) = round(&mut asked, &held, 600);
        assert_eq!(received, held);
        assert!(
            windows < 8,
            "{windows}: nobody asks for eleven days that are not held yet"
        );
    }

    #[test]
    fn what_the_book_lost_is_fetched_once_more_and_what_no_meter_holds_is_not() {
        let held: BTreeSet<u32> = (0..200).filter(|one| !(50..60).contains(one)).collect();
        let mut asked = HalfHoursAsked::default();
        round(&mut asked, &held, 199);
        let stored = |one: HalfHour| held.contains(&(one.0 - BASE)) && !(100..110).contains(&(one.0 - BASE));
        assert_eq!(reopen(&mut asked, stored, half(0)), 10);
        assert_eq!(round(&mut asked, &held, 199).0, (100..110).collect());
    }

    #[test]
    fn what_cannot_be_believed_is_marked_and_asked_for_again_for_some_days() {
        let held: BTreeSet<u32> = (0..2_000).collect();
        let mut asked = HalfHoursAsked::default();
        let window = half(4)..half(8);
        let mut said = told(&held, &window);
        said.records[1].doubtful = true;
        said.records.remove(3);
        said.misdated = true;
        assert!(settle(&mut asked, &window, &[said], half(10)));
        assert_eq!(asked.doubtful.parts(), [half(5)..half(6), half(7)..half(8)]);
        assert_eq!(asked.absent.parts(), [half(7)..half(8)]);
        doubt(&mut asked, half(10 + AGAIN));
        assert_eq!(asked.settled.parts(), [half(4)..half(8)], "too long ago");
        doubt(&mut asked, half(10));
        assert_eq!(asked.settled.parts(), [half(4)..half(5), half(6)..half(7)]);
        assert!(settle(&mut asked, &window, &[told(&held, &window)], half(10)));
        assert!(asked.doubtful.is_empty() && asked.absent.is_empty());
    }

    #[test]
    fn one_log_alone_settles_nothing() {
        let mut asked = HalfHoursAsked::default();
        let window = half(0)..half(4);
        let one = told(&(0..4).collect(), &window);
        assert!(!settle(
            &mut asked,
            &window,
            &[one.clone(), LogExtract::default()],
            half(10)
        ));
        let two = told(&BTreeSet::from([0, 2, 3]), &window);
        assert!(settle(&mut asked, &window, &[one, two], half(10)));
        assert_eq!(asked.absent.parts(), [half(1)..half(2)]);
    }

    proptest! {
        #[test]
        fn all_that_is_held_arrives_however_memory_and_outages_lie(
            held in prop::collection::btree_set(0u32..400, 0..200), looks in prop::collection::btree_set(0u32..400, 1..6),
        ) {
            let (mut asked, mut received) = (HalfHoursAsked::default(), BTreeSet::new());
            for now in looks.iter().copied().chain([400]) {
                let so_far = held.range(..=now).copied().collect();
                received.extend(round(&mut asked, &so_far, now).0);
            }
            prop_assert_eq!(received, held);
        }
    }
}
