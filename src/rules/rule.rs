//! A rule that is whole: on whom, on which series, when, how bad, in which words (UPLINK §3.6). Pure.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::machine::Parameters;
use super::op::plain;
use crate::domain::series::{self, Kind, Sample};
use crate::domain::{AlarmValues, MeterId, Severity, Source, SpaceId, Wording, alarm_text, filled, text_form};

/// On whom a rule is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum On {
    /// Every meter.
    Meters,
    Meter(MeterId),
    /// Every space.
    Spaces,
    Space(SpaceId),
    /// The box.
    Appliance,
}

/// The text names nothing a rule can be on.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is nothing that a rule can be on: meter:SERIAL, meter:*, space:ID, space:*, appliance")]
pub struct OnError(String);

impl On {
    /// Whether the rule is on this source.
    #[must_use]
    pub fn covers(&self, source: &Source) -> bool {
        match (self, source) {
            (On::Meters, Source::Meter(_)) | (On::Spaces, Source::Space(_)) | (On::Appliance, Source::Appliance) => {
                true
            }
            (On::Meter(one), Source::Meter(other)) => one == other,
            (On::Space(one), Source::Space(other)) => one == other,
            (On::Meters | On::Meter(_) | On::Spaces | On::Space(_) | On::Appliance, _) => false,
        }
    }

    /// What kind of thing it is on.
    #[must_use]
    pub fn kind(&self) -> Kind {
        match self {
            On::Meters | On::Meter(_) => Kind::Meter,
            On::Spaces | On::Space(_) => Kind::Space,
            On::Appliance => Kind::Appliance,
        }
    }
}

impl fmt::Display for On {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            On::Meters => f.write_str("meter:*"),
            On::Meter(meter) => write!(f, "meter:{meter}"),
            On::Spaces => f.write_str("space:*"),
            On::Space(space) => write!(f, "space:{space}"),
            On::Appliance => f.write_str("appliance"),
        }
    }
}

impl FromStr for On {
    type Err = OnError;

    fn from_str(text: &str) -> Result<On, OnError> {
        match text {
            "meter:*" => Ok(On::Meters),
            "space:*" => Ok(On::Spaces),
            _ => match text.parse() {
                Ok(Source::Meter(meter)) => Ok(On::Meter(meter)),
                Ok(Source::Space(space)) => Ok(On::Space(space)),
                Ok(Source::Appliance) => Ok(On::Appliance),
                Err(_) => Err(OnError(text.to_owned())),
            },
        }
    }
}

text_form!(On);

/// A rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// Its name, which stays.
    pub id: String,
    /// On whom.
    pub on: On,
    /// On which series.
    pub series: String,
    /// When, and for how long.
    pub parameters: Parameters,
    /// How bad that is.
    pub severity: Severity,
    /// The type of its alarm; rules that share one have one alarm between them, as bad as the worst.
    pub kind: String,
    /// What is told, with places for values.
    pub text: String,
    /// Whether a standing alarm is told once more after a start.
    pub resync: bool,
}

/// What the places of a text are filled with.
#[derive(Clone, Debug, Default)]
pub struct Words<'a> {
    /// What people call the source.
    pub name: &'a str,
    /// The value that was compared.
    pub value: Option<f64>,
    pub unit: &'a str,
    /// What else the source said.
    pub detail: &'a str,
    /// It begins too often.
    pub flapping: bool,
}

impl Rule {
    /// The sample that counts among those of one reading: the worst that the rule is about.
    #[must_use]
    pub fn pick<'a>(&self, samples: &'a [Sample]) -> Option<&'a Sample> {
        let ours = || samples.iter().filter(|sample| series::is(&self.series, sample));
        let wrong = ours().find(|sample| self.parameters.op.meets(sample.value));
        wrong
            .or_else(|| ours().find(|sample| !self.parameters.op.clears(sample.value)))
            .or_else(|| ours().next())
    }

    /// A number that is another one when the rule is another one.
    #[must_use]
    pub fn fingerprint(&self) -> u32 {
        crc32fast::hash(&serde_json::to_vec(self).expect("a plain struct"))
    }

    /// What is told, with what it is made of where the words are the box's own.
    #[must_use]
    pub fn wording(&self, words: &Words<'_>) -> Wording {
        let values = AlarmValues {
            code: self.id.clone(),
            name: words.name.to_owned(),
            value: words.value.map(plain).unwrap_or_default(),
            unit: words.unit.to_owned(),
            raise: self.parameters.op.threshold(),
            detail: words.detail.to_owned(),
            flapping: words.flapping,
        };
        match alarm_text(&self.id) == Some(self.text.as_str()) {
            true => Wording::of(values),
            false => Wording {
                text: filled(&self.text, &values),
                values: None,
            },
        }
    }
}
