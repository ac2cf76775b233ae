//! What a request's permission costs to look up, among a hundred and among a hundred thousand.

use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::filter::{Filter, Resolution};
use super::ledger::{self, Consent, Presented};
use super::rows::CodeRow;
use super::scope::Scope;
use crate::accounts::Secret;
use crate::domain::Measure;
use crate::store::{Ledger, Options, RowError, Store, schema};

const CLIENT: &str = "https://d.example/a/1";
const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

fn consent(number: usize, now: Timestamp) -> Consent {
    let licence = "https://r.example/licence".to_owned();
    let expires = Timestamp::MAX;
    Consent {
        person: format!("person{number}"),
        person_since: now,
        account: format!("pw_{number}"),
        expires,
        filters: vec![Filter {
            source: format!("S{number}"),
            outcode: "SW8".into(),
            meter: "EML1".parse().unwrap(),
            element: None,
            measures: vec![Measure::Import],
            from: now,
            until: expires,
            licence: licence.clone(),
            resolution: Resolution::HalfHours,
        }],
        language: "en".into(),
        text: "0".repeat(64),
        agent: "a browser".into(),
        proved: now,
        code: CodeRow {
            permission: String::new(),
            client: CLIENT.into(),
            redirect_uri: "https://app.example/callback".to_owned().try_into().unwrap(),
            challenge: CHALLENGE.into(),
            scope: Scope { licence, offline: true },
            made: now,
            used: None,
            grant: None,
        },
    }
}

/// Rows of people as the accounts have them: nobody else's consent is kept.
const PEOPLE: Ledger<serde_json::Value> = Ledger::new(schema::PEOPLE);

/// A book with so many live permissions, and for some of them permission and grant.
async fn book(folder: &std::path::Path, many: usize) -> (Store, Vec<(String, String)>) {
    let store = Store::open(Options::new(folder.join(many.to_string()))).unwrap();
    let now = store.now();
    let mut known = Vec::new();
    for first in (0..many).step_by(20) {
        let given = store.write(move |page| {
            let mut given = Vec::new();
            for number in first..(first + 20).min(many) {
                let (code, consent) = (Secret::random(""), consent(number, now));
                let person = serde_json::json!({
                    "name": consent.person, "role": "resident", "password": null, "created": now, "generation": 0,
                });
                PEOPLE.put_on(page, consent.person.as_bytes(), &person)?;
                ledger::consent_on(page, consent, &code, now)?;
                let presented = Presented {
                    refresh: (Secret::random("prt_"), None),
                    code,
                    client: CLIENT.into(),
                    redirect_uri: Some("https://app.example/callback".into()),
                    verifier: Some(VERIFIER.into()),
                };
                if let Ok(redeemed) = ledger::redeem_on(page, &presented, now)? {
                    given.push((redeemed.permission.id, redeemed.grant.id));
                }
            }
            Ok::<_, RowError>(given)
        });
        known.extend(given.await.unwrap());
    }
    assert_eq!(known.len(), many);
    (store, known)
}

/// What 2,000 requests cost, of which each asks for another permission.
fn asked(store: &Store, known: &[(String, String)]) -> Duration {
    let began = Instant::now();
    for number in 0..2_000 {
        let (permission, grant) = &known[(number * 7_919) % known.len()];
        assert!(ledger::permission(store, permission).unwrap().is_some());
        assert!(ledger::grant(store, grant).unwrap().is_some());
        assert!(!ledger::is_revoked(store, grant).unwrap());
        assert_eq!(ledger::filters(store, permission).unwrap().len(), 1);
    }
    began.elapsed()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "measures; see tests/README.md"]
#[expect(clippy::disallowed_macros, reason = "a measurement says what it measured")]
async fn a_permission_among_many() {
    let folder = tempfile::tempdir().unwrap();
    let (few, known_few) = book(folder.path(), 100).await;
    let (many, known_many) = book(folder.path(), 100_000).await;
    let mut ratios: Vec<(f64, Duration, Duration)> = (0..7)
        .map(|_| {
            let (among_few, among_many) = (asked(&few, &known_few), asked(&many, &known_many));
            (
                among_many.as_secs_f64() / among_few.as_secs_f64(),
                among_few,
                among_many,
            )
        })
        .collect();
    ratios.sort_by(|one, other| one.0.total_cmp(&other.0));
    let (ratio, among_few, among_many) = ratios[3];
    println!(
        "a permission looked up among 100: {:?}, among 100,000: {:?}, ratio {ratio:.2}",
        among_few / 2_000,
        among_many / 2_000
    );
    few.close().await;
    many.close().await;
}
