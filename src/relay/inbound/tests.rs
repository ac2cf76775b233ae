//! What comes out is what went in, however it was cut on its way.

use proptest::prelude::*;

use super::*;
use crate::relay::frame::deflate::Deflater;

/// A frame as a client sends it.
fn sent(fin: bool, opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    frame::encode(&mut out, fin, opcode, payload);
    out[1] |= 0x80;
    let at = out.len() - payload.len();
    let mask = [0x37, 0xfa, 0x21, 0x3d];
    frame::unmask(&mut out[at..], mask, 0);
    out.splice(at..at, mask);
    out
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Heard {
    Data(Opcode, bool, Vec<u8>),
    Ping(Vec<u8>),
    Pong(Vec<u8>),
    Close(Option<u16>),
}

fn feed(inbound: &mut Inbound, bytes: &[u8], heard: &mut Vec<Heard>) -> Result<(), InboundError> {
    let mut hear = |piece: Piece<'_>| {
        heard.push(match piece {
            Piece::Data(data) => {
                assert!(data.payload.len() <= CUT && data.packed.is_none_or(|packed| packed.len() <= CUT));
                Heard::Data(data.opcode, data.fin, data.payload.to_vec())
            }
            Piece::Ping(payload) => Heard::Ping(payload.to_vec()),
            Piece::Pong(payload) => Heard::Pong(payload.to_vec()),
            Piece::Close(code) => Heard::Close(code),
        });
        Ok::<_, InboundError>(())
    };
    inbound.feed(&mut bytes.to_vec(), &mut hear)?;
    while inbound.is_waiting() {
        inbound.resume(&mut hear)?;
    }
    Ok(())
}

fn fault_of(frames: &[Vec<u8>]) -> InboundError {
    feed(&mut Inbound::new(1 << 20), &frames.concat(), &mut Vec::new()).unwrap_err()
}

#[test]
fn frames_come_out_as_they_went_in_with_pings_between() {
    let mut inbound = Inbound::new(1 << 20);
    let mut heard = Vec::new();
    let frames = [
        sent(true, Opcode::Text, b""),
        sent(false, Opcode::Text, b"Hel"),
        sent(true, Opcode::Ping, b"there?"),
        sent(true, Opcode::Continuation, b"lo"),
        sent(true, Opcode::Binary, &[0xff, 0]),
        sent(true, Opcode::Close, &[3, 0xe8]),
        sent(true, Opcode::Text, b"too late"),
    ];
    feed(&mut inbound, &frames.concat(), &mut heard).unwrap();
    let expected = [
        Heard::Data(Opcode::Text, true, vec![]),
        Heard::Data(Opcode::Text, false, b"Hel".to_vec()),
        Heard::Ping(b"there?".to_vec()),
        Heard::Data(Opcode::Continuation, true, b"lo".to_vec()),
        Heard::Data(Opcode::Binary, true, vec![0xff, 0]),
        Heard::Close(Some(1000)),
    ];
    assert_eq!(heard, expected);
}

#[test]
fn broken_rules_are_told_apart_by_their_codes() {
    let text = |bytes: &[u8]| sent(true, Opcode::Text, bytes);
    for (frames, code) in [
        (vec![sent(true, Opcode::Continuation, b"x")], 1002),
        (vec![sent(false, Opcode::Text, b"x"), text(b"y")], 1002),
        (vec![vec![0x81, 0x01, b'x']], 1002),
        (vec![sent(true, Opcode::Close, &[3])], 1002),
        (vec![text(&[0xff])], 1007),
        (vec![text("é".as_bytes().split_last().unwrap().1)], 1007),
        (
            vec![
                sent(false, Opcode::Text, &[0xc3]),
                sent(true, Opcode::Continuation, b"x"),
            ],
            1007,
        ),
        (vec![text(&vec![b'x'; (1 << 20) + 1])], 1009),
        (
            vec![
                sent(false, Opcode::Binary, &vec![0; 1 << 20]),
                sent(true, Opcode::Continuation, &[0]),
            ],
            1009,
        ),
    ] {
        assert_eq!(fault_of(&frames).code(), code, "{:?}", fault_of(&frames));
    }
}

#[test]
fn a_message_at_the_limit_comes_in_pieces_and_leaves_no_buffer() {
    let mut inbound = Inbound::new(1 << 20);
    let whole: Vec<u8> = (0..1_usize << 20).map(|place| (place % 251) as u8).collect();
    let mut heard = Vec::new();
    for part in sent(true, Opcode::Binary, &whole).chunks(16 << 10) {
        feed(&mut inbound, part, &mut heard).unwrap();
    }
    let mut joined: Vec<u8> = Vec::new();
    for (place, piece) in heard.iter().enumerate() {
        let Heard::Data(opcode, fin, payload) = piece else {
            panic!("{piece:?}")
        };
        assert_eq!(
            (*opcode == Opcode::Binary, *fin),
            (place == 0, place + 1 == heard.len())
        );
        assert!(payload.len() <= CUT);
        joined.extend(payload);
    }
    assert_eq!((joined == whole, heard.len()), (true, 16));
    assert_eq!(inbound.held.capacity(), 0);
}

