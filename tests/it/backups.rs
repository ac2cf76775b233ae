//! Backup, restore, verify and salvage with the built binary, as an operator does them.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::support::lodge::CONFIG;
use crate::support::{Lodge, eventually};

fn counted(lodge: &Lodge, people: u32) -> String {
    let mut https = lodge.https();
    let space = https
        .ask("PUT", "/space/new/occupancy/current/0/max/1000/name/Kept", &[])
        .json();
    let path = format!("/space/{}", space["space_id"].as_str().unwrap());
    for _ in 0..people {
        assert_eq!(https.ask("PUT", &format!("{path}/increment"), &[]).status, 200);
    }
    path
}

fn people_in(lodge: &Lodge, path: &str) -> Value {
    lodge.https().ask("GET", path, &[]).json()["occupancy"]["current"].clone()
}

fn passphrase(lodge: &Lodge) -> String {
    let file = lodge.dir.join("passphrase");
    std::fs::write(&file, "a long enough passphrase\n").unwrap();
    file.display().to_string()
}

#[test]
fn a_backup_brings_back_counts_people_and_keys_on_another_box() {
    let lodge = Lodge::start();
    let path = counted(&lodge, 7);
    lodge.json(&["user", "add", "anna", "--role", "admin"]);
    let out = lodge.dir.join("out").display().to_string();
    let issued = lodge.json(&["pki", "client", "--name", "early", "--out", &out]);
    let secret = passphrase(&lodge);
    let file = lodge.dir.join("lodge.backup").display().to_string();
    let made = lodge.json(&["backup", &file, "--passphrase-file", &secret]);
    assert_eq!(made["bytes"].as_u64().unwrap(), std::fs::metadata(&file).unwrap().len());
    counted(&lodge, 3);
    assert!(!lodge.json(&["status"])["store"]["last_backup"].is_null());
    let bytes = std::fs::read(&file).unwrap();
    assert!(
        !bytes.windows(11).any(|bytes| bytes == b"PRIVATE KEY"),
        "no key is in a backup in clear"
    );

    let mut other = Lodge::unstarted(CONFIG);
    let would = other.json(&["restore", &file, "--dry-run", "--passphrase-file", &secret]);
    assert!(
        !other.dir.join("data/store").exists(),
        "a dry run changes nothing: {would}"
    );
    other.json(&["restore", &file, "--passphrase-file", &secret]);
    other.run();
    assert_eq!(people_in(&other, &path), 7);
    assert_eq!(other.json(&["user", "list"])[0]["name"], "anna");
    let root = |lodge: &Lodge| std::fs::read(lodge.ca_file()).unwrap();
    assert_eq!(root(&lodge), root(&other), "the same authorities");
    let verdict = other.json(&["pki", "verify", issued["certificate"].as_str().unwrap()]);
    assert_eq!(verdict["good"], true, "what was issued before is good after");
    assert_ne!(
        epoch(&lodge, &path),
        epoch(&other, &path),
        "sequence numbers begin a new life"
    );
}

/// The epoch as it stands in a space's version.
fn epoch(lodge: &Lodge, path: &str) -> String {
    let answer = lodge.https().ask("GET", path, &[]);
    answer
        .header("etag")
        .unwrap()
        .trim_matches('"')
        .split('.')
        .next()
        .unwrap()
        .to_owned()
}

#[test]
fn a_restore_needs_the_box_stopped_and_the_right_passphrase() {
    let mut lodge = Lodge::start();
    let path = counted(&lodge, 2);
    let secret = passphrase(&lodge);
    let file = lodge.dir.join("lodge.backup").display().to_string();
    lodge.json(&["backup", &file, "--passphrase-file", &secret]);
    assert_eq!(
        lodge
            .command(&["restore", &file, "--passphrase-file", &secret])
            .status
            .code(),
        Some(5)
    );
    lodge.stop();
    let wrong = lodge.dir.join("wrong");
    std::fs::write(&wrong, "not the passphrase").unwrap();
    let refused = lodge.command(&["restore", &file, "--passphrase-file", wrong.to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    let mut damaged = std::fs::read(&file).unwrap();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    let damaged_file = lodge.dir.join("damaged.backup").display().to_string();
    std::fs::write(&damaged_file, damaged).unwrap();
    let refused = lodge.command(&["restore", &damaged_file, "--passphrase-file", &secret]);
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    lodge.run();
    assert_eq!(people_in(&lodge, &path), 2, "what was refused changed nothing");
    let unsaid = lodge.command(&["backup", &file]);
    assert_eq!(unsaid.status.code(), Some(2), "what becomes of the keys must be said");
}

#[test]
fn the_box_backs_itself_up_and_keeps_as_many_as_it_is_told() {
    let folder = tempfile::tempdir().unwrap();
    for day in 1..=3 {
        std::fs::write(
            folder.path().join(format!("gatelodge-2026010{day}T000000Z.backup")),
            "old",
        )
        .unwrap();
    }
    let lodge = Lodge::start_with(&format!(
        "{CONFIG}[backup]\ndirectory = {:?}\nkeep = 2\n",
        folder.path()
    ));
    let made = eventually("a backup, and the old ones gone", || {
        let mut names: Vec<PathBuf> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .collect();
        names.sort();
        (names.len() == 2 && !names[1].ends_with("gatelodge-20260103T000000Z.backup")).then(|| names.remove(1))
    });
    let report = lodge.json(&["restore", made.to_str().unwrap(), "--dry-run"]);
    assert!(report["report"]["members"].as_array().unwrap().len() > 1, "{report}");
}

fn files_below(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files_below(&path))
        } else {
            found.push(path)
        }
    }
    found.sort();
    found
}

#[test]
fn a_damaged_store_starts_in_salvage_and_says_what_is_lost() {
    let mut lodge = Lodge::start();
    let path = counted(&lodge, 300);
    lodge.kill();
    let data = lodge.dir.join("data/store");
    let largest = files_below(&data)
        .into_iter()
        .filter(|file| {
            !file
                .components()
                .any(|part| part.as_os_str() == "table" || part.as_os_str() == "sled")
        })
        .max_by_key(|file| std::fs::metadata(file).unwrap().len())
        .unwrap();
    let mut bytes = std::fs::read(&largest).unwrap();
    // Somewhere in the middle of what is written: a later record calls it durable.
    let end = bytes.iter().rposition(|byte| *byte != 0).unwrap();
    bytes[end / 2] ^= 0xff;
    std::fs::write(&largest, &bytes).unwrap();

    let verdict = lodge.command(&["verify"]);
    assert_eq!(verdict.status.code(), Some(1), "{verdict:?}");
    assert_eq!(std::fs::read(&largest).unwrap(), bytes, "verify changes nothing");
    let took = lodge.run();
    assert!(took.as_secs() < 10, "{took:?}");
    let status = lodge.json(&["status"]);
    assert_eq!(status["state"], "salvage");
    assert!(
        status["store"]["salvage"]["losses"]
            .as_array()
            .is_some_and(|losses| !losses.is_empty()),
        "{status}"
    );
    let kept = files_below(&data)
        .into_iter()
        .any(|file| std::fs::read(file).is_ok_and(|found| found == bytes));
    assert!(kept, "the damaged copy is kept");
    let people = people_in(&lodge, &path).as_u64();
    assert!(
        people.is_none_or(|people| people <= 300),
        "what is served was once written: {people:?}"
    );
    assert_eq!(
        lodge
            .https()
            .ask("PUT", "/space/new/occupancy/current/0/max/5", &[])
            .status,
        200,
        "and it goes on"
    );
}
