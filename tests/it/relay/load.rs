//! The relay under load: echoes per second, delays, pairs formed at once, memory of idle pairs. By hand:
//! `cargo test --release --test it relay::load -- --ignored --nocapture`.
//!
//! Peers are written for speed rather than for use: whole frames from a buffer, a mask of zeros, one task a peer.
//! They share the machine's cores with the relay, so what they show is a lower bound of what the relay can do.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::fixture::Fixture;
use crate::support::https::config;
use crate::support::usage::{processor_time, resident_kib};

const SECTIONS: &str = r#"
[metrics]
listen = ["127.0.0.1:0"]
[limits.relay]
connections = 100000
[relay]
listen = ["127.0.0.1:0"]
max_meetups = 50000
hello_timeout = "1m"
[log]
filter = "warn"
"#;

const PAYLOAD: usize = 1024;

struct Load {
    fixture: Fixture,
    port: u16,
    connector: TlsConnector,
}

/// One peer on its connection.
struct Peer {
    stream: TlsStream<TcpStream>,
    buffer: Vec<u8>,
    /// Bytes that the buffer has room for.
    room: usize,
    filled: usize,
    read: usize,
}

impl Load {
    fn start() -> Load {
        let fixture = Fixture::start_with(SECTIONS);
        let file = |kind: &str| -> PathBuf { fixture.running.dir.join(format!("peers/peer.{kind}.pem")) };
        let mut tls = config(&fixture.root(), Some((&file("chain"), &file("key"))));
        tls.alpn_protocols = vec![b"http/1.1".to_vec()];
        // Thousands of clients in one process must not keep thousands of sessions.
        tls.resumption = rustls::client::Resumption::disabled();
        Load {
            port: fixture.running.door("relay").port(),
            connector: TlsConnector::from(Arc::new(tls)),
            fixture,
        }
    }

    /// A peer that said HELLO at `id`, calling from one of many addresses of this machine.
    async fn come(&self, id: &str, number: usize) -> Peer {
        let socket = TcpSocket::new_v4().unwrap();
        let from = [127, 0, 1 + (number / 20_000) as u8, 1];
        socket.bind((from, 0).into()).unwrap();
        let tcp = socket.connect(([127, 0, 0, 1], self.port).into()).await.unwrap();
        tcp.set_nodelay(true).unwrap();
        let name = ServerName::try_from("localhost").unwrap();
        let mut stream = self.connector.connect(name, tcp).await.unwrap();
        let request = format!(
            "GET /micronets/v1/ws-proxy/{id} HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).await.unwrap();
        stream.flush().await.unwrap();
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            head.push(stream.read_u8().await.unwrap());
        }
        assert!(head.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&head));
        let hello = br#"{"message":{"messageId":0,"messageType":"CONN:HELLO","requiresResponse":false}}"#;
        let mut peer = Peer {
            stream,
            buffer: Vec::new(),
            room: 64 << 10,
            filled: 0,
            read: 0,
        };
        peer.say(&frame(0x81, hello)).await;
        peer
    }
}

/// A frame as clients send them, masked with zeros.
fn frame(first: u8, payload: &[u8]) -> Vec<u8> {
    let mut out = vec![first];
    match payload.len() {
        length @ ..126 => out.push(0x80 | length as u8),
        length => {
            out.push(0x80 | 126);
            out.extend((length as u16).to_be_bytes());
        }
    }
    out.extend([0; 4]);
    out.extend(payload);
    out
}

impl Peer {
    async fn say(&mut self, frames: &[u8]) {
        self.stream.write_all(frames).await.unwrap();
        self.stream.flush().await.unwrap();
    }

    /// Waits for messages; answers how many came. Pings are answered.
    async fn hear(&mut self) -> usize {
        self.try_hear().await.expect("the relay goes on")
    }

    /// As [`Peer::hear`]; `None`: the connection ended.
    async fn try_hear(&mut self) -> Option<usize> {
        let mut messages = 0;
        while messages == 0 {
            if self.buffer.is_empty() {
                self.buffer.resize(self.room, 0);
            }
            let count = self.stream.read(&mut self.buffer[self.filled..]).await.ok()?;
            if count == 0 {
                return None;
            }
            self.filled += count;
            let mut pongs = Vec::new();
            while let Some((first, from, to)) = self.next_frame() {
                match first {
                    0x89 => pongs.extend(frame(0x8a, &self.buffer[from..to])),
                    0x81 | 0x82 => messages += 1,
                    0x88 => return None,
                    other => panic!("a frame that begins with {other:x}"),
                }
            }
            self.buffer.copy_within(self.read..self.filled, 0);
            self.filled -= self.read;
            self.read = 0;
            if !pongs.is_empty() {
                self.say(&pongs).await;
            }
        }
        Some(messages)
    }

    fn next_frame(&mut self) -> Option<(u8, usize, usize)> {
        let bytes = &self.buffer[self.read..self.filled];
        let (header, length) = match bytes {
            [_, 126, a, b, ..] => (4, usize::from(u16::from_be_bytes([*a, *b]))),
            [_, length @ ..126, ..] => (2, usize::from(*length)),
            _ => return None,
        };
        if bytes.len() < header + length {
            return None;
        }
        let (first, from) = (bytes[0], self.read + header);
        self.read = from + length;
        Some((first, from, from + length))
    }

