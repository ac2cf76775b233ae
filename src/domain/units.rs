//! Values that carry their unit: `"2s"`, `"24h"`, `"16MiB"`.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// A length of time written as a whole number and `ms`, `s`, `m`, `h` or `d`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span(pub Duration);

/// A number of bytes written as a whole number and `B`, `KiB`, `MiB` or `GiB`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteSize(pub u64);

/// So many things, in words: `1 line`, `2 lines`.
#[must_use]
pub fn count(number: impl fmt::Display, one: &str, many: &str) -> String {
    let number = number.to_string();
    let what = if number == "1" { one } else { many };
    format!("{number} {what}")
}

/// A value whose unit could not be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is not {wanted}")]
pub struct UnitError {
    found: String,
    wanted: &'static str,
}

/// The longest span, a hundred years of 365 days: any clock can be set so far on, and nothing is meant by more.
const LONGEST: u64 = 36_500 * 86_400_000;

const SPAN_UNITS: &[(&str, u64)] = &[
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];
const SPAN: &str = "a length of time such as \"2s\", \"500ms\", \"24h\" or \"30d\", at most \"36500d\"";
const SIZE_UNITS: &[(&str, u64)] = &[("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1)];

impl Span {
    /// A span of whole seconds.
    #[must_use]
    pub const fn seconds(seconds: u64) -> Span {
        Span(Duration::from_secs(seconds))
    }

    /// Whether it is no time at all, which most keys read as "never".
    #[must_use]
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }
}

/// Splits `"12h"` into its number times its unit.
fn amount(text: &str, units: &[(&str, u64)], wanted: &'static str) -> Result<u64, UnitError> {
    // Nothing is nothing in any unit.
    if text == "0" {
        return Ok(0);
    }
    let wrong = || UnitError {
        found: text.to_owned(),
        wanted,
    };
    let split = text.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
    let (number, unit) = text.split_at(split);
    let number: u64 = number.parse().map_err(|_| wrong())?;
    let (_, factor) = units
        .iter()
        .find(|(name, _)| *name == unit.trim_start())
        .ok_or_else(wrong)?;
    number.checked_mul(*factor).ok_or_else(wrong)
}

/// Writes `value` in the largest unit that holds it without a remainder.
fn write(value: u64, units: &[(&str, u64)], f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let zero_unit = if units == SPAN_UNITS { "s" } else { "B" };
    if value == 0 {
        return write!(f, "0{zero_unit}");
    }
    let (unit, factor) = units
        .iter()
        .find(|(_, factor)| value.is_multiple_of(*factor))
        .unwrap_or(&("", 1));
    write!(f, "{}{unit}", value / factor)
}

impl FromStr for Span {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<Span, UnitError> {
        amount(text, SPAN_UNITS, SPAN).and_then(|ms| match ms <= LONGEST {
            true => Ok(Span(Duration::from_millis(ms))),
            false => Err(UnitError {
                found: text.to_owned(),
                wanted: SPAN,
            }),
        })
    }
}

impl FromStr for ByteSize {
    type Err = UnitError;

    fn from_str(text: &str) -> Result<ByteSize, UnitError> {
        amount(text, SIZE_UNITS, "a size such as \"64KiB\", \"16MiB\" or \"1GiB\"").map(ByteSize)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(u64::try_from(self.0.as_millis()).unwrap_or(u64::MAX), SPAN_UNITS, f)
    }
}

impl fmt::Display for ByteSize {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write(self.0, SIZE_UNITS, f)
    }
}

macro_rules! as_text {
    ($type:ty) => {
        impl Serialize for $type {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?
                    .parse()
                    .map_err(de::Error::custom)
            }
        }
    };
}

as_text!(Span);
as_text!(ByteSize);

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn wrong_units_say_what_was_found() {
        for wrong in [
            "",
            "5",
            "h",
            "-1s",
            "1.5h",
            "5 parsecs",
            "99999999999999999999s",
            "18446744073709551615d",
            "36501d",
        ] {
            let error = wrong.parse::<Span>().unwrap_err();
            assert!(error.to_string().starts_with(&format!("`{wrong}` is not")), "{error}");
        }
        assert_eq!("16MiB".parse(), Ok(ByteSize(16 << 20)));
        assert!("16MB".parse::<ByteSize>().is_err());
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(ms in 0u64..10_000_000_000, bytes in 0u64..(1 << 50)) {
            let span = Span(Duration::from_millis(ms));
            prop_assert_eq!(span.to_string().parse::<Span>().unwrap(), span);
            prop_assert_eq!(ByteSize(bytes).to_string().parse::<ByteSize>().unwrap(), ByteSize(bytes));
        }
    }
}
