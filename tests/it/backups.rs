//! Backup, restore, verify and salvage with the built binary, as an operator does them.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

use crate::support::test_box::{CONFIG, binary};
use crate::support::{TestBox, eventually};

fn counted(running: &TestBox, people: u32) -> String {
    let mut https = running.https();
    let space = https
        .ask("PUT", "/space/new/occupancy/current/0/max/1000/name/Kept", &[])
        .json();
    let path = format!("/space/{}", space["space_id"].as_str().unwrap());
    for _ in 0..people {
        assert_eq!(https.ask("PUT", &format!("{path}/increment"), &[]).status, 200);
    }
    path
}

fn people_in(running: &TestBox, path: &str) -> Value {
    running.https().ask("GET", path, &[]).json()["occupancy"]["current"].clone()
}

fn passphrase(running: &TestBox) -> String {
    let file = running.dir.join("passphrase");
    std::fs::write(&file, "a long enough passphrase\n").unwrap();
    file.display().to_string()
}

#[test]
fn a_backup_brings_back_counts_people_and_keys_on_another_box() {
    let running = TestBox::start();
    let path = counted(&running, 7);
    running.json(&["user", "add", "anna", "--role", "admin"]);
    let out = running.dir.join("out").display().to_string();
    let issued = running.json(&["pki", "client", "--name", "early", "--out", &out]);
    let secret = passphrase(&running);
    let file = running.dir.join("lodge.backup").display().to_string();
    let made = running.json(&["backup", &file, "--passphrase-file", &secret]);
    assert_eq!(made["bytes"].as_u64().unwrap(), std::fs::metadata(&file).unwrap().len());
    counted(&running, 3);
    assert!(!running.json(&["status"])["store"]["last_backup"].is_null());
    let bytes = std::fs::read(&file).unwrap();
    assert!(
        !bytes.windows(11).any(|bytes| bytes == b"PRIVATE KEY"),
        "no key is in a backup in clear"
    );

    let mut other = TestBox::unstarted(CONFIG);
    let would = other.json(&["restore", &file, "--dry-run", "--passphrase-file", &secret]);
    assert!(
        !other.dir.join("data/store").exists(),
        "a dry run changes nothing: {would}"
    );
    other.json(&["restore", &file, "--passphrase-file", &secret]);
    other.run();
    assert_eq!(people_in(&other, &path), 7);
    assert_eq!(other.json(&["user", "list"])[0]["name"], "anna");
    let root = |running: &TestBox| std::fs::read(running.ca_file()).unwrap();
    assert_eq!(root(&running), root(&other), "the same authorities");
    let verdict = other.json(&["pki", "verify", issued["certificate"].as_str().unwrap()]);
    assert_eq!(verdict["good"], true, "what was issued before is good after");
    assert_eq!(epoch(&running, &path), epoch(&other, &path), "it is the same change");
    for running in [&running, &other] {
        assert_eq!(
            running.https().ask("PUT", &format!("{path}/increment"), &[]).status,
            200
        );
    }
    assert_ne!(
        epoch(&running, &path),
        epoch(&other, &path),
        "what comes after has ids of its own on each box"
    );
}

