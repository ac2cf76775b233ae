//! Meters as all rooms know them: which there are, what was last known of them, what happened to them.

use std::collections::BTreeMap;
use std::str::FromStr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{Doubt, Epoch, Lane, Latest, MeterId, Quality, Quantity, SpaceId, Stretches, TopupState};

/// A meter as the registry has it (`[[meter]]`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Meter {
    /// Its serial.
    pub serial: MeterId,
    /// The way to it, such as `tcp://10.0.0.7:8080`.
    pub link: String,
    /// The code of the company that supplies through it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub esco: Option<String>,
    /// What people call it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The feeder it hangs on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub feeder: Option<String>,
    /// Its registry code, such as `EMA1.w`; found out by asking when nobody says.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hardware: Option<String>,
    /// What partners see of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub datasource: Option<Datasource>,
    /// What it counts in the building's energy.
    #[serde(default, skip_serializing_if = "Counts::is_unit")]
    pub counts: Counts,
    /// The space that it feeds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub space: Option<SpaceId>,
}

impl Meter {
    /// What people call it: its name, else its serial.
    #[must_use]
    pub fn called(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.serial.to_string())
    }
}

/// What a meter counts in the building's energy, so that nothing is counted twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Counts {
    /// What somebody in the building uses: a flat, a shop.
    #[default]
    Unit,
    /// What all use: stairs, lifts, pumps.
    Common,
    /// Everything that comes in from the grid and goes out to it; units and common parts lie behind it.
    Main,
    /// What is made in the building.
    Generation,
}

/// No meter counts that.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is nothing that a meter counts: unit, common, main, generation")]
pub struct CountsError(String);

impl FromStr for Counts {
    type Err = CountsError;

    fn from_str(text: &str) -> Result<Counts, CountsError> {
        let found = Counts::ALL.into_iter().find(|counts| counts.name() == text);
        found.ok_or_else(|| CountsError(text.to_owned()))
    }
}

impl Counts {
    /// Every kind.
    pub const ALL: [Counts; 4] = [Counts::Unit, Counts::Common, Counts::Main, Counts::Generation];

    /// As the configuration has it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Counts::Unit => "unit",
            Counts::Common => "common",
            Counts::Main => "main",
            Counts::Generation => "generation",
        }
    }

    /// Whether it is what meters count where nothing is said.
    #[must_use]
    pub fn is_unit(&self) -> bool {
        *self == Counts::Unit
    }
}

/// A meter as a partner sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Datasource {
    /// Its id; absent: the serial.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The first half of its postcode.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcode: Option<String>,
    /// Which directions are shared: `import`, `export`; empty: both.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub measures: Vec<String>,
    /// `A` or `B`; absent: the sum of the elements.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub element: Option<String>,
}

/// What is done with a meter; older programs call it a mediator's life (EMOP §14).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Duty {
    /// Nothing: nobody may ask it.
    Off,
    /// Whoever may can ask it; it is not polled.
    Served,
    /// It is asked regularly too.
    #[default]
    Polled,
}

/// Whether a meter answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    /// It was not asked yet.
    #[default]
    Unknown,
    /// It answered when it was last asked.
    Healthy,
    /// It did not.
    Unhealthy,
}

/// What was last known of a meter.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MeterState {
    /// Whether it answers.
    pub health: Health,
    /// Why not.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub health_details: String,
    /// When it last answered.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub answered: Option<Timestamp>,
    /// When its clock was last compared.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clock_compared: Option<Timestamp>,
    /// Which meter answers on its line, as far as that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub identity: Option<Identity>,
    /// The newest entry of its event log that was seen, in seconds since 2000 as meters count.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub events_seen: Option<u32>,
    /// Which half-hours it was asked for.
    #[serde(skip_serializing_if = "HalfHoursAsked::is_empty")]
    pub half_hours: HalfHoursAsked,
    /// What it said.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<Quantity, Latest>,
}

/// Which meter answers on a line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Identity {
    /// Whether it is another than the one that the line should lead to.
    pub another: bool,
    /// The serial that it says; absent: it says none that could be read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub says: Option<String>,
    /// When it was asked.
    pub checked: Timestamp,
    /// When it last said the right one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub right: Option<Timestamp>,
}

/// Which half-hours of a meter's own memory the box need not ask for again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct HalfHoursAsked {
    /// The epoch of the book that holds them; in another one, some may be lost.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub epoch: Option<Epoch>,
    /// Those that are settled: the book has what the meter holds of them.
    #[serde(skip_serializing_if = "Stretches::is_empty")]
    pub settled: Stretches,
    /// Those among them of which the meter holds nothing, or not all.
    #[serde(skip_serializing_if = "Stretches::is_empty")]
    pub absent: Stretches,
    /// Those among them of which the meter said what cannot be.
    #[serde(skip_serializing_if = "Stretches::is_empty")]
    pub doubtful: Stretches,
}

impl HalfHoursAsked {
    /// Whether it was never asked.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.epoch.is_none() && self.settled.is_empty()
    }
}

impl MeterState {
    /// What it last said of something, unless it has no such value.
    #[must_use]
    pub fn value(&self, quantity: Quantity) -> Option<&Value> {
        let latest = self.values.get(&quantity)?;
        (latest.quality != Quality::Gap).then_some(&latest.value)
    }

