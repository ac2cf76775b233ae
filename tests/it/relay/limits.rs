//! What a peer may take for itself: rates of its certificate, quiet meetups, dead lines.

use super::stage::{SECTIONS, Stage};

/// The usual relay with one more line in its section.
fn with(line: &str) -> String {
    SECTIONS.replace("[relay]\n", &format!("[relay]\n{line}\n"))
}

#[test]
fn who_sends_more_messages_than_it_may_is_read_more_slowly_and_stays() {
    let stage = Stage::start_with(&with("messages_per_identity = \"50/s\""));
    // 150 messages: 50 at once, up to one read ahead, the rest at 50 a second.
    stage.play(&["paced", "150", "1.5"]);
    assert_eq!(
        stage
            .lodge
            .metric("gatelodge_relay_ended_total{reason=\"ping_timeout\"} "),
        None
    );
}

#[test]
fn who_sends_more_bytes_than_it_may_is_read_more_slowly_and_stays() {
    let stage = Stage::start_with(&with("bytes_per_identity = \"100KiB/s\""));
    stage.play(&["paced", "300", "1.5"]);
}
