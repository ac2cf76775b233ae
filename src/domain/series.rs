//! The series that meters, spaces and the box have, by the names that the cloud knows them by
//! (UPLINK §3.2, §3.4, §3.5): rules name them, and the uplink sends them. Pure.

use std::collections::BTreeMap;

use serde_json::Value;

use super::{Occupancy, Quantity};

const SINGLE: &str = "c8y_SinglePhaseEnergyMeasurement";
const THREE: &str = "c8y_ThreePhaseEnergyMeasurement";
const VOLTAGE: &str = "c8y_VoltageMeasurement";

/// One value of one series.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sample {
    /// The fragment it belongs to.
    pub fragment: &'static str,
    /// The series in it.
    pub series: &'static str,
    /// The value, in `unit`.
    pub value: f64,
    /// Its unit, or nothing.
    pub unit: &'static str,
}

/// Whether a meter does not answer: 1, else 0.
pub const SILENT: (&str, &str) = ("emop_Availability", "silent");
/// Whether another meter answers in its place: 1, else 0.
pub const ANOTHER: (&str, &str) = ("emop_Identity", "another");
/// Whether its clock shows a date that no clock has: 1, else 0.
pub const NO_DATE: (&str, &str) = ("emop_Clock", "no_date");

/// How many of its top-ups are in doubt.
pub const TOPUPS_IN_DOUBT: (&str, &str) = ("emop_Prepay", "topups_in_doubt");

/// What a series is of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Of a meter.
    Meter,
    /// Of a space.
    Space,
    /// The box.
    Appliance,
}

/// Every series of one kind of thing, as rules name it.
#[must_use]
pub fn known(kind: Kind) -> &'static [&'static str] {
    match kind {
        Kind::Meter => &[
            "c8y_SinglePhaseEnergyMeasurement.A+",
            "c8y_SinglePhaseEnergyMeasurement.A+:A",
            "c8y_SinglePhaseEnergyMeasurement.A+:B",
            "c8y_SinglePhaseEnergyMeasurement.A-",
            "c8y_SinglePhaseEnergyMeasurement.P+",
            "c8y_SinglePhaseEnergyMeasurement.P-",
            "c8y_SinglePhaseEnergyMeasurement.Ri+",
            "c8y_SinglePhaseEnergyMeasurement.Ri-",
            "c8y_ThreePhaseEnergyMeasurement.A+",
            "c8y_ThreePhaseEnergyMeasurement.A-",
            "c8y_ThreePhaseEnergyMeasurement.P+",
            "c8y_ThreePhaseEnergyMeasurement.P-",
            "c8y_ThreePhaseEnergyMeasurement.Ri+",
            "c8y_ThreePhaseEnergyMeasurement.Ri-",
            "emop_Apparent.S+",
            "emop_Apparent.S-",
            "c8y_VoltageMeasurement.voltage",
            "c8y_VoltageMeasurement.voltage:1",
            "c8y_VoltageMeasurement.voltage:2",
            "c8y_VoltageMeasurement.voltage:3",
            "c8y_VoltageMeasurement.voltage*",
            "emop_Prepay.balance",
            "emop_Prepay.topups_in_doubt",
            "emop_Csq.csq",
            "emop_Clock.offset",
            "emop_Clock.no_date",
            "emop_Identity.another",
            "emop_Availability.silent",
        ],
        Kind::Space => &[
            "occ_Occupancy.current",
            "occ_Occupancy.maximum",
            "occ_Occupancy.utilisation",
        ],
        Kind::Appliance => &[
            "uplink_Queue.messages",
            "uplink_Queue.bytes",
            "uplink_Queue.oldest",
            "uplink_Queue.fill",
            "gatelodge_Box.cert_days",
            "gatelodge_Box.backup_failed",
            "gatelodge_Box.clock_unsynced",
            "gatelodge_Box.disk_free",
            "gatelodge_Box.temperature",
            "gatelodge_Box.under_voltage",
        ],
    }
}

