//! A meter's values as series of measurements (`spec/uplink.md` section 3.2).

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde_json::Value;

use super::smartrest::{Line, PAYLOAD, number};
use crate::domain::Quantity;

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
    /// The value.
    pub value: f64,
    /// Its unit, or nothing.
    pub unit: &'static str,
}

/// The samples that these values make; what is missing is left out, never 0.
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

/// Lines of template 201 with one type and time; several when one would be too long. None without samples.
#[must_use]
pub fn measurement(kind: &str, at: Timestamp, samples: &[Sample]) -> Vec<String> {
    let begin = || Line::new(201).text(kind).time(at);
    let mut lines = Vec::new();
    let mut line: Option<Line> = None;
    for sample in samples.iter().filter(|sample| number(sample.value).is_some()) {
        let add = |line: Line| {
            line.text(sample.fragment)
                .text(sample.series)
                .number(sample.value)
                .text(sample.unit)
        };
        let longer = add(line.clone().unwrap_or_else(begin));
        if longer.clone().finish().len() <= PAYLOAD {
            line = Some(longer);
        } else {
            lines.extend(line.replace(add(begin())).map(Line::finish));
        }
    }
    lines.extend(line.map(Line::finish));
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_reading_is_one_line_with_what_there_is() {
        let at: Timestamp = "2026-02-10T12:00:00Z".parse().unwrap();
        let values = BTreeMap::from([
            (Quantity::ImportA, json!(18_655_120)),
            (Quantity::Power, json!(-250)),
            (Quantity::Balance, json!("-12.34567")),
            (Quantity::Hardware, json!("C1.w")),
        ]);
        assert_eq!(
            measurement("emop_Reading", at, &samples(&values)),
            [
                "201,emop_Reading,2026-02-10T12:00:00.000Z,c8y_SinglePhaseEnergyMeasurement,A+,18655.12,kWh,\
              c8y_SinglePhaseEnergyMeasurement,P+,0,W,c8y_SinglePhaseEnergyMeasurement,P-,250,W,\
              emop_Prepay,balance,-12.34567,GBP"
            ]
        );
        assert!(measurement("emop_Reading", at, &[]).is_empty());
    }

    #[test]
    fn many_series_are_several_lines_and_a_last_unit_that_is_empty_leaves_no_comma() {
        let at = Timestamp::UNIX_EPOCH;
        let sample = Sample {
            fragment: "emop_Csq",
            series: "csq",
            value: 12.0,
            unit: "",
        };
        let lines = measurement("t", at, &vec![sample; 2_000]);
        assert!(lines.len() > 1 && lines.iter().all(|line| line.len() <= PAYLOAD && !line.ends_with(',')));
        let counted: usize = lines.iter().map(|line| line.matches("emop_Csq").count()).sum();
        assert_eq!(counted, 2_000);
        let nan = Sample {
            value: f64::NAN,
            ..sample
        };
        assert!(measurement("t", at, &[nan]).is_empty());
    }
}
