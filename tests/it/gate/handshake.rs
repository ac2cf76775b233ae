//! What doors with TLS agree to, seen by OpenSSL, curl and rustls.

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::routing::get;
use gatelodge::http::metrics::ConnectionEnd;
use gatelodge::http::swap::Swap;
use gatelodge::pki::{Hierarchy, Reason};
use gatelodge::tls::{Demand, Door, Limits, Policy, Tls, Versions};
use tokio_util::sync::CancellationToken;

use super::fixture::{open, run};
use super::test_pki::TestPki;

fn router() -> Router {
    Router::new().route("/", get(async || "hello"))
}

/// What `openssl s_client` says of a door whose server it knows; true when the handshake was made.
async fn s_client(test_pki: &TestPki, addr: SocketAddr, args: &[&str]) -> (bool, String) {
    let (at, root) = (addr.to_string(), test_pki.pki.files(Hierarchy::Server).root_certificate);
    let root = root.to_str().unwrap();
    let begin = [
        "s_client",
        "-connect",
        &at,
        "-servername",
        "localhost",
        "-CAfile",
        root,
        "-verify_hostname",
        "localhost",
    ];
    let args = begin.iter().chain(args).map(ToString::to_string).collect();
    let said = run("openssl", args).await;
    let good = said.contains("Cipher is") && !said.contains("Cipher is (NONE)") && !said.contains("erify error");
    (good, said)
}

#[tokio::test]
async fn the_https_door_speaks_tls_12_and_13_with_strong_suites_only() {
    let test_pki = TestPki::new().await;
    let door = open(test_pki.https().await, router(), Limits::default());
    for version in ["-tls1_2", "-tls1_3"] {
        let (made, said) = s_client(&test_pki, door.addr, &[version]).await;
        assert!(made, "{version}: {said}");
        assert!(said.contains("No client certificate CA names sent"), "{said}");
    }
    let (made, said) = s_client(&test_pki, door.addr, &["-tls1_2"]).await;
    assert!(made && said.contains("Cipher is ECDHE-ECDSA-"), "{said}");
    let weak = [
        ["-tls1", "-cipher", "ALL:@SECLEVEL=0"],
        ["-tls1_1", "-cipher", "ALL:@SECLEVEL=0"],
        ["-tls1_2", "-cipher", "AES128-SHA:AES256-SHA:@SECLEVEL=0"],
        ["-tls1_2", "-cipher", "AES128-GCM-SHA256:@SECLEVEL=0"],
        [
            "-tls1_2",
            "-cipher",
            "ECDHE-ECDSA-AES128-SHA:ECDHE-RSA-AES256-SHA384:@SECLEVEL=0",
        ],
        ["-tls1_2", "-cipher", "DHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0"],
    ];
    for args in weak {
        let (made, said) = s_client(&test_pki, door.addr, &args).await;
        assert!(!made, "{args:?}: {said}");
    }
    assert_eq!(door.counts.refusals(ConnectionEnd::HandshakeFailed), 6);
}

#[tokio::test]
async fn the_mtls_door_speaks_tls_13_only_and_asks_for_a_certificate() {
    let test_pki = TestPki::new().await;
    let door = open(
        test_pki.mtls(test_pki.trust(), Demand::Asked).await,
        router(),
        Limits::default(),
    );
    let (made, said) = s_client(&test_pki, door.addr, &["-tls1_3"]).await;
    assert!(
        made && said.contains("Acceptable client certificate CA names"),
        "{said}"
    );
    let (made, said) = s_client(&test_pki, door.addr, &["-tls1_2"]).await;
    assert!(!made, "{said}");
}

#[tokio::test]
async fn a_post_quantum_group_is_preferred() {
    let test_pki = TestPki::new().await;
    let door = open(test_pki.https().await, router(), Limits::default());
    let stream = test_pki.client(None).connect(door.addr).await.unwrap();
    let session = stream.get_ref().1;
    let group = session.negotiated_key_exchange_group().unwrap().name();
    assert_eq!(group, rustls::NamedGroup::X25519MLKEM768);
    assert_eq!(session.protocol_version(), Some(rustls::ProtocolVersion::TLSv1_3));
}