/// The epoch as it stands in a space's version.
fn epoch(running: &TestBox, path: &str) -> String {
    let answer = running.https().ask("GET", path, &[]);
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
    let mut running = TestBox::start();
    let path = counted(&running, 2);
    let secret = passphrase(&running);
    let file = running.dir.join("lodge.backup").display().to_string();
    running.json(&["backup", &file, "--passphrase-file", &secret]);
    assert_eq!(
        running
            .command(&["restore", &file, "--passphrase-file", &secret])
            .status
            .code(),
        Some(5)
    );
    running.stop();
    let wrong = running.dir.join("wrong");
    std::fs::write(&wrong, "not the passphrase").unwrap();
    let refused = running.command(&["restore", &file, "--passphrase-file", wrong.to_str().unwrap()]);
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    let mut damaged = std::fs::read(&file).unwrap();
    let middle = damaged.len() / 2;
    damaged[middle] ^= 1;
    let damaged_file = running.dir.join("damaged.backup").display().to_string();
    std::fs::write(&damaged_file, damaged).unwrap();
    let refused = running.command(&["restore", &damaged_file, "--passphrase-file", &secret]);
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    running.run();
    assert_eq!(people_in(&running, &path), 2, "what was refused changed nothing");
    let unsaid = running.command(&["backup", &file]);
    assert_eq!(unsaid.status.code(), Some(2), "what becomes of the keys must be said");
    let folder = running.dir.join("folder");
    std::fs::create_dir(&folder).unwrap();
    for place in ["-", "/dev/null", folder.to_str().unwrap()] {
        let refused = running.command(&["backup", place, "--without-keys"]);
        assert_eq!(refused.status.code(), Some(2), "{place}: {refused:?}");
    }
    assert!(!std::fs::metadata("/dev/null").unwrap().is_file() && folder.is_dir());
    let (link, real) = (running.dir.join("link.backup"), running.dir.join("real.backup"));
    std::fs::write(&real, "").unwrap();
    std::os::unix::fs::symlink(&real, &link).unwrap();
    running.json(&["backup", link.to_str().unwrap(), "--without-keys"]);
    assert!(link.is_symlink() && std::fs::metadata(&real).unwrap().len() > 1_000);
    let short = running.dir.join("short");
    std::fs::write(&short, "seven77\n").unwrap();
    let guessed = running.dir.join("guessed.backup");
    let arguments = [
        "backup",
        guessed.to_str().unwrap(),
        "--passphrase-file",
        short.to_str().unwrap(),
    ];
    let refused = running.command(&arguments);
    assert_eq!(
        refused.status.code(),
        Some(2),
        "a passphrase that is guessed seals nothing"
    );
    assert!(!guessed.exists());
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
    let running = TestBox::start_with(&format!(
        "{CONFIG}[backup]\ndirectory = {:?}\nkeep = 2\n",
        folder.path()
    ));
    let made = eventually("a backup, and the old ones gone", || {
        let mut names: Vec<PathBuf> = std::fs::read_dir(folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().path())
            .filter(|path| path.extension().is_some_and(|extension| extension == "backup"))
            .collect();
        names.sort();
        (names.len() == 2 && !names[1].ends_with("gatelodge-20260103T000000Z.backup")).then(|| names.remove(1))
    });
    let report = running.json(&["restore", made.to_str().unwrap(), "--dry-run"]);
    assert!(report["report"]["members"].as_array().unwrap().len() > 1, "{report}");
    let status = eventually("the backup is noted", || {
        let status = running.json(&["status"]);
        (!status["store"]["last_backup"].is_null()).then_some(status)
    });
    assert_eq!(status["store"]["last_backup_keys"], "left_out", "{status}");
    let words = running.command(&["status"]);
    assert!(String::from_utf8_lossy(&words.stdout).contains("without keys"));
}

