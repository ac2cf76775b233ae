//! What alarms are called in words, by the names of the rules that are there without being asked for: English, for whoever
//! reads one language alone. Pages have a table a language (`web/texts/`).

use super::AlarmValues;

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
    use crate::domain::{Alarm, Severity, Source, Wording};

    #[test]
    fn a_row_keeps_values_and_whoever_reads_it_has_the_words_again() {
        let Wording { text, values } = Wording::of(AlarmValues {
            code: "meter_offline".to_owned(),
            name: "Flat {value}".to_owned(),
            value: "1".to_owned(),
            detail: "x".repeat(1_000),
            ..AlarmValues::default()
        });
        assert!(
            text.starts_with("Flat {value} does not answer: xxx") && text.ends_with("..."),
            "{text}"
        );
        let alarm = Alarm {
            source: Source::Appliance,
            kind: "meter_offline".to_owned(),
            rule: "meter_offline".to_owned(),
            severity: Severity::Major,
            text,
            since: jiff::Timestamp::UNIX_EPOCH,
            values,
            acknowledged: false,
        };
        let kept = serde_json::to_value(alarm.as_kept()).expect("a plain struct");
        assert_eq!(kept["text"], "");
        assert_eq!(
            serde_json::from_value::<Alarm>(kept).expect("what was just written"),
            alarm
        );
        let own = Alarm { values: None, ..alarm };
        assert_eq!(own.as_kept(), own, "an installer's words are theirs");
    }

    #[test]
    fn a_code_that_nobody_knows_any_more_is_named() {
        let values = AlarmValues {
            code: "of_a_later_build".to_owned(),
            ..AlarmValues::default()
        };
        assert_eq!(values.text(), "of_a_later_build");
    }
}
