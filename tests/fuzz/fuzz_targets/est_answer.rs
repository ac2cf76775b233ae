//! What a platform may answer to a request for a certificate: CMS in DER or base64, PEM, or anything else.

#![no_main]

use gatelodge::uplink::enrol::certs_only::certificates;
use gatelodge::uplink::enrol::est::chain;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(found) = certificates(bytes) {
        assert!(!found.is_empty());
        assert!(found.iter().map(|der| der.len()).sum::<usize>() <= bytes.len());
    }
    let now = "2027-01-01T00:00:00Z".parse().expect("a time as RFC 3339 has it");
    // Nothing is for a key that nobody has.
    assert!(chain(bytes, b"no key", "box-1", now).is_err());
});