#[test]
fn only_a_backup_that_reached_its_file_counts() {
    let running = TestBox::start();
    let refused = running.command(&["backup", "/nonexistent/x", "--without-keys"]);
    assert_eq!(refused.status.code(), Some(1), "{refused:?}");
    assert_eq!(running.json(&["status"])["store"]["last_backup"], Value::Null);
    let file = running.dir.join("whole.backup").display().to_string();
    running.json(&["backup", &file, "--without-keys"]);
    let status = running.json(&["status"]);
    assert!(status["store"]["last_backup"].is_string(), "{status}");
    let left: Vec<_> = std::fs::read_dir(running.dir.join("data"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with("backup-"))
        .collect();
    assert!(left.is_empty(), "{left:?}");
    let other = TestBox::unstarted(CONFIG);
    let restored = other.command(&["restore", &file]);
    let words = String::from_utf8_lossy(&restored.stdout).into_owned();
    assert!(words.contains("no keys come with it"), "{restored:?}");
    let dry = TestBox::unstarted(CONFIG).command(&["restore", &file, "--dry-run"]);
    assert!(
        !String::from_utf8_lossy(&dry.stdout).contains("no keys come"),
        "{dry:?}"
    );
}

/// What a restore without keys allows, one with keys takes back: nothing of the note is left for a later day.
#[test]
fn a_restore_with_keys_leaves_no_leave_for_new_authorities() {
    let running = TestBox::start();
    let secret = passphrase(&running);
    let [bare, whole] = ["bare.backup", "whole.backup"].map(|name| running.dir.join(name).display().to_string());
    running.json(&["backup", &bare, "--without-keys"]);
    running.json(&["backup", &whole, "--passphrase-file", &secret]);
    let other = TestBox::unstarted(CONFIG);
    let notes = || {
        let entries = std::fs::read_dir(other.dir.join("data")).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names
            .filter(|name| name.starts_with("new-authorities"))
            .collect::<Vec<_>>()
    };
    for _ in 0..2 {
        other.json(&["restore", &bare]);
        assert_eq!(notes(), ["new-authorities"]);
    }
    other.json(&["restore", &whole, "--passphrase-file", &secret]);
    assert_eq!(notes(), [""; 0]);
    other.json(&["restore", &bare]);
    assert_eq!(notes(), ["new-authorities"], "and one without them allows it again");
}

#[test]
fn what_kills_left_of_backups_is_swept_at_the_start() {
    let mut running = TestBox::start();
    running.kill();
    let data = running.dir.join("data");
    for name in ["backup-0c4a261a0211.tmp", "backup-0c4a261a0211.tmp.unfinished"] {
        std::fs::write(data.join(name), "left").unwrap();
    }
    let left = data.join("pki/server/.root.key.pem.0123456789abcdef0123456789abcdef.new");
    std::fs::write(&left, "half a key").unwrap();
    running.run();
    assert!(!data.join("backup-0c4a261a0211.tmp").exists());
    assert!(!data.join("backup-0c4a261a0211.tmp.unfinished").exists());
    assert!(!left.exists() && data.join("pki/server/root.key.pem").exists());
}

/// A tmpfs; unmounted when dropped.
struct Stick(PathBuf);

impl Stick {
    fn plugged_in(at: &Path) -> Stick {
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=8m", "tmpfs"])
            .arg(at)
            .status();
        assert!(mounted.unwrap().success(), "this test mounts a tmpfs: run it as root");
        Stick(at.to_owned())
    }
}

impl Drop for Stick {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

#[test]
fn backups_go_to_no_folder_that_is_missing_or_an_empty_mount_point() {
    let mut running = TestBox::unstarted("");
    let stick = running.dir.join("stick");
    running.configure(&format!("{CONFIG}[backup]\ndirectory = {stick:?}\n"));
    running.run();
    let told = |running: &TestBox, words: &str| {
        eventually(words, || {
            let status = running.json(&["status"]);
            let alarms = status["alarms"].to_string();
            let alarm = alarms.contains("backups are not as they should be") && alarms.contains(words);
            (alarm
                && status["store"]["backup_trouble"]
                    .as_str()
                    .unwrap_or_default()
                    .contains(words))
            .then_some(())
        });
    };
    told(&running, "is not there");
    assert!(!stick.exists(), "a folder that is not there is never made");
    assert_eq!(running.json(&["status"])["store"]["last_backup"], Value::Null);

    std::fs::create_dir(&stick).unwrap();
    let plugged = Stick::plugged_in(&stick);
    running.stop();
    running.run();
    let backups = || {
        let entries = std::fs::read_dir(&stick).unwrap().map(|entry| entry.unwrap().path());
        entries
            .filter(|path| path.extension().is_some_and(|end| end == "backup"))
            .count()
    };
    eventually("a backup on the stick", || (backups() == 1).then_some(()));
    running.stop();

    drop(plugged);
    running.run();
    told(&running, "another file system");
    assert_eq!(backups(), 0, "nothing is written to the mount point");

    // It is meant, says somebody.
    std::fs::write(stick.join(".gatelodge-backups"), "").unwrap();
    running.stop();
    running.run();
    eventually("a backup in the folder that was said to be meant", || {
        (backups() == 1).then_some(())
    });
}

/// Every file of the PKI, by its name below it.
fn keys(running: &TestBox) -> Vec<(PathBuf, Vec<u8>)> {
    let folder = running.dir.join("data/pki");
    let files = files_below(&folder).into_iter();
    files
        .filter(|path| path.to_string_lossy().contains(".key.pem") && !path.to_string_lossy().contains("doors"))
        .map(|path| {
            (
                path.strip_prefix(&folder).unwrap().to_owned(),
                std::fs::read(&path).unwrap(),
            )
        })
        .collect()
}

#[test]
fn a_restore_that_is_killed_anywhere_is_all_or_nothing() {
    let running = TestBox::start();
    let path = counted(&running, 7);
    running.json(&["user", "add", "anna", "--role", "admin"]);
    let secret = passphrase(&running);
    let file = running.dir.join("lodge.backup").display().to_string();
    running.json(&["backup", &file, "--passphrase-file", &secret]);
    let (backed_up, mut ends) = (keys(&running), [0; 2]);
    let kills = std::env::var("GATELODGE_TEST_RESTORE_KILLS").map_or(10, |times| times.parse().unwrap());
    for kill in 0..kills {
        let mut other = TestBox::start();
        let before = keys(&other);
        other.json(&["user", "add", "bert", "--role", "admin"]);
        other.stop();
        let mut restoring = binary()
            .args(["restore", &file, "--passphrase-file", &secret, "--config"])
            .arg(other.config_file())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        // What it does grows with the time it has; where exactly it is hit does not matter.
        std::thread::sleep(Duration::from_millis(kill * 400 / kills));
        let _ = restoring.kill();
        restoring.wait().unwrap();
        other.run();
        let people = other.json(&["user", "list"])[0]["name"].clone();
        let expected = if people == "anna" { &backed_up } else { &before };
        assert!(
            keys(&other) == *expected,
            "after {kill}: the keys are those of the book"
        );
        if people == "anna" {
            assert_eq!(people_in(&other, &path), 7);
        }
        ends[usize::from(people == "anna")] += 1;
        other.json(&["restore", &file, "--dry-run", "--passphrase-file", &secret]);
    }
    eprintln!("{} kept the old book, {} have the new one", ends[0], ends[1]);
}

#[test]
fn an_authority_that_is_gone_or_damaged_shuts_what_needs_it_and_is_never_replaced_in_silence() {
    let mut running = TestBox::start();
    running.json(&["user", "add", "anna", "--role", "admin"]);
    let before = keys(&running);
    running.stop();
    let pki = running.dir.join("data/pki");
    // A hierarchy that no door uses here, and one that the mtls door trusts.
    std::fs::write(pki.join("signing/issuer.key.pem"), "").unwrap();
    let verified = running.command(&["verify"]);
    let words = String::from_utf8_lossy(&verified.stdout).into_owned();
    assert_eq!(verified.status.code(), Some(1), "{words}");
    assert!(
        words.contains("signing/issuer.key.pem: holds no whole private key"),
        "{words}"
    );
    running.run();
    assert_eq!(
        running.json(&["status"])["doors"].as_object().unwrap().len(),
        4,
        "every door is open"
    );
    running.stop();

    std::fs::rename(pki.join("client"), running.dir.join("client")).unwrap();
    running.run();
    let status = running.json(&["status"]);
    assert!(status["doors"]["https"][0].is_string(), "{status}");
    assert!(status["doors"]["mtls"].is_null(), "{status}");
    assert!(!pki.join("client").exists(), "nothing was made in its place");
    assert!(running.log().contains("the client authority that this box had is gone"));
    std::fs::rename(running.dir.join("client"), pki.join("client")).unwrap();
    eventually("the door opens by itself once the files are back", || {
        running.json(&["status"])["doors"]["mtls"][0].as_str().map(|_| ())
    });
    running.json(&["pki", "init", "--replace"]);
    let after = keys(&running);
    let same = |name: &str| {
        let of = |keys: &[(PathBuf, Vec<u8>)]| {
            keys.iter()
                .filter(|(path, _)| path.starts_with(name))
                .cloned()
                .collect::<Vec<_>>()
        };
        of(&before) == of(&after)
    };
    assert!(same("client") && same("server") && !same("signing"));
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
    let mut running = TestBox::start();
    let path = counted(&running, 300);
    running.kill();
    let data = running.dir.join("data/store");
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

    let verdict = running.command(&["verify"]);
    assert_eq!(verdict.status.code(), Some(1), "{verdict:?}");
    assert_eq!(std::fs::read(&largest).unwrap(), bytes, "verify changes nothing");
    let took = running.run();
    assert!(took.as_secs() < 10, "{took:?}");
    let status = running.json(&["status"]);
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
    let people = people_in(&running, &path).as_u64();
    assert!(
        people.is_none_or(|people| people <= 300),
        "what is served was once written: {people:?}"
    );
    assert_eq!(
        running
            .https()
            .ask("PUT", "/space/new/occupancy/current/0/max/5", &[])
            .status,
        200,
        "and it goes on"
    );
}