/// The first frame of a compressed message.
fn first(fin: bool, opcode: Opcode, payload: &[u8]) -> Vec<u8> {
    let mut frame = sent(fin, opcode, payload);
    frame[0] |= 0x40;
    frame
}

fn deflated(bytes: &[u8]) -> Vec<u8> {
    Deflater::new(15).deflate(bytes, true)
}

fn deflating(limit: u64) -> Inbound {
    Inbound::new(limit).deflating(true)
}

/// The texts and bytes of whole messages.
fn joined(heard: &[Heard]) -> Vec<(Opcode, Vec<u8>)> {
    let (mut whole, mut is_new): (Vec<(Opcode, Vec<u8>)>, bool) = (Vec::new(), true);
    for piece in heard {
        if let Heard::Data(opcode, fin, payload) = piece {
            assert_eq!(*opcode == Opcode::Continuation, !is_new);
            if is_new {
                whole.push((*opcode, Vec::new()));
            }
            whole.last_mut().unwrap().1.extend(payload);
            is_new = *fin;
        }
    }
    whole
}

#[test]
fn compressed_messages_come_out_beside_others_with_pings_between() {
    let (mut inbound, mut heard) = (deflating(1 << 20), Vec::new());
    let small = deflated(b"Hello, hello, hello");
    let frames = [
        first(false, Opcode::Text, &small[..3]),
        sent(true, Opcode::Ping, b"there?"),
        sent(false, Opcode::Continuation, b""),
        sent(true, Opcode::Continuation, &small[3..]),
        sent(true, Opcode::Text, b"as it is"),
        first(true, Opcode::Binary, &[0]),
        first(true, Opcode::Binary, &deflated(&[0xff])),
    ];
    feed(&mut inbound, &frames.concat(), &mut heard).unwrap();
    assert!(heard.contains(&Heard::Ping(b"there?".to_vec())));
    let expected = [
        (Opcode::Text, b"Hello, hello, hello".to_vec()),
        (Opcode::Text, b"as it is".to_vec()),
        (Opcode::Binary, vec![]),
        (Opcode::Binary, vec![0xff]),
    ];
    assert_eq!(joined(&heard), expected);
    assert!(inbound.message.is_none(), "nothing is kept between messages");
}

#[test]
fn only_the_beginning_of_a_message_may_say_that_it_is_compressed_and_only_where_that_was_agreed_on() {
    let small = deflated(b"Hello");
    assert_eq!(fault_of(&[first(true, Opcode::Text, &small)]).code(), 1002);
    for frames in [
        vec![
            first(false, Opcode::Text, &small),
            first(true, Opcode::Continuation, &[0]),
        ],
        vec![sent(false, Opcode::Text, b"x"), first(true, Opcode::Continuation, b"y")],
        vec![first(true, Opcode::Ping, b"x")],
        vec![first(true, Opcode::Close, b"")],
    ] {
        let fault = feed(&mut deflating(1 << 20), &frames.concat(), &mut Vec::new()).unwrap_err();
        assert_eq!(fault, InboundError::Frame(FrameError::Reserved));
    }
}

#[test]
fn compressed_messages_are_held_to_what_comes_out_of_them() {
    let fault = |frame: Vec<u8>| {
        let mut heard = Vec::new();
        let fault = feed(&mut deflating(100_000), &frame, &mut heard).unwrap_err();
        (
            fault.code(),
            joined(&heard).iter().map(|(_, bytes)| bytes.len()).sum::<usize>(),
        )
    };
    // Zeros without an end: no more comes out than may.
    let bomb = deflated(&vec![0; 4 << 20]);
    assert!(bomb.len() < 100_000);
    assert_eq!(fault(first(true, Opcode::Binary, &bomb)), (1009, CUT));
    assert_eq!(
        fault(first(true, Opcode::Binary, &deflated(&[0; 100_001]))),
        (1009, CUT)
    );
    // Blocks without an end that nothing comes out of.
    let nothing = [0, 0, 0, 0xff, 0xff].repeat(60_000);
    assert_eq!(fault(first(true, Opcode::Binary, &nothing)), (1009, 0));
    assert_eq!(fault(first(true, Opcode::Binary, &[0x07])), (1007, 0));
    assert_eq!(fault(first(true, Opcode::Text, &deflated(&[0xff]))), (1007, 0));
    let (mut inbound, mut heard) = (deflating(100_000), Vec::new());
    feed(
        &mut inbound,
        &first(true, Opcode::Text, &deflated(&[b'x'; 100_000])),
        &mut heard,
    )
    .unwrap();
    assert_eq!(joined(&heard), [(Opcode::Text, vec![b'x'; 100_000])]);
}