/// Whether the series of a sample is the one that a rule names. A name that ends in `*` means all that begin so; the two
/// kinds of energy stand for each other, since a reading of few values does not show how many phases the meter has.
#[must_use]
pub fn is(name: &str, sample: &Sample) -> bool {
    let Some((fragment, series)) = name.split_once('.') else {
        return false;
    };
    let energy = |fragment: &str| fragment == SINGLE || fragment == THREE;
    let same_fragment = fragment == sample.fragment || (energy(fragment) && energy(sample.fragment));
    same_fragment
        && match series.strip_suffix('*') {
            Some(begin) => sample.series.starts_with(begin),
            None => series == sample.series,
        }
}

/// The samples that a meter's values make; what is missing is left out, never 0.
#[must_use]
pub fn samples(values: &BTreeMap<Quantity, Value>) -> Vec<Sample> {
    let three = [Quantity::ApparentImport, Quantity::ApparentExport, Quantity::VoltageL1]
        .iter()
        .any(|quantity| values.contains_key(quantity));
    let energy = if three { THREE } else { SINGLE };
    let number = |quantity| values.get(&quantity).and_then(Value::as_f64);
    // A money is a decimal text.
    let balance = values
        .get(&Quantity::Balance)
        .and_then(|value| value.as_str()?.parse().ok());
    let kilo = |quantity| number(quantity).map(|value| value / 1_000.0);
    let sum = |a, b| match (kilo(a), kilo(b)) {
        (None, None) => None,
        (a, b) => Some(a.unwrap_or(0.0) + b.unwrap_or(0.0)),
    };
    let twin = values.contains_key(&Quantity::ImportB);
    let of_element = |quantity| kilo(quantity).filter(|_| twin);
    let power = number(Quantity::Power);
    let found = [
        (energy, "A+", sum(Quantity::ImportA, Quantity::ImportB), "kWh"),
        (energy, "A+:A", of_element(Quantity::ImportA), "kWh"),
        (energy, "A+:B", of_element(Quantity::ImportB), "kWh"),
        (energy, "A-", sum(Quantity::ExportA, Quantity::ExportB), "kWh"),
        // A signed power is split; both are at least 0.
        (energy, "P+", power.map(|watts| watts.max(0.0)), "W"),
        (energy, "P-", power.map(|watts| (-watts).max(0.0)), "W"),
        (
            energy,
            "Ri+",
            sum(Quantity::ReactiveImportA, Quantity::ReactiveImportB),
            "kVArh",
        ),
        (
            energy,
            "Ri-",
            sum(Quantity::ReactiveExportA, Quantity::ReactiveExportB),
            "kVArh",
        ),
        ("emop_Apparent", "S+", kilo(Quantity::ApparentImport), "kVAh"),
        ("emop_Apparent", "S-", kilo(Quantity::ApparentExport), "kVAh"),
        (VOLTAGE, "voltage", number(Quantity::Voltage), "V"),
        (VOLTAGE, "voltage:1", number(Quantity::VoltageL1), "V"),
        (VOLTAGE, "voltage:2", number(Quantity::VoltageL2), "V"),
        (VOLTAGE, "voltage:3", number(Quantity::VoltageL3), "V"),
        ("emop_Prepay", "balance", balance, "GBP"),
        ("emop_Csq", "csq", number(Quantity::Csq), ""),
        ("emop_Clock", "offset", number(Quantity::ClockDrift), "s"),
    ];
    let samples = found.into_iter().filter_map(|(fragment, series, value, unit)| {
        Some(Sample {
            fragment,
            series,
            value: value?,
            unit,
        })
    });
    samples.collect()
}

/// The samples of a space's count.
#[must_use]
pub fn space_samples(occupancy: Occupancy) -> [Sample; 3] {
    let sample = |series, value, unit| Sample {
        fragment: "occ_Occupancy",
        series,
        value,
        unit,
    };
    let (current, maximum) = (f64::from(occupancy.current), f64::from(occupancy.maximum));
    [
        sample("current", current, ""),
        sample("maximum", maximum, ""),
        sample("utilisation", current * 100.0 / maximum.max(1.0), "%"),
    ]
}

