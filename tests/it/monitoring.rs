//! The dashboard and the alert rules name metrics that a box has, with labels that they have.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use crate::support::demo::Demo;
use crate::support::{eventually, plain_get};

/// What the numbers of a box are called, and the labels that each has.
fn metrics() -> BTreeMap<String, BTreeSet<String>> {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(&folder.path().join("demo"));
    let address = demo.found["doors"]["metrics"][0].as_str().unwrap().parse().unwrap();
    // Numbers of meters are there once one has answered.
    let page = eventually("a meter answers", || {
        let page = plain_get(address, "/metrics");
        let has = |name: &str| page.contains(&format!("\n{name}"));
        let answers = has("gatelodge_meter_last_reading_age_seconds") && has("gatelodge_meter_answering");
        answers.then_some(page)
    });
    let mut found: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in page
        .lines()
        .filter(|line| line.starts_with("gatelodge_") || line.starts_with("process_"))
    {
        let (name, rest) = line.split_once(['{', ' ']).unwrap();
        let labels = found.entry(name.to_owned()).or_default();
        if let Some((inside, _)) = rest.split_once('}') {
            let keys = inside.split("\",").filter_map(|pair| pair.split_once('='));
            labels.extend(keys.map(|(key, _)| key.to_owned()));
        }
    }
    found
}

/// The names of metrics in a query.
fn named(query: &str) -> Vec<String> {
    let words = query.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    let ours = words.filter(|word| word.starts_with("gatelodge_") || word.starts_with("process_"));
    ours.map(str::to_owned).collect()
}

fn file(name: &str) -> String {
    std::fs::read_to_string(
        Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("packaging/monitoring")
            .join(name),
    )
    .unwrap()
}

#[test]
fn dashboard_and_alerts_ask_for_what_there_is() {
    let metrics = metrics();
    let known = |query: &str| {
        for name in named(query) {
            assert!(metrics.contains_key(&name), "{name} in: {query}\n{:?}", metrics.keys());
        }
    };
    let board: Value = serde_json::from_str(&file("grafana.json")).unwrap();
    let panels = board["panels"].as_array().unwrap();
    assert!(panels.len() >= 12);
    for target in panels.iter().flat_map(|panel| panel["targets"].as_array().unwrap()) {
        let query = target["expr"].as_str().unwrap();
        known(query);
        // What a legend or a sum goes by is a label of some metric in it; those that Prometheus adds are known.
        let legend = target["legendFormat"].as_str().unwrap();
        for label in legend.split("{{").skip(1).map(|rest| rest.split('}').next().unwrap()) {
            let has = |name: &String| metrics[name].contains(label);
            assert!(
                label == "instance" || named(query).iter().any(has),
                "{label} in: {query}"
            );
        }
    }
    let alerts = file("alerts.yml");
    let queries: Vec<&str> = alerts
        .lines()
        .filter_map(|line| line.trim().strip_prefix("expr: "))
        .collect();
    assert!(queries.len() >= 7);
    queries.into_iter().for_each(known);
    // Each says what to do.
    assert_eq!(alerts.matches("- alert:").count(), alerts.matches("next: ").count());
}
