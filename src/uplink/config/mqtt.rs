//! `[uplink.mqtt]`: what only any broker has (UPLINK §5).

use serde::{Deserialize, Serialize};

/// What only kind `"mqtt"` has.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Mqtt {
    /// Which MQTT is spoken.
    pub version: Version,
    /// What all topics begin with; absent: `emop/` and the client id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// Whether Home Assistant is told what there is.
    pub ha_discovery: bool,
    /// What its topics begin with.
    pub ha_prefix: String,
    /// Whether messages are retained.
    pub retain: Retain,
}

impl Default for Mqtt {
    fn default() -> Mqtt {
        Mqtt {
            version: Version::default(),
            prefix: None,
            ha_discovery: false,
            ha_prefix: "homeassistant".into(),
            retain: Retain::default(),
        }
    }
}

/// Whether a broker is asked to keep messages for those who come later: `"auto"` or `false`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "Retaining", into = "Retaining")]
pub enum Retain {
    /// As far as the broker does.
    #[default]
    Auto,
    Never,
}

/// How it is written.
#[derive(Serialize, Deserialize)]
#[serde(untagged, expecting = "wanted is true, false or \"auto\"")]
enum Retaining {
    Switch(bool),
    Word(String),
}

impl Retain {
    /// Whether it is tried.
    #[must_use]
    pub fn is_wanted(self) -> bool {
        self == Retain::Auto
    }
}

impl TryFrom<Retaining> for Retain {
    type Error = &'static str;

    fn try_from(written: Retaining) -> Result<Retain, &'static str> {
        match written {
            Retaining::Switch(false) => Ok(Retain::Never),
            Retaining::Word(word) if word == "auto" => Ok(Retain::Auto),
            Retaining::Switch(true) | Retaining::Word(_) => Err("write \"auto\" or false"),
        }
    }
}

impl From<Retain> for Retaining {
    fn from(retain: Retain) -> Retaining {
        match retain {
            Retain::Auto => Retaining::Word("auto".into()),
            Retain::Never => Retaining::Switch(false),
        }
    }
}

/// Which MQTT is spoken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Version {
    /// 3.1.1.
    #[default]
    #[serde(rename = "3.1.1")]
    V311,
    /// 5.
    #[serde(rename = "5")]
    V5,
    /// 5, or 3.1.1 with a broker that does not speak it.
    #[serde(rename = "auto")]
    Auto,
}
