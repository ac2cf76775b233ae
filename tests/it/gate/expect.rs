//! Whoever expects `100 Continue` before it sends a body (RFC 9110 §10.1.1) is refused without it, at once.

use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::post;
use gatelodge::http::longest_body;
use gatelodge::tls::{Limits, Policy};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::fixture::{Open, open, say};

/// Bytes that the router takes.
const LONGEST: usize = 1000;

/// Takes bodies, from whoever has credentials.
fn router() -> Router {
    let take = async |headers: HeaderMap, request: axum::extract::Request| -> Response {
        if !headers.contains_key(header::AUTHORIZATION) {
            return StatusCode::UNAUTHORIZED.into_response();
        }
        match <Bytes as axum::extract::FromRequest<()>>::from_request(request, &()).await {
            Ok(bytes) => bytes.len().to_string().into_response(),
            Err(refusal) => refusal.into_response(),
        }
    };
    longest_body(Router::new().route("/take", post(take)), LONGEST)
}

/// The first answer to a head, after which nothing is sent.
async fn first(door: &Open, head: &str) -> (u16, TcpStream) {
    let mut tcp = TcpStream::connect(door.addr).await.unwrap();
    tcp.write_all(format!("{head}\r\nhost: a\r\n\r\n").as_bytes())
        .await
        .unwrap();
    let mut answer = [0; 12];
    let read = tokio::time::timeout(Duration::from_secs(5), tcp.read_exact(&mut answer));
    read.await.expect("no answer").unwrap();
    let status = std::str::from_utf8(&answer).unwrap().strip_prefix("HTTP/1.1 ").unwrap();
    (status.parse().unwrap(), tcp)
}

#[tokio::test]
async fn the_final_answer_comes_at_once_where_the_body_is_not_wanted() {
    let door = open(Policy::Plain, router(), Limits::default());
    let credentials = "authorization: me\r\n";
    for (path, more, length, expected) in [
        ("POST /take", credentials, LONGEST, 100),
        ("POST /take", credentials, LONGEST + 1, 413),
        ("POST /take", credentials, 1 << 40, 413),
        ("POST /take", "", 10, 401),
        ("POST /take", "", LONGEST + 1, 401),
        ("POST /nothing", credentials, 10, 404),
        ("PUT /take", credentials, 10, 405),
    ] {
        let head = format!("{path} HTTP/1.1\r\n{more}expect: 100-Continue\r\ncontent-length: {length}");
        for _ in 0..20 {
            let began = Instant::now();
            assert_eq!(first(&door, &head).await.0, expected, "{head}");
            assert!(
                began.elapsed() < Duration::from_millis(900),
                "{head}: {:?}",
                began.elapsed()
            );
        }
    }
}

#[tokio::test]
async fn a_body_that_is_wanted_is_asked_for_and_read() {
    let door = open(Policy::Plain, router(), Limits::default());
    let head =
        "POST /take HTTP/1.1\r\nauthorization: me\r\nexpect: 100-continue\r\nconnection: close\r\ncontent-length: 3";
    let (status, mut tcp) = first(&door, head).await;
    assert_eq!(status, 100);
    tcp.write_all(b"abc").await.unwrap();
    let mut rest = String::new();
    tcp.read_to_string(&mut rest).await.unwrap();
    assert!(rest.contains("HTTP/1.1 200") && rest.ends_with('3'), "{rest}");
}

#[tokio::test]
async fn a_body_without_a_length_is_cut_where_it_is_too_long() {
    let door = open(Policy::Plain, router(), Limits::default());
    let head = "POST /take HTTP/1.1\r\nhost: a\r\nauthorization: me\r\ntransfer-encoding: chunked\r\n\r\n";
    let chunk = format!("{:x}\r\n{}\r\n", LONGEST + 1, "a".repeat(LONGEST + 1));
    let answer = say(door.addr, format!("{head}{chunk}").as_bytes()).await;
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
}

#[tokio::test]
async fn other_expectations_are_not_known() {
    let door = open(Policy::Plain, router(), Limits::default());
    for (expected, status) in [
        ("200-ok", 417),
        ("100-continue, 200-ok", 417),
        ("100-continue;a=b", 417),
        ("", 200),
        (" , ", 200),
    ] {
        let head = "POST /take HTTP/1.1\r\nhost: a\r\nauthorization: me\r\nconnection: close";
        let request = format!("{head}\r\nexpect: {expected}\r\ncontent-length: 3\r\n\r\nabc");
        let answer = say(door.addr, request.as_bytes()).await;
        assert!(
            answer.starts_with(&format!("HTTP/1.1 {status}")),
            "{expected:?}: {answer}"
        );
    }
}
