//! What peers hand each other, without a network.

use super::*;
use crate::relay::frame::deflate::{Deflater, Inflater};
use crate::relay::inbound::CUT;

fn peer(number: u64) -> Arc<Peer> {
    of(number, None)
}

fn of(number: u64, deflate: Option<Deflate>) -> Arc<Peer> {
    let caller = Caller {
        identity: Identity::new(Vec::new(), &[0; 32]),
        address: "127.0.0.1:1".parse().unwrap(),
        deflate,
    };
    let peer = Peer::new(PeerNumber(number), Arc::from("x"), caller, Rule::default(), 64 << 10);
    *lock(&peer.greeting) = Some(Greeting {
        text: format!("hello {number}").into_bytes().into(),
        hello: Hello::default(),
    });
    peer
}

fn text(peer: &Peer, payload: &[u8]) -> Carried {
    part(peer, (Opcode::Text, true), payload)
}

fn part(peer: &Peer, (opcode, fin): (Opcode, bool), payload: &[u8]) -> Carried {
    let data = Data {
        opcode,
        fin,
        payload,
        packed: None,
    };
    peer.carry(&data, Waker::noop())
}

fn taken(peer: &Peer) -> Vec<u8> {
    peer.take_outbound(Waker::noop()).bytes
}

fn frames(texts: &[&str]) -> Vec<u8> {
    let mut bytes = Vec::new();
    for text in texts {
        frame::encode(&mut bytes, true, Opcode::Text, text.as_bytes());
    }
    bytes
}

#[test]
fn early_messages_follow_the_hello_and_are_bounded() {
    let (early, late) = (peer(1), peer(2));
    assert_eq!(text(&early, b"a"), Carried::Room);
    assert_eq!(text(&early, b"b"), Carried::Room);
    late.pair(&early);
    assert_eq!(text(&early, b"c"), Carried::Room);
    assert_eq!(taken(&late), frames(&["hello 1", "a", "b", "c"]));
    assert_eq!(taken(&early), frames(&["hello 2"]));
    let loud = peer(3);
    assert_eq!(text(&loud, &vec![b'x'; 65 << 10]), Carried::TooEarly);
}

#[test]
fn a_full_partner_stops_its_sender_until_it_takes() {
    let (sender, slow) = (peer(1), peer(2));
    sender.pair(&slow);
    assert_eq!(text(&sender, &[b'x'; 16 << 10]), Carried::Room);
    assert_eq!(text(&sender, &[b'x'; 16 << 10]), Carried::Full);
    assert!(!sender.has_room(Waker::noop()));
    taken(&slow);
    assert!(sender.has_room(Waker::noop()));
}

#[test]
fn who_is_held_goes_on_with_whole_messages_only() {
    let (stays, goes) = (peer(1), peer(2));
    stays.pair(&goes);
    taken(&stays);
    assert_eq!(part(&stays, (Opcode::Text, false), b"begun"), Carried::Room);
    goes.part();
    assert!(stays.hold(Instant::now()));
    assert_eq!(part(&stays, (Opcode::Continuation, true), b"end"), Carried::Room);
    assert_eq!(text(&stays, b"whole"), Carried::Room);
    let next = peer(3);
    next.pair(&stays);
    assert_eq!(taken(&next), frames(&["hello 1", "whole"]));
    assert_eq!(taken(&stays), frames(&["hello 3"]));
    part(&next, (Opcode::Text, false), b"begun");
    assert!(!stays.hold(Instant::now()), "nobody could end that message");
}

#[test]
fn what_came_before_a_good_bye_is_sent_and_nothing_after() {
    let (sender, partner) = (peer(1), peer(2));
    sender.pair(&partner);
    text(&sender, b"last");
    partner.close(Goodbye::PartnerGone);
    partner.close(Goodbye::Kicked);
    text(&sender, b"too late");
    let taken = partner.take_outbound(Waker::noop());
    assert_eq!(
        (taken.bytes, taken.closing),
        (frames(&["hello 1", "last"]), Some(Goodbye::PartnerGone))
    );
}

