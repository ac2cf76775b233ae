//! Answers that come before their request has ended arrive whole, and whoever goes on sending is cut.

use std::convert::Infallible;
use std::fs::File;
use std::path::Path as FilePath;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::extract::Path;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::routing::any;
use bytes::Bytes;
use gatelodge::http::metrics::ConnectionEnd;
use gatelodge::tls::{Limits, Policy};
use http_body_util::BodyExt;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::fixture::{Open, open, read_to_end, run};
use super::test_pki::TestPki;

/// Bytes of an answer.
const ANSWER: usize = 20_000;
/// What answers come early.
const STATUSES: [u16; 12] = [400, 401, 403, 404, 405, 411, 413, 415, 421, 429, 503, 507];
const TRIES: usize = 20;
/// More than sockets hold.
const LONG: usize = 24 << 20;

fn router() -> Router {
    let refuse = async |Path(status): Path<u16>| {
        let kind = [(CONTENT_TYPE, "application/octet-stream")];
        (StatusCode::from_u16(status).unwrap(), kind, "x".repeat(ANSWER))
    };
    Router::new().route("/{status}", any(refuse))
}

/// A file of 100 MB that takes no place.
fn upload(dir: &FilePath) -> String {
    let path = dir.join("upload");
    File::create(&path).unwrap().set_len(100_000_000).unwrap();
    path.display().to_string()
}

