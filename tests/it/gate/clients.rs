//! Client certificates at the doors: who gets in, and who is thrown out.

use std::io;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use gatelodge::http::metrics::ConnectionEnd;
use gatelodge::pki::{Hierarchy, Issued, Reason};
use gatelodge::tls::{Authorities, ClientTrust, Demand, Limits, PeerCertificate, SubjectName};
use hyper_util::rt::TokioIo;
use jiff::SignedDuration;
use rustls::HandshakeKind;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::fixture::{Open, open};
use super::test_pki::{self, TestPki};

fn router() -> Router {
    Router::new()
        .route("/", get(who))
        .route(
            "/demanded",
            get(async |certificate: PeerCertificate| certificate.subject().to_owned()),
        )
        .route("/echo", get(echo))
}

async fn who(certificate: Option<PeerCertificate>) -> String {
    match certificate {
        Some(certificate) => format!(
            "{} {} {:?}",
            certificate.common_name().unwrap_or("-"),
            certificate.serial(),
            certificate.names()
        ),
        None => "nobody".to_owned(),
    }
}

/// Answers 101 and sends back what it gets, as a WebSocket room would.
async fn echo(mut request: Request) -> Response {
    let upgrade = hyper::upgrade::on(&mut request);
    tokio::spawn(async move {
        let (mut read, mut write) = tokio::io::split(TokioIo::new(upgrade.await.unwrap()));
        let _ = tokio::io::copy(&mut read, &mut write).await; // ends with the connection, however it ends
    });
    (
        StatusCode::SWITCHING_PROTOCOLS,
        [(header::UPGRADE, "echo"), (header::CONNECTION, "upgrade")],
    )
        .into_response()
}

async fn mtls(test_pki: &TestPki, demand: Demand) -> Open {
    open(
        test_pki.mtls(test_pki.trust(), demand).await,
        router(),
        Limits::default(),
    )
}

async fn upgraded(test_pki: &TestPki, door: &Open, identity: &Issued) -> TlsStream<TcpStream> {
    let mut stream = test_pki.client(Some(identity)).connect(door.addr).await.unwrap();
    let head = b"GET /echo HTTP/1.1\r\nhost: a\r\nconnection: upgrade\r\nupgrade: echo\r\n\r\n";
    stream.write_all(head).await.unwrap();
    let mut answer = Vec::new();
    while !answer.ends_with(b"\r\n\r\n") {
        assert_ne!(stream.read_buf(&mut answer).await.unwrap(), 0);
    }
    assert!(answer.starts_with(b"HTTP/1.1 101"));
    echoes(&mut stream).await.unwrap();
    stream
}

async fn echoes(stream: &mut TlsStream<TcpStream>) -> io::Result<()> {
    stream.write_all(b"ping").await?;
    let mut pong = [0; 4];
    stream.read_exact(&mut pong).await.map(|_| assert_eq!(&pong, b"ping"))
}

/// Waits for `stream` to end and says how long that took.
async fn ended(stream: &mut TlsStream<TcpStream>, since: Instant) -> Duration {
    let mut rest = [0; 64];
    let end = async { while let Ok(1..) = stream.read(&mut rest).await {} };
    tokio::time::timeout(Duration::from_secs(5), end)
        .await
        .expect("the session was not cut");
    since.elapsed()
}

#[tokio::test]
async fn endpoints_know_who_calls_and_may_demand_it() {
    let test_pki = TestPki::new().await;
    let door = mtls(&test_pki, Demand::Asked).await;
    let url = "https://apps.example/cap";
    let issued = test_pki.issue(Hierarchy::Client, url).await;
    let known = test_pki.client(Some(&issued));
    let said = known.get(door.addr, "/").await.unwrap();
    let uri = SubjectName::Uri(url.to_owned());
    assert!(
        said.ends_with(&format!("{url} {} {:?}", issued.serial, [uri])),
        "{said}"
    );
    assert!(
        known
            .get(door.addr, "/demanded")
            .await
            .unwrap()
            .starts_with("HTTP/1.1 200")
    );

    let nobody = test_pki.client(None);
    assert!(nobody.get(door.addr, "/").await.unwrap().ends_with("nobody"));
    let said = nobody.get(door.addr, "/demanded").await.unwrap();
    assert!(
        said.starts_with("HTTP/1.1 401") && said.contains("client-certificate-required"),
        "{said}"
    );
}

