//! What is right and wrong in the configuration of rules.

use super::*;
use crate::domain::units::Span;
use crate::domain::{AlarmValues, Severity, Wording};

fn entry(toml: &str) -> Entry {
    let value: serde_json::Value = serde_json::from_str(toml).unwrap();
    serde_json::from_value(value).unwrap_or_else(|error| panic!("{error}: {toml}"))
}

/// What was said of the entry at a place, by key.
fn keys(faults: Faults) -> Vec<String> {
    faults.into_iter().map(|fault| fault.key).collect()
}

fn only(text: &str) -> Result<Rule, Vec<String>> {
    let id = entry(text).id;
    let rules = rules(&[entry(text)]).map_err(keys);
    rules.map(|rules| rules.into_iter().find(|rule| rule.id == id).expect("it is enabled"))
}

#[test]
fn the_example_of_the_manual_is_a_rule() {
    let rule = only(
        r#"{"id": "overload", "on": "meter:*", "series": "c8y_SinglePhaseEnergyMeasurement.P+", "op": ">", "raise": 5000,
            "clear": 4500, "for": "30s", "clear_for": "60s", "severity": "MAJOR",
            "text": "{name}: {value} {unit} above {raise}", "remind": "0s"}"#,
    )
    .unwrap();
    assert_eq!((rule.kind.as_str(), rule.severity), ("rule_overload", Severity::Major));
    assert_eq!(
        rule.parameters.op,
        Op::Above {
            raise: 5_000.0,
            clear: 4_500.0,
            inclusive: false
        }
    );
    let words = crate::rules::rule::Words {
        name: "Flat {value}",
        value: Some(5_200.5),
        unit: "W",
        ..Default::default()
    };
    assert_eq!(rule.wording(&words).text, "Flat {value}: 5200.5 W above 5000");
    let flapping = crate::rules::rule::Words {
        flapping: true,
        ..words
    };
    assert!(rule.wording(&flapping).text.ends_with("(flapping)"));
}

#[test]
fn what_is_left_out_is_five_percent_before_the_threshold() {
    let base = |op: &str, raise: &str| {
        only(&format!(
            r#"{{"id": "a", "on": "meter:*", "series": "emop_Csq.csq", "op": "{op}", "raise": {raise}}}"#
        ))
        .unwrap()
        .parameters
        .op
    };
    assert_eq!(
        base(">", "-100"),
        Op::Above {
            raise: -100.0,
            clear: -105.0,
            inclusive: false
        }
    );
    assert_eq!(
        base("<=", "100"),
        Op::Below {
            raise: 100.0,
            clear: 105.0,
            inclusive: true
        }
    );
    assert_eq!(
        base("outside", "[0, 100]"),
        Op::Outside {
            raise: [0.0, 100.0],
            clear: [5.0, 95.0]
        }
    );
    assert_eq!(
        base("stale", "600"),
        Op::Stale {
            after: Span::seconds(600)
        }
    );
    assert_eq!(
        base("stale", "\"10m\""),
        Op::Stale {
            after: Span::seconds(600)
        }
    );
}

