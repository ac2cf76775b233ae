//! A recorded session of a real meter, replayed as bytes over a socket and over a pseudo-terminal.

use std::collections::BTreeMap;

use gatelodge::meter::emop::dialect::Request;
use gatelodge::meter::emop::{Address, ObjectId};
use gatelodge::meter::link::Link;
use gatelodge::meter::session::{Numbering, Rules, Session};
use serde_json::Value;
use tokio_serial::{SerialPort, SerialStream};

use super::fixture::{dialect, never, quick, session};
use super::peer::{Heard, Peer, Step, beside, play};

/// A request and its reply, as far as they are among the vectors.
type Sides = (Option<Vec<u8>>, Option<Vec<u8>>);

/// The recorded replies, and the requests to them where they are among the vectors.
fn exchanges() -> Vec<(Option<Vec<u8>>, Vec<u8>)> {
    let vectors: Value = serde_json::from_str(include_str!("../../vectors/meter/emop.json")).unwrap();
    let mut found: BTreeMap<u32, Sides> = BTreeMap::new();
    for case in vectors["cases"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|case| case["kind"] == "frame_decode")
    {
        let Some((_, place)) = case["source"].as_str().unwrap().split_once("exchange ") else {
            continue;
        };
        let (number, side) = place.split_once(' ').unwrap();
        let bytes = data_encoding::HEXLOWER
            .decode(case["input"]["hex"].as_str().unwrap().as_bytes())
            .unwrap();
        let exchange = found.entry(number.parse().unwrap()).or_default();
        *(if side == "request" {
            &mut exchange.0
        } else {
            &mut exchange.1
        }) = Some(bytes);
    }
    found
        .into_values()
        .filter_map(|(request, reply)| Some((request, reply?)))
        .collect()
}

/// How the recorded program asked: its address, the one it had learnt, always number 1.
fn rules() -> Rules {
    Rules {
        source: Address([0xC0, 0x6F, 0x00, 0x93]),
        destination: Address([0x00, 0x00, 0x18, 0xB0]),
        numbering: Numbering::Fixed(1),
        ..quick()
    }
}

fn asked(reply: &[u8]) -> Request {
    Request::Read(ObjectId::from_bytes([reply[12], reply[13], reply[14]]))
}

/// What a reply holds, by its offsets alone.
fn data(reply: &[u8]) -> &[u8] {
    &reply[11..reply.len() - 2]
}

#[tokio::test]
async fn recorded_replies_are_understood_however_they_come() {
    let recorded = exchanges();
    assert!(recorded.len() >= 8, "{} recorded exchanges", recorded.len());
    let rubbish = [0x00, 0x7E, 0xFF, 0x7E, 0x05, 0x12];
    for (request, reply) in &recorded {
        let cut = reply.len() / 2;
        for script in [
            vec![Step::Hear, Step::Say(reply.clone())],
            vec![Step::Hear, Step::Spell(reply.clone())],
            vec![Step::Hear, Step::Say([&rubbish[..], reply].concat())],
            vec![Step::Hear, Step::Say([reply.as_slice(), reply, &rubbish].concat())],
            vec![
                Step::Hear,
                Step::Say(reply[..cut].to_vec()),
                Step::Say(reply[cut..].to_vec()),
            ],
        ] {
            let peer = Peer::start(vec![script.clone()]).await;
            let answer = session(peer.address, rules()).ask(&asked(reply), never()).await;
            assert_eq!(answer.unwrap(), data(reply), "{script:?}");
            if let Some(request) = request {
                assert_eq!(
                    &peer.heard.lock().unwrap()[0],
                    request,
                    "asked as the recorded program did"
                );
            }
        }
    }
}

#[tokio::test]
async fn recorded_replies_are_understood_on_a_serial_line() {
    let (mut meter, line) = SerialStream::pair().unwrap();
    let target = format!("serial://{}?baud=2400", line.name().unwrap()).parse().unwrap();
    let mut session = Session::new(Link::new(target, None), dialect(), rules());
    for (_, reply) in exchanges() {
        for step in [Step::Say(reply.clone()), Step::Spell(reply.clone())] {
            let heard = Heard::default();
            // An optical head gives the request back before the meter answers.
            let script = [Step::Hear, Step::Echo, step];
            let (asked, deadline) = (asked(&reply), never());
            let answer = beside(session.ask(&asked, deadline), play(&script, &mut meter, &heard)).await;
            assert_eq!(answer.unwrap(), data(&reply));
        }
    }
}
