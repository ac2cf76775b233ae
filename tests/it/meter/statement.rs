//! What is given of a balance that is explained: everything in a spreadsheet, what was left out once, and a picture
//! (EMOP §23.7).

use std::io::Write;
use std::process::{Command, Stdio};

use gatelodge::meter::emop::MeterTime;
use gatelodge::meter::simulator::Faults;
use serde_json::Value;

use super::explained::{Flat, day, midnight, setup};
use super::fixture::SERIAL;
use crate::access::streams::sign_in;
use crate::accounts::{add, signed_in};

/// Rows of a spreadsheet as Python reads them.
fn rows(csv: &[u8]) -> Vec<Value> {
    let script = "import csv, io, json, sys; text = io.TextIOWrapper(sys.stdin.buffer, newline='', encoding='utf-8'); \
                  print(json.dumps(list(csv.DictReader(text, strict=True))))";
    let mut python = Command::new("python3")
        .args(["-c", script])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python3 is there: apt-get install python3");
    python.stdin.take().unwrap().write_all(csv).unwrap();
    let read = python.wait_with_output().unwrap();
    serde_json::from_slice(&read.stdout).unwrap()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_spreadsheet_holds_all_of_a_statement_by_command_and_by_page() {
    let flat = Flat::new().await;
    let (from, to) = (day(3).to_string(), day(2).to_string());
    let money = flat.explain(day(20), day(2), &[]);
    let statement = &money["statement"];
    let csv = flat.running.command(&[
        "prepay",
        "explain",
        SERIAL,
        "--from",
        &day(20).to_string(),
        "--to",
        &to,
        "--csv",
    ]);
    assert!(csv.stdout.ends_with(b"\r\n"), "RFC 4180");
    let rows_of = rows(&csv.stdout);
    let of = |kind: &str| -> Vec<&Value> { rows_of.iter().filter(|row| row["kind"] == kind).collect() };
    assert_eq!(of("note")[0]["words"], money["note"]);
    for (kind, member) in [
        ("opening", "opening"),
        ("remainder", "remainder"),
        ("computed", "computed"),
        ("meter", "closing"),
        ("difference", "difference"),
        ("least", "least"),
        ("most", "most"),
    ] {
        assert!(statement[member].is_string(), "{member}: {statement}");
        assert_eq!(
            (of(kind).len(), &of(kind)[0]["amount"]),
            (1, &statement[member]),
            "{kind}"
        );
    }
    assert!(statement["explained"] == true && text(&of("explained")[0]["words"]).starts_with("Explained"));
    let lines = statement["lines"].as_array().unwrap();
    for line in lines {
        let same = |row: &&Value| {
            ["day", "from", "to", "words", "amount"]
                .iter()
                .all(|name| row[name] == line[name])
        };
        assert_eq!(of(text(&line["kind"])).into_iter().filter(same).count(), 1, "{line}");
    }
    let differences = statement["differences"].as_array().unwrap();
    for one in differences {
        let found = of(&format!("cause_{}", text(&one["kind"])));
        assert_eq!(found.len(), 1, "{one}: {rows_of:?}");
        assert_eq!(
            (&found[0]["words"], text(&found[0]["times"])),
            (&one["words"], &*one["times"].to_string())
        );
    }
    let causes: Vec<&str> = differences.iter().map(|one| text(&one["kind"])).collect();
    assert_eq!(causes, ["rounding", "debt", "standing_charge"]);
    assert_eq!(
        rows_of.len(),
        1 + 7 + 1 + lines.len() + differences.len(),
        "and nothing else"
    );

    // The page links to the same rows, for whoever may see the page and nobody else.
    let mut admin = signed_in(&flat.running, "admin");
    let link = format!("/energy/{SERIAL}/money.csv?from={from}&amp;to={to}");
    let page = admin.get(&format!("/energy/{SERIAL}/money?from={from}&to={to}")).text();
    assert!(page.contains(&link), "{page}");
    let answer = admin.get(&format!("/energy/{SERIAL}/money.csv?from={}&to={to}", day(20)));
    let name = format!("attachment; filename=\"{SERIAL}-money-{}-{to}.csv\"", day(20));
    assert_eq!(answer.header("content-disposition"), Some(name.as_str()));
    assert_eq!(rows(answer.text().as_bytes()), rows_of);
    let halves = admin.get(&format!(
        "/energy/{SERIAL}/money.csv?from={from}&to={to}&half_hours=true"
    ));
    let halves = rows(halves.text().as_bytes())
        .into_iter()
        .filter(|row| row["kind"] == "energy");
    let hours = (midnight(day(1)) - midnight(day(3))).total(jiff::Unit::Hour).unwrap();
    assert_eq!(halves.count(), 2 * hours as usize);
    add(&flat.running, "former", "resident");
    let came = format!("{SERIAL}@{}", day(4));
    flat.running.json(&["user", "meters", "former", &came]);
    flat.running.json(&["user", "move-out", "former", "--at", &to]);
    let mut former = sign_in(&flat.running, "former");
    let theirs = former.get(&format!("/energy/{SERIAL}/money.csv?from={from}&to={}", day(0)));
    let theirs = rows(theirs.text().as_bytes());
    assert!(theirs.iter().any(|row| row["kind"] == "energy"), "{theirs:?}");
    let end = midnight(day(2)).to_string();
    assert!(theirs.iter().all(|row| text(&row["to"]) <= &*end), "{theirs:?}");
    for stranger in ["viewer", "resident"] {
        let mut browser = signed_in(&flat.running, stranger);
        assert_eq!(
            browser.get(&format!("/energy/{SERIAL}/money.csv")).status,
            404,
            "{stranger}"
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_left_out_on_many_days_is_told_once_with_its_days_and_how_many() {
    let mut setup = setup();
    setup.log_start = MeterTime::of(midnight(day(2))).unwrap();
    let flat = Flat::with(setup, Faults::default()).await;
    let money = flat.explain(day(4), day(2), &[]);
    let statement = &money["statement"];
    // Programs find a line a day, as before.
    let lines = statement["lines"].as_array().unwrap().iter();
    assert_eq!(
        lines.filter(|line| line["kind"] == "not_computed").count(),
        2,
        "{statement}"
    );
    let differences = statement["differences"].as_array().unwrap();
    let left_out: Vec<&Value> = differences.iter().filter(|one| one["kind"] == "not_computed").collect();
    let half_hours = 2 * (midnight(day(2)) - midnight(day(4))).total(jiff::Unit::Hour).unwrap() as u64;
    let words = format!("{half_hours} half-hours are left out: there is no reading");
    assert_eq!(left_out.len(), 1, "{statement}");
    assert_eq!(
        (&left_out[0]["words"], left_out[0]["times"].as_u64()),
        (&words.as_str().into(), Some(half_hours))
    );
    let days = [day(4), day(3)].map(|day| Value::from(day.to_string()));
    assert_eq!([&left_out[0]["first"], &left_out[0]["last"]], [&days[0], &days[1]]);
    let causes = statement["causes"].as_array().unwrap();
    let told = format!("{} to {}: {words}", day(4), day(3));
    assert_eq!(
        causes.iter().filter(|cause| text(cause) == told).count(),
        1,
        "{causes:?}"
    );

    // People read it in its place and among what the difference is made of.
    let (from, to) = (day(4).to_string(), day(2).to_string());
    let table = flat
        .running
        .command(&["prepay", "explain", SERIAL, "--from", &from, "--to", &to]);
    let table = String::from_utf8(table.stdout).unwrap();
    let page = signed_in(&flat.running, "admin").get(&format!("/energy/{SERIAL}/money?from={from}&to={to}"));
    for shown in [&table, &page.text()] {
        assert_eq!(shown.matches("there is no reading").count(), 2, "{shown}");
        assert_eq!(shown.matches(&words).count(), 2, "{shown}");
        assert!(shown.contains("Not explained: something was left out"), "{shown}");
    }
    assert!(table.contains(&format!("{} to {}", day(4), day(3))), "{table}");
}
