//! Legs whose messages are compressed (RFC 7692, RELAY Q20), each on its own.

use serde_json::json;

use super::fixture::{Fixture, SECTIONS};
use crate::support::eventually;
use crate::support::usage::peak_kib;

/// The usual relay with compression, and patient enough for peers that do not read.
fn sections() -> String {
    SECTIONS
        .replace("[relay]\n", "[relay]\ncompression = true\n")
        .replace("ping_timeout = \"2s\"", "ping_timeout = \"20s\"")
}

#[test]
fn messages_of_every_kind_and_size_arrive_whichever_leg_is_compressed() {
    let fixture = Fixture::start_with(&sections());
    fixture.play(&["compressed.legs", &(16_u32 << 20).to_string()]);
}

#[test]
fn thousands_of_compressed_messages_arrive_in_order() {
    let count = std::env::var("GATELODGE_TEST_RELAY_MESSAGES").unwrap_or_else(|_| "3000".into());
    Fixture::start_with(&sections()).play(&["compressed.crowds", &count]);
}

#[test]
fn offers_of_compression_are_taken_as_they_stand_and_windows_are_kept_to() {
    let fixture = Fixture::start_with(&sections());
    fixture.play(&["compressed.offers"]);
    fixture.play(&["compressed.early"]);
}

#[test]
fn what_no_peer_may_say_on_a_compressed_leg_ends_it_and_nobody_else() {
    let fixture = Fixture::start_with(&sections());
    fixture.play(&["compressed.wrong"]);
    // What there was without compression is there with it.
    fixture.play(&["bad"]);
}

#[test]
fn a_bomb_is_stopped_where_the_limit_is_and_costs_no_memory() {
    let fixture = Fixture::start_with(&sections());
    fixture.play(&["orders"]);
    let before = peak_kib(fixture.running.process());
    fixture.play(&["compressed.bombs"]);
    let (stopped, name) = (
        peak_kib(fixture.running.process()),
        "gatelodge_relay_ended_total{reason=\"too_long\"} ",
    );
    eventually("nine bombs were stopped", || {
        (fixture.running.metric(name) == Some(9)).then_some(())
    });
    assert!(stopped - before < 16 << 10, "{before} KiB became {stopped} KiB");
    // Fifteen megabytes, four times, for each of eight partners that do not read.
    fixture.play(&["compressed.slow", "8"]);
    let waited = peak_kib(fixture.running.process());
    println!("{before} KiB, after bombs {stopped} KiB, after slow partners {waited} KiB");
    assert!(waited - before < 32 << 10, "{before} KiB became {waited} KiB");
}

#[test]
fn compression_begins_with_the_next_connection_and_is_shown() {
    let fixture = Fixture::start();
    fixture.play(&["compressed.declined"]);
    let mut stays = fixture.begin(&fixture.bundle("peer"), &["stays", "gw/7"]);
    assert_eq!(stays.line(), "paired");
    fixture.running.configure(&sections());
    fixture.running.signal(rustix::process::Signal::HUP);
    fixture.play(&["compressed.becomes_agreed"]);
    let mut told = fixture.begin(&fixture.bundle("peer"), &["compressed.told", "gw/8"]);
    assert_eq!(told.line(), "told");
    let peers = fixture.running.json(&["relay", "peers"]);
    let shown = |meetup: &str| -> Vec<_> {
        let peers = peers.as_array().unwrap().iter().filter(|peer| peer["meetup"] == meetup);
        peers.map(|peer| (&peer["compression"], &peer["bytes"])).collect()
    };
    let (no, yes) = (json!(false), json!(true));
    assert_eq!(shown("gw/7"), [(&no, &json!(16)), (&no, &json!(0))]);
    // A message counts as long as it is, however short it was on its way.
    assert_eq!(shown("gw/8"), [(&yes, &json!(100_000)), (&no, &json!(0))]);
}
