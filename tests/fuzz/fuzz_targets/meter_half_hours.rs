//! Any text is read or refused as a half-hour file and as the name of one.
#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| gatelodge::meter::probe::half_hours(text));
