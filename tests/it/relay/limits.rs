//! What a peer may take for itself: rates of its certificate, quiet meetups, dead lines.

use serde_json::{Value, json};

use super::fixture::{Fixture, SECTIONS};
use crate::support::eventually;

/// The usual relay with one more line in its section.
fn with(line: &str) -> String {
    SECTIONS.replace("[relay]\n", &format!("[relay]\n{line}\n"))
}

#[test]
fn who_sends_more_messages_than_it_may_is_read_more_slowly_and_stays() {
    let fixture = Fixture::start_with(&with("messages_per_identity = \"50/s\""));
    // 150 messages: 50 at once, up to one read ahead, the rest at 50 a second.
    fixture.play(&["paced", "150", "1.5"]);
    assert_eq!(
        fixture
            .running
            .metric("gatelodge_relay_ended_total{reason=\"ping_timeout\"} "),
        None
    );
}

#[test]
fn who_sends_more_bytes_than_it_may_is_read_more_slowly_and_stays() {
    let fixture = Fixture::start_with(&with("bytes_per_identity = \"100KiB/s\""));
    fixture.play(&["paced", "300", "1.5"]);
}

#[test]
fn two_that_say_nothing_are_ended_where_the_rule_says_so_and_who_waits_is_not() {
    let fixture = Fixture::start();
    let mut quiet = fixture.begin(&fixture.bundle("peer"), &["stays", "quiet/7"]);
    let mut waiting = fixture.begin(&fixture.bundle("peer"), &["waits", "quiet/8"]);
    let mut silent = fixture.begin(&fixture.bundle("peer"), &["stays", "gw/7"]);
    assert_eq!(waiting.line(), "waiting");
    assert_eq!(
        (quiet.line(), silent.line()),
        ("paired".to_owned(), "paired".to_owned())
    );
    let ends: Value = serde_json::from_str(&quiet.line()).unwrap();
    let idle = json!([4408, "nothing was said for 1 seconds"]);
    assert_eq!(ends, json!([idle, idle]));
    assert_eq!(
        fixture.running.json(&["status"])["relay"],
        json!({ "waiting": 1, "paired": 1 })
    );
}

#[test]
fn the_system_asks_whether_a_silent_peer_is_there() {
    let fixture = Fixture::start();
    let mut waiting = fixture.begin(&fixture.bundle("peer"), &["waits", "gw/8"]);
    assert_eq!(waiting.line(), "waiting");
    // proc(5): the local port in hex, state 01 is established, timer 02 is that of keepalive.
    let port = format!(":{:04X}", fixture.running.door("relay").port());
    eventually("the keepalive timer of the connection runs", || {
        let sockets = std::fs::read_to_string("/proc/net/tcp").unwrap();
        let mut rows = sockets.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
        rows.any(|row| row[1].ends_with(&port) && row[3] == "01" && row[5].starts_with("02:"))
            .then_some(())
    });
}
