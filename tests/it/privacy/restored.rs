//! A backup of before an erasure is restored: what was erased is erased again (PRIV §4).

use super::{forgotten, half_hours, lived_in, signed_in};
use crate::perseus::fixture::Consented;
use crate::support::eventually;

const AGAIN: &str = "is erased again";
const MAY_BE: &str = "may be here again";

/// A box whose resident was erased after a backup, restored from that, not started.
fn restored() -> (Consented, String) {
    let (mut consented, refresh) = lived_in();
    let path = |name: &str| consented.running.dir.join(name).to_str().unwrap().to_owned();
    let (backup, secret) = (path("backup"), path("passphrase"));
    std::fs::write(&secret, "a passphrase that is long enough for anybody").unwrap();
    let made = consented
        .running
        .command(&["backup", &backup, "--passphrase-file", &secret]);
    assert!(made.status.success(), "{made:?}");
    let receipt = forgotten(&mut signed_in(&consented, "resident"));
    eventually("it is erased", || {
        let text = consented.browser().get(&receipt).text();
        text.contains("It is erased").then_some(())
    });
    consented.running.stop();
    let asked = ["restore", &backup, "--passphrase-file", &secret];
    let done = consented.running.command(&asked);
    assert!(done.status.success(), "{done:?}");
    (consented, refresh)
}

fn is_there(consented: &Consented) -> bool {
    let people = consented.running.json(&["user", "list"]);
    people
        .as_array()
        .unwrap()
        .iter()
        .any(|person| person["name"] == "resident")
}

#[test]
fn what_was_erased_after_the_backup_is_erased_again() {
    let (mut consented, refresh) = restored();
    consented.running.run();
    eventually("it is erased again", || {
        let log = consented.running.log();
        (log.contains(AGAIN) && log.matches("an erasure is done").count() == 2).then_some(())
    });
    assert!(!is_there(&consented));
    assert_eq!(consented.refresh("saver", &refresh).status, 400);
    assert_eq!(
        half_hours(&consented, "2024-12-01T00:00:00Z", "2025-01-01T00:00:00Z"),
        0
    );
    let listed = consented.running.json(&["consent", "list"]);
    assert_eq!(listed[0]["person"], "", "{listed}");
    assert!(!consented.running.log().contains(MAY_BE));
    // Once.
    consented.running.stop();
    consented.running.run();
    assert_eq!(consented.running.log().matches(AGAIN).count(), 1);
}

#[test]
fn without_the_book_before_it_is_said_that_somebody_may_be_here_again() {
    let (mut consented, _) = restored();
    std::fs::remove_dir_all(consented.running.dir.join("data/store/g000001")).unwrap();
    consented.running.run();
    eventually("it is said", || consented.running.log().contains(MAY_BE).then_some(()));
    assert!(is_there(&consented));
    consented.running.stop();
    consented.running.run();
    assert_eq!(consented.running.log().matches(MAY_BE).count(), 1, "once");
}
