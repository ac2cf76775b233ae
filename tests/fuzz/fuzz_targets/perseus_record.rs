//! What comes to the data door and out of others' records: any bytes as a query, as a record, as a certificate. Each is read
//! or refused, and nothing that nobody signed is verified.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| gatelodge::perseus::probe::record(bytes));
