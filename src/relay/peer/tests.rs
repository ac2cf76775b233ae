//! What peers hand each other, without a network.

use super::*;

fn peer(number: u64) -> Arc<Peer> {
    let identity = Arc::new(Identity::new(Vec::new(), &[0; 32]));
    let address = "127.0.0.1:1".parse().unwrap();
    let peer = Peer::new(
        PeerNumber(number),
        Arc::from("x"),
        (identity, address),
        Rule::default(),
        64 << 10,
    );
    *lock(&peer.greeting) = Some(Greeting {
        text: format!("hello {number}").into_bytes().into(),
        hello: Hello::default(),
    });
    peer
}

fn text(peer: &Peer, payload: &[u8]) -> Carried {
    peer.carry((Opcode::Text, true), payload, Waker::noop())
}

fn taken(peer: &Peer) -> Vec<u8> {
    peer.take(Waker::noop()).bytes
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
    assert_eq!(
        stays.carry((Opcode::Text, false), b"begun", Waker::noop()),
        Carried::Room
    );
    goes.part();
    assert!(stays.hold(Instant::now()));
    assert_eq!(
        stays.carry((Opcode::Continuation, true), b"end", Waker::noop()),
        Carried::Room
    );
    assert_eq!(text(&stays, b"whole"), Carried::Room);
    let next = peer(3);
    next.pair(&stays);
    assert_eq!(taken(&next), frames(&["hello 1", "whole"]));
    assert_eq!(taken(&stays), frames(&["hello 3"]));
    next.carry((Opcode::Text, false), b"begun", Waker::noop());
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
    let taken = partner.take(Waker::noop());
    assert_eq!(
        (taken.bytes, taken.closing),
        (frames(&["hello 1", "last"]), Some(Goodbye::PartnerGone))
    );
}
