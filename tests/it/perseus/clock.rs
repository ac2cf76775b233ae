//! A box whose clock stands wrong gives nothing, and says so.

use std::sync::Arc;

use gatelodge::accounts::Accounts;
use gatelodge::http::Rate;
use gatelodge::perseus::{Client, Config, Deps, Perseus, Places};
use gatelodge::pki::{Application, Hierarchy, Pki, Request};
use gatelodge::store::{Clock, Options, Store};
use gatelodge::tls::Demand;
use jiff::tz::TimeZone;
use serde_json::Value;
use tempfile::TempDir;

use super::fixture::{SAVER, SCHEME};
use crate::gate::fixture::{open, short};
use crate::gate::test_pki::{TestPki, get};
use crate::uplink::clock::Shifted;

/// A room in the test's own process, by a clock of the test.
pub struct Built {
    pub folder: TempDir,
    pub store: Store,
    pub room: Arc<Perseus>,
    config: Config,
    clock: Arc<dyn Clock>,
}

impl Built {
    pub async fn of(config: Config, clock: Arc<dyn Clock>) -> Built {
        Built::within(tempfile::tempdir().unwrap(), config, clock).await
    }

    /// The same room as the next start finds it.
    pub async fn again(self) -> Built {
        let Built {
            folder,
            store,
            room,
            config,
            clock,
        } = self;
        drop(room);
        store.close().await;
        drop(store);
        Built::within(folder, config, clock).await
    }

    async fn within(folder: TempDir, config: Config, clock: Arc<dyn Clock>) -> Built {
        let options = Options {
            clock: Arc::clone(&clock),
            ..Options::new(folder.path().join("store"))
        };
        let store = Store::open(options).unwrap();
        let pki = Pki::open(folder.path().join("pki"), store.clone()).unwrap();
        pki.init(pki.now()).await.unwrap();
        let deps = Deps {
            pki,
            seal_key: folder.path().join("keys/seal.key"),
            kept: jiff::SignedDuration::ZERO,
            accounts: Accounts::new(store.clone()),
            token_keys: folder.path().join("keys/tokens.json"),
            words: folder.path().join("words"),
            meters: Vec::new(),
            timezone: TimeZone::UTC,
            places: Places {
                issuer: "https://box.example".into(),
                mtls: "https://box.example:8443".into(),
                resource: "https://box.example:8443".into(),
            },
            pushed: Arc::default(),
            rates: (Rate::Off, Rate::Off),
        };
        let room = Perseus::new(config.clone(), store.clone(), deps).await.unwrap();
        Built {
            folder,
            store,
            room,
            config,
            clock,
        }
    }
}

#[tokio::test]
async fn nothing_is_given_by_a_clock_that_is_not_believed() {
    let clock = Arc::new(Shifted::default());
    clock.set("2020-01-01T00:00:00Z".parse().unwrap());
    let built = Built::of(Config::default(), clock.clone()).await;
    let (why, next) = built.room.hindrance().unwrap();
    assert!(why.contains("clock") && next.contains("time server"), "{why}: {next}");
    built.store.close().await;
    let built = Built::of(Config::default(), Arc::new(Shifted::default())).await;
    assert_eq!(built.room.hindrance(), None);
    built.store.close().await;
}

/// Head and body of an answer, the body as JSON.
fn taken_apart(answer: &str) -> (&str, Value) {
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    (head, serde_json::from_str(body).unwrap_or_else(|_| panic!("{answer}")))
}

#[tokio::test(flavor = "multi_thread")]
async fn the_door_to_data_says_503_to_whoever_may_ask_while_the_clock_is_not_believed() {
    let test_pki = TestPki::new().await;
    let request = Request {
        application: Some(Application {
            url: SAVER.into(),
            member: "https://directory.example/member/1".into(),
            roles: vec![format!("{SCHEME}/role/carbon-accounting-provider")],
        }),
        ..Request::new(Hierarchy::Client, "saver")
    };
    let saver = test_pki.pki.issue(request, None, test_pki.now).await.unwrap();
    let config = Config {
        client: vec![Client {
            client_id: SAVER.into(),
            ..Client::default()
        }],
        ..Config::default()
    };
    let clock = Arc::new(Shifted::default());
    clock.set("2020-01-01T00:00:00Z".parse().unwrap());
    let built = Built::of(config, clock.clone()).await;
    let policy = test_pki.mtls(test_pki.trust(), Demand::Asked).await;
    let door = open(policy, gatelodge::perseus::machines(&built.room), short());
    let asked = async |client: &crate::gate::test_pki::Client, path: &str| {
        let mut stream = client.connect(door.addr).await.unwrap();
        get(&mut stream, path, "close").await.unwrap()
    };
    let (known, stranger) = (test_pki.client(Some(&saver)), test_pki.client(None));
    for path in [
        "/datasources",
        "/datasources/",
        "/datasources/S1/import?from=2024-12-05&to=2024-12-06",
        "/datasources/nobody/gas",
        "/provenance/none",
    ] {
        let answer = asked(&known, path).await;
        let (head, body) = taken_apart(&answer);
        assert!(head.starts_with("HTTP/1.1 503 "), "{path}: {answer}");
        for line in [
            "retry-after: 10",
            "content-type: application/json",
            "cache-control: no-store",
            "x-fapi-interaction-id: ",
        ] {
            assert!(head.contains(line), "{path}, {line}: {head}");
        }
        assert!(
            !head.contains("www-authenticate"),
            "{path}: nothing is wrong with a token: {head}"
        );
        let members = body.as_object().unwrap();
        assert!(members.len() == 1 && body["detail"].is_string(), "{path}: {body}");
        // Whoever is nobody learns nothing of the clock.
        assert!(asked(&stranger, path).await.starts_with("HTTP/1.1 401 "), "{path}");
    }
    let token = asked(&known, "/api/v1/authorize/token").await;
    assert!(token.starts_with("HTTP/1.1 405 "), "{token}");
    clock.set_right();
    crate::book::until("the clock is believed", || built.store.clock_is_trusted()).await;
    let answer = asked(&known, "/datasources").await;
    let (head, body) = taken_apart(&answer);
    assert!(
        head.starts_with("HTTP/1.1 401 ") && head.contains("www-authenticate: Bearer"),
        "{answer}"
    );
    assert_eq!(body["detail"], "No token provided");
    built.store.close().await;
}