    /// How much a value may be believed at `now`. The last watts of a silent meter are not its present ones.
    #[must_use]
    pub fn quality(&self, quantity: Quantity, now: Timestamp) -> Quality {
        let Some(latest) = self.values.get(&quantity) else {
            return Quality::Gap;
        };
        match latest.quality_at(now) {
            Quality::Measured if quantity.is_momentary() && self.health == Health::Unhealthy => Quality::Stale,
            quality => quality,
        }
    }

    /// Whether a register can be added to the one of the other element: without that there is no sum.
    #[must_use]
    pub fn adds_up(&self, quantity: Quantity) -> bool {
        let other = quantity.other_element().and_then(|other| self.values.get(&other));
        other.is_none_or(|other| other.quality != Quality::Gap)
    }

    /// The values that may be told at `now`: what is only true for the moment is left out once it is stale, and so is one
    /// half of what is told as a sum.
    #[must_use]
    pub fn present(&self, now: Timestamp) -> BTreeMap<Quantity, Value> {
        let known = self.values.iter().filter(|(quantity, _)| {
            let quality = self.quality(**quantity, now);
            let is_over = quality == Quality::Stale && quantity.is_momentary();
            quality != Quality::Gap && !is_over && self.adds_up(**quantity)
        });
        known
            .map(|(quantity, latest)| (*quantity, latest.value.clone()))
            .collect()
    }

    /// Whether another meter answers on its line.
    #[must_use]
    pub fn is_another(&self) -> bool {
        self.identity.as_ref().is_some_and(|identity| identity.another)
    }
}

/// Something that happened to a meter.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MeterNews {
    /// It was added to the registry.
    Added,
    /// It was taken out of the registry.
    Removed,
    /// It was read.
    Read {
        /// What it said; the values of one reading.
        values: BTreeMap<Quantity, Value>,
    },
    /// It said something that is not believed, or has no such value.
    Doubtful {
        /// Why, by value.
        values: BTreeMap<Quantity, Doubt>,
    },
    /// Another meter answers on its line: nothing that is said there is written down.
    Another {
        /// The serial that it says.
        says: String,
    },
    /// The right meter answers again.
    Itself,
    /// It does not answer.
    Silent {
        /// What was seen instead.
        why: String,
    },
    /// It answers again.
    Answers,
    /// Its own log has a new entry.
    Logged {
        /// When, by its own clock.
        at: Timestamp,
        /// What: the vendor's number.
        id: u8,
        /// The vendor's name, if it is known.
        name: Option<String>,
        /// How often that has happened, counted in a byte.
        set: u8,
        /// Whether somebody should look: tampering, faults of the meter.
        alarm: bool,
    },
    /// A top-up came to another state (EMOP §21.1).
    Topup {
        /// Which.
        id: String,
        /// The state it came to.
        state: TopupState,
        /// How many of this meter's are in doubt now.
        in_doubt: u32,
    },
}

impl MeterNews {
    /// The lane it travels in.
    #[must_use]
    pub fn lane(&self) -> Lane {
        match self {
            MeterNews::Silent { .. }
            | MeterNews::Answers
            | MeterNews::Another { .. }
            | MeterNews::Itself
            | MeterNews::Logged { alarm: true, .. } => Lane::Critical,
            MeterNews::Added
            | MeterNews::Removed
            | MeterNews::Topup { .. }
            | MeterNews::Logged { alarm: false, .. } => Lane::Event,
            MeterNews::Read { .. } | MeterNews::Doubtful { .. } => Lane::Measurement,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn any_text_is_a_serial_or_refused(text in "\\PC{0,20}|[A-Za-z0-9]{0,18}") {
            match text.parse::<MeterId>() {
                Ok(id) => {
                    prop_assert_eq!(id.as_str(), &text);
                    prop_assert_eq!(serde_json::from_str::<MeterId>(&format!("{text:?}")).unwrap(), id);
                }
                Err(_) => prop_assert!(text.is_empty() || text.len() > 16 || !text.bytes().all(|b| b.is_ascii_alphanumeric())),
            }
        }
    }

    #[test]
    fn a_state_is_kept_as_it_was() {
        let mut state = MeterState {
            health: Health::Unhealthy,
            health_details: "silent".into(),
            ..MeterState::default()
        };
        let latest = Latest::measured(7, Timestamp::UNIX_EPOCH);
        state.values.insert(Quantity::VoltageL1, latest);
        let text = serde_json::to_string(&state).unwrap();
        assert_eq!(serde_json::from_str::<MeterState>(&text).unwrap(), state);
        assert!(text.contains("\"voltage_l1\""), "{text}");
        assert_eq!(state.value(Quantity::Csq), None);
        // It is silent, so nobody knows its voltage now.
        assert_eq!(
            state.quality(Quantity::VoltageL1, Timestamp::UNIX_EPOCH),
            Quality::Stale
        );
        assert!(state.present(Timestamp::UNIX_EPOCH).is_empty());
        // One element of two is no sum.
        for (quantity, latest) in [
            (Quantity::ImportA, Latest::measured(5, Timestamp::UNIX_EPOCH)),
            (Quantity::ImportB, Latest::gap(Doubt::NoValue, Timestamp::UNIX_EPOCH)),
            (Quantity::ExportA, Latest::measured(7, Timestamp::UNIX_EPOCH)),
        ] {
            state.values.insert(quantity, latest);
        }
        let present = state.present(Timestamp::UNIX_EPOCH);
        assert_eq!(present.keys().collect::<Vec<_>>(), [&Quantity::ExportA]);
    }
}
