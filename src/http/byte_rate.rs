//! A rate of bytes as configuration says it: `"1MiB/s"`, `"10GiB/d"` or `"off"`.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::rate::Unit;
use crate::domain::units::ByteSize;

/// So many bytes in such a time, or no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum ByteRate {
    /// No limit.
    #[default]
    Off,
    /// At most `size` in every `unit`; all of it may come at once.
    Per {
        /// How many bytes; not 0.
        size: ByteSize,
        /// In what time.
        unit: Unit,
    },
}

/// A text that is not a rate of bytes.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a rate of bytes; write \"64KiB/s\", \"1MiB/s\", \"10GiB/d\" or \"off\"")]
pub struct ByteRateError {
    text: String,
}

impl FromStr for ByteRate {
    type Err = ByteRateError;

    fn from_str(text: &str) -> Result<ByteRate, ByteRateError> {
        let error = || ByteRateError { text: text.to_owned() };
        if text == "off" {
            return Ok(ByteRate::Off);
        }
        let (size, unit) = text.split_once('/').ok_or_else(error)?;
        let unit = Unit::of(unit.trim()).ok_or_else(error)?;
        let size: ByteSize = size.trim().parse().map_err(|_| error())?;
        match size.0 {
            0 => Err(error()),
            _ => Ok(ByteRate::Per { size, unit }),
        }
    }
}

impl TryFrom<String> for ByteRate {
    type Error = ByteRateError;

    fn try_from(text: String) -> Result<ByteRate, ByteRateError> {
        text.parse()
    }
}

impl From<ByteRate> for String {
    fn from(rate: ByteRate) -> String {
        rate.to_string()
    }
}

impl fmt::Display for ByteRate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ByteRate::Off => f.write_str("off"),
            ByteRate::Per { size, unit } => write!(f, "{size}/{}", unit.symbol()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rates_of_bytes_read_as_they_are_written() {
        for text in ["off", "64KiB/s", "1MiB/min", "10GiB/d", "1B/h"] {
            assert_eq!(text.parse::<ByteRate>().unwrap().to_string(), text);
        }
        for text in ["", "1MiB", "20/s", "0KiB/s", "0/s", "1MB/s", "1MiB/y", "Off"] {
            let error = text.parse::<ByteRate>().unwrap_err().to_string();
            assert!(error.contains("\"1MiB/s\""), "{error}");
        }
    }
}