/// What a peer with that window hears, message by message; and which of them came compressed.
fn read(bytes: &[u8]) -> (Vec<Vec<u8>>, Vec<bool>) {
    let (mut messages, mut are_deflated, mut at) = (Vec::new(), Vec::new(), 0);
    let mut whole = Vec::new();
    while at < bytes.len() {
        let (first, short) = (bytes[at], bytes[at + 1]);
        let (length, head) = match short {
            126 => (usize::from(u16::from_be_bytes([bytes[at + 2], bytes[at + 3]])), 4),
            127 => (
                u64::from_be_bytes(bytes[at + 2..at + 10].try_into().unwrap()) as usize,
                10,
            ),
            short => (usize::from(short), 2),
        };
        assert!(length <= CUT, "a frame of {length} bytes");
        if first & 0x0f != 0 {
            are_deflated.push(first & 0x40 != 0);
        } else {
            assert_eq!(first & 0x40, 0);
        }
        whole.extend_from_slice(&bytes[at + head..at + head + length]);
        at += head + length;
        if first & 0x80 != 0 {
            let message = std::mem::take(&mut whole);
            messages.push(match are_deflated.last() {
                Some(true) => {
                    let mut out = Vec::new();
                    let drawn = Inflater::default().inflate(&message, true, &mut out, 1 << 20).unwrap();
                    assert!(drawn.is_dry);
                    out
                }
                _ => message,
            });
        }
    }
    assert!(whole.is_empty());
    (messages, are_deflated)
}

fn windows(sends: u8, takes: u8) -> Option<Deflate> {
    Some(Deflate::with(sends, takes))
}

#[test]
fn each_leg_is_compressed_or_not_on_its_own() {
    let (plain, small) = (peer(1), of(2, windows(15, 15)));
    text(&plain, &[b'k'; 1_000]);
    plain.pair(&small);
    text(&plain, &[b'x'; 10_000]);
    text(&plain, b"short");
    part(&plain, (Opcode::Binary, false), b"in ");
    part(&plain, (Opcode::Continuation, false), b"");
    part(&plain, (Opcode::Continuation, true), b"pieces");
    let noise: Vec<u8> = (0..CUT as u64)
        .map(|place| (place.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40) as u8)
        .collect();
    part(&plain, (Opcode::Binary, false), &noise);
    part(&plain, (Opcode::Continuation, true), b"");
    let waits = small.waiting_bytes();
    assert!(waits < 90_000, "compressed bytes are what waits: {waits}");
    let (messages, are_deflated) = read(&taken(&small));
    let expected: [&[u8]; 6] = [
        b"hello 1",
        &[b'k'; 1_000],
        &[b'x'; 10_000],
        b"short",
        b"in pieces",
        &noise,
    ];
    assert_eq!(messages, expected);
    // The HELLO, what was kept, and what is short go as they are.
    assert_eq!(are_deflated, [false, false, true, false, true, true]);
    text(&small, &[b'y'; 10_000]);
    assert_eq!(
        read(&taken(&plain)),
        (vec![b"hello 2".to_vec(), vec![b'y'; 10_000]], vec![false; 2])
    );
}

#[test]
fn compressed_bytes_go_on_as_they_came_where_the_partner_can_read_them() {
    let whole = [b'z'; 5_000];
    let packed = Deflater::new(15).deflate(&whole, true);
    let data = Data {
        opcode: Opcode::Text,
        fin: true,
        payload: &whole,
        packed: Some(&packed),
    };
    for (sends, takes, is_same) in [(15, 15, true), (10, 10, true), (15, 9, false)] {
        let (sender, partner) = (of(1, windows(sends, 15)), of(2, windows(15, takes)));
        sender.pair(&partner);
        taken(&partner);
        sender.carry(&data, Waker::noop());
        let bytes = taken(&partner);
        assert_eq!(read(&bytes), (vec![whole.to_vec()], vec![true]));
        let mut same = Vec::new();
        frame::encode_deflated(&mut same, true, Opcode::Text, &packed);
        if is_same {
            assert_eq!(bytes, same);
        }
        assert_eq!(sender.sent(), (1, 5_000));
    }
    let (sender, plain) = (of(1, windows(15, 15)), peer(2));
    sender.pair(&plain);
    taken(&plain);
    sender.carry(&data, Waker::noop());
    assert_eq!(read(&taken(&plain)), (vec![whole.to_vec()], vec![false]));
}
