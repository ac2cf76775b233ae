//! Doors under clients that are slow, many, or gone; and doors that close.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::routing::get;
use bytes::Bytes;
use gatelodge::http::metrics::ConnectionEnd;
use gatelodge::pki::{Hierarchy, Overwrite, Request};
use gatelodge::tls::{Certificate, Limits, Policy, Tls, Versions};
use http_body_util::{BodyExt, Empty};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};
use tokio::sync::{Notify, Semaphore};

use super::fixture::{open, read_to_end, say, short, trickle};
use super::test_pki::{self, TestPki};

const HELLO: &[u8] = b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";

fn router() -> Router {
    Router::new()
        .route("/", get(async || "hello"))
        .route("/endless", get(endless))
}

/// More than any socket takes at once.
async fn endless() -> Body {
    let part = Bytes::from(vec![b'a'; 64 << 10]);
    Body::from_stream(futures_util::stream::repeat_with(move || {
        Ok::<_, std::io::Error>(part.clone())
    }))
}

async fn until(what: &str, condition: impl Fn() -> bool) {
    let met = async {
        while !condition() {
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), met)
        .await
        .unwrap_or_else(|_| panic!("{what} did not come"));
}

#[tokio::test]
async fn a_handshake_that_does_not_come_or_trickles_is_cut() {
    let test_pki = TestPki::new().await;
    let door = open(test_pki.https().await, router(), short());
    let mut silent = TcpStream::connect(door.addr).await.unwrap();
    assert!(read_to_end(&mut silent, Duration::from_secs(3)).await.is_empty());
    let mut slow = TcpStream::connect(door.addr).await.unwrap();
    // The beginning of a client hello of 512 bytes.
    let hello = [&[0x16, 3, 1, 2, 0, 1, 0, 1, 0xfc, 3, 3][..], &[7; 200]].concat();
    assert!(trickle(&mut slow, &hello, Duration::from_secs(5)).await);
    assert_eq!(door.counts.refusals(ConnectionEnd::HandshakeTimeout), 2);
}

#[tokio::test]
async fn silence_after_the_handshake_is_cut_in_both_http_versions() {
    let test_pki = TestPki::new().await;
    let door = open(test_pki.https().await, router(), short());
    let client = test_pki.client(None);
    let mut one = client.connect(door.addr).await.unwrap();
    let mut two = client.connect_h2(door.addr).await.unwrap();
    read_to_end(&mut one, Duration::from_secs(3)).await;
    read_to_end(&mut two, Duration::from_secs(3)).await;
    let mut slow = client.connect(door.addr).await.unwrap();
    let long = format!("GET / HTTP/1.1\r\nhost: {}\r\n\r\n", "a".repeat(200));
    assert!(trickle(&mut slow, long.as_bytes(), Duration::from_secs(5)).await);
    let mut slow = client.connect_h2(door.addr).await.unwrap();
    slow.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0")
        .await
        .unwrap();
    // A HEADERS frame of 200 bytes that comes a byte at a time (RFC 9113 §6.2).
    let frame = [&[0, 0, 200, 1, 0, 0, 0, 0, 1][..], &[0x40; 200]].concat();
    assert!(trickle(&mut slow, &frame, Duration::from_secs(5)).await);
    assert_eq!(door.counts.refusals(ConnectionEnd::HeaderTimeout), 4);
}

#[tokio::test]
async fn with_the_usual_limits_the_silent_are_gone_within_ten_seconds_and_harm_nobody() {
    let test_pki = TestPki::new().await;
    let door = open(test_pki.https().await, router(), Limits::default());
    let client = test_pki.client(None);
    let since = Instant::now();
    let mut silent = Vec::new();
    for _ in 0..300 {
        silent.push(TcpStream::connect(door.addr).await.unwrap());
    }
    for _ in 0..5 {
        let asked = Instant::now();
        client.get(door.addr, "/").await.unwrap();
        assert!(asked.elapsed() < Duration::from_secs(2));
    }
    for stream in &mut silent {
        read_to_end(stream, Duration::from_secs(10)).await;
    }
    assert!(since.elapsed() < Duration::from_secs(10), "{:?}", since.elapsed());
    until("the end of the last", || door.counts.open() == 0).await;
}