#[tokio::test]
async fn the_wrong_certificate_fails_the_handshake_and_is_never_nobody() {
    let test_pki = TestPki::new().await;
    let stranger = TestPki::new().await;
    let mut expired = gatelodge::pki::Request::new(Hierarchy::Client, "expired");
    expired.lifetime = Some(SignedDuration::from_hours(1));
    let long_ago = test_pki.now - SignedDuration::from_hours(24);
    let wrong = [
        ("of a foreign authority", stranger.issue(Hierarchy::Client, "a").await),
        ("expired", test_pki.pki.issue(expired, None, long_ago).await.unwrap()),
        (
            "of the signing hierarchy",
            test_pki.issue(Hierarchy::Signing, "b").await,
        ),
        (
            "of the server hierarchy",
            test_pki.issue(Hierarchy::Server, "c.example").await,
        ),
        ("of the grpc hierarchy", test_pki.issue(Hierarchy::Grpc, "d").await),
    ];
    let door = mtls(&test_pki, Demand::Asked).await;
    for (what, issued) in &wrong {
        let answer = test_pki.client(Some(issued)).get(door.addr, "/").await;
        assert!(answer.is_err(), "{what}: {answer:?}");
    }
    assert_eq!(door.counts.refusals(ConnectionEnd::CertificateRefused), 5);
}

#[tokio::test]
async fn a_door_that_insists_lets_nobody_in_without() {
    let test_pki = TestPki::new().await;
    let door = mtls(&test_pki, Demand::Required).await;
    assert!(test_pki.client(None).get(door.addr, "/").await.is_err());
    let issued = test_pki.issue(Hierarchy::Client, "a").await;
    assert!(test_pki.client(Some(&issued)).get(door.addr, "/").await.is_ok());
}

#[tokio::test]
async fn a_revocation_cuts_live_sessions_within_a_second_and_others_go_on() {
    let test_pki = TestPki::new().await;
    let door = mtls(&test_pki, Demand::Asked).await;
    let [kept, lost] = [
        test_pki.issue(Hierarchy::Client, "kept").await,
        test_pki.issue(Hierarchy::Client, "lost").await,
    ];
    let (lost_client, kept_client) = (test_pki.client(Some(&lost)), test_pki.client(Some(&kept)));
    let mut lost_idle = lost_client.connect(door.addr).await.unwrap();
    test_pki::get(&mut lost_idle, "/", "keep-alive").await.unwrap();
    let mut lost_upgraded = upgraded(&test_pki, &door, &lost).await;
    let mut kept_idle = kept_client.connect(door.addr).await.unwrap();
    test_pki::get(&mut kept_idle, "/", "keep-alive").await.unwrap();
    let mut kept_upgraded = upgraded(&test_pki, &door, &kept).await;

    let since = Instant::now();
    test_pki
        .pki
        .revoke("lost", None, Reason::KeyCompromise, test_pki.now)
        .await
        .unwrap();
    for stream in [&mut lost_idle, &mut lost_upgraded] {
        assert!(ended(stream, since).await < Duration::from_secs(1));
    }
    assert!(lost_client.get(door.addr, "/").await.is_err());
    test_pki::get(&mut kept_idle, "/", "keep-alive").await.unwrap();
    echoes(&mut kept_upgraded).await.unwrap();
    assert!(kept_client.get(door.addr, "/").await.is_ok());
}

