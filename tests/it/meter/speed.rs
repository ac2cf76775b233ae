//! Not a promise test: prints how fast streams of frames are read on this machine.
//! `cargo test --release --test it meter::speed -- --ignored --nocapture`.

use std::time::{Duration, Instant};

use gatelodge::meter::emop::{Address, Control, Frame, StreamDecoder};

/// What one core must at least read in a second.
const TARGET: f64 = 2_000_000.0;

#[test]
#[ignore = "measures, for people to read"]
fn frames_a_second_on_one_core() {
    println!("{:44} {:>14} {:>14} {:>7}", "work", "ours /s", "target /s", "ratio");
    for (what, data_bytes, piece) in [
        ("replies of 4 bytes, pieces of 1460", 9, 1460),
        ("profile blocks of 80 bytes, pieces of 1460", 85, 1460),
        ("replies of 4 bytes, pieces of 7", 9, 7),
        ("replies between the worst rubbish (no target)", 9, 0),
    ] {
        let data: Vec<u8> = (0..data_bytes).map(|n| n as u8 ^ 0x7A).collect();
        let frame = Frame {
            destination: Address::CLIENT,
            source: Address::ANY_METER,
            control: Control(5),
            data: &data,
        };
        let mut one = frame.encode().unwrap();
        if piece == 0 {
            one.extend(vec![0x7E; one.len()]);
        }
        let stream = one.repeat(4096);
        let (mut decoder, mut frames, begun) = (StreamDecoder::new(), 0u64, Instant::now());
        while begun.elapsed() < Duration::from_secs(2) {
            for piece in stream.chunks(if piece == 0 { 1460 } else { piece }) {
                decoder.push(piece, |frame| frames += u64::from(frame.data.len() == data.len()));
            }
        }
        let rate = frames as f64 / begun.elapsed().as_secs_f64();
        println!("{what:44} {rate:14.0} {TARGET:14.0} {:7.2}", rate / TARGET);
    }
}
