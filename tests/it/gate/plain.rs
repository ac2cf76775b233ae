//! What every door does to every request, seen on one without TLS.

use std::time::Duration;

use axum::Router;
use axum::body::Bytes;
use axum::extract::Request;
use axum::routing::{get, post};
use gatelodge::http::Peer;
use gatelodge::http::metrics::ConnectionEnd;
use gatelodge::tls::{Door, Limits, Policy};
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio_util::sync::CancellationToken;

use super::fixture::{open, read_to_end, say, short, trickle};

fn router() -> Router {
    Router::new()
        .route("/hello", get(async || "hello"))
        .route("/peer", get(async |peer: Peer| peer.addr.ip().to_string()))
        .route("/panic", get(async || -> &'static str { panic!("on purpose") }))
        .route("/upload", post(async |body: Bytes| body.len().to_string()))
        .route("/headers", get(headers))
}

/// The names of the request's headers, in a line.
async fn headers(request: Request) -> String {
    let mut names: Vec<_> = request.headers().keys().map(ToString::to_string).collect();
    names.sort();
    names.join(",")
}

fn request(head: &str) -> Vec<u8> {
    format!("{head}\r\nhost: test\r\nconnection: close\r\n\r\n").into_bytes()
}

#[tokio::test]
async fn a_request_is_answered_with_its_number_and_the_common_headers() {
    let door = open(Policy::Plain, router(), Limits::default());
    let first = say(door.addr, &request("GET /hello HTTP/1.1\r\nx-request-id: mine")).await;
    let second = say(door.addr, &request("GET /hello HTTP/1.1")).await;
    assert!(first.starts_with("HTTP/1.1 200"), "{first}");
    assert!(first.ends_with("hello"), "{first}");
    assert!(first.contains("x-content-type-options: nosniff"), "{first}");
    assert!(!first.contains("strict-transport-security"), "not without TLS: {first}");
    let number = |answer: &str| {
        let (_, rest) = answer.split_once("x-request-id: ").unwrap();
        rest.lines().next().unwrap().to_owned()
    };
    assert_eq!(number(&first).len(), 16);
    assert_ne!(number(&first), number(&second));
    assert_eq!(
        say(door.addr, &request("GET /peer HTTP/1.1")).await.lines().last(),
        Some("127.0.0.1")
    );
}

#[tokio::test]
async fn a_panic_is_one_bad_answer_and_harms_no_other_request() {
    let door = open(Policy::Plain, router(), Limits::default());
    let answer = say(door.addr, &request("GET /panic HTTP/1.1")).await;
    assert!(answer.starts_with("HTTP/1.1 500"), "{answer}");
    assert!(answer.contains("application/problem+json"), "{answer}");
    assert!(!answer.contains("on purpose"), "what it said is for the log: {answer}");
    assert!(
        say(door.addr, &request("GET /hello HTTP/1.1"))
            .await
            .starts_with("HTTP/1.1 200")
    );
}

#[tokio::test]
async fn a_long_address_is_answered_414_and_a_huge_one_does_no_harm() {
    let door = open(Policy::Plain, router(), Limits::default());
    let path = |length: usize| request(&format!("GET /hello?{} HTTP/1.1", "a".repeat(length)));
    assert!(say(door.addr, &path(15_000)).await.starts_with("HTTP/1.1 200"));
    for length in [17_000, 60_000, 70_000] {
        let answer = say(door.addr, &path(length)).await;
        assert!(answer.starts_with("HTTP/1.1 414"), "{length}: {answer}");
    }
    for _ in 0..20 {
        let answer = say(door.addr, &path(1_000_000)).await;
        assert!(answer.starts_with("HTTP/1.1 4"), "{answer}");
    }
    assert!(say(door.addr, &path(1)).await.starts_with("HTTP/1.1 200"));
}

#[tokio::test]
async fn headers_that_claim_a_certificate_never_arrive() {
    let door = open(Policy::Plain, router(), Limits::default());
    let claims = "GET /headers HTTP/1.1\r\nX-Amzn-Mtls-Clientcert-Leaf: a\r\nx-ssl-client-verify: SUCCESS\r\naccept: b";
    let answer = say(door.addr, &request(claims)).await;
    assert_eq!(answer.lines().last(), Some("accept,connection,host"), "{answer}");
}

#[tokio::test]
async fn an_address_that_used_up_its_rate_is_told_when_to_come_back() {
    let limits = Limits {
        per_address: "2/min".parse().unwrap(),
        ..Limits::default()
    };
    let door = open(Policy::Plain, router(), limits);
    for _ in 0..2 {
        assert!(
            say(door.addr, &request("GET /hello HTTP/1.1"))
                .await
                .starts_with("HTTP/1.1 200")
        );
    }
    let answer = say(door.addr, &request("GET /hello HTTP/1.1")).await;
    assert!(answer.starts_with("HTTP/1.1 429"), "{answer}");
    assert!(answer.contains("retry-after: "), "{answer}");
}

#[tokio::test]
async fn a_silent_client_is_cut() {
    let door = open(Policy::Plain, router(), short());
    let mut stream = TcpStream::connect(door.addr).await.unwrap();
    assert!(read_to_end(&mut stream, Duration::from_secs(3)).await.is_empty());
    assert_eq!(door.counts.refusals(ConnectionEnd::HeaderTimeout), 1);
}

#[tokio::test]
async fn a_head_that_trickles_is_cut_on_a_new_and_on_a_used_connection() {
    let door = open(Policy::Plain, router(), short());
    let long = format!("GET /hello HTTP/1.1\r\nhost: {}\r\n\r\n", "a".repeat(200));
    let mut stream = TcpStream::connect(door.addr).await.unwrap();
    assert!(trickle(&mut stream, long.as_bytes(), Duration::from_secs(5)).await);

    let mut stream = TcpStream::connect(door.addr).await.unwrap();
    stream
        .write_all(b"GET /hello HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    assert!(trickle(&mut stream, long.as_bytes(), Duration::from_secs(5)).await);
    assert_eq!(door.counts.refusals(ConnectionEnd::HeaderTimeout), 2);
}

#[tokio::test]
async fn a_body_that_trickles_is_cut_and_a_brisk_one_is_not() {
    let door = open(Policy::Plain, router(), short());
    let mut stream = TcpStream::connect(door.addr).await.unwrap();
    let head = b"POST /upload HTTP/1.1\r\nhost: a\r\ncontent-length: 200\r\n\r\n";
    stream.write_all(head).await.unwrap();
    assert!(trickle(&mut stream, &[b'a'; 200], Duration::from_secs(5)).await);
    let mut whole = request("POST /upload HTTP/1.1\r\ncontent-length: 2000");
    whole.extend_from_slice(&[b'a'; 2000]);
    assert!(say(door.addr, &whole).await.ends_with("2000"));
}

#[tokio::test]
async fn an_idle_connection_is_closed_without_a_word() {
    let door = open(Policy::Plain, router(), short());
    let mut stream = TcpStream::connect(door.addr).await.unwrap();
    stream
        .write_all(b"GET /hello HTTP/1.1\r\nhost: a\r\n\r\n")
        .await
        .unwrap();
    let said = read_to_end(&mut stream, Duration::from_secs(5)).await;
    assert!(said.ends_with(b"hello"));
    assert_eq!(door.counts.refusals(ConnectionEnd::HeaderTimeout), 0);
}

#[tokio::test]
async fn a_listener_that_was_handed_over_is_served_beside_the_others() {
    let given = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let given_addr = given.local_addr().unwrap();
    let listen = vec!["127.0.0.1:0".parse().unwrap()];
    let door = Door::new("test", listen, Policy::Plain, router(), Limits::default());
    let door = door.with_listeners(vec![given]).bind().unwrap();
    let addrs = door.local_addrs().to_vec();
    assert_eq!(addrs.len(), 2);
    assert!(addrs.contains(&given_addr));
    let running = tokio::spawn(door.run(CancellationToken::new()));
    for addr in addrs {
        assert!(
            say(addr, &request("GET /hello HTTP/1.1"))
                .await
                .starts_with("HTTP/1.1 200")
        );
    }
    running.abort();
}
