//! The old URLs, ids and names: any bytes are read or refused, never a panic.
#![no_main]

use gatelodge::domain::SpaceId;
use gatelodge::occupancy::compat::{Target, decode};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|path: &str| {
    match Target::of(path) {
        Target::Create { name, .. } => drop(name.map(decode)),
        Target::Read(id) | Target::Increment(id) | Target::Decrement(id) | Target::Maximum(id, _) => {
            if let Ok(text) = decode(id)
                && let Ok(id) = text.parse::<SpaceId>()
            {
                assert_eq!(id.to_string().parse(), Ok(id));
            }
        }
        Target::Unknown => {}
    }
});
