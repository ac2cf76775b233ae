//! Any bytes are read or refused as lines of a registry, an index, a renewal: what `gatelodge::moving::probe::text` says.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| gatelodge::moving::probe::text(bytes));