#[test]
fn faults_name_the_key_and_say_what_would_be_right() {
    let base = r#""id": "a", "on": "meter:*", "series": "emop_Csq.csq""#;
    for (rest, key) in [
        (r#""op": ">""#, "raise"),
        (r#""raise": 1"#, "op"),
        (r#""op": ">", "raise": 10, "clear": 11"#, "clear"),
        (r#""op": "<", "raise": 10, "clear": 9"#, "clear"),
        (r#""op": "outside", "raise": 10"#, "raise"),
        (r#""op": "outside", "raise": [10, 5]"#, "raise"),
        (r#""op": "outside", "raise": [0, 10], "clear": [1, 11]"#, "clear"),
        (r#""op": "stale", "raise": 0"#, "raise"),
        (r#""op": "stale", "raise": 60, "clear": 1"#, "clear"),
        (r#""op": "delta", "raise": 10"#, "window"),
        (r#""op": ">", "raise": 10, "window": "1m""#, "window"),
        (r#""op": ">", "raise": "10m""#, "raise"),
        (r#""op": ">", "raise": 10, "severity": "CRITICAL""#, "severity"),
        (r#""op": ">", "raise": 10, "remind": "5s""#, "remind"),
        (r#""op": ">", "raise": 10, "text": "{nmae} is high""#, "text"),
        (r#""op": ">", "raise": 10, "alarm_type": "a/b""#, "alarm_type"),
    ] {
        let faults = rules(&[entry(&format!("{{{base}, {rest}}}"))]).unwrap_err();
        assert!(
            faults
                .iter()
                .all(|fault| !fault.what.is_empty() && !fault.right.is_empty())
        );
        assert_eq!(keys(faults), [format!("0.{key}")], "{rest}");
    }
    let on_the_box =
        only(r#"{"id": "a", "on": "appliance", "series": "occ_Occupancy.current", "op": ">", "raise": 1}"#);
    assert_eq!(on_the_box.unwrap_err(), ["0.series"]);
    let stale = only(r#"{"id": "a", "on": "appliance", "series": "uplink_Queue.fill", "op": "stale", "raise": 9}"#);
    assert_eq!(stale.unwrap_err(), ["0.op"]);
    let nothing = only(r#"{"id": "a b"}"#);
    assert_eq!(nothing.unwrap_err(), ["0.id", "0.on", "0.series", "0.op", "0.raise"]);
    let twice = entry(r#"{"id": "space_full"}"#);
    assert_eq!(keys(rules(&[twice.clone(), twice]).unwrap_err()), ["1.id"]);
}

#[test]
fn what_is_built_in_is_right_and_can_be_changed_or_switched_off() {
    let all = rules(&[]).unwrap();
    assert_eq!(all.len(), builtin::entries().len());
    assert!(all.iter().all(|rule| rule.severity != Severity::Critical));
    let off = rules(&[entry(r#"{"id": "voltage_out", "enabled": false}"#)]).unwrap();
    assert!(off.len() == all.len() - 1 && off.iter().all(|rule| rule.id != "voltage_out"));
    let changed = only(r#"{"id": "disk_low", "raise": 50, "severity": "CRITICAL"}"#).unwrap();
    assert_eq!(changed.kind, "disk_low");
    assert_eq!(
        changed.parameters.op,
        Op::Below {
            raise: 50.0,
            clear: 52.5,
            inclusive: false
        }
    );
    let bad = only(r#"{"id": "disk_low", "clear": 5}"#);
    assert_eq!(bad.unwrap_err(), ["0.clear"]);
    let space = all.iter().find(|rule| rule.id == "space_full").unwrap();
    assert!(
        space
            .on
            .covers(&"space:07070707-0707-4707-8707-070707070707".parse().unwrap())
    );
    assert!(!space.on.covers(&crate::domain::Source::Appliance));
}

#[test]
fn the_worst_of_three_phases_counts() {
    let all = rules(&[]).unwrap();
    let rule = all.iter().find(|rule| rule.id == "voltage_out").unwrap();
    let samples = |volts: [f64; 3]| {
        let names = ["voltage:1", "voltage:2", "voltage:3"];
        let of = |(series, value)| crate::domain::series::Sample {
            fragment: "c8y_VoltageMeasurement",
            series,
            value,
            unit: "V",
        };
        names.into_iter().zip(volts).map(of).collect::<Vec<_>>()
    };
    assert_eq!(rule.pick(&samples([230.0, 260.0, 230.0])).unwrap().series, "voltage:2");
    // Neither wrong nor well again.
    assert_eq!(rule.pick(&samples([230.0, 230.0, 252.9])).unwrap().series, "voltage:3");
    assert_eq!(rule.pick(&samples([230.0, 231.0, 232.0])).unwrap().series, "voltage:1");
    assert!(rule.pick(&[]).is_none());
}

#[test]
fn rules_that_share_an_alarm_fit_a_row() {
    let many = |count: u32, op: &str| {
        let of = |n| {
            entry(&format!(
                r#"{{"id": "r{n}", "on": "meter:*", "series": "emop_Csq.csq", {op}, "alarm_type": "shared"}}"#
            ))
        };
        rules(&(0..count).map(of).collect::<Vec<_>>()).map(|rules| rules.len())
    };
    assert!(many(6, r#""op": ">", "raise": 1"#).is_ok());
    let faults = many(7, r#""op": ">", "raise": 1"#).unwrap_err();
    assert_eq!(keys(faults), ["6.alarm_type"]);
    assert!(many(3, r#""op": "delta", "raise": 1, "window": "1h""#).is_err());
    // The fullest row there can be: a window of long numbers, seven beginnings each, the longest text.
    let delta = r#"{"id": "d", "on": "meter:*", "series": "emop_Csq.csq", "op": "delta", "raise": 1, "window": "1h", "alarm_type": "shared"}"#;
    let above =
        r#"{"id": "a", "on": "meter:*", "series": "emop_Csq.csq", "op": ">", "raise": 1, "alarm_type": "shared"}"#;
    let rules = rules(&[entry(delta), entry(above)]).unwrap();
    let shared: Vec<&Rule> = rules.iter().filter(|rule| rule.kind == "shared").collect();
    let key = crate::domain::AlarmKey {
        kind: "shared".into(),
        source: "meter:EML1234567890123".parse().unwrap(),
    };
    let mut group = crate::rules::group::Group::default();
    for n in 0..4_000 {
        let at = jiff::Timestamp::from_nanosecond(1_800_000_000_123_456_789 + n * 1_000_000_007).unwrap();
        let value = if n % 2 == 0 {
            1_234.567_890_123_4
        } else {
            -1_234.567_890_123_4
        };
        for rule in &shared {
            for said in group.state(rule).sample(&rule.parameters, at, value) {
                let wording = Wording::of(AlarmValues {
                    code: "c".repeat(64),
                    name: "n".repeat(500),
                    value: "-1234.5678901234".to_owned(),
                    unit: "u".repeat(10),
                    raise: "-1234.5678901234 to -1234.5678901234".to_owned(),
                    detail: "d".repeat(5_000),
                    flapping: true,
                });
                let _ = group.say(&key, &shared, (rule, said, wording));
            }
        }
    }
    let length = |id: &str| serde_json::to_vec(&group.states[id]).unwrap().len();
    let base = serde_json::to_vec(&group).unwrap().len() - length("a") - length("d");
    for states in [6 * length("a"), 3 * length("a") + length("d"), 2 * length("d")] {
        assert!(base + states < crate::store::ROW_LIMIT - 200, "{base} + {states}");
    }
}
