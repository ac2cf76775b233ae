//! Backups on their page and by `/v1`: made, listed, restored for trial.

use std::path::PathBuf;

use serde_json::Value;

use super::{by_token, is_refused};
use crate::accounts::signed_in;
use crate::people::Programmer;
use crate::support::{TestBox, eventually};

fn with_a_stick() -> TestBox {
    let mut running = TestBox::unstarted("");
    let stick = running.dir.join("stick");
    std::fs::create_dir(&stick).unwrap();
    running.configure(&format!(
        "[https]\nlisten = [\"127.0.0.1:0\"]\n[occupancy]\n[backup]\ndirectory = {stick:?}\nkeep = 2\n"
    ));
    running.run();
    running
}

/// How backups stand once nothing goes on, and so many are kept.
fn at_rest(running: &TestBox, admin: &Programmer, kept: usize) -> Value {
    eventually(&format!("{kept} backups, and nothing goes on"), || {
        let shown = admin.ask(running, ("GET", "/v1/backups"), &Value::Null).json();
        let rests = shown["order"].is_null() && shown["step"].is_null() && shown["last_trial"].is_object();
        (rests && shown["kept"].as_array().unwrap().len() == kept).then_some(shown)
    })
}

/// The next backup has another name, in which the second stands.
fn another_second(shown: &Value) {
    let newest = shown["kept"][0]["name"].as_str().unwrap().to_owned();
    eventually("another second", || {
        let now = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
        (!newest.contains(&now)).then_some(())
    });
}

fn files(running: &TestBox) -> Vec<PathBuf> {
    let folder = std::fs::read_dir(running.dir.join("stick")).unwrap();
    let mut all: Vec<PathBuf> = folder.map(|entry| entry.unwrap().path()).collect();
    all.retain(|path| path.extension().is_some_and(|extension| extension == "backup"));
    all.sort();
    all
}

#[test]
fn one_is_made_and_one_restored_for_trial_by_forms() {
    let running = with_a_stick();
    let programmer = Programmer::new(&running, "admin");
    let first = at_rest(&running, &programmer, 1);
    another_second(&first);
    let mut installer = signed_in(&running, "installer");
    let made = installer.submit("/box/backups", "/box/backups", &[]);
    assert_eq!((made.status, made.header("location")), (303, Some("/box/backups")));
    let second = at_rest(&running, &programmer, 2);
    assert_eq!(second["ended"]["what"], "back_up");
    assert!(second["ended"]["fault"].is_null(), "{second}");
    let page = installer.get("/box/backups").text();
    let name = first["kept"][0]["name"].as_str().unwrap();
    for words in [
        "The backup is made.",
        name,
        "read again to its end",
        "keys left out",
        "every day",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    assert!(
        !page.contains("http-equiv=\"refresh\"") && !page.contains("<script"),
        "{page}"
    );

    let tried = installer.submit("/box/backups", "/box/backups/trial", &[("name", name)]);
    assert_eq!(tried.status, 303, "{}", tried.text());
    let after = eventually("the older one was tried", || {
        let shown = at_rest(&running, &programmer, 2);
        (shown["ended"]["of"] == name).then_some(shown)
    });
    assert_eq!(after["last_trial"]["of"], name);
    let page = installer.get("/box/backups").text();
    assert!(page.contains(&format!("{name} could be restored.")), "{page}");
    let unknown = installer.submit("/box/backups", "/box/backups/trial", &[("name", "/etc/passwd")]);
    assert_eq!(unknown.status, 404, "no path is taken");
    let log = running.log();
    for words in [
        "somebody had the box backed up",
        "somebody had a backup restored for trial",
    ] {
        let line = log.lines().find(|line| line.contains(words));
        assert!(
            line.is_some_and(|line| line.contains("person installer")),
            "{words}: {log}"
        );
    }
}

#[test]
fn the_same_by_program_and_one_that_is_damaged_is_told() {
    let running = with_a_stick();
    let admin = Programmer::new(&running, "admin");
    let first = at_rest(&running, &admin, 1);
    assert_eq!(first["plan"]["keep"], 2);
    assert_eq!(first["plan"]["with_keys"], false);
    assert_eq!(first["kept"][0]["read_again"], true);
    assert_eq!(first["kept"][0]["keys"], "left_out");
    assert_eq!(first["kept"][0]["place"], "folder");
    assert_eq!(
        first["kept"][0]["bytes"],
        std::fs::metadata(&files(&running)[0]).unwrap().len()
    );
    another_second(&first);
    let made = by_token(&running, &["box:admin"], ("POST", "/v1/backups"));
    assert_eq!(made.status, 202, "{}", made.text());
    let second = at_rest(&running, &admin, 2);

    let older = files(&running).remove(0);
    let mut bytes = std::fs::read(&older).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x40;
    std::fs::write(&older, bytes).unwrap();
    let name = older.file_name().unwrap().to_str().unwrap();
    let path = format!("/v1/backups/{name}/trial");
    assert_eq!(by_token(&running, &["box:admin"], ("POST", &path)).status, 202);
    let bad = eventually("the damaged one was tried", || {
        let shown = at_rest(&running, &admin, 2);
        (shown["ended"]["of"] == name).then_some(shown)
    });
    assert!(bad["ended"]["fault"].is_string(), "{bad}");
    assert!(bad["kept"][1]["trial"]["fault"].is_string(), "{bad}");
    // The newest is tried then, and as it is whole, backups are as they should be.
    assert_eq!(bad["last_trial"]["of"], second["kept"][0]["name"]);
    assert!(
        bad["last_trial"]["fault"].is_null() && bad["trouble"].is_null(),
        "{bad}"
    );
    let page = signed_in(&running, "installer").get("/box/backups").text();
    assert!(page.contains(&format!("{name} could not be restored.")), "{page}");

    // One over the number to keep goes, and what was known of it.
    another_second(&bad);
    assert_eq!(admin.ask(&running, ("POST", "/v1/backups"), &Value::Null).status, 202);
    eventually("the damaged one is gone", || {
        let shown = at_rest(&running, &admin, 2);
        (!shown["kept"].to_string().contains(name)).then_some(())
    });
    for wrong in [name, "..%2F..%2Fetc%2Fpasswd", "gatelodge-20260102T030405Z.backup"] {
        let answer = admin.ask(&running, ("POST", &format!("/v1/backups/{wrong}/trial")), &Value::Null);
        assert_eq!(answer.status, 404, "{wrong}: {}", answer.text());
    }
}

#[test]
fn without_a_place_it_says_how_to_name_one() {
    let running = TestBox::start();
    let page = signed_in(&running, "installer").get("/box/backups").text();
    assert!(
        page.contains("Nobody said where backups go") && page.contains("[backup]"),
        "{page}"
    );
    assert!(!page.contains("Back up now"), "{page}");
    let admin = Programmer::new(&running, "admin");
    assert_eq!(admin.ask(&running, ("POST", "/v1/backups"), &Value::Null).status, 409);
}

#[test]
fn backups_are_for_whoever_runs_the_box() {
    let running = with_a_stick();
    let trial = "/v1/backups/gatelodge-20260102T030405Z.backup/trial";
    is_refused(
        &running,
        &["/box/backups"],
        &[("GET", "/v1/backups"), ("POST", "/v1/backups"), ("POST", trial)],
        &[("/box/backups", &[]), ("/box/backups/trial", &[("name", "x")])],
    );
    assert!(!running.log().contains("somebody had"), "nothing was begun");
}
