//! The stretch of time that an application asks for (PER §6.3). Pure.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use crate::domain::HALF_HOUR;

/// The longest stretch of one answer.
pub const LONGEST: SignedDuration = SignedDuration::from_hours(24 * 400);

/// A stretch of time: from one moment on, until before another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period {
    pub from: Timestamp,
    pub to: Timestamp,
}

/// A stretch that cannot be answered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PeriodError {
    /// It is not there and must be.
    #[error("Field required")]
    Missing(&'static str),
    /// It came more than once.
    #[error("Field given more than once")]
    Twice(&'static str),
    /// It is no moment.
    #[error("Input should be a date (2024-12-05) or a moment with its offset (2024-12-05T00:00:00Z)")]
    Unreadable(&'static str),
    /// It ends before it begins.
    #[error("`from` must not be later than `to`")]
    Backwards,
    /// It is too long.
    #[error("at most 400 days at once; ask for the rest in a second request")]
    TooLong,
}

impl PeriodError {
    /// As clients of the scheme's first service read it.
    #[must_use]
    pub fn detail(&self) -> Value {
        let (kind, field) = match self {
            PeriodError::Missing(field) => ("missing", field),
            PeriodError::Twice(field) => ("value_error", field),
            PeriodError::Unreadable(field) => ("datetime_parsing", field),
            PeriodError::Backwards | PeriodError::TooLong => ("value_error", &"to"),
        };
        json!([{ "type": kind, "loc": ["query", field], "msg": self.to_string(), "input": null }])
    }
}

impl Period {
    /// Reads a query. Without `to` the stretch ends with the last half-hour that is over at `now`.
    ///
    /// # Errors
    ///
    /// For the first thing that is wrong with it.
    pub fn read(query: &str, now: Timestamp) -> Result<Period, PeriodError> {
        let from = one(query, "from")?.ok_or(PeriodError::Missing("from"))?;
        let from = moment(&from).ok_or(PeriodError::Unreadable("from"))?;
        let to = match one(query, "to")? {
            Some(to) => moment(&to).ok_or(PeriodError::Unreadable("to"))?,
            None => floor(now).max(from),
        };
        if from > to {
            return Err(PeriodError::Backwards);
        }
        if to.duration_since(from) > LONGEST {
            return Err(PeriodError::TooLong);
        }
        Ok(Period { from, to })
    }

    /// How many half-hours lie wholly in it.
    #[must_use]
    pub fn half_hours(&self) -> u64 {
        let first = self.from.as_second().div_euclid(HALF_HOUR)
            + i64::from(self.from.as_second().rem_euclid(HALF_HOUR) > 0 || self.from.subsec_nanosecond() > 0);
        let end = self.to.as_second().div_euclid(HALF_HOUR);
        u64::try_from(end - first).unwrap_or(0)
    }
}

/// The beginning of the half-hour that a moment lies in.
fn floor(at: Timestamp) -> Timestamp {
    let second = at.as_second() - at.as_second().rem_euclid(HALF_HOUR);
    Timestamp::from_second(second).unwrap_or(at)
}

fn one(query: &str, wanted: &'static str) -> Result<Option<String>, PeriodError> {
    let mut values = form_urlencoded::parse(query.as_bytes()).filter(|(name, _)| name == wanted);
    let value = values.next().map(|(_, value)| value.into_owned());
    match values.next() {
        Some(_) => Err(PeriodError::Twice(wanted)),
        None => Ok(value),
    }
}

/// A day's first moment in UTC, or a moment with its offset. A plus sign that a form made a space is a plus sign.
fn moment(text: &str) -> Option<Timestamp> {
    // Nothing else that the library reads: no space before or behind, no zone in brackets, no week dates.
    let plain = |c: char| c.is_ascii_digit() || matches!(c, '-' | ':' | '.' | 'T' | 'Z' | '+' | ' ');
    if !(10..=40).contains(&text.len()) || !text.chars().all(plain) || text.starts_with(['-', '+', ' ']) {
        return None;
    }
    if text.len() == 10 {
        let day: Date = text.parse().ok()?;
        return Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp());
    }
    let (day, time) = text.split_at_checked(11)?;
    day.ends_with('T').then_some(())?;
    if let Some(time) = time.strip_suffix('Z') {
        let at: DateTime = format!("{day}{time}").parse().ok()?;
        return Some(at.to_zoned(TimeZone::UTC).ok()?.timestamp());
    }
    let sign = time.rfind(['+', '-', ' '])?;
    let (time, offset) = time.split_at(sign);
    let offset = offset.replace(' ', "+");
    (offset.len() == 6 && offset.as_bytes()[3] == b':').then_some(())?;
    format!("{day}{time}{offset}").parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn read(query: &str) -> Result<(Timestamp, Timestamp), PeriodError> {
        Period::read(query, at("2026-01-10T09:47:11Z")).map(|period| (period.from, period.to))
    }

    #[test]
    fn days_and_moments_are_read_in_utc() {
        let day = (at("2024-12-05T00:00:00Z"), at("2024-12-06T00:00:00Z"));
        for query in [
            "from=2024-12-05&to=2024-12-06",
            "to=2024-12-06&from=2024-12-05&other=1",
            "from=2024-12-05T00:00Z&to=2024-12-06T00:00:00.0Z",
            "from=2024-12-05T00:00:00Z&to=2024-12-06T00:00:00%2B00:00",
            "from=2024-12-05T01:00:00+01:00&to=2024-12-05T19:00:00-05:00",
        ] {
            assert_eq!(read(query), Ok(day), "{query}");
        }
        assert_eq!(
            read("from=2026-01-10"),
            Ok((at("2026-01-10T00:00:00Z"), at("2026-01-10T09:30:00Z")))
        );
        // Nothing of the future is there, and asking for it is no fault; neither is asking for nothing.
        assert_eq!(read("from=2027-01-01").map(|(from, to)| from == to), Ok(true));
        assert!(read("from=2026-01-10&to=2026-12-31").is_ok());
        assert!(read("from=2024-12-05&to=2024-12-05").is_ok());
        assert!(read("from=2024-12-05T00:10:00Z&to=2024-12-05T23:59:59Z").is_ok());
        assert!(read("from=2024-01-01&to=2025-02-04").is_ok(), "400 days");
    }

    #[test]
    fn what_is_none_is_refused_by_its_field() {
        for (query, error) in [
            ("", PeriodError::Missing("from")),
            ("to=2024-12-06", PeriodError::Missing("from")),
            ("from=&to=2024-12-06", PeriodError::Unreadable("from")),
            ("from=2024-12-05&to=", PeriodError::Unreadable("to")),
            ("from=yesterday", PeriodError::Unreadable("from")),
            ("from=2024-13-05", PeriodError::Unreadable("from")),
            ("from=2024-02-30", PeriodError::Unreadable("from")),
            ("from=2024-12-05T00:00:00", PeriodError::Unreadable("from")),
            ("from=2024-12-05T25:00:00Z", PeriodError::Unreadable("from")),
            ("from=1733356800", PeriodError::Unreadable("from")),
            ("from=-002024-12-05", PeriodError::Unreadable("from")),
            ("from=2024-12-05T00:00:00Z[UTC]", PeriodError::Unreadable("from")),
            ("from=%202024-12-05", PeriodError::Unreadable("from")),
            ("from=2024-12-05&from=2024-12-05", PeriodError::Twice("from")),
            ("from=2024-12-06&to=2024-12-05", PeriodError::Backwards),
            ("from=2024-01-01&to=2025-02-05", PeriodError::TooLong),
        ] {
            assert_eq!(read(query), Err(error), "{query}");
        }
        let detail = PeriodError::Missing("from").detail();
        assert_eq!(
            detail.to_string(),
            r#"[{"input":null,"loc":["query","from"],"msg":"Field required","type":"missing"}]"#
        );
    }

    #[test]
    fn half_hours_that_lie_wholly_in_it_are_counted() {
        let many = |query: &str| Period::read(query, at("2026-01-10T09:47:11Z")).unwrap().half_hours();
        assert_eq!(many("from=2024-12-05&to=2024-12-06"), 48);
        assert_eq!(many("from=2024-12-05T00:00:01Z&to=2024-12-06"), 47);
        assert_eq!(many("from=2024-12-05T00:10Z&to=2024-12-05T00:50Z"), 0);
        assert_eq!(many("from=2024-12-05T00:10Z&to=2024-12-05T00:20Z"), 0);
        assert_eq!(many("from=2024-12-05&to=2024-12-05"), 0);
    }

    proptest! {
        #[test]
        fn any_query_is_read_or_refused(query in "\\PC{0,60}", from in "[0-9TZ:.+ -]{0,30}") {
            let _ = read(&query);
            if let Ok((from, to)) = read(&format!("from={from}&to=2024-12-05")) {
                prop_assert!(from <= to && to.duration_since(from) <= LONGEST);
            }
        }
    }
}
