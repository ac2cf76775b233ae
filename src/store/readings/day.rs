//! One day of one register: what a row holds, and what month files hold of each day. Pure.
//!
//! A byte for the format, then each reading as it differs from the one before, in numbers of seven bits a byte:
//! the time (in half-hours where it is some) with the quality in its lowest bits, the value and the moment it was
//! taken, both as signed differences. A day of half-hours out of one profile log takes about 200 bytes.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::domain::{HALF_HOUR, Quality, Reading, WattHours};
use crate::store::log::frame::Body;

const FORMAT: u8 = 1;
const HALF: u32 = HALF_HOUR as u32;
pub(super) const SECONDS: u32 = 86_400;

/// Readings of a day that are on no half-hour: beside all 48 that are, so many fit in a row
/// (BOOK P3), whatever they are.
const BETWEEN_LIMIT: usize = 96;

/// A reading within its day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Point {
    value: u64,
    /// Seconds since 1970.
    taken: i64,
    quality: Quality,
}

/// What became of a reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Put {
    /// There was none of this moment.
    Added,
    /// There was another of this moment, taken no later.
    Replaced,
    /// It was known.
    Known,
    /// Another of this moment was taken later; that one stays.
    Older,
    /// The day holds as many between half-hours as it takes.
    Crowded,
}

/// Readings of one day by second of the day.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::store) struct Day {
    points: BTreeMap<u32, Point>,
}

impl Day {
    /// Takes a reading of `second` in, over what stands here or else in `below`, the same day of a month file.
    pub(super) fn put(&mut self, second: u32, reading: &Reading, below: Option<&Day>) -> Put {
        let point = Point {
            value: reading.value.0,
            taken: reading.taken.as_second(),
            quality: reading.quality,
        };
        let deeper = |below: &'_ Day| below.points.get(&second).copied();
        let standing = self.points.get(&second).copied().or_else(|| below.and_then(deeper));
        let put = match standing {
            None if !second.is_multiple_of(HALF) && self.between_half_hours(below) >= BETWEEN_LIMIT => Put::Crowded,
            None => Put::Added,
            Some(known) if (known.value, known.quality) == (point.value, point.quality) => Put::Known,
            Some(known) if known.taken > point.taken => Put::Older,
            Some(_) => Put::Replaced,
        };
        if matches!(put, Put::Added | Put::Replaced) {
            self.points.insert(second, point);
        }
        put
    }

    fn between_half_hours(&self, below: Option<&Day>) -> usize {
        let off = |day: &Day| day.points.keys().filter(|second| !second.is_multiple_of(HALF)).count();
        let hidden = |below: &Day| {
            below
                .points
                .keys()
                .filter(|second| self.points.contains_key(second) && !second.is_multiple_of(HALF))
                .count()
        };
        off(self) + below.map_or(0, |below| off(below) - hidden(below))
    }

    /// Puts all that stands in `above` over this.
    pub(super) fn cover(&mut self, above: Day) {
        self.points.extend(above.points);
    }

    /// Takes away what stands in `other` just so.
    pub(super) fn forget(&mut self, other: &Day) {
        self.points
            .retain(|second, point| other.points.get(second) != Some(point));
    }

    /// Keeps what stands at the moments that are to be kept, when the day begins at `start`.
    pub(super) fn retain(&mut self, start: Timestamp, kept: impl Fn(Timestamp) -> bool) {
        let at = |second: &u32| Timestamp::from_second(start.as_second() + i64::from(*second));
        self.points.retain(|second, _| at(second).is_ok_and(&kept));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.points.is_empty()
    }

    pub(super) fn len(&self) -> usize {
        self.points.len()
    }

    /// The day's readings in order, when it begins at `start`.
    pub(super) fn readings(&self, start: Timestamp) -> impl Iterator<Item = Reading> {
        self.points.iter().filter_map(move |(second, point)| {
            Some(Reading {
                at: Timestamp::from_second(start.as_second() + i64::from(*second)).ok()?,
                value: WattHours(point.value),
                taken: Timestamp::from_second(point.taken).ok()?,
                quality: point.quality,
            })
        })
    }

    pub(in crate::store) fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![FORMAT];
        let (mut second, mut value, mut taken) = (0, 0u64, 0i64);
        for (at, point) in &self.points {
            let step = at - second;
            let time = if step.is_multiple_of(HALF) {
                (step / HALF) << 1
            } else {
                step << 1 | 1
            };
            put_number(&mut bytes, u64::from(time) << 2 | quality_bits(point.quality));
            put_number(&mut bytes, zigzag(point.value.wrapping_sub(value).cast_signed()));
            put_number(&mut bytes, zigzag(point.taken.wrapping_sub(taken)));
            (second, value, taken) = (*at, point.value, point.taken);
        }
        bytes
    }

    /// Reads what [`Day::encode`] wrote; `None` when it is anything else.
    pub(in crate::store) fn decode(bytes: &[u8]) -> Option<Day> {
        let mut body = Body(bytes);
        (body.byte()? == FORMAT).then_some(())?;
        let mut day = Day::default();
        let (mut second, mut value, mut taken) = (0u32, 0u64, 0i64);
        while !body.0.is_empty() {
            let time = number(&mut body)?;
            let step = u32::try_from(time >> 3).ok()?;
            let step = if time & 4 == 0 { step.checked_mul(HALF)? } else { step };
            let at = second.checked_add(step).filter(|at| *at < SECONDS)?;
            value = value.wrapping_add(unzigzag(number(&mut body)?).cast_unsigned());
            taken = taken.wrapping_add(unzigzag(number(&mut body)?));
            Timestamp::from_second(taken).ok()?;
            let point = Point {
                value,
                taken,
                quality: quality_of(time & 3)?,
            };
            if day.points.insert(at, point).is_some() {
                return None;
            }
            second = at;
        }
        Some(day)
    }
}

