//! Every case of the EMOP vectors, ours and those of the files that `EMOP_VECTORS` names.

mod compare;
mod logs;
mod others;
mod wire;

use std::collections::BTreeMap;

use gatelodge::meter::emop::dialect::InferredWrites;
use gatelodge::meter::emop::{Dialect, Inferred};
use serde_json::{Value, json};

use compare::same;

const OURS: &str = include_str!("../../../vectors/meter/emop.json");

/// What came of a case: a result, or the name of a fault.
type Outcome = Result<Value, String>;

/// One kind of case: what the codec makes of an input.
type Run = fn(&Dialect, &Value) -> Outcome;

const KINDS: &[(&str, Run)] = &[
    ("frame_decode", wire::frame_decode),
    ("frame_encode", wire::frame_encode),
    ("stream_decode", wire::stream_decode),
    ("crc", wire::crc),
    ("data_field", wire::data_field),
    ("object_table", wire::object_table),
    ("payload_decode", wire::payload_decode),
    ("payload_encode", wire::payload_encode),
    ("epoch", others::epoch),
    ("firmware", others::firmware),
    ("hardware", others::hardware),
    ("validate", others::validate),
    ("grpc_message", others::grpc_message),
    ("smip_filename", others::smip_filename),
    ("smip_csv_write", others::smip_csv_write),
    ("smip_csv_read", others::smip_csv_read),
    ("profile_1", logs::profile_1),
    ("profile_2", logs::profile_2),
    ("profile_status", logs::profile_status),
    ("event_log", logs::event_log),
    ("event_unseen", logs::event_unseen),
    ("three_phase_block", logs::three_phase_block),
    ("three_phase_csv_value", logs::three_phase_csv_value),
];

/// Verdicts of meters whose words are in a published vector. For the others only the number is in any document.
const NAMED_CODES: [u8; 4] = [0, 2, 3, 6];

/// Runs every case of `text`; counts them by kind, and collects what failed.
fn run(file: &str, text: &str, counts: &mut BTreeMap<String, usize>, faults: &mut Vec<String>) {
    let read: Value = serde_json::from_str(text).unwrap_or_else(|error| panic!("{file}: {error}"));
    assert_eq!(read["schema"], 1, "{file}: this test knows schema 1");
    // Cases suppose that writes to unconfirmed objects are switched on.
    let dialect = Dialect::new(Inferred::default(), InferredWrites::Allowed).unwrap();
    for case in read["cases"]
        .as_array()
        .unwrap_or_else(|| panic!("{file} has no cases"))
    {
        let kind = case["kind"].as_str().unwrap_or_default();
        let id = case["id"].as_str().unwrap_or("a case without an id");
        let Some((_, run)) = KINDS.iter().find(|(known, _)| *known == kind) else {
            faults.push(format!("{file} {id}: this test does not know the kind `{kind}`"));
            continue;
        };
        *counts.entry(kind.to_owned()).or_default() += 1;
        let mut found = run(&dialect, &case["input"]).unwrap_or_else(|error| json!({ "error": error }));
        if kind == "frame_decode" && !NAMED_CODES.iter().any(|code| case["expect"]["ack"] == *code) {
            // The word for this code is ours; the code itself is compared.
            found["ack_name"] = case["expect"]["ack_name"].clone();
        }
        if !same(&case["expect"], &found) {
            faults.push(format!(
                "{file} {id} {}: {found} is not {}",
                case["input"], case["expect"]
            ));
        }
    }
}

#[test]
fn vectors_of_the_meter_protocol_all_come_out() {
    let (mut counts, mut faults) = (BTreeMap::new(), Vec::new());
    run("tests/vectors/meter/emop.json", OURS, &mut counts, &mut faults);
    assert_eq!(counts.values().sum::<usize>(), 237, "all of our own cases were run");
    let further = std::env::var("EMOP_VECTORS").unwrap_or_default();
    for file in further.split(':').filter(|file| !file.is_empty()) {
        let text = std::fs::read_to_string(file).unwrap_or_else(|error| panic!("EMOP_VECTORS names {file}: {error}"));
        run(file, &text, &mut counts, &mut faults);
    }
    for (kind, count) in &counts {
        println!("{kind}: {count} cases");
    }
    println!(
        "{} cases in all, {} failed",
        counts.values().sum::<usize>(),
        faults.len()
    );
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn an_unknown_kind_or_a_wrong_result_fails_the_vectors() {
    let text = r#"{"schema": 1, "cases": [
        {"id": "a", "kind": "crc", "input": {"hex": "00"}, "expect": {"crc": "e1f1"}},
        {"id": "b", "kind": "telepathy", "input": {}, "expect": {}},
        {"id": "c", "kind": "frame_decode", "input": {"hex": ""}, "expect": {"error": "bad_crc"}},
        {"id": "d", "kind": "crc", "input": {"hex": "00"}, "expect": {"crc": "e1f0"}}]}"#;
    let (mut counts, mut faults) = (BTreeMap::new(), Vec::new());
    run("here", text, &mut counts, &mut faults);
    assert_eq!(faults.len(), 3, "{faults:?}");
}

/// Bytes written in hex.
fn bytes(input: &Value) -> Vec<u8> {
    let text = input.as_str().unwrap_or_else(|| panic!("{input} is no hex text"));
    data_encoding::HEXLOWER_PERMISSIVE.decode(text.as_bytes()).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(bytes)
}

/// A moment as the vectors write it.
fn moment(input: &Value) -> jiff::Timestamp {
    gatelodge::meter::arguments::moment(input.as_str().unwrap()).unwrap()
}

fn utc(at: jiff::Timestamp) -> String {
    at.to_zoned(jiff::tz::TimeZone::UTC)
        .strftime("%Y-%m-%dT%H:%M:%S+00:00")
        .to_string()
}

/// The vectors' word for a payload that cannot be read.
fn fault(error: gatelodge::meter::emop::value::PayloadError) -> String {
    match error {
        gatelodge::meter::emop::value::PayloadError::Short { .. } => "truncated".to_owned(),
        other @ gatelodge::meter::emop::value::PayloadError::Clock(_) => other.to_string(),
    }
}
