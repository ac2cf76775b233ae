//! How fast an application gets its next token, beside what one thread can sign and verify in the same run.

use std::hint::black_box;
use std::time::Instant;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, UnparsedPublicKey,
};
use http_body_util::{BodyExt, Full};
use hyper::body::Bytes;
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};

use super::fixture::{Consented, encoded};
use crate::support::https;

const ROUNDS: usize = 7;
const TOKENS: u32 = 400;

/// Signatures made and checked in a second, on one thread.
fn yardstick() -> f64 {
    let random = SystemRandom::new();
    let pkcs8 = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).unwrap();
    let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, pkcs8.as_ref()).unwrap();
    let public = UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, pair.public_key().as_ref().to_vec());
    let message = [7u8; 600];
    let began = Instant::now();
    for _ in 0..TOKENS {
        let signed = pair.sign(&random, &message).unwrap();
        public.verify(black_box(&message), signed.as_ref()).unwrap();
    }
    f64::from(TOKENS) / began.elapsed().as_secs_f64()
}

/// Tokens of one connection, several under way at once: HTTP/2, as clients that reuse a connection speak it.
struct Multiplexed {
    runtime: tokio::runtime::Runtime,
    send: http2::SendRequest<Full<Bytes>>,
    uri: String,
    body: Bytes,
}

impl Multiplexed {
    fn open(consented: &Consented, body: &str) -> Multiplexed {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        let (chain, key) = consented.files("saver");
        let mut config = https::config(&consented.running.ca_file(), Some((&chain, &key)));
        config.alpn_protocols = vec![b"h2".to_vec()];
        let port = consented.mtls_port;
        let send = runtime.block_on(async {
            let tcp = tokio::net::TcpStream::connect(("127.0.0.1", port)).await.unwrap();
            tcp.set_nodelay(true).unwrap();
            let connector = tokio_rustls::TlsConnector::from(std::sync::Arc::new(config));
            let stream = connector.connect("localhost".try_into().unwrap(), tcp).await.unwrap();
            let (send, connection) = http2::handshake(TokioExecutor::new(), TokioIo::new(stream))
                .await
                .unwrap();
            tokio::spawn(connection);
            send
        });
        Multiplexed {
            runtime,
            send,
            uri: format!("https://localhost:{port}/api/v1/authorize/token"),
            body: Bytes::from(body.to_owned()),
        }
    }

    /// Tokens a second, `at_once` of them asked for before the first is there.
    fn round(&self, at_once: u32) -> f64 {
        let began = Instant::now();
        self.runtime.block_on(async {
            let hands: Vec<_> = (0..at_once).map(|_| self.hand(TOKENS * 4 / at_once)).collect();
            futures_util::future::join_all(hands).await;
        });
        f64::from(TOKENS * 4 / at_once * at_once) / began.elapsed().as_secs_f64()
    }

    async fn hand(&self, tokens: u32) {
        let mut send = self.send.clone();
        for _ in 0..tokens {
            let request = hyper::Request::post(&self.uri).header("content-type", "application/x-www-form-urlencoded");
            let request = request.body(Full::new(self.body.clone())).unwrap();
            send.ready().await.unwrap();
            let answer = send.send_request(request).await.unwrap();
            assert_eq!(answer.status(), 200);
            answer.into_body().collect().await.unwrap();
        }
    }
}

/// On an idle virtual machine most of what one token after the other takes is that both sides are woken for each; so both
/// are measured, and what is demanded is what the connection brings when it is used.
#[test]
#[ignore = "a measurement: tests/README.md names it"]
fn tokens_a_second_over_one_connection() {
    const AT_ONCE: u32 = 8;
    let consented = Consented::start_with("", "[limits.mtls]\nper_client = \"off\"\n");
    let refresh = consented.tokens("saver", "resident")["refresh_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let body = encoded(&[("grant_type", "refresh_token"), ("refresh_token", &refresh)]);
    let connection = Multiplexed::open(&consented, &body);
    connection.round(AT_ONCE);
    let mut rounds: Vec<(f64, f64, f64, f64)> = (0..ROUNDS)
        .map(|_| {
            let (many, one, theirs) = (connection.round(AT_ONCE), connection.round(1), yardstick());
            (many / theirs, many, one, theirs)
        })
        .collect();
    rounds.sort_by(|one, other| one.0.total_cmp(&other.0));
    let (ratio, many, one, theirs) = rounds[ROUNDS / 2];
    println!(
        "refresh grants over one connection: {many:.0}/s with {AT_ONCE} under way, {one:.0}/s one after the other; ES256 \
         sign and verify {theirs:.0}/s; ratios {ratio:.2} (at least 0.50) and {:.2}",
        one / theirs
    );
    assert!(ratio >= 0.5, "{ratio}");
}

/// How long the pages of one signed-in person take while eight others sign in at once, beside the same pages alone.
#[test]
#[ignore = "a measurement: tests/README.md names it"]
fn pages_while_eight_people_sign_in_at_once() {
    const PEOPLE: usize = 8;
    let consented = Consented::start();
    for person in 0..PEOPLE {
        consented.person(&format!("person{person}"), &[super::fixture::METER]);
    }
    let mut reader = consented.browser();
    reader.sign_in("/login", "resident");
    let page = |reader: &mut super::fixture::Browser<'_>| {
        let began = Instant::now();
        assert_eq!(reader.get("/permissions").status, 200);
        began.elapsed().as_secs_f64() * 1e3
    };
    let mut alone: Vec<f64> = (0..100).map(|_| page(&mut reader)).collect();
    let mut beside = Vec::new();
    let signed_in = Instant::now();
    std::thread::scope(|scope| {
        let hands: Vec<_> = (0..PEOPLE)
            .map(|person| {
                let consented = &consented;
                scope.spawn(move || {
                    for _ in 0..4 {
                        consented.browser().sign_in("/login", &format!("person{person}"));
                    }
                })
            })
            .collect();
        while hands.iter().any(|hand| !hand.is_finished()) {
            beside.push(page(&mut reader));
        }
    });
    let took = signed_in.elapsed().as_secs_f64() * 1e3 / 4.0;
    let at = |times: &mut Vec<f64>, share: f64| {
        times.sort_by(f64::total_cmp);
        times[((times.len() - 1) as f64 * share) as usize]
    };
    let (alone_half, alone_most) = (at(&mut alone, 0.5), at(&mut alone, 0.99));
    let (half, most) = (at(&mut beside, 0.5), at(&mut beside, 0.99));
    println!(
        "a page, ms: alone {alone_half:.1} (p99 {alone_most:.1}), beside eight who sign in {half:.1} (p99 {most:.1}), \
         {} pages; eight sign-ins take {took:.0}",
        beside.len()
    );
    assert!(most < took, "nobody waits for a page as long as eight sign-ins take");
}

