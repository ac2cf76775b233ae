//! What a platform sends: any bytes as SmartREST lines and as operations, on either topic.

#![no_main]

use gatelodge::uplink::cumulocity::{asked, smartrest};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for fields in smartrest::lines(bytes) {
        // What is read can be written, in one line that reads the same number of fields at most.
        let line = fields.iter().fold(smartrest::Line::new(999), |line, field| line.text(field));
        assert!(smartrest::lines(line.finish().as_bytes()).len() <= 1);
    }
    for topic in ["s/ds", "devicecontrol/notifications"] {
        for operation in asked(topic, bytes) {
            assert!(!operation.operation.kind.is_empty());
        }
    }
});
