//! A meter as pages show it: values in the units people think in.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::Serialize;
use serde_json::Value;

use super::seen::Seen;
use crate::domain::{Duty, Health, MeterId, Quality, Quantity};
use crate::face::Face;
use crate::meter::MeterShown;
use crate::meter::emop::Money;

/// Values of one round of polling are said within so many seconds of each other.
const ABOUT_S: i64 = 120;

/// A meter as its card shows it.
#[derive(Serialize)]
pub(super) struct Card {
    pub(super) serial: MeterId,
    pub(super) name: String,
    pub(super) level: &'static str,
    pub(super) words: Cow<'static, str>,
    pub(super) power: String,
    pub(super) energy: String,
    pub(super) rest: String,
    pub(super) updated: String,
}

impl Card {
    pub(super) fn of(seen: &Seen, face: &Face) -> Card {
        let shown = &seen.shown;
        let (level, words) = match seen.until {
            Some(until) => ("off", format!("yours until {}", face.date(until)).into()),
            None => {
                let (level, words) = state(shown);
                (level, words.into())
            }
        };
        Card {
            serial: shown.meter.serial.clone(),
            name: called(shown),
            level,
            words,
            power: present(shown, Quantity::Power).unwrap_or_else(|| "–".to_owned()),
            energy: dated(shown, Quantity::ImportA, face).unwrap_or_else(|| "–".to_owned()),
            rest: rest(shown, face),
            updated: match (shown.answered, seen.until) {
                (Some(at), _) => face.time(at),
                (None, None) => "never".to_owned(),
                (None, Some(_)) => String::new(),
            },
        }
    }
}

/// What people call a meter.
pub(super) fn called(shown: &MeterShown) -> String {
    let name = shown.meter.name.clone();
    name.unwrap_or_else(|| shown.meter.serial.to_string())
}

/// Whether a meter answers; `None`: nobody asks it.
pub(super) fn is_healthy(shown: &MeterShown) -> Option<bool> {
    match (shown.duty, shown.health) {
        (Duty::Off, _) | (_, Health::Unknown) => None,
        (_, Health::Healthy) => Some(true),
        (_, Health::Unhealthy) => Some(false),
    }
}

/// The class of its state, and the state in words.
pub(super) fn state(shown: &MeterShown) -> (&'static str, &'static str) {
    match (shown.duty, shown.health) {
        (Duty::Off, _) => ("off", "switched off"),
        _ if shown.identity.as_ref().is_some_and(|identity| identity.another) => ("bad", "another meter answers"),
        (_, Health::Unknown) => ("off", "not asked yet"),
        (_, Health::Unhealthy) => ("bad", "does not answer"),
        (_, Health::Healthy) => match shown.half_hours {
            Some(progress) if progress.open > 0 => ("good", "catching up"),
            _ => ("good", "answers"),
        },
    }
}

fn rest(shown: &MeterShown, face: &Face) -> String {
    let parts = [
        dated(shown, Quantity::Balance, face),
        present(shown, Quantity::Voltage).or_else(|| present(shown, Quantity::VoltageL1)),
        gone(shown, Timestamp::now()),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
}

/// A value that is true just now; of a meter that is silent there is none.
fn present(shown: &MeterShown, quantity: Quantity) -> Option<String> {
    let stale = shown.values.get(&quantity)?.quality == Quality::Stale;
    text(shown, quantity).filter(|_| !stale)
}

/// A value, and when it was said where that is not about when the meter last said anything.
fn dated(shown: &MeterShown, quantity: Quantity, face: &Face) -> Option<String> {
    let text = text(shown, quantity)?;
    let at = shown.values.get(&quantity)?.at;
    let earlier = shown
        .answered
        .is_some_and(|answered| answered.duration_since(at).as_secs() >= ABOUT_S);
    Some(if earlier {
        format!("{text} ({})", face.time(at))
    } else {
        text
    })
}

/// The last power of a meter that does not say what it is now, and how old that is.
fn gone(shown: &MeterShown, now: Timestamp) -> Option<String> {
    let power = shown.values.get(&Quantity::Power)?;
    let stale = power.quality == Quality::Stale;
    stale.then(|| {
        format!(
            "{} {} ago",
            in_words(&power.value, power.unit.as_deref()),
            age(power.age_s(now))
        )
    })
}

/// How long something is ago, in one unit.
pub(super) fn age(seconds: u64) -> String {
    match seconds {
        0..=119 => format!("{seconds} s"),
        120..=7_199 => format!("{} min", seconds / 60),
        7_200..=172_799 => format!("{} h", seconds / 3_600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// A value with its unit; `None` when there is none.
pub(super) fn text(shown: &MeterShown, quantity: Quantity) -> Option<String> {
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

/// What a quantity is called.
pub(super) fn name(quantity: Quantity) -> &'static str {
    match quantity {
        Quantity::ImportA => "Import",
        Quantity::ExportA => "Export",
        Quantity::ReactiveImportA => "Reactive import",
        Quantity::ReactiveExportA => "Reactive export",
        Quantity::ImportB => "Import, element B",
        Quantity::ExportB => "Export, element B",
        Quantity::ReactiveImportB => "Reactive import, element B",
        Quantity::ReactiveExportB => "Reactive export, element B",
        Quantity::ApparentImport => "Apparent import",
        Quantity::ApparentExport => "Apparent export",
        Quantity::Balance => "Balance",
        Quantity::Csq => "Signal (CSQ)",
        Quantity::Power => "Power",
        Quantity::Voltage => "Voltage",
        Quantity::VoltageL1 => "Voltage L1",
        Quantity::VoltageL2 => "Voltage L2",
        Quantity::VoltageL3 => "Voltage L3",
        Quantity::ClockDrift => "Clock off by",
        Quantity::TariffsActive => "Tariff in force",
        Quantity::TariffsFuture => "Tariff to come",
        Quantity::PrepayEnabled => "Prepayment",
        Quantity::DaylightSavings => "Summer time",
        Quantity::Hardware => "Kind",
        Quantity::MeterSerial => "Serial on the meter",
        Quantity::FirmwareVersion => "Firmware",
        Quantity::Backlight => "Backlight",
        Quantity::LoadSwitch => "Load switch",
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
