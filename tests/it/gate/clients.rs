//! Client certificates at the doors: who gets in, and who is thrown out.

use std::io;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use gatelodge::http::metrics::Refusal;
use gatelodge::pki::{Hierarchy, Issued, Reason};
use gatelodge::tls::{Authorities, ClientTrust, Demand, Limits, PeerCertificate, SubjectName};
use hyper_util::rt::TokioIo;
use jiff::SignedDuration;
use rustls::HandshakeKind;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_rustls::client::TlsStream;

use super::house::{self, House};
use super::stage::{Open, open};

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

async fn mtls(house: &House, demand: Demand) -> Open {
    open(house.mtls(house.trust(), demand).await, router(), Limits::default())
}

async fn upgraded(house: &House, door: &Open, identity: &Issued) -> TlsStream<TcpStream> {
    let mut stream = house.client(Some(identity)).connect(door.addr).await.unwrap();
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
    let house = House::new().await;
    let door = mtls(&house, Demand::Asked).await;
    let url = "https://apps.example/cap";
    let issued = house.issue(Hierarchy::Client, url).await;
    let known = house.client(Some(&issued));
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

    let nobody = house.client(None);
    assert!(nobody.get(door.addr, "/").await.unwrap().ends_with("nobody"));
    let said = nobody.get(door.addr, "/demanded").await.unwrap();
    assert!(
        said.starts_with("HTTP/1.1 401") && said.contains("client-certificate-required"),
        "{said}"
    );
}

#[tokio::test]
async fn the_wrong_certificate_fails_the_handshake_and_is_never_nobody() {
    let house = House::new().await;
    let stranger = House::new().await;
    let mut expired = gatelodge::pki::Request::new(Hierarchy::Client, "expired");
    expired.lifetime = Some(SignedDuration::from_hours(1));
    let long_ago = house.now - SignedDuration::from_hours(24);
    let wrong = [
        ("of a foreign authority", stranger.issue(Hierarchy::Client, "a").await),
        ("expired", house.pki.issue(expired, None, long_ago).await.unwrap()),
        ("of the signing hierarchy", house.issue(Hierarchy::Signing, "b").await),
        (
            "of the server hierarchy",
            house.issue(Hierarchy::Server, "c.example").await,
        ),
        ("of the grpc hierarchy", house.issue(Hierarchy::Grpc, "d").await),
    ];
    let door = mtls(&house, Demand::Asked).await;
    for (what, issued) in &wrong {
        let answer = house.client(Some(issued)).get(door.addr, "/").await;
        assert!(answer.is_err(), "{what}: {answer:?}");
    }
    assert_eq!(door.counts.refusals(Refusal::CertificateRefused), 5);
}

#[tokio::test]
async fn a_door_that_insists_lets_nobody_in_without() {
    let house = House::new().await;
    let door = mtls(&house, Demand::Required).await;
    assert!(house.client(None).get(door.addr, "/").await.is_err());
    let issued = house.issue(Hierarchy::Client, "a").await;
    assert!(house.client(Some(&issued)).get(door.addr, "/").await.is_ok());
}

#[tokio::test]
async fn a_revocation_cuts_live_sessions_within_a_second_and_others_go_on() {
    let house = House::new().await;
    let door = mtls(&house, Demand::Asked).await;
    let [kept, lost] = [
        house.issue(Hierarchy::Client, "kept").await,
        house.issue(Hierarchy::Client, "lost").await,
    ];
    let (lost_client, kept_client) = (house.client(Some(&lost)), house.client(Some(&kept)));
    let mut lost_idle = lost_client.connect(door.addr).await.unwrap();
    house::get(&mut lost_idle, "/", "keep-alive").await.unwrap();
    let mut lost_upgraded = upgraded(&house, &door, &lost).await;
    let mut kept_idle = kept_client.connect(door.addr).await.unwrap();
    house::get(&mut kept_idle, "/", "keep-alive").await.unwrap();
    let mut kept_upgraded = upgraded(&house, &door, &kept).await;

    let since = Instant::now();
    house
        .pki
        .revoke("lost", None, Reason::KeyCompromise, house.now)
        .await
        .unwrap();
    for stream in [&mut lost_idle, &mut lost_upgraded] {
        assert!(ended(stream, since).await < Duration::from_secs(1));
    }
    assert!(lost_client.get(door.addr, "/").await.is_err());
    house::get(&mut kept_idle, "/", "keep-alive").await.unwrap();
    echoes(&mut kept_upgraded).await.unwrap();
    assert!(kept_client.get(door.addr, "/").await.is_ok());
}

