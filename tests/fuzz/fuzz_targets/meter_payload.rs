//! Any bytes are read or refused as what `gatelodge::meter::probe::payload` says.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| gatelodge::meter::probe::payload(bytes));
