//! Another version than before: what was there is backed up first, and an older one names the backup that it can read.

use std::path::{Path, PathBuf};

use crate::old_book::unpacked;
use crate::support::{TestBox, eventually};

fn backups(running: &TestBox) -> Vec<PathBuf> {
    let folder = std::fs::read_dir(running.dir.join("data/upgrades"));
    folder
        .into_iter()
        .flatten()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "backup"))
        .collect()
}

/// The version that a book says it was written by.
fn written_by(running: &TestBox, version: &str) {
    std::fs::write(running.dir.join("data/written-by"), version).unwrap();
}

#[test]
fn a_book_of_another_version_is_backed_up_before_anything_is_written() {
    let mut running = unpacked("stopped.tar.gz");
    running.run();
    let made = backups(&running);
    assert_eq!(made.len(), 1, "{made:?}");
    assert!(
        running.log().contains("backed up before anything is written"),
        "{}",
        running.log()
    );
    // It is no backup to rely on, since it lies on the disk that it would have to outlive.
    let last = running.json(&["status"])["store"]["last_backup"].clone();
    let last: jiff::Timestamp = last.as_str().unwrap().parse().unwrap();
    assert!(
        last < jiff::Timestamp::now() - jiff::SignedDuration::from_hours(1),
        "{last}"
    );
    let tried = running.command(&["restore", made[0].to_str().unwrap(), "--dry-run"]);
    assert!(tried.status.success(), "{tried:?}");
    // What else lies there is somebody's.
    std::fs::write(running.dir.join("data/upgrades/notes.txt"), "mine").unwrap();
    // Once, and the last two of them.
    running.stop();
    running.run();
    assert_eq!(backups(&running), made);
    let notes = running.dir.join("data/upgrades/notes.txt");
    for version in ["0.0.7", "0.0.8", "0.0.9"] {
        running.stop();
        written_by(&running, version);
        running.run();
    }
    assert!(notes.exists());
    let names: Vec<String> = backups(&running)
        .iter()
        .map(|path| path.display().to_string())
        .collect();
    assert!(
        names.len() == 2 && names.iter().any(|name| name.contains("gatelodge-0.0.9-")),
        "{names:?}"
    );
}

#[test]
fn a_box_that_is_new_has_nothing_to_go_back_to() {
    let running = TestBox::start();
    assert_eq!(backups(&running), Vec::<PathBuf>::new());
    assert!(!running.log().contains("another version"), "{}", running.log());
}

#[test]
fn an_older_version_refuses_a_newer_book_and_names_the_way_back() {
    let mut running = unpacked("stopped.tar.gz");
    running.run();
    running.command(&["user", "add", "late", "--role", "viewer"]);
    running.stop();
    let made = backups(&running).remove(0);
    // As a later version would leave it.
    let note = std::fs::read_dir(running.dir.join("data/store")).unwrap();
    let note = note
        .map(|entry| entry.unwrap().path().join("book"))
        .find(|note| note.exists())
        .unwrap();
    newer(&note);
    running.spawn();
    eventually("it ends", || {
        running.log().contains("install the newer gatelodge").then_some(())
    });
    assert_eq!(running.wait(), Some(1));
    assert!(
        running.log().contains(&format!("gatelodge restore {}", made.display())),
        "{}",
        running.log()
    );
    // Nothing was changed; and what it names is what it says.
    let restored = running.command(&["restore", made.to_str().unwrap()]);
    assert!(restored.status.success(), "{restored:?}");
    running.run();
    let people = running.json(&["user", "list"]);
    let names: Vec<_> = people
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].clone())
        .collect();
    assert!(
        names.contains(&"lodger".into()) && !names.contains(&"late".into()),
        "{names:?}"
    );
}

/// Writes the note anew with the next format and the checksum that goes with it.
fn newer(note: &Path) {
    let text = std::fs::read_to_string(note).unwrap();
    let (text, _) = text.trim_end().rsplit_once('\n').unwrap();
    let text = text.replace("\"format\": 1", "\"format\": 2");
    let sum = crc32fast::hash(text.as_bytes());
    std::fs::write(note, format!("{text}\n{sum:08x}\n")).unwrap();
}
