//! Days, moments and numbers as people give them, and what they are told of a text that is none: in words of ours, and
//! with a way to write it right, never in those of the library that reads it. Pure.

use jiff::Timestamp;
use jiff::civil::{Date, date};
use serde::de::{Deserialize, Deserializer, Error};

/// The first day that anybody may name.
pub const FIRST_DAY: Date = date(1970, 1, 1);
/// The last: what comes after it still has its midnights in every time zone.
pub const LAST_DAY: Date = date(9998, 12, 31);

/// A text is not what was asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum GivenError {
    /// No day.
    #[error(
        "`{0}` is not a day that can be asked for: days are written 2026-03-01, between {FIRST_DAY} and {LAST_DAY}"
    )]
    Day(String),
    /// No moment.
    #[error("`{0}` is not a moment: moments are written 2026-03-01T00:30:00Z, or with +01:00 for the Z")]
    Moment(String),
    /// No number.
    #[error("`{0}` is not a whole number such as 50")]
    Number(String),
}

/// `YYYY-MM-DD` between [`FIRST_DAY`] and [`LAST_DAY`].
///
/// # Errors
///
/// When it is no such day, in words for whoever gave it.
pub fn day(text: &str) -> Result<Date, GivenError> {
    let read = text.parse().ok();
    // A calendar takes other ways of writing a day, and times of day, which are none here.
    let plain = read.filter(|day: &Date| (FIRST_DAY..=LAST_DAY).contains(day) && day.to_string() == text);
    plain.ok_or_else(|| GivenError::Day(text.to_owned()))
}

/// ISO 8601 with an offset from UTC.
fn moment(text: &str) -> Result<Timestamp, GivenError> {
    text.parse().map_err(|_| GivenError::Moment(text.to_owned()))
}

fn number(text: &str) -> Result<usize, GivenError> {
    text.parse().map_err(|_| GivenError::Number(text.to_owned()))
}

fn optional<'de, D: Deserializer<'de>, T>(
    query: D,
    read: impl Fn(&str) -> Result<T, GivenError>,
) -> Result<Option<T>, D::Error> {
    let text = Option::<String>::deserialize(query)?;
    text.map(|text| read(&text).map_err(D::Error::custom)).transpose()
}

/// A [`day`] of a query, for serde.
///
/// # Errors
///
/// As [`day`].
pub fn optional_day<'de, D: Deserializer<'de>>(query: D) -> Result<Option<Date>, D::Error> {
    optional(query, day)
}

/// A moment of a query, ISO 8601 with an offset from UTC, for serde.
///
/// # Errors
///
/// When it is none, in words for whoever gave it.
pub fn optional_moment<'de, D: Deserializer<'de>>(query: D) -> Result<Option<Timestamp>, D::Error> {
    optional(query, moment)
}

/// A whole number of a query, for serde.
///
/// # Errors
///
/// When it is none, in words for whoever gave it.
pub fn optional_number<'de, D: Deserializer<'de>>(query: D) -> Result<Option<usize>, D::Error> {
    optional(query, number)
}

#[cfg(test)]
mod tests {
    use jiff::tz::{Offset, TimeZone};
    use jiff::{SignedDuration, ToSpan};
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn days_are_written_one_way_and_have_their_midnights_everywhere() {
        for text in ["1970-01-01", "2026-02-28", "9998-12-31"] {
            let one = day(text).unwrap();
            for hours in [-25, 0, 25] {
                let zone = TimeZone::fixed(Offset::from_seconds(hours * 3_600).unwrap());
                assert!(one.to_zoned(zone.clone()).is_ok(), "{text}");
                assert!(one.checked_add(1.days()).unwrap().to_zoned(zone).is_ok(), "{text}");
            }
        }
        for text in [
            "1969-12-31",
            "9999-01-01",
            "9999-12-31",
            "2026-02-30",
            "2026-2-1",
            "20260201",
            "2026-02-01T10",
            "",
        ] {
            let words = day(text).unwrap_err().to_string();
            assert!(
                words.contains("days are written 2026-03-01, between 1970-01-01 and 9998-12-31"),
                "{words}"
            );
        }
    }

    proptest! {
        /// Whatever is given is taken or refused with one and the same sentence, and a day that was taken can be reckoned with.
        #[test]
        fn any_text_is_answered_in_our_words(text in "\\PC{0,30}|[0-9]{4}-[0-9]{2}-[0-9]{2}") {
            match day(&text) {
                Ok(day) => prop_assert!(day.to_zoned(TimeZone::UTC).unwrap().checked_sub(SignedDuration::from_hours(24)).is_ok()),
                Err(error) => prop_assert_eq!(error, GivenError::Day(text.clone())),
            }
            prop_assert!(moment(&text).is_ok() || moment(&text) == Err(GivenError::Moment(text.clone())));
            prop_assert!(number(&text).is_ok() || number(&text) == Err(GivenError::Number(text.clone())));
        }
    }
}