#[tokio::test]
async fn curl_gets_both_http_versions_and_two_years_of_tls() {
    let test_pki = TestPki::new().await;
    let door = open(test_pki.https().await, router(), Limits::default());
    let root = test_pki.pki.files(Hierarchy::Server).root_certificate;
    for (version, line) in [("--http1.1", "HTTP/1.1 200 OK"), ("--http2", "HTTP/2 200")] {
        let port = door.addr.port();
        let (url, connect) = (
            format!("https://localhost:{port}/"),
            format!("localhost::127.0.0.1:{port}"),
        );
        let args = [
            "-sS",
            "-i",
            version,
            "--cacert",
            root.to_str().unwrap(),
            &url,
            "--connect-to",
            &connect,
        ];
        let said = run("curl", args.map(str::to_owned).to_vec()).await;
        assert!(said.starts_with(line), "{said}");
        assert!(
            said.contains("strict-transport-security: max-age=63072000\r\n"),
            "{said}"
        );
        assert!(said.ends_with("hello"), "{said}");
    }
}

#[tokio::test]
async fn http_2_without_tls_is_for_those_who_know() {
    let door = open(Policy::Plain, router(), Limits::default());
    let url = format!("http://{}/", door.addr);
    let said = run(
        "curl",
        ["-sS", "-i", "--http2-prior-knowledge", &url]
            .map(str::to_owned)
            .to_vec(),
    )
    .await;
    assert!(said.starts_with("HTTP/2 200") && said.ends_with("hello"), "{said}");
}

#[tokio::test]
async fn an_answer_that_comes_before_the_upload_is_over_is_not_lost() {
    let door = open(Policy::Plain, router(), Limits::default());
    let url = format!("http://{}/nothing-here", door.addr);
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), vec![b'x'; 100_000]).unwrap();
    let upload = format!("@{}", file.path().display());
    let args = ["-sS", "-i", "--http2-prior-knowledge", "--data-binary", &upload, &url];
    for _ in 0..10 {
        let said = run("curl", args.map(str::to_owned).to_vec()).await;
        assert!(said.starts_with("HTTP/2 404"), "{said}");
    }
}

#[tokio::test]
async fn a_revoked_door_certificate_is_replaced_without_a_restart() {
    let test_pki = TestPki::new().await;
    let certificate = test_pki.certificate().await;
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
    let before = old.get_ref().1.peer_certificates().unwrap()[0].clone();
    let issued = test_pki.pki.list().unwrap();
    assert_eq!(issued.len(), 1);
    let serial = &issued[0].serial;
    test_pki
        .pki
        .revoke(serial, None, Reason::Superseded, test_pki.now)
        .await
        .unwrap();
    let replaced = async {
        while client
            .connect(door.addr)
            .await
            .unwrap()
            .get_ref()
            .1
            .peer_certificates()
            .unwrap()[0]
            == before
        {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), replaced).await.unwrap();
    assert_eq!(served.borrow_and_update().source, "self-signed");
    super::test_pki::get(&mut old, "/", "close").await.unwrap();
}

#[tokio::test]
async fn a_changed_router_answers_the_next_request_of_an_old_connection() {
    let test_pki = TestPki::new().await;
    let swap = Swap::new(router());
    let listen = vec!["127.0.0.1:0".parse().unwrap()];
    let door = Door::new("test", listen, test_pki.https().await, swap.clone(), Limits::default());
    let door = door.bind().unwrap();
    let addr = door.local_addrs()[0];
    let running = tokio::spawn(door.run(CancellationToken::new()));
    let mut stream = test_pki.client(None).connect(addr).await.unwrap();
    let said = super::test_pki::get(&mut stream, "/", "keep-alive").await.unwrap();
    assert!(said.ends_with("hello"), "{said}");
    swap.set(Router::new().route("/", get(async || "changed")));
    let said = super::test_pki::get(&mut stream, "/", "keep-alive").await.unwrap();
    assert!(said.ends_with("changed") && said.contains("x-request-id"), "{said}");
    running.abort();
}
