//! A box whose clock stands wrong gives nothing, and says so.

use std::sync::Arc;

use gatelodge::accounts::Accounts;
use gatelodge::http::Rate;
use gatelodge::perseus::{Config, Deps, Perseus, Places};
use gatelodge::pki::Pki;
use gatelodge::store::{Options, Store};
use jiff::tz::TimeZone;

use crate::uplink::clock::Shifted;

async fn hindrance(clock: Shifted) -> Option<(String, String)> {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        clock: Arc::new(clock),
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
    let room = Perseus::new(Config::default(), store.clone(), deps).await.unwrap();
    let hindrance = room.hindrance();
    store.close().await;
    hindrance
}

#[tokio::test]
async fn nothing_is_given_by_a_clock_that_is_not_believed() {
    let wrong = Shifted::default();
    wrong.set("2020-01-01T00:00:00Z".parse().unwrap());
    let (why, next) = hindrance(wrong).await.unwrap();
    assert!(why.contains("clock") && next.contains("time server"), "{why}: {next}");
    assert_eq!(hindrance(Shifted::default()).await, None);
}
