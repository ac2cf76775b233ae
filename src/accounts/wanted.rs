//! A meter that is to be a person's, as commands write it: `SERIAL`, or with the day that it begins `SERIAL@2026-05-01`.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};

use super::naming::Beginning;
use crate::domain::given::{self, GivenError};
use crate::domain::{MeterId, MeterIdError};

/// A meter, and the day from which on it is somebody's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Wanted {
    /// The meter.
    pub meter: MeterId,
    /// The day, from its midnight on.
    pub since: Option<Date>,
}

/// It is no meter with a day.
#[derive(Debug, thiserror::Error)]
pub enum WantedError {
    /// The serial is none.
    #[error(transparent)]
    Meter(#[from] MeterIdError),
    /// The day is none.
    #[error(transparent)]
    Day(#[from] GivenError),
}

impl Wanted {
    /// From which moment on it is to be theirs, where clocks show `timezone`.
    ///
    /// # Errors
    ///
    /// When the calendar has no such midnight.
    pub fn beginning(self, timezone: &TimeZone) -> Result<Beginning, jiff::Error> {
        let midnight = self.since.map(|day| day.to_zoned(timezone.clone())).transpose()?;
        Ok(Beginning {
            meter: self.meter,
            since: midnight.map(|midnight| midnight.timestamp()),
        })
    }
}

impl FromStr for Wanted {
    type Err = WantedError;

    fn from_str(text: &str) -> Result<Wanted, WantedError> {
        let (meter, day) = match text.split_once('@') {
            Some((meter, day)) => (meter, Some(day)),
            None => (text, None),
        };
        Ok(Wanted {
            meter: meter.parse()?,
            since: day.map(given::day).transpose()?,
        })
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.since {
            Some(day) => write!(f, "{}@{day}", self.meter),
            None => write!(f, "{}", self.meter),
        }
    }
}

impl TryFrom<String> for Wanted {
    type Error = WantedError;

    fn try_from(text: String) -> Result<Wanted, WantedError> {
        text.parse()
    }
}

impl From<Wanted> for String {
    fn from(wanted: Wanted) -> String {
        wanted.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_begins_at_its_midnight_where_the_house_stands() {
        let london = TimeZone::get("Europe/London").unwrap();
        for (text, since) in [
            ("EML1", None),
            ("EML1@2026-07-01", Some("2026-06-30T23:00:00Z")),
            ("EML1@2026-01-01", Some("2026-01-01T00:00:00Z")),
            // The days on which clocks change begin before they do.
            ("EML1@2026-03-29", Some("2026-03-29T00:00:00Z")),
            ("EML1@2026-10-25", Some("2026-10-24T23:00:00Z")),
        ] {
            let wanted: Wanted = text.parse().unwrap();
            assert_eq!(wanted.to_string(), text);
            let beginning = wanted.beginning(&london).unwrap();
            assert_eq!(beginning.since, since.map(|since| since.parse().unwrap()), "{text}");
        }
        // Where there is no midnight on that day, it begins with its first moment.
        let havana = TimeZone::get("America/Havana").unwrap();
        let wanted: Wanted = "EML1@2026-03-08".parse().unwrap();
        let since = wanted.beginning(&havana).unwrap().since;
        assert_eq!(since, Some("2026-03-08T05:00:00Z".parse().unwrap()));
    }

    #[test]
    fn what_is_no_meter_with_a_day_is_refused() {
        for text in [
            "",
            "@2026-05-01",
            "EML1@",
            "EML1@2026-02-30",
            "EML1@1 May",
            "EML1@2026-05-01T10:00",
            "EML1@20260501",
            "EML1@2026-05-01@x",
            "EML 1",
        ] {
            assert!(text.parse::<Wanted>().is_err(), "{text}");
        }
        let json: Wanted = serde_json::from_str("\"EML1@2026-05-01\"").unwrap();
        assert_eq!(serde_json::to_string(&json).unwrap(), "\"EML1@2026-05-01\"");
    }
}
