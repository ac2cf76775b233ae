//! A rate as configuration says it: `"20/s"`, `"100/min"`, `"5/h"` or `"off"`.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// So many in such a time, or no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Rate {
    /// No limit.
    #[default]
    Off,
    /// At most `count` in every `unit`; the whole count may come at once.
    Per {
        /// How many.
        count: NonZeroU32,
        /// In what time.
        unit: Unit,
    },
}

/// What a rate counts by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unit {
    /// `s`
    Second,
    /// `min`
    Minute,
    /// `h`
    Hour,
    /// `d`
    Day,
}

impl Unit {
    /// How long it is.
    #[must_use]
    pub fn duration(self) -> Duration {
        Duration::from_secs(match self {
            Unit::Second => 1,
            Unit::Minute => 60,
            Unit::Hour => 3_600,
            Unit::Day => 86_400,
        })
    }

    /// The unit that is written so.
    pub(super) fn of(symbol: &str) -> Option<Unit> {
        [Unit::Second, Unit::Minute, Unit::Hour, Unit::Day]
            .into_iter()
            .find(|known| known.symbol() == symbol)
    }

    pub(super) fn symbol(self) -> &'static str {
        match self {
            Unit::Second => "s",
            Unit::Minute => "min",
            Unit::Hour => "h",
            Unit::Day => "d",
        }
    }
}

/// What is counted comes no more often: time between two is counted in nanoseconds, and must not become none.
const SHORTEST: Duration = Duration::from_micros(1);

/// A text that is not a rate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a rate; write \"20/s\", \"100/min\", \"5/h\", \"50/d\" or \"off\", at most 1000000/s")]
pub struct RateError {
    text: String,
}

impl FromStr for Rate {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Rate, RateError> {
        let error = || RateError { text: text.to_owned() };
        if text == "off" {
            return Ok(Rate::Off);
        }
        let (count, unit) = text.split_once('/').ok_or_else(error)?;
        let unit = Unit::of(unit.trim()).ok_or_else(error)?;
        let count: NonZeroU32 = count.trim().parse().map_err(|_| error())?;
        match unit.duration() / count.get() < SHORTEST {
            true => Err(error()),
            false => Ok(Rate::Per { count, unit }),
        }
    }
}

impl TryFrom<String> for Rate {
    type Error = RateError;

    fn try_from(text: String) -> Result<Rate, RateError> {
        text.parse()
    }
}

impl From<Rate> for String {
    fn from(rate: Rate) -> String {
        rate.to_string()
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Rate::Off => f.write_str("off"),
            Rate::Per { count, unit } => write!(f, "{count}/{}", unit.symbol()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_read_as_they_are_written() {
        for text in ["off", "20/s", "100/min", "5/h", "50/d", "1000000/s", "4294967295/d"] {
            assert_eq!(text.parse::<Rate>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn anything_else_is_refused_with_the_forms_that_work() {
        for text in [
            "",
            "20",
            "20/",
            "0/s",
            "-1/s",
            "20/year",
            "Off",
            "/s",
            "1000001/s",
            "4294967295/s",
        ] {
            let error = text.parse::<Rate>().unwrap_err().to_string();
            assert!(error.contains("\"20/s\""), "{error}");
        }
    }
}
