//! Any bytes are read as a record, as a segment, or refused; nothing panics or allocates without bound.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| gatelodge::store::probe::log_record(bytes));
