//! Tariffs through the doors of the built binary: the command line, `/v1`, the meter's page; and a box that is killed in the
//! middle of a writing.

use serde_json::{Value, json};

use super::command::Simulation;
use crate::accounts::signed_in;
use crate::support::test_box::CONFIG;
use crate::support::{TestBox, eventually};

const SERIAL: &str = "EML2137580826";

fn start(more: &[&str]) -> (TestBox, Simulation) {
    let arguments = [
        "--listen",
        "127.0.0.1:0",
        "--serial",
        SERIAL,
        "--prepay",
        "--power",
        "0",
    ];
    let (meter, printed) = Simulation::start(&[&arguments[..], more].concat(), 1);
    let address = printed[0]["address"].as_str().unwrap();
    let running = TestBox::start_with(&format!(
        "{CONFIG}\n[meters]\nrequest_gap = \"0s\"\ntimeout = \"2s\"\n[[meter]]\nserial = \"{SERIAL}\"\n\
         link = \"tcp://{address}\"\nname = \"Flat 1\"\nhardware = \"EMA1.w\"\n"
    ));
    (running, meter)
}

fn in_hours(hours: i64) -> String {
    let at = jiff::Timestamp::now() + jiff::SignedDuration::from_hours(hours);
    at.strftime("%Y-%m-%dT%H:%M:%S").to_string()
}

fn write<'a>(from: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let mut arguments = vec![
        "meter",
        "tariff",
        "write",
        SERIAL,
        "--unit-rate",
        "0.2345",
        "--standing-charge",
        "0.5",
        "--from",
        from,
        "--why",
        "prices of April",
    ];
    arguments.extend(more);
    arguments
}

#[test]
fn a_box_that_is_killed_half_way_goes_on_where_it_was() {
    let (mut running, _meter) = start(&["--slow", "150ms"]);
    let from = in_hours(48);
    let begun = running.command(&write(&from, &["--wait", "0"]));
    assert_eq!(begun.status.code(), Some(1), "{begun:?}");
    let shown = |running: &TestBox| running.json(&["meter", "tariff", "show", SERIAL])["write"].clone();
    eventually("some of it is written", || {
        (shown(&running)["written"].as_u64() >= Some(3)).then_some(())
    });
    // Another one has to wait.
    let other = running.command(&write(&in_hours(72), &[]));
    assert_eq!(other.status.code(), Some(5), "{other:?}");
    assert!(String::from_utf8_lossy(&other.stderr).contains("another tariff is being written"));
    let dry = running.command(&write(&in_hours(72), &["--dry-run"]));
    assert_eq!((dry.status.code(), &dry.stderr), (Some(5), &other.stderr), "{dry:?}");
    running.kill();
    running.run();
    let cut = shown(&running);
    assert_eq!(cut["state"], "halted", "{cut}");
    let written = cut["written"].as_u64().unwrap();
    assert!((3..11).contains(&written), "{cut}");
    assert!(
        cut["words"]
            .as_str()
            .unwrap()
            .contains(&format!("written {written} of 11; it does not begin")),
        "{cut}"
    );
    let again = running.command(&write(&from, &[]));
    let said = String::from_utf8_lossy(&again.stderr);
    assert!(again.status.success(), "{said}");
    let first = said.split("written ").nth(1).unwrap().split(' ').next().unwrap();
    assert!(first.parse::<u64>().unwrap() >= written, "{said}");
    assert_eq!(shown(&running)["state"], "done");
    let audit = running.log();
    assert!(audit.contains("a tariff to come is written to a meter") && audit.contains("prices of April"));
}

