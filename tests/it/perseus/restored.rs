//! A backup is restored: what was taken back after it stays taken back, where the book before says so (PER §4.6).

use serde_json::Value;

use super::fixture::{Consented, SOURCE};

/// A box with what an application was given, and a backup of just then.
struct Before {
    consented: Consented,
    tokens: Value,
    backup: String,
    secret: String,
}

impl Before {
    fn start() -> Before {
        let consented = Consented::start();
        let tokens = consented.tokens("saver", "resident");
        let before = Before::of(consented, tokens);
        before.back_up();
        before
    }

    /// Before there is a backup.
    fn of(consented: Consented, tokens: Value) -> Before {
        let path = |name: &str| consented.running.dir.join(name).to_str().unwrap().to_owned();
        let (backup, secret) = (path("backup"), path("passphrase"));
        std::fs::write(&secret, "a passphrase that is long enough for anybody").unwrap();
        Before {
            consented,
            tokens,
            backup,
            secret,
        }
    }

    fn back_up(&self) {
        let asked = ["backup", &self.backup, "--passphrase-file", &self.secret];
        let made = self.consented.running.command(&asked);
        assert!(made.status.success(), "{made:?}");
    }

    fn restore(&mut self) {
        self.consented.running.stop();
        self.restore_stopped();
    }

    fn restore_stopped(&self) {
        let asked = ["restore", &self.backup, "--passphrase-file", &self.secret];
        let restored = self.consented.running.command(&asked);
        assert!(restored.status.success(), "{restored:?}");
    }

    fn token(&self, name: &str) -> &str {
        self.tokens[name].as_str().unwrap()
    }

    fn revoke(&self) {
        let form = [("token", self.token("refresh_token"))];
        let answer = self.consented.post(Some("saver"), "/api/v1/authorize/revoke", &form);
        assert_eq!(answer.status, 200);
    }

    fn refreshed(&self) -> u16 {
        self.consented.refresh("saver", self.token("refresh_token")).status
    }

    fn told(&self, words: &str) -> usize {
        self.consented.running.log().matches(words).count()
    }
}

const AGAIN: &str = "is taken back again";
const MAY_STAND: &str = "may stand again";

#[test]
fn what_was_taken_back_after_the_backup_is_taken_back_again() {
    let mut before = Before::start();
    before.revoke();
    before.restore();
    before.consented.running.run();
    assert_eq!((before.told(AGAIN), before.told(MAY_STAND)), (1, 0));
    assert_eq!(before.refreshed(), 400);
    let access = before.token("access_token");
    assert_eq!(before.consented.data("saver", "/datasources", access).status, 401);
    let listed = before.consented.running.json(&["consent", "list"]);
    assert_eq!(listed[0]["state"], "stopped", "{listed}");
    // A second restore of the same, and a start between: it is so each time, and said once each time.
    before.consented.running.stop();
    before.consented.running.run();
    before.restore();
    before.consented.running.run();
    assert_eq!((before.told(AGAIN), before.told(MAY_STAND)), (2, 0));
    assert_eq!(before.refreshed(), 400);
}

#[test]
fn what_stood_stands_and_no_older_access_token_works() {
    let mut before = Before::start();
    before.restore();
    before.consented.running.run();
    assert_eq!(
        (before.told(AGAIN), before.told(MAY_STAND)),
        (0, 0),
        "the book before says that it stands"
    );
    let access = before.token("access_token");
    assert_eq!(before.consented.data("saver", "/datasources", access).status, 401);
    let answer = before.consented.refresh("saver", before.token("refresh_token"));
    assert_eq!(answer.status, 200);
    let access = answer.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(before.consented.data("saver", "/datasources", &access).status, 200);
}

#[test]
fn without_the_book_before_what_may_stand_again_is_said() {
    let mut before = Before::start();
    before.revoke();
    before.restore();
    let store = before.consented.running.dir.join("data/store");
    std::fs::remove_dir_all(store.join("g000001")).unwrap();
    before.consented.running.run();
    assert_eq!((before.told(AGAIN), before.told(MAY_STAND)), (0, 1));
    assert!(before.consented.running.log().contains("live=1"));
    assert_eq!(before.refreshed(), 200);
    before.consented.running.stop();
    before.consented.running.run();
    assert_eq!(before.told(MAY_STAND), 1, "it is said once");
}

#[test]
fn a_damaged_book_before_is_not_vouched_for() {
    let mut before = Before::start();
    before.revoke();
    before.restore();
    let log = before.consented.running.dir.join("data/store/g000001/log");
    let mut segments: Vec<_> = std::fs::read_dir(log)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    segments.sort();
    let mut bytes = std::fs::read(&segments[0]).unwrap();
    bytes[200] ^= 0xFF;
    std::fs::write(&segments[0], bytes).unwrap();
    before.consented.running.run();
    // What it still has holds all the same: either way nobody is told that all is known.
    assert_eq!(before.refreshed() == 400, before.told(AGAIN) == 1);
    assert_eq!(before.refreshed() == 200, before.told(MAY_STAND) == 1);
}

