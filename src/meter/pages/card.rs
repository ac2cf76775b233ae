//! A meter as pages show it: values in the units people think in.

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::seen::Seen;
use crate::domain::{Duty, Health, MeterId, Quality, Quantity};
use crate::face::Face;
use crate::meter::MeterShown;
use crate::meter::emop::Money;
use crate::texts::{Texts, named};

/// Values of one round of polling are said within so many seconds of each other.
const ABOUT_S: i64 = 120;

/// A meter as its card shows it.
#[derive(Serialize)]
pub(super) struct Card {
    pub(super) serial: MeterId,
    pub(super) name: String,
    pub(super) level: &'static str,
    pub(super) words: String,
    /// The largest thing on it: the power, or where that is not known what the register shows.
    pub(super) power: String,
    /// Whether that is the power.
    pub(super) is_now: bool,
    pub(super) energy: String,
    pub(super) rest: String,
    /// When it was heard last, and how long ago that was.
    pub(super) updated: String,
    pub(super) ago: String,
}

impl Card {
    pub(super) fn of(seen: &Seen, (face, t): (&Face, Texts), now: Timestamp) -> Card {
        let shown = &seen.shown;
        let say = |name| t.say(name).text().to_owned();
        let (level, words) = match seen.until {
            Some(until) => (
                "off",
                t.say1("meter-card-until", "date", face.date_in(t, until))
                    .text()
                    .to_owned(),
            ),
            None => {
                let (level, name) = state(shown);
                (level, say(name))
            }
        };
        let (power, energy) = (
            present(shown, Quantity::Power),
            dated(shown, Quantity::ImportA, (face, t)),
        );
        let is_now = power.is_some();
        let (power, energy) = match (power, energy) {
            (Some(power), energy) => (power, energy.unwrap_or_default()),
            (None, Some(energy)) => (energy, String::new()),
            (None, None) => (say(named("meter-nothing")), String::new()),
        };
        let heard = shown.answered.map(|at| now.duration_since(at).as_secs());
        Card {
            serial: shown.meter.serial.clone(),
            name: shown.meter.called(),
            level,
            words,
            power,
            is_now,
            energy,
            rest: rest(seen, face, t, now),
            updated: shown.answered.map_or_else(String::new, |at| face.time_in(t, at)),
            ago: match (heard, seen.until) {
                (Some(seconds), _) => t.ago(seconds).text().to_owned(),
                (None, None) => say(named("meter-never")),
                (None, Some(_)) => String::new(),
            },
        }
    }
}

/// Whether a meter answers; `None`: nobody asks it.
pub(super) fn is_healthy(shown: &MeterShown) -> Option<bool> {
    match (shown.duty, shown.health) {
        (Duty::Off, _) | (_, Health::Unknown) => None,
        (_, Health::Healthy) => Some(true),
        (_, Health::Unhealthy) => Some(false),
    }
}

/// The class of its state, and the name of its text.
pub(super) fn state(shown: &MeterShown) -> (&'static str, &'static str) {
    match (shown.duty, shown.health) {
        (Duty::Off, _) => ("off", named("meter-off")),
        _ if shown.identity.as_ref().is_some_and(|identity| identity.another) => ("bad", named("meter-another")),
        (_, Health::Unknown) => ("off", named("meter-not-asked")),
        (_, Health::Unhealthy) => ("bad", named("meter-silent")),
        (_, Health::Healthy) => match shown.half_hours {
            Some(progress) if progress.open > 0 => ("good", named("meter-catching-up")),
            _ => ("good", named("meter-answers")),
        },
    }
}

/// That nothing was heard of a silent meter, since when, and what that means for whom it serves.
pub(super) fn since_heard(seen: &Seen, (face, t): (&Face, Texts)) -> String {
    let said = match (seen.shown.answered, seen.sees_all) {
        (None, _) => t.say("meter-silent-never"),
        (Some(at), true) => t.say1("meter-silent-since", "time", face.time_in(t, at)),
        (Some(at), false) => t.say1("meter-silent-theirs", "time", face.time_in(t, at)),
    };
    said.text().to_owned()
}