#[test]
fn tariffs_are_shown_and_written_at_every_door() {
    let (running, _meter) = start(&[]);
    // What was in force since when, as far as the box has seen it.
    let had = eventually("a tariff was seen", || {
        let shown = running.json(&["meter", "tariff", "show", SERIAL]);
        let had = shown["history"].as_array().unwrap().clone();
        (!had.is_empty()).then_some(had)
    });
    assert_eq!(had.len(), 1, "{had:?}");
    assert_eq!(had[0]["unit_rate"]["words"], "23.812 p/kWh");
    assert!(had[0]["since"].is_string() && had[0]["seen"].is_string(), "{had:?}");
    eventually("the tariff to come was read", || {
        let shown = running.json(&["meter", "tariff", "show", SERIAL]);
        assert!(shown["future"]["begins"].is_null(), "{shown}");
        shown["future"].is_object().then_some(())
    });
    let text = running.command(&["meter", "tariff", "show", SERIAL]);
    let text = String::from_utf8_lossy(&text.stdout).into_owned();
    assert!(text.contains("none, as of") && !text.contains("2000-01-01"), "{text}");
    assert!(
        text.contains("seen since") && text.contains("23.812 p/kWh, 51.082 p/day"),
        "{text}"
    );
    let from = in_hours(48);
    let dry = running.command(&write(
        &from,
        &[
            "--dry-run",
            "--emergency-credit",
            "5",
            "--ecredit-availability",
            "2",
            "--debt-recovery-rate",
            "0",
        ],
    ));
    let table = String::from_utf8_lossy(&dry.stdout);
    assert!(
        dry.status.success() && table.contains("23.450 p/kWh") && table.contains("7e"),
        "{dry:?}"
    );
    let past = running.command(&write("2026-01-01", &[]));
    assert_eq!(past.status.code(), Some(5), "{past:?}");

    let token = |scope: &str| {
        let made = running.json(&["token", "create", "--name", scope, "--scope", scope]);
        format!("Bearer {}", made["token"].as_str().unwrap())
    };
    let (reads, writes) = (token("meters:read"), token("meters:write"));
    let path = format!("/v1/meters/{SERIAL}/tariffs");
    let put = |bearer: &str, query: &str, body: &Value| {
        let headers = [("authorization", bearer), ("content-type", "application/json")];
        let path = format!("{path}/future{query}");
        running
            .https()
            .try_ask("PUT", &path, &headers, body.to_string().as_bytes())
            .unwrap()
    };
    let body = json!({"unit_rate": "0.2345", "standing_charge": "0.5", "from": from, "why": "prices of April"});
    assert_eq!(put(&reads, "", &body).status, 403);
    let mut wrong = body.clone();
    wrong["unit_rate"] = json!("23.45");
    let refused = put(&writes, "", &wrong);
    assert_eq!(refused.status, 422, "{}", refused.text());
    assert!(refused.text().contains("is it in pence?"), "{}", refused.text());
    let mut https = running.https();
    let mut get = |path: &str| https.ask("GET", path, &[("authorization", &reads)]);
    assert_eq!(get(&format!("{path}/future")).status, 404);
    let begun = put(&writes, "", &body);
    assert_eq!(begun.status, 202, "{}", begun.text());
    let done = eventually("it is written", || {
        let write = get(&format!("{path}/future")).json();
        (write["state"] != "writing").then_some(write)
    });
    assert_eq!(done["state"], "done", "{done}");
    assert!(done.get("by").is_none(), "who wrote it is not told to programs: {done}");
    let shown = get(&path).json();
    assert_eq!(shown["future"]["unit_rate"]["words"], "23.450 p/kWh", "{shown}");
    assert_eq!(shown["write"]["why"], "prices of April");

    let asked = running.command(&["meter", "tariff", "show", SERIAL, "--now"]);
    let said = String::from_utf8_lossy(&asked.stdout);
    assert!(
        said.contains("23.812 p/kWh") && said.contains("time switches"),
        "{said}"
    );
    assert!(String::from_utf8_lossy(&asked.stderr).contains("cannot stop that"));
    let mut person = signed_in(&running, "installer");
    let page = person.get(&format!("/energy/{SERIAL}/settings")).text();
    for words in [
        "What it charges",
        "23.812 p/kWh",
        "23.450 p/kWh",
        "Last written through this box: done",
    ] {
        assert!(page.contains(words), "{words}");
    }
    // Whoever lives there reads what they pay, and nothing of the meter's own numbers.
    let mut resident = signed_in(&running, "resident");
    running.json(&["user", "meters", "resident", &format!("{SERIAL}@2026-01-01")]);
    let theirs = resident.get(&format!("/energy/{SERIAL}/settings")).text();
    for words in ["Now: 23.812p/kWh, ", ": 23.45p/kWh, "] {
        assert!(theirs.contains(words), "{words}: {theirs}");
    }
    for words in [
        "as the meter has",
        "Load switch",
        "Signal (CSQ)",
        "thresholds of the tariff to come",
    ] {
        assert!(!theirs.contains(words), "{words}: {theirs}");
    }
    assert!(page.contains("as the meter has"));
}

#[test]
fn older_scripts_write_tariffs_with_the_same_output_by_the_same_way() {
    let (running, _meter) = start(&[]);
    let from = in_hours(48);
    let arguments = [
        "emop",
        "tariffs_future_write",
        SERIAL,
        "--from-ts",
        &from,
        "--unit-rate",
        "0.3",
        "--standing-charge",
        "0.5",
    ];
    let dry = running.command(&[&arguments[..], &["--dry-run"]].concat());
    assert!(String::from_utf8_lossy(&dry.stdout).contains("30.000 p/kWh"), "{dry:?}");
    let written = running.command(&arguments);
    assert!(written.status.success(), "{written:?}");
    assert_eq!(written.stdout, b"");
    assert!(String::from_utf8_lossy(&written.stderr).contains("the meter holds all of it"));
    let write = running.json(&["meter", "tariff", "show", SERIAL])["write"].clone();
    assert_eq!(
        (&write["state"], &write["emergency_credit"]["words"]),
        (&json!("done"), &json!("£15.00")),
        "{write}"
    );
    let mut past = arguments;
    past[4] = "2026-01-01";
    let past = running.command(&past);
    assert_eq!(past.status.code(), Some(5), "{past:?}");
    assert!(String::from_utf8_lossy(&past.stderr).contains("has passed"));
}

#[test]
fn a_command_waits_no_longer_than_it_is_told_to_for_what_a_meter_is_asked_first() {
    // It takes what comes and says nothing.
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let running = TestBox::start_with(&format!(
        "{CONFIG}\n[meters]\nrequest_gap = \"0s\"\ntimeout = \"9s\"\n[[meter]]\nserial = \"{SERIAL}\"\n\
         link = \"tcp://{}\"\nhardware = \"EMA1.w\"\n",
        silent.local_addr().unwrap()
    ));
    let from = in_hours(48);
    let began = std::time::Instant::now();
    let waited = running.command(&write(&from, &["--wait", "2"]));
    let said = String::from_utf8_lossy(&waited.stderr).into_owned();
    assert_eq!(waited.status.code(), Some(1), "{said}");
    assert!(
        said.contains("nothing was written") && said.contains("within 2 s"),
        "{said}"
    );
    assert!(began.elapsed().as_secs() < 8, "{:?}", began.elapsed());
    let shown = running.json(&["meter", "tariff", "show", SERIAL]);
    assert_eq!(shown["write"], Value::Null, "{shown}");
    let forever = running.command(&write(&from, &["--wait", "18446744073709551615"]));
    assert_eq!(forever.status.code(), Some(2));
}
