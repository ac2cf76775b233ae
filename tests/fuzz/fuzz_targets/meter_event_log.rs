//! Any bytes are read or refused as what `gatelodge::meter::probe::event_log` says.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| gatelodge::meter::probe::event_log(bytes));
