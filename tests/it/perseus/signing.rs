//! What signs records: on which curves, and the box's own certificate, which renews itself (PER §7.3, PER §7.5).

use std::path::Path;
use std::sync::Arc;

use gatelodge::perseus::{Config, Perseus};
use gatelodge::pki::LeafFacts;
use jiff::SignedDuration;
use rcgen::PKCS_ECDSA_P384_SHA384;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use super::clock::Built;
use super::fixture::Consented;
use super::records::made_by;
use super::signers::Leaf;
use crate::book::clock::SetClock;
use crate::book::until;

#[test]
fn a_record_of_another_house_that_was_signed_on_p384_is_verified() {
    let consented = Consented::start();
    let folder = consented.running.dir.clone();
    let leaf = Leaf {
        key: &PKCS_ECDSA_P384_SHA384,
        ..Leaf::default()
    };
    let files = leaf.write(&folder, "other-house");
    let made = made_by(&files.root, &folder.join("other-house"), &folder.join("other-house"));
    let file = folder.join("record.json");
    let verified = |record: &Value| {
        std::fs::write(&file, record.to_string()).unwrap();
        let asked = [
            "provenance",
            "verify",
            file.to_str().unwrap(),
            "--ca",
            files.root.to_str().unwrap(),
        ];
        consented.running.command(&asked)
    };
    for record in ["first", "second"] {
        assert!(super::readings::outside(&made[record], &files.root).is_ok(), "{record}");
        let output = verified(&made[record]);
        assert!(output.status.success(), "{record}: {output:?}");
    }
    let mut changed = made["first"].clone();
    changed["steps"][3][2] = "2020-01-01T00:00:00Z".into();
    assert!(!verified(&changed).status.success());
}

/// The box's own certificate that signs records.
fn own(folder: &Path) -> LeafFacts {
    let file = folder.join("pki/signing/own/provenance.cert.pem");
    LeafFacts::of(&CertificateDer::from_pem_file(file).unwrap()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn the_boxs_own_certificate_is_made_anew_sixty_days_before_its_end() {
    let clock = Arc::new(SetClock::new("2026-03-01T12:00:00Z", true));
    let built = Built::of(Config::default(), clock.clone()).await;
    let first = own(built.folder.path());
    let due = first.not_after - SignedDuration::from_hours(24 * 60);
    let shown = built.room.signing_certificate().unwrap();
    assert_eq!(
        (shown.not_after, shown.renewed, shown.source),
        (first.not_after, Some(due), "own")
    );
    let minute = SignedDuration::from_mins(1);
    clock.reach(due - minute);
    let built = built.again().await;
    assert_eq!(
        own(built.folder.path()).serial,
        first.serial,
        "a minute before it stays"
    );
    // While the room runs it is looked at, too.
    clock.reach(due + minute);
    let stop = CancellationToken::new();
    let running = tokio::spawn(Perseus::run(Arc::clone(&built.room), stop.clone()));
    until("it is made anew", || own(built.folder.path()).serial != first.serial).await;
    let second = own(built.folder.path());
    assert!(second.not_before <= due + minute && second.not_after > first.not_after);
    until("the room signs with it", || {
        built
            .room
            .signing_certificate()
            .is_some_and(|shown| shown.not_after == second.not_after)
    })
    .await;
    assert_eq!(built.room.hindrance(), None);
    stop.cancel();
    running.await.unwrap().unwrap();
    built.store.close().await;
}