fn rest(seen: &Seen, face: &Face, t: Texts, now: Timestamp) -> String {
    let shown = &seen.shown;
    let voltage = present(shown, Quantity::Voltage).or_else(|| present(shown, Quantity::VoltageL1));
    let parts = [
        dated(shown, Quantity::Balance, (face, t)),
        voltage.filter(|_| seen.sees_all),
        gone(shown, t, now),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// A value that is true just now; of a meter that is silent there is none.
pub(super) fn present(shown: &MeterShown, quantity: Quantity) -> Option<String> {
    let stale = shown.values.get(&quantity)?.quality == Quality::Stale;
    text(shown, quantity).filter(|_| !stale)
}

/// A value, and when it was said where that is not about when the meter last said anything.
fn dated(shown: &MeterShown, quantity: Quantity, (face, t): (&Face, Texts)) -> Option<String> {
    let text = text(shown, quantity)?;
    let at = shown.values.get(&quantity)?.at;
    let earlier = shown
        .answered
        .is_some_and(|answered| answered.duration_since(at).as_secs() >= ABOUT_S);
    Some(if earlier {
        format!("{text} ({})", face.time_in(t, at))
    } else {
        text
    })
}

/// The last power of a meter that does not say what it is now, and how old that is.
fn gone(shown: &MeterShown, t: Texts, now: Timestamp) -> Option<String> {
    let power = shown.values.get(&Quantity::Power)?;
    let stale = power.quality == Quality::Stale;
    stale.then(|| {
        let age = i64::try_from(power.age_s(now)).unwrap_or(i64::MAX);
        format!(
            "{} {}",
            in_words(&power.value, power.unit.as_deref()),
            t.ago(age).text()
        )
    })
}

/// A value with its unit; `None` when there is none.
fn text(shown: &MeterShown, quantity: Quantity) -> Option<String> {
    let value = shown.values.get(&quantity)?;
    if value.quality == Quality::Gap {
        return None;
    }
    Some(in_words(&value.value, value.unit.as_deref()))
}

/// A value as people write it.
pub(super) fn in_words(value: &Value, unit: Option<&str>) -> String {
    let plain = match value {
        Value::String(text) => text.clone(),
        Value::Bool(true) => "on".to_owned(),
        Value::Bool(false) => "off".to_owned(),
        Value::Object(_) | Value::Array(_) => "set".to_owned(),
        other => other.to_string(),
    };
    match unit {
        Some("GBP") => plain.parse::<Money>().map_or(plain, Money::pounds),
        Some(unit @ ("Wh" | "varh" | "VAh")) => match value.as_f64() {
            Some(count) => format!("{:.1} k{unit}", count / 1_000.0),
            None => format!("{plain} {unit}"),
        },
        Some(unit) => format!("{plain} {unit}"),
        None => plain,
    }
}

/// The name of the text of what a quantity is called.
pub(super) fn name(quantity: Quantity) -> &'static str {
    match quantity {
        Quantity::ImportA => named("meter-q-import-a"),
        Quantity::ExportA => named("meter-q-export-a"),
        Quantity::ReactiveImportA => named("meter-q-reactive-import-a"),
        Quantity::ReactiveExportA => named("meter-q-reactive-export-a"),
        Quantity::ImportB => named("meter-q-import-b"),
        Quantity::ExportB => named("meter-q-export-b"),
        Quantity::ReactiveImportB => named("meter-q-reactive-import-b"),
        Quantity::ReactiveExportB => named("meter-q-reactive-export-b"),
        Quantity::ApparentImport => named("meter-q-apparent-import"),
        Quantity::ApparentExport => named("meter-q-apparent-export"),
        Quantity::Balance => named("meter-q-balance"),
        Quantity::Csq => named("meter-q-csq"),
        Quantity::Power => named("meter-q-power"),
        Quantity::Voltage => named("meter-q-voltage"),
        Quantity::VoltageL1 => named("meter-q-voltage-l1"),
        Quantity::VoltageL2 => named("meter-q-voltage-l2"),
        Quantity::VoltageL3 => named("meter-q-voltage-l3"),
        Quantity::ClockDrift => named("meter-q-clock-drift"),
        Quantity::TariffsActive => named("meter-q-tariffs-active"),
        Quantity::TariffsFuture => named("meter-q-tariffs-future"),
        Quantity::PrepayEnabled => named("meter-q-prepay-enabled"),
        Quantity::DaylightSavings => named("meter-q-daylight-savings"),
        Quantity::Hardware => named("meter-q-hardware"),
        Quantity::MeterSerial => named("meter-q-meter-serial"),
        Quantity::FirmwareVersion => named("meter-q-firmware-version"),
        Quantity::Backlight => named("meter-q-backlight"),
        Quantity::LoadSwitch => named("meter-q-load-switch"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn values_are_written_as_people_write_them() {
        for (value, unit, words) in [
            (json!(104_250), Some("Wh"), "104.2 kWh"),
            (json!(7), Some("varh"), "0.0 kvarh"),
            (json!("10.5"), Some("GBP"), "£10.50"),
            (json!("-3.14159"), Some("GBP"), "-£3.14"),
            (json!(500), Some("W"), "500 W"),
            (json!(true), None, "on"),
            (json!("C1.w"), None, "C1.w"),
            (json!({}), None, "set"),
        ] {
            assert_eq!(in_words(&value, unit), words);
        }
    }
}
