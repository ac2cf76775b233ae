//! How often something is done: an interval, or `"off"`.

use serde::{Deserialize, Serialize};

use crate::domain::units::Span;

/// How often something is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Every {
    /// So often.
    Each(Span),
    /// Never, unless somebody asks.
    Off,
}

impl Serialize for Every {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Every::Each(span) => serializer.collect_str(span),
            Every::Off => serializer.serialize_str("off"),
        }
    }
}

impl<'de> Deserialize<'de> for Every {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Every, D::Error> {
        let text = String::deserialize(deserializer)?;
        if text == "off" {
            return Ok(Every::Off);
        }
        let span = text.parse::<Span>().map_err(serde::de::Error::custom)?;
        Ok(Every::Each(span))
    }
}