#[test]
fn what_was_allowed_again_for_less_is_not_more_after_a_restore() {
    let consented = Consented::start();
    consented.person("landlady", &[super::fixture::METER, "EML2"]);
    let allow = |consented: &Consented, sources: &[&str], life: &str| {
        let mut browser = consented.browser();
        let consent = browser.sign_in_at(&consented.pushed("saver", &[]), "landlady");
        let mut fields: Vec<(&str, &str)> = sources.iter().map(|source| ("datasource", *source)).collect();
        fields.extend([("expires", life), ("decision", "allow")]);
        let back = super::fixture::query(&browser.decide(&consent, &fields));
        consented.redeem("saver", &back["code"], &[]).json()
    };
    let wide = allow(&consented, &[SOURCE, "S90/r2+mSV2"], "1y");
    let mut before = Before::of(consented, wide);
    before.back_up();
    allow(&before.consented, &[SOURCE], "1m");
    let narrow = before.consented.running.json(&["consent", "list"]);
    before.restore();
    before.consented.running.run();
    let listed = before.consented.running.json(&["consent", "list"]);
    assert_eq!(listed[0]["sources"], narrow[0]["sources"], "{listed}");
    assert_eq!(listed[0]["expires"], narrow[0]["expires"], "{listed}");
    // The grant of the wider one ended when the narrower was redeemed.
    assert_eq!(before.refreshed(), 400);
}

#[test]
fn one_life_that_is_missing_or_short_is_not_vouched_for_by_another() {
    for harm in ["gone", "cut"] {
        let mut before = Before::start();
        before.restore();
        before.consented.running.run();
        assert_eq!(before.told(MAY_STAND), 0);
        before.revoke();
        before.restore();
        let second = before.consented.running.dir.join("data/store/g000002");
        match harm {
            "gone" => std::fs::remove_dir_all(&second).unwrap(),
            _ => {
                for entry in std::fs::read_dir(second.join("log")).unwrap() {
                    let path = entry.unwrap().path();
                    let bytes = std::fs::read(&path).unwrap();
                    std::fs::write(&path, &bytes[..bytes.len().min(200)]).unwrap();
                }
            }
        }
        before.consented.running.run();
        assert_eq!((before.told(AGAIN), before.told(MAY_STAND)), (0, 1), "{harm}");
    }
}

#[test]
fn a_book_that_is_older_than_the_backup_vouches_for_nothing() {
    let consented = Consented::start();
    let tokens = consented.tokens("saver", "resident");
    let mut before = Before::of(consented, tokens);
    before.consented.running.stop();
    let data = before.consented.running.dir.join("data");
    let copy = before.consented.running.dir.join("copy");
    let copied = |from: &std::path::Path, to: &std::path::Path| {
        assert!(
            std::process::Command::new("cp")
                .arg("-a")
                .args([from, to])
                .status()
                .unwrap()
                .success()
        );
    };
    copied(&data, &copy);
    before.consented.running.run();
    before.consented.person("somebody", &[]);
    before.back_up();
    before.revoke();
    before.consented.running.stop();
    std::fs::remove_dir_all(&data).unwrap();
    copied(&copy, &data);
    before.restore_stopped();
    before.consented.running.run();
    assert_eq!((before.told(AGAIN), before.told(MAY_STAND)), (0, 1));
}

#[test]
fn whoever_left_or_was_removed_after_the_backup_shares_nothing_again() {
    for left in [&["user", "move-out", "resident"][..], &["user", "remove", "resident"]] {
        let mut before = Before::start();
        before.consented.running.json(left);
        before.restore();
        before.consented.running.run();
        assert_eq!((before.told(AGAIN), before.told(MAY_STAND)), (1, 0), "{left:?}");
        let refreshed = before.consented.refresh("saver", before.token("refresh_token"));
        if refreshed.status == 200 {
            let access = refreshed.json()["access_token"].as_str().unwrap().to_owned();
            let list = before.consented.data("saver", "/datasources", &access).json();
            assert_eq!(list["data"], serde_json::json!([]), "{left:?}");
        }
    }
}

#[test]
fn a_code_that_was_redeemed_is_none_after_a_restore() {
    let consented = Consented::start();
    let back = consented.allowed("saver", "resident", &[]);
    let mut before = Before::of(consented, Value::Null);
    before.back_up();
    let redeemed = before.consented.redeem("saver", &back["code"], &[]);
    assert_eq!(redeemed.status, 200);
    before.restore();
    before.consented.running.run();
    assert_eq!(before.consented.redeem("saver", &back["code"], &[]).status, 400);
}

#[test]
fn what_had_been_left_before_the_backup_was_not_left_since() {
    let consented = Consented::start();
    let tokens = consented.tokens("saver", "resident");
    consented.running.json(&["user", "meters", "resident"]);
    let mut before = Before::of(consented, tokens);
    before.back_up();
    before.restore();
    before.consented.running.run();
    assert_eq!((before.told(AGAIN), before.told(MAY_STAND)), (0, 0));
    let refreshed = before.consented.refresh("saver", before.token("refresh_token"));
    let access = refreshed.json()["access_token"].as_str().unwrap().to_owned();
    let listed = |before: &Before| {
        let list = before.consented.data("saver", "/datasources", &access).json();
        list["data"].as_array().unwrap().len()
    };
    assert_eq!(listed(&before), 0);
    // It is theirs again, and what was allowed counts, as it would had nothing been restored.
    before
        .consented
        .running
        .json(&["user", "meters", "resident", super::fixture::METER]);
    assert_eq!(listed(&before), 1);
}
