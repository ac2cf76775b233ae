//! Whoever runs the relay: the table, ends, reload, stop, journal, log, metrics.

use std::time::Duration;

use serde_json::{Value, json};

use super::fixture::{Fixture, SECTIONS};
use crate::support::eventually;

fn token(fixture: &Fixture, scope: &str) -> String {
    let created = fixture
        .running
        .json(&["token", "create", "--name", scope, "--scope", scope]);
    format!("Bearer {}", created["token"].as_str().unwrap())
}

#[test]
fn the_table_says_who_is_there_and_ends_them() {
    let fixture = Fixture::start();
    let mut pair = fixture.begin(&fixture.bundle("peer"), &["stays", "gw/7?ticket=secret"]);
    assert_eq!(pair.line(), "paired");
    let mut waiting = fixture.begin(&fixture.bundle("gateway"), &["waits", "gw/8"]);
    assert_eq!(waiting.line(), "waiting");
    let table = eventually("three peers are there", || {
        let table = fixture.running.json(&["relay", "peers"]);
        (table
            .as_array()
            .unwrap()
            .iter()
            .filter(|row| row["state"] != "greeting")
            .count()
            == 3)
            .then_some(table)
    });
    assert_eq!(
        fixture.running.json(&["status"])["relay"],
        json!({ "waiting": 1, "paired": 1 })
    );
    let rows: Vec<(&str, &str, &str)> = table
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            [&row["meetup"], &row["state"], &row["identity"]]
                .map(|text| text.as_str().unwrap())
                .into()
        })
        .collect();
    assert_eq!(
        rows,
        [
            ("gw/7", "paired", "O:peer"),
            ("gw/7", "paired", "O:peer"),
            ("gw/8", "waiting", "O:gateway")
        ]
    );
    assert!(!table.to_string().contains("secret"));
    // The same for programs, with the right token.
    let mut https = fixture.running.https();
    let admin = token(&fixture, "relay:admin");
    let shown = https.ask("GET", "/v1/relay", &[("authorization", &admin)]);
    assert_eq!((shown.status, shown.json()["paired"].clone()), (200, json!(1)));
    let other = token(&fixture, "spaces:admin");
    assert_eq!(https.ask("GET", "/v1/relay", &[("authorization", &other)]).status, 403);
    assert_eq!(https.ask("GET", "/v1/relay", &[]).status, 401);
    let waits = table[2]["peer"].to_string();
    let path = format!("/v1/relay/peers/{waits}");
    assert_eq!(https.ask("DELETE", &path, &[("authorization", &admin)]).status, 204);
    assert_eq!(waiting.line(), "[1008, \"ended by the operator\"]");
    assert_eq!(https.ask("DELETE", &path, &[("authorization", &admin)]).status, 404);
    assert_eq!(
        https
            .ask("DELETE", "/v1/relay/peers/x", &[("authorization", &admin)])
            .status,
        404
    );
    let first = table[0]["peer"].to_string();
    fixture.running.json(&["relay", "kick", &first]);
    let ends: Value = serde_json::from_str(&pair.line()).unwrap();
    assert_eq!(
        ends,
        json!([
            [1008, "ended by the operator"],
            [1002, "the peer websocket disconnected"]
        ])
    );
    let gone = fixture.running.command(&["relay", "kick", &first]);
    assert_eq!(gone.status.code(), Some(5));
}

