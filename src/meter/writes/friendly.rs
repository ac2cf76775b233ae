//! Hours in which nobody's load is risked (`meters.friendly_hours`, EMOP §22.5). Pure.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};
use serde::{Deserialize, Serialize};

/// When prepayment is not switched on, no load switch set and no object written by its number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FriendlyHours {
    /// Every night.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub night: Option<Night>,
    /// All of Saturday and Sunday.
    pub weekend: bool,
}

/// From one time of day to another, mostly over midnight.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Night {
    from: Time,
    to: Time,
}

/// No such hours.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not from one time of day to another, such as \"18:00-09:00\"")]
pub struct NightError(String);

impl FromStr for Night {
    type Err = NightError;

    fn from_str(text: &str) -> Result<Night, NightError> {
        let wrong = || NightError(text.to_owned());
        let time = |part: &str| -> Option<Time> {
            let (hour, minute) = part.trim().split_once(':')?;
            if hour.len() != 2 || minute.len() != 2 {
                return None;
            }
            Time::new(hour.parse().ok()?, minute.parse().ok()?, 0, 0).ok()
        };
        let (from, to) = text.split_once('-').ok_or_else(wrong)?;
        let (from, to) = time(from).zip(time(to)).ok_or_else(wrong)?;
        // A whole day, and every day, would be for ever.
        if from == to {
            return Err(wrong());
        }
        Ok(Night { from, to })
    }
}

impl fmt::Display for Night {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |time: Time| format!("{:02}:{:02}", time.hour(), time.minute());
        write!(f, "{}-{}", shown(self.from), shown(self.to))
    }
}

impl Serialize for Night {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Night {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Night, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl Night {
    fn holds(self, time: Time) -> bool {
        match self.from < self.to {
            true => (self.from..self.to).contains(&time),
            false => time >= self.from || time < self.to,
        }
    }

    /// Its end after a moment in it.
    fn end(self, at: &Zoned) -> Option<Zoned> {
        let day = match at.time() < self.to {
            true => at.date(),
            false => at.date().tomorrow().ok()?,
        };
        let end = at.time_zone().to_ambiguous_zoned(day.to_datetime(self.to));
        let first = end.clone().compatible().ok()?;
        // In the hour that comes twice the first of the two may be over.
        if first > *at { Some(first) } else { end.later().ok() }
    }
}

impl fmt::Display for FriendlyHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.night, self.weekend) {
            (Some(night), true) => write!(f, "every night {night} and all of Saturday and Sunday"),
            (Some(night), false) => write!(f, "every night {night}"),
            (None, true) => f.write_str("all of Saturday and Sunday"),
            (None, false) => f.write_str("no hours"),
        }
    }
}

