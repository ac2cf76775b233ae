//! What the fuzz targets run, with any input, in the everyday test: read or refused, never a panic.
//! `GATELODGE_TEST_FUZZ_CASES` sets how many inputs each decoder gets (256).

use gatelodge::meter::probe;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};

fn with_any<S: Strategy>(inputs: S, decoder: impl Fn(S::Value)) {
    let cases = std::env::var("GATELODGE_TEST_FUZZ_CASES").map_or(256, |count| count.parse().unwrap());
    let mut config = Config::with_cases(cases);
    config.failure_persistence = None;
    let mut runner = TestRunner::new(config);
    runner
        .run(&inputs, |input| {
            decoder(input);
            Ok(())
        })
        .unwrap();
}

fn bytes(most: usize) -> impl Strategy<Value = Vec<u8>> {
    vec(
        prop_oneof![3 => any::<u8>(), 1 => Just(0x7E), 1 => 0u8..16, 1 => Just(0xFF)],
        0..most,
    )
}

#[test]
fn any_stream_is_cut_into_frames_or_dropped() {
    with_any(bytes(1500), |input| probe::stream(&input));
}

#[test]
fn any_payload_is_read_or_refused() {
    with_any(bytes(100), |input| probe::payload(&input));
}

#[test]
fn any_log_is_read_or_refused() {
    with_any(bytes(260), |input| {
        probe::profile_log(&input);
        probe::event_log(&input);
        probe::intervals(&input);
    });
}

#[test]
fn any_text_is_a_half_hour_file_or_refused() {
    let line = "[0-9]{4}-[01][0-9]-[0-3][0-9] [0-2][0-9]:[0-6][0-9]:00[+-]0000,[0-9.]{0,20},(NA|-1|[0-9]{1,20})\r?\n";
    let file = proptest::string::string_regex(&format!("head\n({line}){{0,4}}")).unwrap();
    with_any(prop_oneof!["\\PC{0,200}", file], |input| probe::half_hours(&input));
}

#[test]
fn any_bytes_are_a_mediators_message_or_refused() {
    with_any(bytes(200), |input| probe::messages(&input));
}