#[tokio::test]
async fn a_resumed_session_does_not_come_back_after_a_revocation() {
    let house = House::new().await;
    let door = mtls(&house, Demand::Asked).await;
    let issued = house.issue(Hierarchy::Client, "a").await;
    let client = house.client(Some(&issued));
    let kind = async || {
        let mut stream = client.connect(door.addr).await?;
        let kind = stream.get_ref().1.handshake_kind();
        let said = house::get(&mut stream, "/", "close").await?;
        io::Result::Ok((kind, said.contains(&issued.serial)))
    };
    assert_eq!(kind().await.unwrap(), (Some(HandshakeKind::Full), true));
    assert_eq!(kind().await.unwrap(), (Some(HandshakeKind::Resumed), true));
    house.pki.revoke("a", None, Reason::default(), house.now).await.unwrap();
    for _ in 0..3 {
        assert!(kind().await.is_err());
    }
}

#[tokio::test]
async fn a_new_revocation_list_on_disk_cuts_live_sessions_within_a_second() {
    let house = House::new().await;
    let crl = house.pki.crl(Hierarchy::Client, house.now).await.unwrap();
    let roots = house.pki.files(Hierarchy::Client).root_certificate;
    // The list alone, without the PKI's own word: as with somebody else's authority.
    let trust = ClientTrust::load(Authorities::File(roots), Some(crl.clone()), None).unwrap();
    let mut errors = trust.last_error();
    let door = open(house.mtls(trust, Demand::Asked).await, router(), Limits::default());
    let [kept, lost] = [
        house.issue(Hierarchy::Client, "kept").await,
        house.issue(Hierarchy::Client, "lost").await,
    ];
    let mut lost_stream = upgraded(&house, &door, &lost).await;
    let mut kept_stream = upgraded(&house, &door, &kept).await;
    let since = Instant::now();
    house
        .pki
        .revoke("lost", None, Reason::default(), house.now)
        .await
        .unwrap();
    assert!(ended(&mut lost_stream, since).await < Duration::from_secs(1));
    assert!(house.client(Some(&lost)).get(door.addr, "/").await.is_err());
    echoes(&mut kept_stream).await.unwrap();

    // A list that is cut short while somebody writes it is told, and does not set anybody free.
    let list = std::fs::read(&crl).unwrap();
    std::fs::write(&crl, &list[..list.len() / 2]).unwrap();
    let told = errors.wait_for(Option::is_some);
    tokio::time::timeout(Duration::from_secs(5), told)
        .await
        .unwrap()
        .unwrap();
    assert!(house.client(Some(&lost)).get(door.addr, "/").await.is_err());
    assert!(house.client(Some(&kept)).get(door.addr, "/").await.is_ok());
    std::fs::write(&crl, &list).unwrap();
    let mended = errors.wait_for(Option::is_none);
    tokio::time::timeout(Duration::from_secs(5), mended)
        .await
        .unwrap()
        .unwrap();
}

#[tokio::test]
async fn a_list_that_is_long_out_of_date_lets_no_certificate_in() {
    let house = House::new().await;
    let long_ago = house.now - SignedDuration::from_hours(24 * 60);
    let crl = house.pki.crl(Hierarchy::Client, long_ago).await.unwrap();
    let roots = house.pki.roots(Hierarchy::Client).unwrap();
    let trust = ClientTrust::load(Authorities::Fixed(roots), Some(crl), None).unwrap();
    let door = open(house.mtls(trust, Demand::Asked).await, router(), Limits::default());
    let issued = house.issue(Hierarchy::Client, "a").await;
    assert!(house.client(Some(&issued)).get(door.addr, "/").await.is_err());
    assert!(house.client(None).get(door.addr, "/").await.is_ok());
}
