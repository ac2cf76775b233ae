//! Any bytes are read or refused as a dump of Redis: what `gatelodge::moving::probe::dump` says.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| gatelodge::moving::probe::dump(bytes));
