//! What half-hours come to: sums, the highest, what is used at night, and how many are missing. Pure.

use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};

use crate::domain::{HALF_HOUR, Interval, Quality};

/// Half-hours that begin in these hours say what is always on.
const NIGHT: std::ops::Range<i8> = 1..5;
/// Of fewer, nothing is said.
const NIGHT_LEAST: usize = 4;
/// What a meter wrote in the last two half-hours may be on its way.
const ON_ITS_WAY: SignedDuration = SignedDuration::from_mins(60);

/// What ends after this is not due yet at `now`: the running half-hour, and the one before that is being fetched.
pub(super) fn due(now: Timestamp) -> Timestamp {
    let begun = now.as_second().div_euclid(HALF_HOUR) * HALF_HOUR;
    let begun = Timestamp::from_second(begun).unwrap_or(now);
    begun.saturating_sub(ON_ITS_WAY).unwrap_or(Timestamp::MIN)
}

/// When a half-hour ends.
pub(super) fn ends(one: &Interval) -> Timestamp {
    Timestamp::from_second(one.from.as_second() + HALF_HOUR).unwrap_or(Timestamp::MAX)
}

/// The sum of what is known, in watt-hours; `None`: nothing is.
pub(super) fn sum(intervals: &[Interval]) -> Option<u64> {
    let mut known = intervals.iter().filter_map(|one| one.energy).peekable();
    known.peek()?;
    Some(known.map(|energy| energy.0).sum())
}

/// How many half-hours are due and missing.
pub(super) fn gaps(intervals: &[Interval], due: Timestamp) -> usize {
    intervals
        .iter()
        .filter(|one| one.energy.is_none() && ends(one) <= due)
        .count()
}

/// How many are known, but not measured as such.
pub(super) fn doubtful(intervals: &[Interval]) -> usize {
    let known = intervals.iter().filter(|one| one.energy.is_some());
    known.filter(|one| one.quality != Quality::Measured).count()
}

/// The half-hour in which most was used, and how much; the first of several.
pub(super) fn peak(intervals: &[Interval]) -> Option<(Timestamp, u64)> {
    let known = intervals.iter().filter_map(|one| Some((one.from, one.energy?.0)));
    known
        .filter(|(_, energy)| *energy > 0)
        .reduce(|most, one| if one.1 > most.1 { one } else { most })
}

/// What is always on, in watts: the middle of what is used in the half-hours of the night.
pub(super) fn night_base(intervals: &[Interval], timezone: &TimeZone) -> Option<u64> {
    let nights = intervals
        .iter()
        .filter(|one| NIGHT.contains(&one.from.to_zoned(timezone.clone()).hour()));
    let mut energies: Vec<u64> = nights.filter_map(|one| one.energy).map(|energy| energy.0).collect();
    if energies.len() < NIGHT_LEAST {
        return None;
    }
    energies.sort_unstable();
    // Watt-hours of half an hour.
    energies.get(energies.len() / 2).map(|energy| energy * 2)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::WattHours;

    fn half_hours(energies: &[Option<u64>]) -> Vec<Interval> {
        let begins: Timestamp = "2026-11-29T00:00:00Z".parse().unwrap();
        let one = |(place, energy): (usize, &Option<u64>)| Interval {
            from: begins + SignedDuration::from_mins(30 * place as i64),
            energy: energy.map(WattHours),
            cumulative: None,
            taken: None,
            quality: match energy {
                None => Quality::Gap,
                Some(13) => Quality::Estimated,
                Some(_) => Quality::Measured,
            },
        };
        energies.iter().enumerate().map(one).collect()
    }

    #[test]
    fn what_is_not_due_yet_is_not_missing() {
        let all = half_hours(&[Some(40), None, None, None, None]);
        let missing = |now: &str| gaps(&all, due(now.parse().unwrap()));
        for (now, count) in [
            ("2026-11-29T00:59:00Z", 0),
            ("2026-11-29T01:59:59Z", 0),
            // The one from 00:30 on ended an hour ago.
            ("2026-11-29T02:00:00Z", 1),
            ("2026-11-29T02:29:00Z", 1),
            ("2026-11-29T02:30:00Z", 2),
            ("2026-11-30T00:00:00Z", 4),
        ] {
            assert_eq!(missing(now), count, "{now}");
        }
    }

    #[test]
    fn sums_peaks_and_nights_are_of_what_is_known() {
        let mut day = vec![Some(40), Some(45)];
        day.extend([
            Some(50),
            None,
            Some(46),
            Some(44),
            Some(13),
            Some(45),
            Some(200),
            Some(45),
        ]);
        day.extend([Some(280), Some(280), Some(0)]);
        let all = half_hours(&day);
        assert_eq!(sum(&all), Some(1_088));
        assert_eq!(doubtful(&all), 1);
        let (at, energy) = peak(&all).unwrap();
        assert_eq!((at.to_string().as_str(), energy), ("2026-11-29T05:00:00Z", 280));
        assert_eq!(
            night_base(&all, &TimeZone::UTC),
            Some(90),
            "the kettle at four is no base"
        );
        let none = half_hours(&[None, Some(0)]);
        assert_eq!(
            (sum(&none), peak(&none), night_base(&none, &TimeZone::UTC)),
            (Some(0), None, None)
        );
        assert_eq!(
            (sum(&[]), sum(&half_hours(&[None]))),
            (None, None),
            "nothing known is not nothing used"
        );
    }
}
