//! Pairing, carrying, good-byes: what peers see (RELAY §3).

use std::path::Path;

use super::fixture::{Fixture, SECTIONS};

#[test]
fn what_was_recorded_at_the_original_happens_again() {
    let transcript = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/relay/transcript.jsonl");
    let sections = SECTIONS.replace("[relay]\n", "[relay]\nclose_codes = \"original\"\n");
    Fixture::start_with(&sections).play(&["replay", transcript.to_str().unwrap()]);
}

#[test]
fn peers_pair_in_every_order_and_the_hello_comes_first() {
    let fixture = Fixture::start();
    fixture.play(&["orders"]);
    fixture.play(&["redial"]);
    fixture.play(&["ids"]);
}

#[test]
fn two_that_arrive_at_once_pair_every_time() {
    let rounds = std::env::var("GATELODGE_TEST_RELAY_ROUNDS").unwrap_or_else(|_| "100".into());
    println!("{}", Fixture::start().play(&["together", &rounds]));
}

#[test]
fn messages_arrive_whole_in_order_and_of_their_kind() {
    let fixture = Fixture::start();
    fixture.play(&["carry"]);
    fixture.play(&["early"]);
    fixture.play(&["killed"]);
}

#[test]
fn what_no_peer_may_say_ends_it_and_nobody_else() {
    let fixture = Fixture::start();
    fixture.play(&["bad"]);
    fixture.play(&["third"]);
}

#[test]
fn a_slow_or_silent_peer_is_ended_and_disturbs_nobody_else() {
    let fixture = Fixture::start();
    fixture.play(&["slow"]);
    fixture.play(&["silent", "5"]);
}

#[test]
fn rules_replace_old_connections_and_hold_those_that_are_left() {
    let fixture = Fixture::start();
    let other = fixture.bundle("other");
    fixture.play(&["replace", other.to_str().unwrap()]);
    fixture.play(&["hold"]);
}