#[test]
fn metrics_journal_and_log_tell_of_peers_and_never_of_payloads() {
    let fixture = Fixture::start();
    let mut pair = fixture.begin(&fixture.bundle("peer"), &["stays", "gw/7"]);
    assert_eq!(pair.line(), "paired");
    let metric = |name: &str| fixture.running.metric(&format!("gatelodge_relay_{name} "));
    assert_eq!(metric("connections"), Some(2));
    assert_eq!(
        (metric("meetups_paired"), metric("meetups_waiting")),
        (Some(1), Some(0))
    );
    let carried = |what: &str, direction: &str| {
        let name = format!("gatelodge_relay_{what}_total{{direction=\"{direction}\"}} ");
        fixture.running.metric(&name)
    };
    eventually("what was carried is counted", || {
        (carried("messages", "in") == Some(1) && carried("messages", "out") == Some(1)).then_some(())
    });
    assert_eq!(carried("bytes", "in"), carried("bytes", "out"));
    drop(pair);
    let ended = "ended_total{reason=\"partner_gone\"}";
    eventually("the ends are counted", || {
        (metric("connections") == Some(0)).then_some(())
    });
    assert!(metric(ended).is_some() || metric("ended_total{reason=\"lost\"}") == Some(2));
    let mut fixture = fixture;
    fixture.running.stop();
    let log = fixture.running.log();
    for line in [
        "a relay peer connected",
        "a relay peer said HELLO",
        "a relay peer's connection ended",
    ] {
        assert!(log.contains(line), "{line}: {log}");
    }
    assert!(!log.contains("secret payload") && !log.contains("gw/7"), "{log}");
    let segments = fixture.running.dir.join("data/store");
    let mut journal = Vec::new();
    let mut folders = vec![segments];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                journal.extend(std::fs::read(path).unwrap());
            }
        }
    }
    let count = |text: &str| {
        journal
            .windows(text.len())
            .filter(|part| *part == text.as_bytes())
            .count()
    };
    assert!(count("peer_joined") >= 2 && count("peer_left") >= 2, "in the journal");
    assert_eq!(count("secret payload"), 0);
}

#[test]
fn a_stop_is_said_to_every_peer() {
    let mut fixture = Fixture::start();
    let mut pair = fixture.begin(&fixture.bundle("peer"), &["stays", "gw/7"]);
    assert_eq!(pair.line(), "paired");
    let (code, took) = fixture.running.stop();
    assert_eq!(code, Some(0));
    assert!(took < Duration::from_secs(5), "{took:?}");
    let ends: Value = serde_json::from_str(&pair.line()).unwrap();
    assert_eq!(ends, json!([[1001, "the relay stops"], [1001, "the relay stops"]]));
    assert!(
        !fixture.running.log().contains("did not stop in time"),
        "{}",
        fixture.running.log()
    );
}

#[test]
fn changed_rules_end_whom_they_do_not_name_and_leave_the_others_connected() {
    let fixture = Fixture::start();
    let (gateway, peer) = (fixture.bundle("gateway"), fixture.bundle("peer"));
    let mut stays = fixture.begin(&gateway, &["stays", "a"]);
    let mut goes = fixture.begin(&peer, &["stays", "b"]);
    assert_eq!((stays.line(), goes.line()), ("paired".to_owned(), "paired".to_owned()));
    let port = fixture.running.door("relay").port();
    let sections = SECTIONS.replace("id = \"*\"\n", "id = \"*\"\npeers = [\"gateway\"]\n");
    assert_ne!(sections, SECTIONS);
    fixture.running.configure(&sections);
    fixture.running.signal(rustix::process::Signal::HUP);
    let ends: Value = serde_json::from_str(&goes.line()).unwrap();
    let codes: Vec<&Value> = ends.as_array().unwrap().iter().map(|end| &end[0]).collect();
    assert!(codes.contains(&&json!(4403)), "{ends}");
    let status = fixture.running.json(&["status"]);
    assert_eq!(status["relay"], json!({ "waiting": 0, "paired": 1 }));
    assert_eq!(fixture.running.door("relay").port(), port, "the door stayed open");
    fixture.play(&["refused", "c", "403"]);
    // Without the section there is no relay, and everybody is told.
    fixture.running.configure("[metrics]\nlisten = [\"127.0.0.1:0\"]\n");
    fixture.running.signal(rustix::process::Signal::HUP);
    let ends: Value = serde_json::from_str(&stays.line()).unwrap();
    assert_eq!(ends[0], json!([1001, "the relay stops"]));
    let status = eventually("the door is closed", || {
        let status = fixture.running.json(&["status"]);
        status["doors"]["relay"].is_null().then_some(status)
    });
    assert_eq!(
        (&status["relay"], &status["rooms"]["relay"]["state"]),
        (&Value::Null, &json!("closed"))
    );
}

