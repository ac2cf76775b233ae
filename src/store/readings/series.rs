//! Where readings stand: series (a register of a meter), days and months, as keys and file names. Pure.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::day::SECONDS;
use crate::domain::{MeterId, Register};
use crate::store::schema::READINGS;

/// One register of one meter.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::store) struct Series {
    pub(in crate::store) meter: MeterId,
    pub(in crate::store) register: Register,
}

impl Series {
    /// What the keys of all its rows begin with.
    pub(super) fn prefix(&self) -> Vec<u8> {
        let mut key = vec![READINGS.prefix];
        key.extend_from_slice(self.meter.as_str().as_bytes());
        key.extend_from_slice(&[0, self.register.number()]);
        key
    }

    /// The key of its row of `day`.
    pub(super) fn key(&self, day: u32) -> Vec<u8> {
        let mut key = self.prefix();
        key.extend_from_slice(&day.to_be_bytes());
        key
    }

    /// Reads back what [`Series::key`] gave.
    pub(super) fn of_key(key: &[u8]) -> Option<(Series, u32)> {
        let (front, day) = key.split_last_chunk::<4>()?;
        let (register, front) = front.split_last()?;
        let meter = front.strip_prefix(&[READINGS.prefix])?.strip_suffix(&[0])?;
        let series = Series {
            meter: std::str::from_utf8(meter).ok()?.parse().ok()?,
            register: Register::from_number(*register)?,
        };
        Some((series, u32::from_be_bytes(*day)))
    }
}

impl fmt::Display for Series {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.meter, self.register)
    }
}

/// The day (since 1970, UTC) and second of it; `None` before 1970.
pub(super) fn day_of(at: Timestamp) -> Option<(u32, u32)> {
    let second = u64::try_from(at.as_second()).ok()?;
    let day = u32::try_from(second / u64::from(SECONDS)).ok()?;
    Some((day, u32::try_from(second % u64::from(SECONDS)).ok()?))
}

/// When `day` begins, as far as there are such days.
pub(super) fn start_of(day: u32) -> Option<Timestamp> {
    Timestamp::from_second(i64::from(day) * i64::from(SECONDS)).ok()
}

/// A month: 12 times its year and, from 0, its number in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::store) struct Month(u32);

impl Month {
    /// The month that holds `day`.
    pub(super) fn of(day: u32) -> Option<Month> {
        let date = start_of(day)?.to_zoned(TimeZone::UTC).date();
        let (year, month) = (u32::try_from(date.year()).ok()?, u32::try_from(date.month()).ok()?);
        Some(Month(year * 12 + month - 1))
    }

    /// The month of this number, if it can hold readings.
    pub(in crate::store) fn from_number(number: u32) -> Option<Month> {
        (1970 * 12..10_000 * 12).contains(&number).then_some(Month(number))
    }

    pub(in crate::store) fn number(self) -> u32 {
        self.0
    }

    fn date(self) -> Date {
        let year = i16::try_from(self.0 / 12).expect("years are below 10000");
        let month = i8::try_from(self.0 % 12 + 1).expect("at most twelve");
        Date::new(year, month, 1).expect("every month has a first day")
    }

    /// When it begins.
    pub(super) fn start(self) -> Timestamp {
        let start = self.date().to_zoned(TimeZone::UTC);
        start.expect("from 1970 on, dates are in range").timestamp()
    }

    /// The month's first day, counted since 1970, and how many it has.
    pub(super) fn days(self) -> (u32, u32) {
        let (first, _) = day_of(self.start()).expect("no month before 1970 is made");
        (first, u32::from(self.date().days_in_month().unsigned_abs()))
    }

    /// The first day after it.
    pub(super) fn end(self) -> u32 {
        let (first, many) = self.days();
        first + many
    }
}

impl fmt::Display for Month {
    /// `2024-12`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.0 / 12, self.0 % 12 + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_key_is_read_back_and_keys_sort_by_series_and_day(
            meters in ("[A-Za-z0-9]{1,32}", "[A-Za-z0-9]{1,32}"), registers: (prop::sample::Index, prop::sample::Index), days: (u32, u32),
        ) {
            let series = |meter: &str, register: prop::sample::Index| Series {
                meter: meter.parse().unwrap(), register: *register.get(Register::ALL),
            };
            let (one, other) = (series(&meters.0, registers.0), series(&meters.1, registers.1));
            prop_assert_eq!(Series::of_key(&one.key(days.0)), Some((one.clone(), days.0)));
            let as_values = (&one, days.0).cmp(&(&other, days.1));
            prop_assert_eq!(one.key(days.0).cmp(&other.key(days.1)), as_values);
        }

        #[test]
        fn a_month_holds_its_days(day in 0u32..2_900_000) {
            let month = Month::of(day).unwrap();
            let (first, many) = month.days();
            prop_assert!((first..first + many).contains(&day) && (28..=31).contains(&many));
            prop_assert_eq!(Month::of(month.end()), Month::from_number(month.number() + 1));
            prop_assert_eq!(Month::from_number(month.number()), Some(month));
            prop_assert_eq!(start_of(first), Some(month.start()));
        }

        #[test]
        fn any_bytes_are_a_key_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..50)) {
            if let Some((series, day)) = Series::of_key(&bytes) {
                prop_assert_eq!(series.key(day), bytes);
            }
        }
    }

    #[test]
    fn months_say_their_name() {
        let (day, _) = day_of("2024-12-31T23:59:59Z".parse().unwrap()).unwrap();
        assert_eq!(Month::of(day).unwrap().to_string(), "2024-12");
    }
}
