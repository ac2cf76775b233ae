//! Rates as configuration says them: `"20/s"`, `"100/min"`, `"1MiB/s"` or `"off"`.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

use crate::domain::text_form;
use crate::domain::units::ByteSize;

/// Requests, messages or tries in a time.
pub type Rate = Per<NonZeroU32>;

/// Bytes in a time.
pub type ByteRate = Per<ByteSize>;

/// So much of something in such a time, or no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Per<A> {
    /// No limit.
    #[default]
    Off,
    /// At most `count` in every `unit`; all of it may come at once.
    Per {
        /// How much; not 0.
        count: A,
        /// In what time.
        unit: Unit,
    },
}

/// What a rate limits.
pub trait Amount: Copy + FromStr + fmt::Display {
    /// What a text is not that is no rate of it, and how one is written.
    const FORMS: &'static str;
    /// Two of them come no closer, since the time between them is counted in nanoseconds and must not become none.
    const SHORTEST: Duration;

    /// The number of its smallest parts.
    fn number(self) -> u64;
}

impl Amount for NonZeroU32 {
    const FORMS: &'static str = "a rate; write \"20/s\", \"100/min\", \"5/h\", \"50/d\" or \"off\", at most 1000000/s";
    const SHORTEST: Duration = Duration::from_micros(1);

    fn number(self) -> u64 {
        u64::from(self.get())
    }
}

impl Amount for ByteSize {
    const FORMS: &'static str = "a rate of bytes; write \"64KiB/s\", \"1MiB/s\", \"10GiB/d\" or \"off\"";
    const SHORTEST: Duration = Duration::ZERO;

    fn number(self) -> u64 {
        self.0
    }
}

/// A limit as a bucket keeps it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Quota {
    /// How much comes in `unit`, and at most at once; not 0.
    pub(crate) count: u64,
    pub(crate) unit: Duration,
}

impl<A: Amount> Per<A> {
    /// The limit, if there is one.
    pub(crate) fn quota(self) -> Option<Quota> {
        match self {
            Per::Off => None,
            Per::Per { count, unit } => Some(Quota {
                count: count.number(),
                unit: unit.duration(),
            }),
        }
    }
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
    /// The unit's length.
    #[must_use]
    pub fn duration(self) -> Duration {
        Duration::from_secs(match self {
            Unit::Second => 1,
            Unit::Minute => 60,
            Unit::Hour => 3_600,
            Unit::Day => 86_400,
        })
    }

    fn of(symbol: &str) -> Option<Unit> {
        [Unit::Second, Unit::Minute, Unit::Hour, Unit::Day]
            .into_iter()
            .find(|known| known.symbol() == symbol)
    }

    fn symbol(self) -> &'static str {
        match self {
            Unit::Second => "s",
            Unit::Minute => "min",
            Unit::Hour => "h",
            Unit::Day => "d",
        }
    }
}

/// A text that is not a rate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not {forms}")]
pub struct RateError {
    text: String,
    forms: &'static str,
}

impl<A: Amount> FromStr for Per<A> {
    type Err = RateError;

    fn from_str(text: &str) -> Result<Per<A>, RateError> {
        let error = || RateError {
            text: text.to_owned(),
            forms: A::FORMS,
        };
        if text == "off" {
            return Ok(Per::Off);
        }
        let (count, unit) = text.split_once('/').ok_or_else(error)?;
        let unit = Unit::of(unit.trim()).ok_or_else(error)?;
        let count: A = count.trim().parse().map_err(|_| error())?;
        let nanos = unit.duration().as_nanos().checked_div(u128::from(count.number()));
        match nanos.is_none_or(|nanos| nanos < A::SHORTEST.as_nanos()) {
            true => Err(error()),
            false => Ok(Per::Per { count, unit }),
        }
    }
}

impl<A: Amount> fmt::Display for Per<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Per::Off => f.write_str("off"),
            Per::Per { count, unit } => write!(f, "{count}/{}", unit.symbol()),
        }
    }
}

text_form!(Rate, ByteRate);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_read_as_they_are_written() {
        for text in ["off", "20/s", "100/min", "5/h", "50/d", "1000000/s", "4294967295/d"] {
            assert_eq!(text.parse::<Rate>().unwrap().to_string(), text);
        }
        for text in ["off", "64KiB/s", "1MiB/min", "10GiB/d", "1B/h"] {
            assert_eq!(text.parse::<ByteRate>().unwrap().to_string(), text);
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
        for text in ["", "1MiB", "20/s", "0KiB/s", "0/s", "1MB/s", "1MiB/y", "Off"] {
            let error = text.parse::<ByteRate>().unwrap_err().to_string();
            assert!(error.contains("\"1MiB/s\""), "{error}");
        }
    }
}
