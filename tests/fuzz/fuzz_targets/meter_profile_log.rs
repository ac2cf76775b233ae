//! Any bytes are read or refused as what `gatelodge::meter::probe::profile_log` says.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| gatelodge::meter::probe::profile_log(bytes));