#[test]
fn a_relay_that_drains_keeps_its_pairs_and_takes_nobody_new() {
    let fixture = Fixture::start();
    let mut pair = fixture.begin(&fixture.bundle("peer"), &["stays", "gw/7"]);
    let mut waiting = fixture.begin(&fixture.bundle("peer"), &["waits", "gw/8"]);
    assert_eq!(
        (pair.line(), waiting.line()),
        ("paired".to_owned(), "waiting".to_owned())
    );
    eventually("the one waits", || {
        (fixture.running.json(&["status"])["relay"]["waiting"] == 1).then_some(())
    });
    let drained = fixture.running.json(&["relay", "drain"]);
    assert_eq!(drained, json!({ "draining": true, "paired": 1 }));
    assert_eq!(
        waiting.line(),
        "[1013, \"the relay takes nobody new for now; try again later\"]"
    );
    fixture.play(&["refused", "gw/9", "503"]);
    let (draining, refused) = (
        "gatelodge_relay_draining ",
        "gatelodge_relay_refused_total{reason=\"draining\"} ",
    );
    assert_eq!(
        (fixture.running.metric(draining), fixture.running.metric(refused)),
        (Some(1), Some(1))
    );
    // A program undoes it, with the right token only.
    let mut https = fixture.running.https();
    let admin = token(&fixture, "relay:admin");
    let shown = https.ask("GET", "/v1/relay", &[("authorization", &admin)]).json();
    assert_eq!((&shown["draining"], &shown["paired"]), (&json!(true), &json!(1)));
    assert_eq!(https.ask("DELETE", "/v1/relay/drain", &[]).status, 401);
    let ended = https.ask("DELETE", "/v1/relay/drain", &[("authorization", &admin)]);
    assert_eq!(ended.status, 204);
    fixture.play(&["redial"]);
    assert_eq!(
        https.ask("PUT", "/v1/relay/drain", &[("authorization", &admin)]).status,
        204
    );
    fixture.play(&["refused", "gw/9", "503"]);
    assert_eq!(fixture.running.json(&["relay", "drain", "--undo"])["draining"], false);
}

#[test]
fn a_traced_meetup_is_in_the_log_with_kinds_and_lengths_and_nothing_else_is() {
    let mut fixture = Fixture::start();
    let traced = fixture.running.json(&["relay", "trace", "gw/7", "--for", "1h"]);
    assert_eq!(traced, json!({ "trace": 1, "peers": [] }));
    let mut pairs = ["gw/7?ticket=x", "gw/8"].map(|id| fixture.begin(&fixture.bundle("peer"), &["stays", id]));
    pairs.iter_mut().for_each(|pair| assert_eq!(pair.line(), "paired"));
    let brief = fixture.running.json(&["relay", "trace", "gw/8", "--for", "1s"]);
    assert_eq!(brief["peers"].as_array().unwrap().len(), 2);
    let long = fixture.running.command(&["relay", "trace", "gw/7", "--for", "2h"]);
    assert_eq!(long.status.code(), Some(2));
    eventually("the short trace is over", || {
        fixture
            .running
            .log()
            .contains("the trace of a meetup is over")
            .then_some(())
    });
    fixture.running.stop();
    let log = fixture.running.log();
    let said: Vec<&str> = log
        .lines()
        .filter(|line| line.contains("a relay peer said something"))
        .collect();
    let texts: Vec<&&str> = said.iter().filter(|line| line.contains("\"text\"")).collect();
    assert_eq!(texts.len(), 1, "{log}");
    assert!(
        texts[0].contains("bytes=16") && texts[0].contains("relay.trace=1"),
        "{}",
        texts[0]
    );
    assert!(!log.contains("secret payload") && !log.contains("gw/7"), "{log}");
}
