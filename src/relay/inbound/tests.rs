//! What comes out is what went in, however it was cut on its way.

use proptest::prelude::*;

use super::*;

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

fn feed(inbound: &mut Inbound, bytes: &[u8], heard: &mut Vec<Heard>) -> Result<(), Fault> {
    inbound.feed(&mut bytes.to_vec(), |piece| {
        heard.push(match piece {
            Piece::Data { opcode, fin, payload } => Heard::Data(opcode, fin, payload.to_vec()),
            Piece::Ping(payload) => Heard::Ping(payload.to_vec()),
            Piece::Pong(payload) => Heard::Pong(payload.to_vec()),
            Piece::Close(code) => Heard::Close(code),
        });
        Ok(())
    })
}

fn fault_of(frames: &[Vec<u8>]) -> Fault {
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

proptest! {
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
