//! What a relay's peer sends: any bytes in any cuts are pieces of messages or a fault, and cuts change nothing.
#![no_main]

use gatelodge::relay::hello;
use gatelodge::relay::inbound::{CUT, Fault, Inbound, Piece};
use libfuzzer_sys::fuzz_target;

/// The messages and good-byes heard, joined, until a fault.
fn heard(bytes: &[u8], cut: usize) -> (Vec<Vec<u8>>, Option<Fault>) {
    let mut inbound = Inbound::new(1 << 20);
    let (mut whole, mut under_way) = (Vec::new(), Vec::new());
    for part in bytes.to_vec().chunks_mut(cut) {
        let fed = inbound.feed(part, |piece| {
            match piece {
                Piece::Data { fin, payload, .. } => {
                    assert!(payload.len() <= CUT);
                    under_way.extend_from_slice(payload);
                    if fin {
                        whole.push(std::mem::take(&mut under_way));
                    }
                }
                Piece::Ping(payload) | Piece::Pong(payload) => whole.push(payload.to_vec()),
                Piece::Close(code) => whole.push(format!("{code:?}").into_bytes()),
            }
            Ok::<_, Fault>(())
        });
        if let Err(fault) = fed {
            return (whole, Some(fault));
        }
    }
    (whole, None)
}

fuzz_target!(|input: (u8, &[u8])| {
    let (cut, bytes) = input;
    let (whole, fault) = heard(bytes, bytes.len().max(1));
    let (in_cuts, fault_in_cuts) = heard(bytes, usize::from(cut).max(1));
    assert_eq!(whole, in_cuts);
    assert_eq!(fault.is_some(), fault_in_cuts.is_some());
    let _ = hello::parse(bytes);
});