#[test]
fn after_each_full_piece_of_a_compressed_message_the_reader_waits() {
    let (mut inbound, mut pieces, mut rounds) = (deflating(1 << 20), 0, 1);
    let mut count = |piece: Piece<'_>| {
        pieces += usize::from(matches!(piece, Piece::Data(_)));
        Ok::<_, InboundError>(())
    };
    let mut frames = [
        first(true, Opcode::Binary, &deflated(&[0; 1 << 20])),
        sent(true, Opcode::Text, b"and on"),
    ]
    .concat();
    inbound.feed(&mut frames, &mut count).unwrap();
    while inbound.is_waiting() {
        inbound.resume(&mut count).unwrap();
        rounds += 1;
    }
    // Sixteen full ones, the end, and what follows it.
    assert_eq!((rounds, pieces), (17, 18));
}

proptest! {
    #[test]
    fn any_bytes_on_a_compressed_leg_are_answered_and_bounded(bytes in proptest::collection::vec(any::<u8>(), 0..400), cut in 1_usize..50, text in any::<bool>()) {
        let opcode = if text { Opcode::Text } else { Opcode::Binary };
        let frames = [first(false, opcode, &bytes), sent(true, Opcode::Continuation, &bytes), bytes].concat();
        let mut inbound = deflating(10_000);
        let mut heard = Vec::new();
        for part in frames.chunks(cut) {
            if feed(&mut inbound, part, &mut heard).is_err() {
                break;
            }
        }
        prop_assert!(joined(&heard).iter().all(|(_, bytes)| bytes.len() <= 10_000));
    }

    #[test]
    fn cuts_change_nothing_of_compressed_messages(messages in proptest::collection::vec((any::<bool>(), 0_usize..200_000, 1_usize..40), 1..6), cut in 1_usize..20_000) {
        let (mut bytes, mut expected) = (Vec::new(), Vec::new());
        for (is_small, length, pieces) in messages {
            let whole: Vec<u8> = (0..length).map(|place| (place * place % 251) as u8).collect();
            let payload = if is_small { deflated(&whole) } else { whole.clone() };
            let chunks: Vec<&[u8]> = payload.chunks(payload.len().div_ceil(pieces).max(1)).collect();
            let chunks = if chunks.is_empty() { vec![&b""[..]] } else { chunks };
            for (place, chunk) in chunks.iter().enumerate() {
                let fin = place + 1 == chunks.len();
                bytes.extend(match place {
                    0 if is_small => first(fin, Opcode::Binary, chunk),
                    0 => sent(fin, Opcode::Binary, chunk),
                    _ => sent(fin, Opcode::Continuation, chunk),
                });
            }
            expected.push((Opcode::Binary, whole));
        }
        let (mut inbound, mut heard) = (deflating(1 << 20), Vec::new());
        for part in bytes.chunks(cut) {
            feed(&mut inbound, part, &mut heard).unwrap();
        }
        prop_assert_eq!(joined(&heard), expected);
    }

    #[test]
    fn any_bytes_in_any_cuts_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..400), cut in 1_usize..50) {
        let mut inbound = Inbound::new(1 << 20);
        let mut heard = Vec::new();
        for part in bytes.chunks(cut) {
            if feed(&mut inbound, part, &mut heard).is_err() {
                break;
            }
        }
    }

    #[test]
    fn cuts_on_the_way_change_nothing(messages in proptest::collection::vec((any::<bool>(), "\\PC{0,300}", 1_usize..40), 0..12), cut in 1_usize..90) {
        let (mut bytes, mut expected) = (Vec::new(), Vec::new());
        for (is_text, text, pieces) in &messages {
            let first = if *is_text { Opcode::Text } else { Opcode::Binary };
            let chunks: Vec<&[u8]> = text.as_bytes().chunks(text.len().div_ceil(*pieces).max(1)).collect();
            let chunks = if chunks.is_empty() { vec![&b""[..]] } else { chunks };
            for (place, chunk) in chunks.iter().enumerate() {
                let opcode = if place == 0 { first } else { Opcode::Continuation };
                let fin = place + 1 == chunks.len();
                bytes.extend(sent(fin, opcode, chunk));
                expected.push(Heard::Data(opcode, fin, chunk.to_vec()));
            }
            bytes.extend(sent(true, Opcode::Pong, b"here"));
            expected.push(Heard::Pong(b"here".to_vec()));
        }
        let mut inbound = Inbound::new(1 << 20);
        let mut heard = Vec::new();
        for part in bytes.chunks(cut) {
            feed(&mut inbound, part, &mut heard).unwrap();
        }
        prop_assert_eq!(heard, expected);
    }
}