impl FriendlyHours {
    /// From when on something may be done that may not be done now; `None`: it may.
    #[must_use]
    pub fn opens(self, now: Timestamp, timezone: &TimeZone) -> Option<Timestamp> {
        let mut at = now.to_zoned(timezone.clone());
        // A weekend and the nights around it are four steps; no calendar needs as many as these.
        for _ in 0..16 {
            let weekend = self.weekend && matches!(at.weekday(), Weekday::Saturday | Weekday::Sunday);
            let night = self.night.filter(|night| night.holds(at.time()));
            let next = match (weekend, night) {
                (true, _) => at.tomorrow().and_then(|next| next.start_of_day()).ok(),
                (false, Some(night)) => night.end(&at),
                (false, None) => break,
            };
            // After the end of all calendars there are no hours.
            at = next?;
        }
        Some(at.timestamp()).filter(|at| *at > now)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn at(text: &str) -> Timestamp {
        text.parse().unwrap()
    }

    fn london() -> TimeZone {
        TimeZone::get("Europe/London").unwrap()
    }

    fn hours(night: &str, weekend: bool) -> FriendlyHours {
        FriendlyHours {
            night: Some(night)
                .filter(|night| !night.is_empty())
                .map(|night| night.parse().unwrap()),
            weekend,
        }
    }

    #[test]
    fn nights_and_weekends_open_when_the_next_working_day_begins() {
        // 2026-02-10 is a Tuesday.
        for (hours, now, opens) in [
            (hours("18:00-09:00", true), "2026-02-10T12:00:00Z", None),
            (hours("18:00-09:00", true), "2026-02-10T17:59:59Z", None),
            (
                hours("18:00-09:00", true),
                "2026-02-10T18:00:00Z",
                Some("2026-02-11T09:00:00Z"),
            ),
            (
                hours("18:00-09:00", true),
                "2026-02-11T08:59:59Z",
                Some("2026-02-11T09:00:00Z"),
            ),
            (hours("18:00-09:00", true), "2026-02-11T09:00:00Z", None),
            // Friday evening, and Sunday night: Monday morning.
            (
                hours("18:00-09:00", true),
                "2026-02-13T20:00:00Z",
                Some("2026-02-16T09:00:00Z"),
            ),
            (
                hours("18:00-09:00", true),
                "2026-02-15T23:30:00Z",
                Some("2026-02-16T09:00:00Z"),
            ),
            (hours("18:00-09:00", false), "2026-02-14T12:00:00Z", None),
            (hours("", true), "2026-02-14T12:00:00Z", Some("2026-02-16T00:00:00Z")),
            (hours("", true), "2026-02-13T23:59:59Z", None),
            (hours("", false), "2026-02-14T12:00:00Z", None),
            (
                hours("01:00-05:00", false),
                "2026-02-14T01:00:00Z",
                Some("2026-02-14T05:00:00Z"),
            ),
        ] {
            assert_eq!(hours.opens(at(now), &london()), opens.map(at), "{hours:?} {now}");
        }
    }

    #[test]
    fn summer_time_moves_the_hours_with_the_house() {
        let night = hours("18:00-09:00", false);
        // In July 09:00 in London is 08:00 UTC, and 18:00 is 17:00 UTC.
        assert_eq!(night.opens(at("2026-07-01T16:59:59Z"), &london()), None);
        assert_eq!(
            night.opens(at("2026-07-01T17:00:00Z"), &london()),
            Some(at("2026-07-02T08:00:00Z"))
        );
        // The nights in which the clocks change, 29 March and 25 October, with the weekend to Monday.
        let both = hours("18:00-09:00", true);
        assert_eq!(
            both.opens(at("2026-03-28T23:00:00Z"), &london()),
            Some(at("2026-03-30T08:00:00Z"))
        );
        assert_eq!(
            both.opens(at("2026-10-24T23:00:00Z"), &london()),
            Some(at("2026-10-26T09:00:00Z"))
        );
        assert_eq!(
            night.opens(at("2026-03-28T20:00:00Z"), &london()),
            Some(at("2026-03-29T08:00:00Z"))
        );
        // An end that is skipped comes an hour later: 01:30 is 02:30 that night.
        let early = hours("00:30-01:30", false);
        assert_eq!(
            early.opens(at("2026-03-29T00:45:00Z"), &london()),
            Some(at("2026-03-29T01:30:00Z"))
        );
        // The hour that comes twice is unfriendly twice.
        assert_eq!(
            early.opens(at("2026-10-24T23:45:00Z"), &london()),
            Some(at("2026-10-25T00:30:00Z"))
        );
        assert_eq!(early.opens(at("2026-10-25T00:45:00Z"), &london()), None);
        assert_eq!(
            early.opens(at("2026-10-25T01:15:00Z"), &london()),
            Some(at("2026-10-25T01:30:00Z"))
        );
    }

    #[test]
    fn hours_are_two_times_of_a_day() {
        assert_eq!("18:00-09:00".parse::<Night>().unwrap().to_string(), "18:00-09:00");
        for wrong in [
            "",
            "18:00",
            "18-9",
            "18:00-18:00",
            "24:00-09:00",
            "18:60-09:00",
            "6:00-9:00",
        ] {
            assert!(wrong.parse::<Night>().is_err(), "{wrong}");
        }
    }

    #[test]
    fn what_is_kept_free_is_said_in_words() {
        for (hours, words) in [
            (
                hours("18:00-09:00", true),
                "every night 18:00-09:00 and all of Saturday and Sunday",
            ),
            (hours("18:00-09:00", false), "every night 18:00-09:00"),
            (hours("", true), "all of Saturday and Sunday"),
        ] {
            assert_eq!(hours.to_string(), words);
        }
    }

    proptest! {
        /// Whatever the hours: when they open, they are open, and they open within a week.
        #[test]
        fn what_opens_is_open(now in 1_700_000_000i64..2_000_000_000, from in 0i8..24, to in 0i8..24, weekend: bool) {
            prop_assume!(from != to);
            let hours = hours(&format!("{from:02}:00-{to:02}:00"), weekend);
            let now = Timestamp::from_second(now).unwrap();
            if let Some(opens) = hours.opens(now, &london()) {
                prop_assert!(opens > now && opens.duration_since(now).as_hours() <= 7 * 24);
                prop_assert_eq!(hours.opens(opens, &london()), None);
            }
        }
    }
}
