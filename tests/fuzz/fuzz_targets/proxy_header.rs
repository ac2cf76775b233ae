//! What a proxy may say before a connection: any bytes as a header of the PROXY protocol.

#![no_main]

use gatelodge::tls::proxy_header::{LONGEST, Prefix};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let Some((prefix, rest)) = bytes.split_first_chunk() else {
        return;
    };
    if let Ok(prefix) = Prefix::read(prefix) {
        assert!(prefix.rest() <= LONGEST);
        assert_eq!(prefix.ends(rest).is_ok(), rest.len() == prefix.rest());
    }
});