#[tokio::test]
async fn a_resumed_session_does_not_come_back_after_a_revocation() {
    let test_pki = TestPki::new().await;
    let door = mtls(&test_pki, Demand::Asked).await;
    let issued = test_pki.issue(Hierarchy::Client, "a").await;
    let client = test_pki.client(Some(&issued));
    let kind = async || {
        let mut stream = client.connect(door.addr).await?;
        let kind = stream.get_ref().1.handshake_kind();
        let said = test_pki::get(&mut stream, "/", "close").await?;
        io::Result::Ok((kind, said.contains(&issued.serial)))
    };
    assert_eq!(kind().await.unwrap(), (Some(HandshakeKind::Full), true));
    assert_eq!(kind().await.unwrap(), (Some(HandshakeKind::Resumed), true));
    test_pki
        .pki
        .revoke("a", None, Reason::default(), test_pki.now)
        .await
        .unwrap();
    for _ in 0..3 {
        assert!(kind().await.is_err());
    }
}

#[tokio::test]
async fn a_new_revocation_list_on_disk_cuts_live_sessions_within_a_second() {
    let test_pki = TestPki::new().await;
    let crl = test_pki.pki.crl(Hierarchy::Client, test_pki.now).await.unwrap();
    let roots = test_pki.pki.files(Hierarchy::Client).root_certificate;
    // The list alone, without the PKI's own word: as with somebody else's authority.
    let trust = ClientTrust::load(Authorities::File(roots), Some(crl.clone()), None).unwrap();
    let mut errors = trust.last_error();
    let door = open(test_pki.mtls(trust, Demand::Asked).await, router(), Limits::default());
    let [kept, lost] = [
        test_pki.issue(Hierarchy::Client, "kept").await,
        test_pki.issue(Hierarchy::Client, "lost").await,
    ];
    let mut lost_stream = upgraded(&test_pki, &door, &lost).await;
    let mut kept_stream = upgraded(&test_pki, &door, &kept).await;
    let since = Instant::now();
    test_pki
        .pki
        .revoke("lost", None, Reason::default(), test_pki.now)
        .await
        .unwrap();
    assert!(ended(&mut lost_stream, since).await < Duration::from_secs(1));
    assert!(test_pki.client(Some(&lost)).get(door.addr, "/").await.is_err());
    echoes(&mut kept_stream).await.unwrap();

    // A list that is cut short while somebody writes it is told, and does not set anybody free.
    let list = std::fs::read(&crl).unwrap();
    std::fs::write(&crl, &list[..list.len() / 2]).unwrap();
    let told = errors.wait_for(Option::is_some);
    tokio::time::timeout(Duration::from_secs(5), told)
        .await
        .unwrap()
        .unwrap();
    assert!(test_pki.client(Some(&lost)).get(door.addr, "/").await.is_err());
    assert!(test_pki.client(Some(&kept)).get(door.addr, "/").await.is_ok());
    std::fs::write(&crl, &list).unwrap();
    let mended = errors.wait_for(Option::is_none);
    tokio::time::timeout(Duration::from_secs(5), mended)
        .await
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn a_list_that_is_long_out_of_date_lets_no_certificate_in() {
    let test_pki = TestPki::new().await;
    let long_ago = test_pki.now - SignedDuration::from_hours(24 * 60);
    let crl = test_pki.pki.crl(Hierarchy::Client, long_ago).await.unwrap();
    let roots = test_pki.pki.roots(Hierarchy::Client).unwrap();
    let trust = ClientTrust::load(Authorities::Fixed(roots), Some(crl), None).unwrap();
    let door = open(test_pki.mtls(trust, Demand::Asked).await, router(), Limits::default());
    let issued = test_pki.issue(Hierarchy::Client, "a").await;
    assert!(test_pki.client(Some(&issued)).get(door.addr, "/").await.is_err());
    assert!(test_pki.client(None).get(door.addr, "/").await.is_ok());
}
