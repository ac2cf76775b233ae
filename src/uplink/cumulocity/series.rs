//! Samples as measurements (UPLINK §3.2).

use jiff::Timestamp;

use super::smartrest::{Line, PAYLOAD, number};
pub use crate::domain::series::{Sample, samples, space_samples};

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

/// How many of the samples are no numbers that can be written.
#[must_use]
pub fn unwritable(samples: &[Sample]) -> u64 {
    samples.iter().filter(|sample| number(sample.value).is_none()).count() as u64
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::domain::Quantity;
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
        assert_eq!(
            unwritable(&[
                sample,
                nan,
                Sample {
                    value: f64::INFINITY,
                    ..sample
                }
            ]),
            2
        );
    }
}