/// Whether a meter answers, as a sample.
#[must_use]
pub fn silent(silent: bool) -> Sample {
    yes_or_no(SILENT, silent)
}

/// Whether another meter answers in its place, as a sample.
#[must_use]
pub fn another(another: bool) -> Sample {
    yes_or_no(ANOTHER, another)
}

/// Whether a meter's clock shows a date that no clock has, as a sample.
#[must_use]
pub fn no_date(no_date: bool) -> Sample {
    yes_or_no(NO_DATE, no_date)
}

/// How many top-ups of a meter are in doubt, as a sample.
#[must_use]
pub fn topups_in_doubt(count: u32) -> Sample {
    let (fragment, series) = TOPUPS_IN_DOUBT;
    Sample {
        fragment,
        series,
        value: f64::from(count),
        unit: "",
    }
}

fn yes_or_no((fragment, series): (&'static str, &'static str), yes: bool) -> Sample {
    Sample {
        fragment,
        series,
        value: f64::from(u8::from(yes)),
        unit: "",
    }
}

/// The unit of a series; by time alone a rule says something without a sample at hand.
#[must_use]
pub fn unit_of(series: &str) -> &'static str {
    let (fragment, series) = series.split_once('.').unwrap_or_default();
    match (fragment, series.split([':', '*']).next().unwrap_or_default()) {
        (_, "P+" | "P-") => "W",
        (_, "A+" | "A-") => "kWh",
        (_, "Ri+" | "Ri-") => "kVArh",
        (_, "S+" | "S-") => "kVAh",
        (_, "voltage") => "V",
        (_, "balance") => "GBP",
        (_, "offset") => "s",
        (_, "utilisation" | "fill" | "disk_free") => "%",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn every_series_that_can_come_has_a_name_for_rules() {
        let all = [
            (Quantity::ImportA, json!(1)),
            (Quantity::ImportB, json!(1)),
            (Quantity::ExportA, json!(1)),
            (Quantity::ReactiveImportA, json!(1)),
            (Quantity::ReactiveExportA, json!(1)),
            (Quantity::Power, json!(-5)),
            (Quantity::Voltage, json!(240)),
            (Quantity::VoltageL2, json!(240)),
            (Quantity::VoltageL3, json!(240)),
            (Quantity::Balance, json!("-1.5")),
            (Quantity::Csq, json!(12)),
            (Quantity::ClockDrift, json!(3)),
        ];
        let three = [
            (Quantity::ApparentImport, json!(1)),
            (Quantity::ApparentExport, json!(1)),
            (Quantity::VoltageL1, json!(1)),
        ];
        let single: BTreeMap<_, _> = all.clone().into_iter().collect();
        let both: BTreeMap<_, _> = all.into_iter().chain(three).collect();
        for sample in
            samples(&single)
                .iter()
                .chain(&samples(&both))
                .chain(&[silent(true), another(true), no_date(true)])
        {
            let found = known(Kind::Meter).iter().filter(|name| is(name, sample)).count();
            assert!(found >= 1, "{sample:?}");
        }
        let occupancy = Occupancy { current: 3, maximum: 3 };
        for sample in space_samples(occupancy) {
            assert!(known(Kind::Space).iter().any(|name| is(name, &sample)));
        }
        assert!((space_samples(occupancy)[2].value - 100.0).abs() < f64::EPSILON);
    }

    #[test]
    fn a_star_means_every_phase_and_nothing_else_does() {
        let sample = |series| Sample {
            fragment: VOLTAGE,
            series,
            value: 1.0,
            unit: "V",
        };
        assert!(is("c8y_VoltageMeasurement.voltage*", &sample("voltage:2")));
        assert!(!is("c8y_VoltageMeasurement.voltage", &sample("voltage:2")));
        assert!(!is("voltage", &sample("voltage")));
    }
}
