//! What the box does with meters by itself, by the built binary: each job run by hand, its report and its history.

use serde_json::{Value, json};

use super::command::Simulation;
use crate::accounts::signed_in;
use crate::support::test_box::CONFIG;
use crate::support::{TestBox, eventually};

/// A clock that stands still is further off with every second.
const STOPPED: &str = "EML2000000001";
const PREPAID: &str = "EML2000000003";

fn simulated(serial: &str, more: &[&str]) -> (Simulation, String) {
    let (meter, printed) = Simulation::start(&[&["--listen", "127.0.0.1:0", "--serial", serial], more].concat(), 1);
    (meter, printed[0]["address"].as_str().unwrap().to_owned())
}

#[test]
fn jobs_are_listed_run_and_remembered() {
    let (_stopped, at_stopped) = simulated(STOPPED, &["--now", "2026-02-10T12:00:00Z"]);
    let (_prepaid, at_prepaid) = simulated(
        PREPAID,
        &["--prepay", "--balance", "3.5", "--power", "0", "--standing-charge", "0"],
    );
    let mut running = TestBox::unstarted("");
    let file = running.dir.join("tariffs.csv");
    std::fs::write(&file, "serial\n").unwrap();
    running.configure(&format!(
        "{CONFIG}\n[meters]\nrequest_gap = \"0s\"\ntimeout = \"2s\"\n[meters.jobs]\nclocks = \"1d\"\ntariffs = \"1d\"\ntariffs_file = {file:?}\n\
         [[meter]]\nserial = \"{STOPPED}\"\nlink = \"tcp://{at_stopped}\"\n\
         [[meter]]\nserial = \"{PREPAID}\"\nlink = \"tcp://{at_prepaid}\"\n\
         [[meter]]\nserial = \"EML2000000009\"\nlink = \"tcp://127.0.0.1:9\"\nhardware = \"EMA1.w\"\n"
    ));
    running.run();
    eventually("both meters were read", || {
        let meters = running.json(&["meter", "list"]);
        let has = |at: usize, value: &str| meters[at]["values"][value].is_object();
        (has(0, "clock_drift") && has(1, "prepay_enabled") && has(1, "balance")).then_some(())
    });
    let listed = running.json(&["job", "list"]);
    let jobs: Vec<&Value> = listed.as_array().unwrap().iter().map(|job| &job["job"]).collect();
    assert_eq!(
        jobs,
        [
            &json!("clocks"),
            &json!("tariffs"),
            &json!("topups"),
            &json!("low_balance")
        ]
    );
    assert!(listed[0]["last"].is_null() && listed[0]["every"] == "1d");

    let clocks = running.json(&["job", "run", "clocks"]);
    assert_eq!(
        (&clocks["done"], &clocks["failed"], &clocks["cause"]),
        (&json!(1), &json!(0), &json!("asked"))
    );
    assert_eq!(clocks["lines"][0]["meter"], STOPPED);
    assert!(
        clocks["lines"][0]["words"]
            .as_str()
            .unwrap()
            .ends_with("s off and is set"),
        "{clocks}"
    );

    let low = running.json(&["job", "run", "low_balance"]);
    assert_eq!(
        (&low["reported"], &low["lines"][0]["meter"]),
        (&json!(1), &json!(PREPAID))
    );
    assert!(
        low["lines"][0]["words"].as_str().unwrap().starts_with("£3.50 left"),
        "{low}"
    );

    // A code for a meter that is away waits, and its clock is not set meanwhile.
    let file = running.dir.join("code");
    std::fs::write(&file, "10000000000000001250\n").unwrap();
    let sent = running.command(&[
        "prepay",
        "send",
        "EML2000000009",
        "--token-file",
        file.to_str().unwrap(),
        "--wait",
        "0",
    ]);
    assert_eq!(sent.status.code(), Some(0), "nobody waits: it is accepted");
    let waiting = running.json(&["job", "run", "topups"]);
    assert_eq!(waiting["reported"], 1, "{waiting}");
    assert!(waiting["lines"][0]["words"].as_str().unwrap().contains("is waiting"));

    let nothing = running.command(&["job", "run", "nothing"]);
    assert_eq!(nothing.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&nothing.stderr).contains("clocks, tariffs, topups, low_balance"));

    // Tariffs to come: one is written and read back, one cannot be, one line is none; then nothing is missing.
    let year = jiff::Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).year() + 1;
    let head = "serial,tariff_period_start,customer_unit_rate,customer_standing_charge,emergency_credit,ecredit_button_threshold,debt_recovery_rate";
    let tariffs = format!(
        "{head}\n{PREPAID},{year}-04-01,0.24,0.5,15,10,0.3\nEML2000000009,{year}-04-01,0.24,0.5,15,10,0.3\n{STOPPED},{year}-04-01,0.24,0.5,,10,0.3\n"
    );
    std::fs::write(running.dir.join("tariffs.csv"), tariffs).unwrap();
    let written = running.command(&["job", "run", "tariffs", "--json"]);
    assert_eq!(written.status.code(), Some(1), "two did not work");
    let report: Value = serde_json::from_slice(&written.stdout).unwrap();
    assert_eq!((&report["done"], &report["failed"]), (&json!(1), &json!(2)), "{report}");
    let words: Vec<&str> = report["lines"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line["words"].as_str().unwrap())
        .collect();
    assert!(
        words
            .iter()
            .any(|words| words.contains("line 4: emergency_credit is empty")),
        "{words:?}"
    );
    assert!(
        words.iter().any(|words| words.contains("was written and read back")),
        "{words:?}"
    );
    eventually("the meter says what it holds", || {
        let shown = running.json(&["meter", "show", PREPAID]);
        shown["values"]["tariffs_future"]
            .to_string()
            .contains("0.24")
            .then_some(())
    });
    let again = running.command(&["job", "run", "tariffs", "--json"]);
    let report: Value = serde_json::from_slice(&again.stdout).unwrap();
    assert_eq!((&report["done"], &report["failed"]), (&json!(0), &json!(2)), "{report}");

    // What ran stands in the book.
    running.kill();
    running.run();
    let shown = running.json(&["job", "show", "low_balance"]);
    assert_eq!(shown["runs"].as_array().unwrap().len(), 1);
    assert_eq!(shown["newest"]["lines"], low["lines"]);
    let listed = running.json(&["job", "list"]);
    assert!(
        listed[0]["last"]["done"] == 1 && listed[0]["next"].is_string(),
        "{listed}"
    );
    let text = running.command(&["job", "show", "low_balance"]);
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    assert!(text.contains("£3.50 left") && text.contains("1 reported"), "{text}");
    assert!(!text.contains("told"), "{text}");

    // Whoever runs the box reads the same on its page, and a program with its token at `/v1`.
    let page = signed_in(&running, "installer").get("/box").text();
    for words in ["<h2>Jobs</h2>", "low_balance", "1 reported"] {
        assert!(page.contains(words), "{words}: {page}");
    }
    let jobs = |scope: &str| {
        let made = running.json(&["token", "create", "--name", "jobs", "--scope", scope]);
        let bearer = format!("Bearer {}", made["token"].as_str().unwrap());
        running.https().ask("GET", "/v1/jobs", &[("authorization", &bearer)])
    };
    let shown = jobs("box:admin").json();
    let low = &shown["jobs"][3];
    assert_eq!(
        (&low["job"], &low["last"]["outcome"]),
        (&json!("low_balance"), &json!("1 reported")),
        "{shown}"
    );
    assert!(low["next"].is_string() && low["last"]["began"].is_string(), "{shown}");
    assert_eq!(jobs("meters:read").status, 403);
}

