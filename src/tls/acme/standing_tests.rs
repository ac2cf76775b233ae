//! How it stands with a stored certificate as its life goes by, and when the clock is wrong.

use std::path::Path;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tokio::sync::watch;

use super::{Acme, AcmeSettings, AcmeTally, Challenge, Challenges, vault::Vault};
use crate::http::way_out::WayOut;
use crate::pki::{Hierarchy, Pki, Request, Usage};
use crate::store::{Options, Store};
use crate::tls::pair::Pair;

fn settings(dir: &Path, domains: &[String]) -> AcmeSettings {
    AcmeSettings {
        way: WayOut::default(),
        binding: None,
        profile: None,
        directory: "https://127.0.0.1:1/dir".into(),
        rehearsal_directory: None,
        contact: Vec::new(),
        domains: domains.to_vec(),
        ca_file: None,
        challenges: vec![Challenge::TlsAlpn01],
        folder: dir.join("acme"),
        deadline: Duration::from_secs(1),
        retry_first: Duration::from_secs(60),
        retry_longest: Duration::from_secs(3600),
    }
}

#[tokio::test]
async fn a_stored_certificate_is_shown_renewed_and_given_up_in_time() {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(Options::new(dir.path().join("book"))).unwrap();
    let pki = Pki::open(dir.path().join("pki"), store.clone()).unwrap();
    let now = Timestamp::now();
    pki.init(now).await.unwrap();
    // So many names that the chain takes several rows.
    let mut domains: Vec<String> = (0..100)
        .map(|n| format!("{}-{n:03}.example.org", "lodge".repeat(8)))
        .collect();
    domains.sort();
    let request = Request {
        usage: Some(Usage::Server),
        hosts: domains.clone(),
        lifetime: Some(SignedDuration::from_hours(24 * 90)),
        ..Request::new(Hierarchy::Server, "stored")
    };
    let issued = pki.issue(request, Some(dir.path().join("out")), now).await.unwrap();
    let read = |path| std::fs::read_to_string(path).unwrap();
    let pem = format!("{}\n{}", read(&issued.key), read(&issued.chain));
    assert!(pem.len() > 2 * 4096, "{}", pem.len());
    let places = || ["chain", "key"].map(str::to_owned);
    let pair = Pair::parse(pem.as_bytes(), pem.as_bytes(), places(), "acme").unwrap();

    let settings = settings(dir.path(), &domains);
    let (_open, opened) = watch::channel(false);
    let acme = Acme::new(
        settings.clone(),
        store.clone(),
        Challenges::default(),
        AcmeTally::default(),
        opened,
    );
    let empty = acme.standing(now).unwrap();
    assert!(empty.pair.is_none() && empty.due <= now && !empty.alarm);

    let vault = Vault::new(store, &settings);
    vault.put_pair(pem.as_bytes(), &pair, now).await.unwrap();
    let at = |days: i64| acme.standing(now + SignedDuration::from_hours(24 * days)).unwrap();
    let fresh = at(1);
    assert_eq!(fresh.pair.as_ref().map(|kept| &kept.key.cert), Some(&pair.key.cert));
    let due = fresh.due.duration_since(now).as_hours() / 24;
    assert!((59..=60).contains(&due) && !fresh.alarm, "{due}");
    assert!(!at(69).alarm && at(69).due < now + SignedDuration::from_hours(24 * 69));
    let late = at(72);
    assert!(late.alarm && late.pair.is_some_and(|pair| pair.served.alarm));
    assert!(at(91).pair.is_none(), "what ended is not shown");

    // A clock that went back before the certificate's beginning is wrong: it is shown, and nothing is ordered.
    let before = now - SignedDuration::from_hours(24 * 365);
    let back = acme.standing(before).unwrap();
    assert!(back.due > before && !back.alarm);
    let shown = back.pair.unwrap().served;
    assert!(shown.last_error.is_some_and(|words| words.contains("clock")));

    // A part of the chain that is lost makes the rest worthless, and no error of it; another is ordered.
    let one = super::vault::lose_a_part(&vault).await;
    assert!(one && acme.standing(now).unwrap().pair.is_none());
    vault.put_pair(pem.as_bytes(), &pair, now).await.unwrap();
    assert!(acme.standing(now).unwrap().pair.is_some());

    // So does a key that is lost.
    for file in std::fs::read_dir(dir.path().join("acme")).unwrap() {
        std::fs::remove_file(file.unwrap().path()).unwrap();
    }
    assert!(acme.standing(now).unwrap().pair.is_none());
}
