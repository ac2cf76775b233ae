//! What the box has, taken along: files that Python's `csv` and `json` read, whole or not at all.

use std::fs;

use super::{CONFIG, program, text};
use crate::support::eventually;
use crate::support::test_box::TestBox;

#[test]
fn every_table_is_written_and_read_by_others_and_nothing_is_replaced() {
    let running = TestBox::start_with(CONFIG);
    running.command(&[
        "meter",
        "add",
        "EML0000000301",
        "--link",
        "tcp://127.0.0.1:9",
        "--name",
        "Flat \"3\", left",
    ]);
    let space = running.json(&["space", "create", "--maximum", "50", "--name", "Hall, north"]);
    let id = space["id"].as_str().unwrap();
    running.json(&["space", "set", id, "--current", "7"]);
    let out = running.dir.join("out");
    let path = out.to_str().unwrap();
    let days = ["--from", "2020-01-01", "--to", "2099-12-31"];
    // History follows the book.
    eventually("the change is in the history", || {
        let counts = running.command(&[&["export"][..], &days, &["--only", "counts"]].concat());
        (text(&counts).0.lines().count() == 2).then_some(())
    });
    let written = running.json(&[&["export"][..], &days, &["--format", "csv", "--out", path]].concat());
    let tables: Vec<_> = written
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["table"].as_str().unwrap())
        .collect();
    assert_eq!(tables, ["meters", "readings", "topups", "spaces", "counts"]);
    let script = "import csv, json
rows = lambda name: list(csv.DictReader(open(name, newline='')))
meters, spaces, counts = rows('meters.csv'), rows('spaces.csv'), rows('counts.csv')
print(json.dumps([meters[0]['name'], spaces[0]['name'], spaces[0]['current'], counts[-1]['close'], len(rows('topups.csv'))]))";
    let read = program(&out, "python3", &["-c", script]);
    assert_eq!(
        text(&read).0.trim(),
        r#"["Flat \"3\", left", "Hall, north", "7", "7", 0]"#
    );

    let again = running.command(&[&["export"][..], &days, &["--out", path]].concat());
    assert_eq!(again.status.code(), Some(5));
    assert!(text(&again).1.contains("is there already"), "{again:?}");

    let line = running.command(&[&["export"][..], &days, &["--format", "ndjson", "--only", "spaces"]].concat());
    let line: serde_json::Value = serde_json::from_slice(&line.stdout).unwrap();
    assert_eq!((line["id"].as_str(), line["current"].as_u64()), (Some(id), Some(7)));
    for (arguments, code) in [
        (
            &["--from", "2026-02-01", "--to", "2026-01-01", "--only", "counts"][..],
            2,
        ),
        (&["--from", "2026-02-30", "--to", "2026-03-01", "--only", "counts"], 2),
        (&["--from", "2026-01-01", "--to", "2026-03-01"], 2),
    ] {
        let output = running.command(&[&["export"], arguments].concat());
        assert_eq!(output.status.code(), Some(code), "{output:?}");
    }
    assert!(running.log().contains("a table of the box is taken along"));
}

#[test]
fn rooms_that_are_closed_have_nothing_to_take_along() {
    let running = TestBox::start_with("[https]\nlisten = [\"127.0.0.1:0\"]\n[occupancy]\n");
    let out = running.dir.join("out");
    let days = ["--from", "2026-01-01", "--to", "2026-01-31"];
    let output = running.command(&[&["export"][..], &days, &["--out", out.to_str().unwrap()]].concat());
    assert!(output.status.success(), "{output:?}");
    let mut names: Vec<_> = fs::read_dir(&out)
        .unwrap()
        .map(|entry| entry.unwrap().file_name())
        .collect();
    names.sort();
    assert_eq!(names, ["counts.csv", "spaces.csv"]);
    let output = running.command(&[&["export"][..], &days, &["--only", "meters"]].concat());
    assert_eq!(output.status.code(), Some(5));
    assert!(text(&output).1.contains("[meters]"));
}