    /// Answers pings until the connection ends, with a small buffer: there may be thousands.
    async fn idle(mut self) {
        assert_eq!(self.filled, 0);
        self.room = 1 << 10;
        self.buffer = Vec::new();
        while self.try_hear().await.is_some() {}
    }
}

async fn pair(load: &Load, number: usize) -> (Peer, Peer) {
    let id = format!("load/{number}");
    let (mut a, mut b) = tokio::join!(load.come(&id, 2 * number), load.come(&id, 2 * number + 1));
    tokio::join!(a.hear(), b.hear());
    (a, b)
}

/// Sends everything back, until the partner goes.
async fn echo(mut peer: Peer) {
    let message = frame(0x82, &[b'x'; PAYLOAD]);
    while let Some(count) = peer.try_hear().await {
        peer.say(&message.repeat(count)).await;
    }
}

/// Keeps `window` messages under way until `until`; answers the delays seen, in microseconds.
async fn ask(mut peer: Peer, window: usize, until: Instant) -> Vec<u32> {
    let message = frame(0x82, &[b'x'; PAYLOAD]);
    let mut sent: std::collections::VecDeque<Instant> = (0..window).map(|_| Instant::now()).collect();
    let mut delays = Vec::new();
    peer.say(&message.repeat(window)).await;
    while Instant::now() < until {
        let count = peer.hear().await;
        let now = Instant::now();
        for _ in 0..count {
            let at = sent.pop_front().unwrap();
            delays.push((now - at).as_micros() as u32);
            sent.push_back(now);
        }
        peer.say(&message.repeat(count)).await;
    }
    delays
}

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Runtime::new().unwrap()
}

fn seconds() -> u64 {
    std::env::var("GATELODGE_TEST_RELAY_SECONDS").map_or(4, |text| text.parse().unwrap())
}

#[test]
#[ignore = "a measurement"]
fn echoes() {
    let load = Load::start();
    let process = load.fixture.running.process();
    for (pairs, window) in [(1, 1), (1, 64), (10, 8), (50, 4), (200, 1)] {
        let (delays, took, busy) = runtime().block_on(async {
            let mut tasks = tokio::task::JoinSet::new();
            let mut askers = tokio::task::JoinSet::new();
            let mut made = Vec::new();
            for number in 0..pairs {
                made.push(pair(&load, number).await);
            }
            let (began, before) = (Instant::now(), processor_time(process));
            let until = began + Duration::from_secs(seconds());
            for (a, b) in made {
                tasks.spawn(echo(b));
                askers.spawn(ask(a, window, until));
            }
            let mut delays = Vec::new();
            while let Some(seen) = askers.join_next().await {
                delays.extend(seen.unwrap());
            }
            (delays, began.elapsed(), processor_time(process) - before)
        });
        let mut delays = delays;
        delays.sort_unstable();
        let at = |part: f64| f64::from(delays[((delays.len() - 1) as f64 * part) as usize]) / 1000.0;
        let rate = delays.len() as f64 / took.as_secs_f64();
        let cores = busy.as_secs_f64() / took.as_secs_f64();
        println!(
            "echo pairs={pairs} window={window} round_trips_per_s={rate:.0} messages_per_s={:.0} p50_ms={:.3} p99_ms={:.3} relay_cores={cores:.2}",
            2.0 * rate,
            at(0.5),
            at(0.99)
        );
    }
}

#[test]
#[ignore = "a measurement"]
fn two_hundred_pairs_at_once() {
    let load = Load::start();
    runtime().block_on(async {
        let began = Instant::now();
        let load = &load;
        let made = futures_util::future::join_all((0..200).map(|number| pair(load, number))).await;
        println!(
            "pairs formed={} seconds={:.3}",
            made.len(),
            began.elapsed().as_secs_f64()
        );
    });
}

#[test]
#[ignore = "a measurement"]
fn idle_pairs() {
    let pairs: usize = std::env::var("GATELODGE_TEST_RELAY_PAIRS").map_or(1_000, |text| text.parse().unwrap());
    let _ = gatelodge::tls::raise_descriptor_limit();
    let load = Load::start();
    let process = load.fixture.running.process();
    runtime().block_on(async {
        let mut idle = tokio::task::JoinSet::new();
        let (mut made, mut before, mut began) = (0, 0, Instant::now());
        while made < pairs {
            // The first few are not counted: with them comes what the box needs in any case.
            if made == 50 {
                (before, began) = (resident_kib(process), Instant::now());
            }
            let more = (made..(made + 50).min(pairs)).map(|number| pair(&load, number));
            for (a, b) in futures_util::future::join_all(more).await {
                idle.spawn(a.idle());
                idle.spawn(b.idle());
                made += 1;
            }
        }
        let took = began.elapsed();
        // Every peer is pinged once more, so that what a ping leaves behind counts.
        tokio::time::sleep(Duration::from_secs(12)).await;
        let status = load.fixture.running.json(&["status"]);
        assert_eq!(status["relay"]["paired"], pairs);
        let after = resident_kib(process);
        let each = (after - before) as f64 / (2 * (pairs - 50)) as f64;
        println!(
            "idle pairs={pairs} connections={} rss_mib={} kib_per_connection={each:.1} formed_in_s={:.1}",
            2 * pairs,
            after / 1024,
            took.as_secs_f64()
        );
        assert!(each <= 40.0, "{each:.1} KiB a connection");
    });
}