/// A day of half-hours with its signed record, beside the same half-hours from the box's own API, unsigned, and beside one
/// signature; and a year of them as a table: first byte, last byte, what it takes of memory.
#[test]
#[ignore = "a measurement: tests/README.md names it"]
fn a_day_with_its_record_and_a_year_as_a_table() {
    use super::fixture::{METER, SOURCE};
    const DAYS: u32 = 200;
    let consented = super::readings::year();
    let token = consented.tokens("saver", "resident")["access_token"]
        .as_str()
        .unwrap()
        .to_owned();
    let made = consented
        .running
        .json(&["token", "create", "--name", "bench", "--scope", "meters:read"]);
    let (ours, theirs) = (
        format!("Bearer {token}"),
        format!("Bearer {}", made["token"].as_str().unwrap()),
    );
    let mut machine = consented.machine(Some("saver")).unwrap();
    let mut open = consented.running.https();
    let signed = format!("/datasources/{SOURCE}/import?from=2024-12-05&to=2024-12-06");
    let unsigned = format!("/v1/meters/{METER}/intervals?from=2024-12-05T00:00:00Z&to=2024-12-06T00:00:00Z");
    let round = |https: &mut crate::support::https::Https, path: &str, bearer: &str| {
        let began = Instant::now();
        for _ in 0..DAYS {
            let answer = https.ask("GET", path, &[("authorization", bearer)]);
            assert_eq!(answer.status, 200, "{}", answer.text());
        }
        began.elapsed().as_secs_f64() * 1e6 / f64::from(DAYS)
    };
    let mut rounds: Vec<(f64, f64, f64)> = (0..ROUNDS)
        .map(|_| {
            let with = round(&mut machine, &signed, &ours);
            (with, round(&mut open, &unsigned, &theirs), 1e6 / yardstick())
        })
        .collect();
    rounds.sort_by(|one, other| (one.0 / one.1).total_cmp(&(other.0 / other.1)));
    let (with, without, signature) = rounds[ROUNDS / 2];
    println!(
        "a day, us: signed {with:.0}, unsigned {without:.0} (ratio {:.2}), one signature made and checked {signature:.0}",
        with / without
    );
    let before = crate::support::usage::peak_kib(consented.running.process());
    let year = format!("/datasources/{SOURCE}/import?from=2024-12-01&to=2025-12-01");
    let began = Instant::now();
    let mut table = consented.machine(Some("saver")).unwrap();
    table.begin("GET", &year, &[("authorization", &ours), ("accept", "text/csv")]);
    table.line().unwrap();
    let first = began.elapsed().as_secs_f64() * 1e3;
    while !table.line().unwrap().is_empty() {}
    let (mut bytes, mut rows) = (0, 0);
    // Chunks have lines of their own, and an empty one behind each.
    while let Ok(line) = table.line() {
        if line == "0" {
            break;
        }
        bytes += line.len();
        rows += usize::from(line.contains("measured"));
    }
    assert_eq!(rows, 365 * 48);
    let last = began.elapsed().as_secs_f64() * 1e3;
    let grown = crate::support::usage::peak_kib(consented.running.process()).saturating_sub(before);
    println!(
        "a year as a table: first byte {first:.1} ms, last byte {last:.0} ms, {bytes} bytes, {grown} KiB more at most"
    );
    assert!(grown < 16 << 10, "{grown} KiB");
}
