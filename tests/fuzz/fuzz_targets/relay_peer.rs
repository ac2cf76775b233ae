//! What a relay's peer sends, on a leg that agreed on compression and on one that did not: any bytes in any cuts are
//! pieces of messages or a fault, cuts change nothing, and no more comes out than may.
#![no_main]

use axum::http::{HeaderMap, HeaderValue};
use gatelodge::relay::inbound::{CUT, Inbound, InboundError, Piece};
use gatelodge::relay::{extension, hello};
use libfuzzer_sys::fuzz_target;

const LIMIT: u64 = 1 << 20;

/// The messages and good-byes heard, joined, until a fault.
fn heard(bytes: &[u8], cut: usize, deflates: bool) -> (Vec<Vec<u8>>, Option<InboundError>) {
    let mut inbound = Inbound::new(LIMIT).deflating(deflates);
    let (mut whole, mut under_way) = (Vec::new(), Vec::new());
    let mut hear = |piece: Piece<'_>| {
        match piece {
            Piece::Data(data) => {
                assert!(data.payload.len() <= CUT && data.packed.is_none_or(|packed| packed.len() <= CUT));
                under_way.extend_from_slice(data.payload);
                assert!(under_way.len() as u64 <= LIMIT);
                if data.fin {
                    whole.push(std::mem::take(&mut under_way));
                }
            }
            Piece::Ping(payload) | Piece::Pong(payload) => whole.push(payload.to_vec()),
            Piece::Close(code) => whole.push(format!("{code:?}").into_bytes()),
        }
        Ok::<_, InboundError>(())
    };
    let mut fault = None;
    for part in bytes.to_vec().chunks_mut(cut) {
        let mut fed = inbound.feed(part, &mut hear);
        while fed.is_ok() && inbound.is_waiting() {
            fed = inbound.resume(&mut hear);
        }
        if let Err(error) = fed {
            fault = Some(error);
            break;
        }
    }
    (whole, fault)
}

fuzz_target!(|input: (u8, &[u8])| {
    let (cut, bytes) = input;
    for deflates in [false, true] {
        let (whole, fault) = heard(bytes, bytes.len().max(1), deflates);
        let (in_cuts, fault_in_cuts) = heard(bytes, usize::from(cut).max(1), deflates);
        assert_eq!(whole, in_cuts);
        assert_eq!(fault.is_some(), fault_in_cuts.is_some());
    }
    let _ = hello::parse(bytes);
    if let Ok(offer) = HeaderValue::from_bytes(bytes) {
        let _ = extension::negotiate(&HeaderMap::from_iter([("sec-websocket-extensions".parse().unwrap(), offer)]));
    }
});