#[test]
fn what_the_file_of_tariffs_lacks_or_says_twice_is_named() {
    let running = TestBox::start_with(&format!("{CONFIG}\n[meters]\n"));
    let ran = running.command(&["job", "run", "tariffs"]);
    let said = String::from_utf8_lossy(&ran.stderr).into_owned();
    assert_eq!(ran.status.code(), Some(1), "{said}");
    assert!(ran.stdout.is_empty(), "it is said once: {ran:?}");
    assert!(
        said.contains("tariffs_file = ") && said.contains("[meters.jobs]") && said.contains("config reload"),
        "{said}"
    );
    let file = running.dir.join("tariffs.csv");
    let head = "serial,tariff_period_start,customer_unit_rate,customer_standing_charge";
    std::fs::write(
        &file,
        format!("{head}\n{PREPAID},2199-04-01,0.24,0.5\n{PREPAID},2199-04-01,0.25,0.5\n"),
    )
    .unwrap();
    running.configure(&format!(
        "{CONFIG}\n[meters]\n[meters.jobs]\ntariffs_file = {file:?}\n\
         [[meter]]\nserial = \"{PREPAID}\"\nlink = \"tcp://127.0.0.1:9\"\nhardware = \"EMA1.w\"\n"
    ));
    running.json(&["config", "reload"]);
    let ran = running.command(&["job", "run", "tariffs", "--json"]);
    let report: Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!(
        (&report["failed"], &report["lines"][0]["meter"]),
        (&json!(1), &json!(PREPAID)),
        "{report}"
    );
    let words = report["lines"][0]["words"].as_str().unwrap();
    assert!(
        words.contains("lines 2 and 3") && words.contains("none of them is written"),
        "{words}"
    );
}
