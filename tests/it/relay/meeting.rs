//! Pairing, carrying, good-byes: what peers see (RELAY §3).

use std::path::Path;

use super::stage::{SECTIONS, Stage};

#[test]
fn what_was_recorded_at_the_original_happens_again() {
    let transcript = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/relay/transcript.jsonl");
    let sections = SECTIONS.replace("[relay]\n", "[relay]\nclose_codes = \"original\"\n");
    Stage::start_with(&sections).play(&["replay", transcript.to_str().unwrap()]);
}

#[test]
fn peers_pair_in_every_order_and_the_hello_comes_first() {
    let stage = Stage::start();
    stage.play(&["orders"]);
    stage.play(&["redial"]);
    stage.play(&["ids"]);
}

#[test]
fn two_that_arrive_at_once_pair_every_time() {
    let rounds = std::env::var("GATELODGE_TEST_RELAY_ROUNDS").unwrap_or_else(|_| "100".into());
    println!("{}", Stage::start().play(&["together", &rounds]));
}

#[test]
fn messages_arrive_whole_in_order_and_of_their_kind() {
    let stage = Stage::start();
    stage.play(&["carry"]);
    stage.play(&["early"]);
    stage.play(&["killed"]);
}

#[test]
fn what_no_peer_may_say_ends_it_and_nobody_else() {
    let stage = Stage::start();
    stage.play(&["bad"]);
    stage.play(&["third"]);
}

#[test]
fn a_slow_or_silent_peer_is_ended_and_disturbs_nobody_else() {
    let stage = Stage::start();
    stage.play(&["slow"]);
    stage.play(&["silent", "5"]);
}

#[test]
fn rules_replace_old_connections_and_hold_those_that_are_left() {
    let stage = Stage::start();
    let other = stage.bundle("other");
    stage.play(&["replace", other.to_str().unwrap()]);
    stage.play(&["hold"]);
}
