//! The standard's examples, what no client may send, and any bytes.

use super::*;
use proptest::prelude::*;

#[test]
fn the_examples_of_the_standard_are_read_and_written() {
    // RFC 6455 §5.7: a masked "Hello", and a ping with the same.
    let masked = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
    let (header, taken) = decode(&masked).unwrap().unwrap();
    assert_eq!(
        (header.fin, header.opcode, header.length, taken),
        (true, Opcode::Text, 5, 6)
    );
    let mut payload = masked[taken..].to_vec();
    unmask(&mut payload, header.mask, 0);
    assert_eq!(payload, b"Hello");
    let mut out = Vec::new();
    encode(&mut out, true, Opcode::Text, b"Hello");
    assert_eq!(out, [0x81, 0x05, 0x48, 0x65, 0x6c, 0x6c, 0x6f]);
    out.clear();
    encode(&mut out, false, Opcode::Text, b"Hel");
    assert_eq!(out, [0x01, 0x03, 0x48, 0x65, 0x6c]);
    for (length, header) in [
        (256_usize, &[0x82, 0x7e, 0x01, 0x00][..]),
        (65_536, &[0x82, 0x7f, 0, 0, 0, 0, 0, 1, 0, 0]),
    ] {
        out.clear();
        encode(&mut out, true, Opcode::Binary, &vec![0; length]);
        assert_eq!(&out[..header.len()], header);
    }
}

#[test]
fn what_no_client_may_send_is_named() {
    for (bytes, fault) in [
        (&[0xa1, 0x80][..], FrameError::Reserved),
        (&[0x91, 0x80], FrameError::Reserved),
        (&[0x83, 0x80], FrameError::Opcode(3)),
        (&[0x8b, 0x80], FrameError::Opcode(11)),
        (&[0x81, 0x05], FrameError::Unmasked),
        (&[0x89, 0xfe], FrameError::LongControl),
        (&[0x09, 0x80], FrameError::SplitControl),
        (&[0x81, 0xfe, 0, 5], FrameError::Length),
        (&[0x82, 0xff, 0, 0, 0, 0, 0, 0, 0xff, 0xff], FrameError::Length),
        (&[0x82, 0xff, 0x80, 0, 0, 0, 0, 0, 0, 0], FrameError::Length),
    ] {
        assert_eq!(decode(bytes), Err(fault), "{bytes:x?}");
    }
}

#[test]
fn only_the_beginning_of_a_compressed_message_says_that_it_is_one() {
    // RFC 7692 §7.2.3.1: "Hello" in two frames.
    let mut out = Vec::new();
    encode_deflated(&mut out, false, Opcode::Text, &[0xf2, 0x48, 0xcd]);
    encode_deflated(&mut out, true, Opcode::Continuation, &[0xc9, 0xc9, 0x07, 0x00]);
    assert_eq!(out, [0x41, 0x03, 0xf2, 0x48, 0xcd, 0x80, 0x04, 0xc9, 0xc9, 0x07, 0x00]);
    let (header, _) = decode(&[0xc1, 0x80, 0, 0, 0, 0]).unwrap().unwrap();
    assert!(header.deflated);
}

#[test]
fn good_byes_have_codes_that_may_be_sent() {
    assert_eq!(close_code(b""), Ok(None));
    assert_eq!(close_code(&[3, 0xe8, b'b', b'y', b'e']), Ok(Some(1000)));
    for wrong in [&[3][..], &[3, 0xed], &[3, 0xe8, 0xff], &[0, 0], &[0x13, 0x88]] {
        assert_eq!(close_code(wrong), Err(CloseError), "{wrong:x?}");
    }
    let mut out = Vec::new();
    encode_close(&mut out, 4400, &"é".repeat(100));
    assert!(out.len() <= 2 + LONGEST_CONTROL && std::str::from_utf8(&out[4..]).is_ok());
}

/// A frame as a client sends it.
fn client_frame(fin: bool, opcode: Opcode, payload: &[u8], mask: [u8; 4]) -> Vec<u8> {
    let mut out = Vec::new();
    encode(&mut out, fin, opcode, payload);
    let header = out.len() - payload.len();
    out[1] |= 0x80;
    let mut masked = payload.to_vec();
    unmask(&mut masked, mask, 0);
    out.truncate(header);
    out.extend(mask);
    out.extend(masked);
    out
}

proptest! {
    #[test]
    fn any_bytes_are_answered_and_no_beginning_is_taken_for_more(bytes in proptest::collection::vec(any::<u8>(), 0..20)) {
        if let Ok(Some((_, taken))) = decode(&bytes) {
            prop_assert!(taken <= bytes.len() && taken <= LONGEST_HEADER);
            prop_assert_eq!(decode(&bytes[..taken - 1]).unwrap(), None);
        }
    }

    #[test]
    fn what_is_written_reads_back(fin in any::<bool>(), payload in proptest::collection::vec(any::<u8>(), 0..70_000), mask in any::<[u8; 4]>()) {
        let bytes = client_frame(fin, Opcode::Binary, &payload, mask);
        let (header, taken) = decode(&bytes).unwrap().unwrap();
        prop_assert_eq!(header, Header { fin, opcode: Opcode::Binary, deflated: false, mask, length: payload.len() as u64 });
        let mut read = bytes[taken..].to_vec();
        let (first, second) = read.split_at_mut(payload.len() / 3);
        unmask(first, mask, 0);
        unmask(second, mask, first.len() as u64);
        prop_assert_eq!(read, payload);
    }
}