#[tokio::test]
async fn an_answer_that_nobody_takes_is_cut() {
    let door = open(Policy::Plain, router(), short());
    let mut stream = TcpStream::connect(door.addr).await.unwrap();
    stream
        .write_all(b"GET /endless HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    until("the cut", || door.counts.refusals(ConnectionEnd::WriteTimeout) == 1).await;
    // One who takes it slowly may go on.
    let mut stream = TcpStream::connect(door.addr).await.unwrap();
    stream
        .write_all(b"GET /endless HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    let mut part = vec![0; 1 << 20];
    let mut pace = tokio::time::interval(Duration::from_millis(100));
    for _ in 0..15 {
        pace.tick().await;
        assert_ne!(stream.read(&mut part).await.unwrap(), 0);
    }
    assert_eq!(door.counts.refusals(ConnectionEnd::WriteTimeout), 1);
}

#[tokio::test]
async fn one_address_has_its_share_and_leaves_room_for_others() {
    let limits = Limits {
        connections_per_address: Some(3),
        ..Limits::default()
    };
    let door = open(Policy::Plain, router(), limits);
    let mut held = Vec::new();
    for _ in 0..3 {
        held.push(TcpStream::connect(door.addr).await.unwrap());
    }
    until("the third", || door.counts.open() == 3).await;
    assert_eq!(say(door.addr, HELLO).await, "");
    assert_eq!(door.counts.refusals(ConnectionEnd::AddressFull), 1);
    let other = TcpSocket::new_v4().unwrap();
    other.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    let mut other = other.connect(door.addr).await.unwrap();
    other.write_all(HELLO).await.unwrap();
    assert!(
        read_to_end(&mut other, Duration::from_secs(5))
            .await
            .ends_with(b"hello")
    );
    drop(held);
    until("room", || door.counts.open() == 0).await;
    assert!(say(door.addr, HELLO).await.ends_with("hello"));
}

#[tokio::test]
async fn when_the_house_is_full_the_next_waits_for_a_place() {
    let limits = Limits {
        connections: 2,
        ..Limits::default()
    };
    let door = open(Policy::Plain, router(), limits);
    let held = [
        TcpStream::connect(door.addr).await.unwrap(),
        TcpStream::connect(door.addr).await.unwrap(),
    ];
    until("both", || door.counts.open() == 2).await;
    let waiting = tokio::spawn(say_at(door.addr));
    drop(held);
    assert!(waiting.await.unwrap().ends_with("hello"));
}

async fn say_at(addr: SocketAddr) -> String {
    say(addr, HELLO).await
}

#[tokio::test]
async fn closing_finishes_what_is_under_way_and_takes_no_more() {
    let (begun, release) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let slow = {
        let (begun, release) = (begun.clone(), release.clone());
        get(async move || {
            begun.notify_one();
            release.notified().await;
            "done"
        })
    };
    let mut door = open(Policy::Plain, router().route("/slow", slow), Limits::default());
    let mut idle = TcpStream::connect(door.addr).await.unwrap();
    idle.write_all(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    let mut first = [0; 12];
    idle.read_exact(&mut first).await.unwrap();
    let mut busy = TcpStream::connect(door.addr).await.unwrap();
    busy.write_all(b"GET /slow HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    begun.notified().await;
    let mut silent = TcpStream::connect(door.addr).await.unwrap();
    until("all three", || door.counts.open() == 3).await;

    let since = Instant::now();
    door.stop.cancel();
    read_to_end(&mut idle, Duration::from_secs(3)).await;
    read_to_end(&mut silent, Duration::from_secs(3)).await;
    until("the closed port", || std::net::TcpStream::connect(door.addr).is_err()).await;
    assert!(!door.running.is_finished());
    release.notify_one();
    let said = read_to_end(&mut busy, Duration::from_secs(3)).await;
    assert!(said.ends_with(b"done"), "{}", String::from_utf8_lossy(&said));
    (&mut door.running).await.unwrap();
    assert!(since.elapsed() < Duration::from_secs(5));
}

#[tokio::test]
async fn closing_finishes_every_stream_of_an_http_2_connection() {
    let test_pki = TestPki::new().await;
    let (begun, release) = (Arc::new(Semaphore::new(0)), Arc::new(Semaphore::new(0)));
    let slow = {
        let (begun, release) = (begun.clone(), release.clone());
        get(async move || {
            begun.add_permits(1);
            release.acquire().await.unwrap().forget();
            "done"
        })
    };
    let mut door = open(test_pki.https().await, router().route("/slow", slow), Limits::default());
    let stream = test_pki.client(None).connect_h2(door.addr).await.unwrap();
    let (mut send, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
        .await
        .unwrap();
    let connection = tokio::spawn(connection);
    let answers: Vec<_> = (0..5)
        .map(|_| {
            let request = hyper::Request::get("https://localhost/slow");
            tokio::spawn(send.send_request(request.body(Empty::<Bytes>::new()).unwrap()))
        })
        .collect();
    begun.acquire_many(5).await.unwrap().forget();
    door.stop.cancel();
    until("the closed port", || std::net::TcpStream::connect(door.addr).is_err()).await;
    release.add_permits(5);
    for answer in answers {
        let answer = answer.await.unwrap().unwrap();
        assert_eq!(answer.into_body().collect().await.unwrap().to_bytes(), "done");
    }
    connection.await.unwrap().unwrap();
    (&mut door.running).await.unwrap();
}

#[tokio::test]
async fn closing_does_not_wait_for_ever() {
    let stuck = get(async || std::future::pending::<()>().await);
    let limits = Limits {
        drain: Duration::from_millis(300),
        ..Limits::default()
    };
    let mut door = open(Policy::Plain, router().route("/stuck", stuck), limits);
    let mut busy = TcpStream::connect(door.addr).await.unwrap();
    busy.write_all(b"GET /stuck HTTP/1.1\r\nhost: a\r\n\r\n").await.unwrap();
    until("the connection", || door.counts.open() == 1).await;
    door.stop.cancel();
    let end = tokio::time::timeout(Duration::from_secs(3), &mut door.running);
    end.await.unwrap().unwrap();
    until("the cut", || door.counts.open() == 0).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_new_certificate_on_disk_is_shown_without_one_failed_request() {
    let test_pki = TestPki::new().await;
    let place = test_pki.dir.path().join("files");
    let fresh = async || {
        let request = Request {
            hosts: vec!["localhost".into()],
            overwrite: Overwrite::Yes,
            ..Request::new(Hierarchy::Server, "swap")
        };
        test_pki.pki.issue(request, None, test_pki.now).await.unwrap()
    };
    std::fs::create_dir(&place).unwrap();
    let (chain, key) = (place.join("chain.pem"), place.join("key.pem"));
    let install = |issued: &gatelodge::pki::Issued| {
        std::fs::copy(&issued.chain, &chain).unwrap();
        std::fs::copy(&issued.key, &key).unwrap();
    };
    install(&fresh().await);
    let certificate = Certificate::files(chain.clone(), key.clone()).unwrap();
    let mut served = certificate.served();
    let policy = Policy::Tls(Tls {
        challenges: None,
        certificate,
        versions: Versions::From12,
        clients: None,
    });
    let door = open(policy, router(), Limits::default());
    let client = test_pki.client(None).forgetful();
    let mut old = client.connect(door.addr).await.unwrap();
    let shown = async || {
        let stream = client.connect(door.addr).await.unwrap();
        stream.get_ref().1.peer_certificates().unwrap()[0].clone()
    };
    let before = shown().await;

    let (running, count) = (Arc::new(AtomicBool::new(true)), Arc::new(AtomicUsize::new(0)));
    let load: Vec<_> = (0..4)
        .map(|_| {
            let (client, addr, running, count) = (client.clone(), door.addr, running.clone(), count.clone());
            tokio::spawn(async move {
                while running.load(Ordering::Relaxed) {
                    client.get(addr, "/").await.unwrap();
                    count.fetch_add(1, Ordering::Relaxed);
                }
            })
        })
        .collect();

    // Half a pair first: it is told, and the old one stays.
    let next = fresh().await;
    std::fs::copy(&next.key, &key).unwrap();
    let told = served.wait_for(|served| served.last_error.is_some());
    tokio::time::timeout(Duration::from_secs(10), told)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(shown().await, before);
    install(&next);
    let mended = served.wait_for(|served| served.last_error.is_none());
    tokio::time::timeout(Duration::from_secs(10), mended)
        .await
        .unwrap()
        .unwrap();
    assert_ne!(shown().await, before);
    test_pki::get(&mut old, "/", "close").await.unwrap();

    running.store(false, Ordering::Relaxed);
    for task in load {
        task.await.unwrap();
    }
    assert!(count.load(Ordering::Relaxed) > 20, "{count:?}");
}