fn quality_bits(quality: Quality) -> u64 {
    match quality {
        Quality::Measured => 0,
        Quality::Estimated => 1,
        Quality::Stale => 2,
        // Refused where readings come in.
        Quality::Gap => 3,
    }
}

fn quality_of(bits: u64) -> Option<Quality> {
    [Quality::Measured, Quality::Estimated, Quality::Stale]
        .get(usize::try_from(bits).ok()?)
        .copied()
}

fn zigzag(number: i64) -> u64 {
    (number << 1 ^ number >> 63).cast_unsigned()
}

fn unzigzag(number: u64) -> i64 {
    (number >> 1).cast_signed() ^ -(number & 1).cast_signed()
}

fn put_number(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push((number & 0x7F) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
}

fn number(body: &mut Body<'_>) -> Option<u64> {
    let mut number = 0;
    for shift in (0..64).step_by(7) {
        let byte = body.byte()?;
        let bits = u64::from(byte & 0x7F);
        // The tenth byte has room for one bit.
        (bits << shift >> shift == bits).then_some(())?;
        number |= bits << shift;
        if byte & 0x80 == 0 {
            return Some(number);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::ROW_LIMIT;
    use proptest::prelude::*;

    fn reading(value: u64, taken: i64) -> Reading {
        let taken = Timestamp::from_second(taken).unwrap();
        Reading::measured(taken, WattHours(value), taken)
    }

    fn qualities() -> impl Strategy<Value = Quality> {
        prop::sample::select(vec![Quality::Measured, Quality::Estimated, Quality::Stale])
    }

    #[test]
    fn a_day_of_half_hours_is_small() {
        let mut day = Day::default();
        for half in 0..48 {
            day.put(
                half * HALF,
                &reading(18_000_000 + u64::from(half) * 412, 1_733_450_000),
                None,
            );
        }
        assert_eq!(day.len(), 48);
        assert!(day.encode().len() < 240, "{}", day.encode().len());
    }

    #[test]
    fn the_fullest_day_fits_in_a_row_and_boundaries_always_have_a_place() {
        let mut day = Day::default();
        let far = |second: u32| {
            if second.is_multiple_of(2) {
                (u64::MAX / 2, 253_402_207_200)
            } else {
                (0, 0)
            }
        };
        let mut crowded = 0;
        for second in (1..SECONDS).step_by(601) {
            let (value, taken) = far(second);
            crowded += u32::from(day.put(second, &reading(value, taken), None) == Put::Crowded);
        }
        assert!(crowded > 0);
        for half in 0..48 {
            let (value, taken) = far(half * HALF + 1);
            assert_eq!(day.put(half * HALF, &reading(value, taken), None), Put::Added);
        }
        assert!(day.encode().len() <= ROW_LIMIT, "{}", day.encode().len());
    }

    #[test]
    fn the_newest_wins_and_what_is_known_changes_nothing() {
        let mut day = Day::default();
        assert_eq!(day.put(0, &reading(5, 100), None), Put::Added);
        assert_eq!(day.put(0, &reading(5, 200), None), Put::Known);
        assert_eq!(day.put(0, &reading(6, 99), None), Put::Older);
        assert_eq!(day.put(0, &reading(6, 100), None), Put::Replaced);
        let file = day.clone();
        let mut row = Day::default();
        assert_eq!(row.put(0, &reading(6, 300), Some(&file)), Put::Known);
        assert!(row.is_empty());
        assert_eq!(row.put(0, &reading(7, 300), Some(&file)), Put::Replaced);
        let mut whole = file.clone();
        whole.cover(row.clone());
        row.forget(&whole);
        assert!(row.is_empty());
    }

    proptest! {
        #[test]
        fn a_day_is_read_back(points in prop::collection::btree_map(0..SECONDS, (any::<u64>(), 0i64..253_402_207_200, qualities()), 0..100)) {
            let mut day = Day::default();
            for (second, (value, taken, quality)) in &points {
                day.put(*second, &Reading { quality: *quality, ..reading(*value, *taken) }, None);
            }
            prop_assert_eq!(Day::decode(&day.encode()), Some(day));
        }

        #[test]
        fn any_bytes_are_a_day_or_refused(mut bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            for first in [None, Some(FORMAT)] {
                if let (Some(first), Some(byte)) = (first, bytes.first_mut()) { *byte = first }
                if let Some(day) = Day::decode(&bytes) {
                    prop_assert_eq!(Day::decode(&day.encode()), Some(day));
                }
            }
        }

        #[test]
        fn numbers_are_read_back(wanted: u64, signed: i64) {
            let mut bytes = Vec::new();
            put_number(&mut bytes, wanted);
            prop_assert_eq!(number(&mut Body(&bytes)), Some(wanted));
            prop_assert_eq!(unzigzag(zigzag(signed)), signed);
        }
    }
}
