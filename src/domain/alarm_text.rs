//! What alarms are called in words, by the names of the rules that are there without being asked for: English, for whoever
//! reads one language alone. Pages have a table a language (`web/texts/`).

use serde::{Deserialize, Serialize};

/// Name and words, with places for values.
const TEXTS: [(&str, &str); 16] = [
    ("meter_offline", "{name} does not answer: {detail}"),
    ("meter_exchanged", "{name}: another meter answers: {detail}"),
    (
        "meter_clock_unset",
        "{name}: the clock shows a date that no clock has; set it",
    ),
    ("meter_clock", "{name}: the clock is {value} s off"),
    ("prepay_low", "{name}: {value} {unit} are left"),
    (
        "topup_in_doubt",
        "{name}: nobody knows yet whether a code was taken; `gatelodge prepay list` shows it",
    ),
    ("voltage_out", "{name}: {value} {unit}, which is outside {raise} {unit}"),
    ("space_full", "{name} is full"),
    (
        "queue_high",
        "{value} % of the room for what waits for the cloud is used",
    ),
    ("cert_expiry", "A certificate ends in {value} days: {detail}"),
    ("cert_expiry_soon", "A certificate ends in {value} days: {detail}"),
    (
        "clock_unsynced",
        "The clock of the box is not synchronised: see to its network time",
    ),
    ("backup_failed", "backups are not as they should be: {detail}"),
    (
        "box_hot",
        "The box is {value} {unit} warm: give it air, or its processor and memory card age",
    ),
    (
        "under_voltage",
        "The supply of the box is too weak, and writes are at risk: take a stronger one and a shorter cable",
    ),
    (
        "disk_low",
        "{value} % of the disk are free: make room, or give the box a larger one",
    ),
];

/// What may stand in a text.
pub const PLACES: [&str; 5] = ["{name}", "{value}", "{unit}", "{raise}", "{detail}"];

/// The longest text of an alarm, in bytes.
const LONGEST: usize = 500;

/// What the words of an alarm are made of.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmValues {
    /// The rule whose words they are.
    pub code: String,
    /// What people call the source.
    pub name: String,
    /// The value that was compared, in `unit`; empty: there is none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub value: String,
    /// The unit of the value and of the threshold; empty: they have none.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub unit: String,
    /// The threshold.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub raise: String,
    /// What else the source said.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub detail: String,
    /// It begins too often.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub flapping: bool,
}

/// The longest name of a source that is kept in an alarm, in bytes.
const NAME: usize = 100;
/// The most that is kept of what else a source said, in bytes.
const DETAIL: usize = 250;

impl AlarmValues {
    /// The words, in English. A rule of a later build is only named.
    #[must_use]
    pub fn text(&self) -> String {
        alarm_text(&self.code).map_or_else(|| self.code.clone(), |text| filled(text, self))
    }
}

impl Wording {
    /// The box's own words for these values, of which as much is kept as fits a row.
    #[must_use]
    pub fn of(values: AlarmValues) -> Wording {
        let values = AlarmValues {
            name: within(values.name, NAME),
            detail: within(values.detail, DETAIL),
            ..values
        };
        Wording {
            text: values.text(),
            values: Some(values),
        }
    }
}

/// What is told of an alarm: its words, and what they are made of where they are the box's own.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Wording {
    /// For whoever reads one language alone.
    pub text: String,
    /// For whoever says it in another.
    pub values: Option<AlarmValues>,
}

/// The names of all rules that have words of their own.
pub fn alarm_codes() -> impl Iterator<Item = &'static str> {
    TEXTS.iter().map(|(code, _)| *code)
}

/// The words of the rule of that name.
#[must_use]
pub fn alarm_text(code: &str) -> Option<&'static str> {
    let found = TEXTS.iter().find(|(known, _)| *known == code);
    found.map(|(_, text)| *text)
}

/// A text with values in its places.
#[must_use]
pub fn filled(text: &str, values: &AlarmValues) -> String {
    let mut whole = String::new();
    let mut rest = text;
    // Once from left to right: a name that looks like a place is only a name.
    while let Some(at) = rest.find('{') {
        whole.push_str(&rest[..at]);
        rest = &rest[at..];
        let Some(place) = PLACES.iter().find(|place| rest.starts_with(**place)) else {
            whole.push('{');
            rest = &rest[1..];
            continue;
        };
        whole.push_str(match *place {
            "{name}" => &values.name,
            "{value}" => &values.value,
            "{unit}" => &values.unit,
            "{raise}" => &values.raise,
            _ => &values.detail,
        });
        rest = &rest[place.len()..];
    }
    whole.push_str(rest);
    let mut whole = whole.split_whitespace().collect::<Vec<_>>().join(" ");
    if values.flapping {
        whole.push_str(" (flapping)");
    }
    within(whole, LONGEST)
}

/// No longer than so many bytes: a row has its limit.
#[must_use]
pub fn within(mut text: String, most: usize) -> String {
    if text.len() > most {
        text.truncate(text.floor_char_boundary(most - 3));
        text.push_str("...");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_that_nobody_knows_any_more_is_named() {
        let values = AlarmValues {
            code: "of_a_later_build".to_owned(),
            ..AlarmValues::default()
        };
        assert_eq!(values.text(), "of_a_later_build");
    }
}
