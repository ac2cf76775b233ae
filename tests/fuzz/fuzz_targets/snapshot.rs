//! Any bytes are read as a block of a snapshot or refused; what is read is in key order.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| gatelodge::store::probe::snapshot(bytes));