/// Uploads with curl to every status of a door, again and again.
async fn curl_hears_all(door: &Open, scheme: &str, version: &str) {
    let dir = tempfile::tempdir().unwrap();
    let upload = upload(dir.path());
    for status in STATUSES.iter().cycle().take(TRIES) {
        let url = format!("{scheme}://{}/{status}", door.addr);
        let line = format!(
            "-sS -k {version} -m 20 -H expect: -o /dev/null -w %{{http_code}}/%{{size_download}}/%{{exitcode}} -T {upload} {url}"
        );
        let said = run("curl", line.split_whitespace().map(str::to_owned).collect()).await;
        assert_eq!(said, format!("{status}/{ANSWER}/0"), "{scheme} {version}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn curl_hears_every_early_answer_of_a_door_without_tls() {
    let door = open(Policy::Plain, router(), Limits::default());
    curl_hears_all(&door, "http", "--http1.1").await;
    curl_hears_all(&door, "http", "--http2-prior-knowledge").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn curl_hears_every_early_answer_of_a_door_with_tls() {
    let test_pki = TestPki::new().await;
    let door = open(test_pki.https().await, router(), Limits::default());
    curl_hears_all(&door, "https", "--http1.1").await;
    curl_hears_all(&door, "https", "--http2").await;
}

/// The head of a request with a body of `length` bytes.
fn head(status: u16, length: usize) -> String {
    format!("POST /{status} HTTP/1.1\r\nhost: a\r\ncontent-length: {length}\r\n\r\n")
}

/// Asks, and gets the answer, up to the end of what the door says.
async fn answered(door: &Open, status: u16, length: usize) -> TcpStream {
    let mut tcp = TcpStream::connect(door.addr).await.unwrap();
    tcp.write_all(head(status, length).as_bytes()).await.unwrap();
    tcp.write_all(&[b'a'; 1000]).await.unwrap();
    is_whole(&read_to_end(&mut tcp, Duration::from_secs(5)).await, status);
    tcp
}

fn is_whole(answer: &[u8], status: u16) {
    let answer = String::from_utf8_lossy(answer);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap_or_else(|| panic!("{answer:?}"));
    assert!(head.starts_with(&format!("HTTP/1.1 {status} ")), "{head}");
    assert!(head.contains("\r\nconnection: close"), "{head}");
    assert_eq!(body.len(), ANSWER);
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_sends_all_before_it_listens_hears_it_too() {
    let test_pki = TestPki::new().await;
    let door = open(Policy::Plain, router(), Limits::default());
    let tls = open(test_pki.https().await, router(), Limits::default());
    let client = test_pki.client(None);
    let part = vec![b'a'; 1 << 20];
    for status in STATUSES.into_iter().cycle().take(TRIES) {
        let mut tcp = TcpStream::connect(door.addr).await.unwrap();
        tcp.write_all(head(status, LONG).as_bytes()).await.unwrap();
        for _ in 0..LONG / part.len() {
            tcp.write_all(&part).await.unwrap();
        }
        is_whole(&read_to_end(&mut tcp, Duration::from_secs(5)).await, status);

        let mut stream = client.connect(tls.addr).await.unwrap();
        stream.write_all(head(status, LONG).as_bytes()).await.unwrap();
        for _ in 0..LONG / part.len() {
            stream.write_all(&part).await.unwrap();
        }
        is_whole(&read_to_end(&mut stream, Duration::from_secs(5)).await, status);
    }
}

#[tokio::test]
async fn a_little_that_is_left_unread_ends_no_connection() {
    let door = open(Policy::Plain, router(), Limits::default());
    let mut tcp = TcpStream::connect(door.addr).await.unwrap();
    for _ in 0..3 {
        let length = 100_000;
        tcp.write_all(head(404, length).as_bytes()).await.unwrap();
        tcp.write_all(&vec![b'a'; length]).await.unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(&[b'x'; ANSWER]) {
            assert_ne!(tcp.read_buf(&mut answer).await.unwrap(), 0);
        }
        assert!(!String::from_utf8_lossy(&answer).contains("connection: close"));
    }
}

/// Sends `bytes` every so often until the connection breaks; how long that took.
async fn until_cut(mut tcp: TcpStream, bytes: usize, every: Duration) -> Duration {
    let began = Instant::now();
    let part = vec![b'a'; bytes];
    let sending = async {
        while tcp.write_all(&part).await.is_ok() {
            tokio::time::sleep(every).await;
        }
    };
    let cut = tokio::time::timeout(Duration::from_secs(40), sending).await;
    cut.expect("it was not cut");
    began.elapsed()
}

#[tokio::test]
async fn whoever_trickles_after_its_answer_is_cut_soon() {
    let door = open(Policy::Plain, router(), Limits::default());
    let tcp = answered(&door, 413, 1 << 30).await;
    let took = until_cut(tcp, 1, Duration::from_millis(50)).await;
    assert!(took < Duration::from_secs(5), "{took:?}");
}

#[tokio::test]
async fn whoever_sends_for_ever_is_cut_by_bytes_or_by_time() {
    let door = open(Policy::Plain, router(), Limits::default());
    let (fast, steady) = tokio::join!(answered(&door, 413, 1 << 40), answered(&door, 413, 1 << 40));
    let (fast, steady) = tokio::join!(
        until_cut(fast, 1 << 20, Duration::from_millis(1)),
        until_cut(steady, 4 << 10, Duration::from_millis(500))
    );
    assert!(fast < Duration::from_secs(15), "{fast:?}");
    assert!(
        Duration::from_secs(25) < steady && steady < Duration::from_secs(35),
        "{steady:?}"
    );
}

#[tokio::test]
async fn whoever_does_not_close_has_a_place_and_loses_it() {
    let limits = Limits {
        connections_per_address: Some(3),
        ..Limits::default()
    };
    let door = open(Policy::Plain, router(), limits);
    let mut silent = Vec::new();
    for _ in 0..3 {
        silent.push(answered(&door, 413, 1 << 30).await);
    }
    let mut refused = TcpStream::connect(door.addr).await.unwrap();
    assert!(read_to_end(&mut refused, Duration::from_secs(1)).await.is_empty());
    assert_eq!(door.counts.refusals(ConnectionEnd::AddressFull), 1);
    let began = Instant::now();
    while door.counts.open() > 0 {
        assert!(began.elapsed() < Duration::from_secs(4), "silence holds a place");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    answered(&door, 413, 1 << 30).await;
}

#[tokio::test]
async fn a_door_that_closes_does_not_wait_for_who_goes_on_sending() {
    let mut door = open(Policy::Plain, router(), Limits::default());
    let tcp = answered(&door, 413, 1 << 40).await;
    let sending = tokio::spawn(until_cut(tcp, 4 << 10, Duration::from_millis(50)));
    tokio::time::sleep(Duration::from_millis(200)).await;
    door.stop.cancel();
    let closed = tokio::time::timeout(Duration::from_secs(3), &mut door.running);
    closed.await.expect("the door hangs").unwrap();
    sending.await.unwrap();
}

#[tokio::test]
async fn over_http_2_a_stream_that_is_not_ended_is_reset_after_its_answer_and_no_other() {
    let test_pki = TestPki::new().await;
    let door = open(test_pki.https().await, router(), Limits::default());
    let stream = test_pki.client(None).connect_h2(door.addr).await.unwrap();
    let (mut send, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
        .await
        .unwrap();
    tokio::spawn(connection);
    // It is held as long as somebody wants more of the body.
    let wanted = Arc::new(());
    let trickle = futures_util::stream::unfold(Arc::clone(&wanted), async |held| {
        tokio::time::sleep(Duration::from_millis(100)).await;
        Some((Ok::<_, Infallible>(Bytes::from_static(b"a")), held))
    });
    let began = Instant::now();
    for (status, body) in [(413, Body::from_stream(trickle)), (404, Body::empty())] {
        let request = hyper::Request::post(format!("https://localhost/{status}"));
        let answer = send.send_request(request.body(body).unwrap()).await.unwrap();
        assert_eq!(answer.status(), status);
        assert_eq!(answer.into_body().collect().await.unwrap().to_bytes().len(), ANSWER);
    }
    assert!(Arc::strong_count(&wanted) > 1, "it has time to end the stream itself");
    while Arc::strong_count(&wanted) > 1 {
        assert!(began.elapsed() < Duration::from_secs(6), "the stream is not reset");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let request = hyper::Request::get("https://localhost/404");
    let answer = send.send_request(request.body(Body::empty()).unwrap()).await.unwrap();
    assert_eq!(answer.status(), 404);
}

/// Whoever upgraded a request reads on while its own side is closed: nothing of what comes is thrown away.
#[tokio::test(flavor = "multi_thread")]
async fn what_comes_on_an_upgraded_connection_is_its_handlers_also_while_it_leaves() {
    let (heard, mut came) = tokio::sync::mpsc::unbounded_channel();
    let upgrade = move |mut request: axum::extract::Request| {
        let (heard, upgraded) = (heard.clone(), hyper::upgrade::on(&mut request));
        tokio::spawn(async move {
            let mut stream = TokioIo::new(upgraded.await.unwrap());
            stream.shutdown().await.unwrap();
            let mut all = Vec::new();
            let ended = stream.read_to_end(&mut all).await;
            heard.send((ended.is_ok(), all.len())).unwrap();
        });
        let head = [("connection", "upgrade"), ("upgrade", "bytes")];
        std::future::ready((StatusCode::SWITCHING_PROTOCOLS, head))
    };
    let router = Router::new().route("/up", any(upgrade));
    let door = open(Policy::Plain, router, Limits::default());
    for _ in 0..5 {
        let mut tcp = TcpStream::connect(door.addr).await.unwrap();
        let asked = "GET /up HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: bytes\r\n\r\n";
        tcp.write_all(asked.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        tcp.read_to_end(&mut answer).await.unwrap();
        assert!(
            answer.starts_with(b"HTTP/1.1 101"),
            "{}",
            String::from_utf8_lossy(&answer)
        );
        tcp.write_all(&vec![7; 200_000]).await.unwrap();
        tcp.shutdown().await.unwrap();
        assert_eq!(came.recv().await, Some((true, 200_000)));
    }
}
