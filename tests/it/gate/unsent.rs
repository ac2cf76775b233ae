//! Peers that ask for much and take little: what waits for them is bounded, for a connection and for an address.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use gatelodge::http::Fixed;
use gatelodge::http::metrics::ConnectionEnd;
use gatelodge::tls::{Limits, Policy, UnsentBudget};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::fixture::{Open, open, short};

/// Bytes of one answer.
const ANSWER: usize = 64 << 10;
const REQUESTS: u32 = 100;

/// An HTTP/2 client that writes its frames itself (RFC 9113), so that it can give no window at all.
struct Miser(TcpStream);

impl Miser {
    /// Connected, with a window of nothing for every answer.
    async fn connect(door: &Open) -> Miser {
        let mut tcp = TcpStream::connect(door.addr).await.unwrap();
        tcp.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").await.unwrap();
        let mut miser = Miser(tcp);
        // SETTINGS_INITIAL_WINDOW_SIZE (4) = 0.
        miser.frame(4, 0, 0, &[0, 4, 0, 0, 0, 0]).await;
        miser
    }

    async fn frame(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) {
        let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
        let head = [&length[1..], &[kind, flags], &stream.to_be_bytes()].concat();
        // What the door thinks of it, is read elsewhere.
        let _ = self.0.write_all(&[&head[..], payload].concat()).await;
    }

    /// A GET; the numbers of its fields stand in the static table of RFC 7541, the rest is written out.
    async fn get(&mut self, stream: u32, path: &str) {
        let text = |text: &str| [&[u8::try_from(text.len()).unwrap()], text.as_bytes()].concat();
        let block = [vec![0x82, 0x86, 0x04], text(path), vec![0x01], text("test")].concat();
        self.frame(1, 5, stream, &block).await;
    }

    /// More window for a stream; 0: for the connection.
    async fn window(&mut self, stream: u32, more: u32) {
        self.frame(8, 0, stream, &more.to_be_bytes()).await;
    }

    /// The next frame: kind, flags, stream and payload; `None` when the door hung up.
    async fn read(&mut self) -> Option<(u8, u8, u32, Vec<u8>)> {
        let mut head = [0; 9];
        self.0.read_exact(&mut head).await.ok()?;
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; usize::try_from(length).unwrap()];
        self.0.read_exact(&mut payload).await.ok()?;
        let stream = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        Some((head[3], head[4], stream, payload))
    }
}

fn streams() -> impl Iterator<Item = u32> {
    (0..REQUESTS).map(|number| 1 + 2 * number)
}

/// A door that makes a large answer for every request to `/big`, and how many it made.
fn door(limits: Limits) -> (Open, Arc<AtomicUsize>) {
    let made = Arc::new(AtomicUsize::new(0));
    let count = made.clone();
    let big = get(async move || {
        count.fetch_add(1, Ordering::SeqCst);
        vec![b'x'; ANSWER]
    });
    let shared = Fixed::new("text/plain", vec![b'y'; ANSWER]);
    let shared = get(async move || shared.clone());
    let router = Router::new().route("/big", big).route("/shared", shared);
    (open(Policy::Plain, router, limits), made)
}

fn limits(connection: usize, address: usize) -> Limits {
    Limits {
        unsent: UnsentBudget {
            connection,
            address,
            door: usize::MAX,
        },
        ..Limits::default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn answers_are_made_as_they_are_taken_and_all_of_them_are() {
    let (door, made) = door(limits(4 * ANSWER, usize::MAX));
    let mut miser = Miser::connect(&door).await;
    for stream in streams() {
        miser.get(stream, "/big").await;
    }
    // Each answer's head comes without a window. Once one came, a ping goes after those that are made by then.
    let mut pinged = false;
    while let Some((kind, flags, _, _)) = miser.read().await {
        if (kind, flags) == (6, 1) {
            break;
        }
        if kind == 1 && !pinged {
            pinged = true;
            miser.frame(6, 0, 0, &[7; 8]).await;
        }
    }
    let waiting = made.load(Ordering::SeqCst);
    // Those under way at once may each find room: as many as there are threads.
    assert!((1..=4 + 8).contains(&waiting), "{waiting} answers wait");
    miser.window(0, 1 << 30).await;
    for stream in streams() {
        miser.window(stream, 1 << 20).await;
    }
    let (mut bytes, mut ended) = (0, 0);
    while ended < REQUESTS {
        let (kind, flags, _, payload) = miser.read().await.expect("the door goes on");
        if kind == 0 {
            bytes += payload.len();
            ended += u32::from(flags & 1);
        }
    }
    assert_eq!(bytes, ANSWER * usize::try_from(REQUESTS).unwrap());
    assert_eq!(made.load(Ordering::SeqCst), usize::try_from(REQUESTS).unwrap());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_that_takes_nothing_has_no_more_made_and_others_documents_cost_nothing() {
    let (door, made) = door(limits(usize::MAX, 4 * ANSWER));
    let mut misers = Vec::new();
    for path in ["/shared", "/big", "/big"] {
        let mut miser = Miser::connect(&door).await;
        for stream in streams() {
            miser.get(stream, path).await;
        }
        // All heads: of answers, and of refusals, which are made without the handler.
        let mut heads = 0;
        while heads < REQUESTS {
            let (kind, ..) = miser.read().await.expect("the door goes on");
            heads += u32::from(kind == 1);
        }
        misers.push(miser);
        let made = made.load(Ordering::SeqCst);
        match path {
            "/shared" => assert_eq!(made, 0),
            _ => assert!((1..=4 + 8).contains(&made), "{made} answers were made"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_byte_now_and_then_is_no_taking() {
    let (door, _) = door(short());
    let mut miser = Miser::connect(&door).await;
    for stream in streams() {
        miser.get(stream, "/big").await;
    }
    let cut = async {
        let mut tick = tokio::time::interval(Duration::from_millis(50));
        loop {
            tokio::select! {
                frame = miser.read() => if frame.is_none() { return },
                _ = tick.tick() => {
                    // One byte of one answer, and a sign of life that says nothing of answers.
                    miser.window(1, 1).await;
                    miser.frame(6, 0, 0, &[7; 8]).await;
                }
            }
        }
    };
    tokio::time::timeout(Duration::from_secs(30), cut)
        .await
        .expect("it is cut");
    let refused = tokio::time::timeout(Duration::from_secs(30), async {
        while door.counts.refusals(ConnectionEnd::WriteTimeout) == 0 {
            tokio::task::yield_now().await;
        }
    });
    refused.await.expect("and it is counted why");
}
