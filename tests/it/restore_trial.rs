//! Backups that the box makes by itself are read again before they count, and restored for trial now and then.

use std::path::PathBuf;

use serde_json::Value;

use crate::support::{TestBox, eventually};

fn sections(running: &TestBox, every: &str) -> String {
    let folder = running.dir.join("stick");
    format!(
        "[https]\nlisten = [\"127.0.0.1:0\"]\n[occupancy]\n[backup]\ndirectory = {folder:?}\ntest_restore = \"{every}\"\n"
    )
}

fn box_with_backups() -> TestBox {
    let mut running = TestBox::unstarted("");
    std::fs::create_dir(running.dir.join("stick")).unwrap();
    running.configure(&sections(&running, "30d"));
    running.run();
    running
}

fn trial(running: &TestBox) -> Option<Value> {
    let status = running.json(&["status"]);
    Some(status["store"]["last_trial"].clone()).filter(|trial| !trial.is_null())
}

fn made(running: &TestBox) -> PathBuf {
    let folder = std::fs::read_dir(running.dir.join("stick")).unwrap();
    let mut all: Vec<PathBuf> = folder.map(|entry| entry.unwrap().path()).collect();
    all.retain(|path| path.extension().is_some_and(|extension| extension == "backup"));
    all.sort();
    all.pop().unwrap()
}

#[test]
fn a_first_backup_is_restored_for_trial_and_leaves_nothing() {
    let running = box_with_backups();
    let trial = eventually("a trial", || trial(&running));
    assert_eq!(trial["of"], made(&running).file_name().unwrap().to_str().unwrap());
    assert!(trial["fault"].is_null(), "{trial}");
    eventually("its folder goes", || {
        (!running.dir.join("data/restore-trial").exists()).then_some(())
    });
    let told = String::from_utf8(running.command(&["status"]).stdout).unwrap();
    assert!(
        told.contains("was restored for trial") && told.contains("it is whole"),
        "{told}"
    );
}

#[test]
fn one_that_cannot_be_restored_is_trouble_until_the_next_one_can() {
    let mut running = box_with_backups();
    eventually("a trial", || trial(&running));
    running.stop();
    let backup = made(&running);
    let mut bytes = std::fs::read(&backup).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 0x40;
    std::fs::write(&backup, bytes).unwrap();
    // What a kill left of a trial is no obstacle.
    std::fs::create_dir_all(running.dir.join("data/restore-trial/store/g000001")).unwrap();
    running.configure(&sections(&running, "1ms"));
    running.run();
    let trouble = eventually("it is told", || {
        let status = running.json(&["status"]);
        status["store"]["backup_trouble"].as_str().map(str::to_owned)
    });
    assert!(trouble.contains("could not be restored for trial"), "{trouble}");
    let doctor = running.command(&["doctor", "--quick"]);
    let said = String::from_utf8(doctor.stdout).unwrap();
    assert!(said.contains("BAD   trial"), "{said}");
    // The next one is tried, and all is well.
    running.stop();
    // The next one has another name, in which the second stands.
    let name = backup.file_name().unwrap().to_str().unwrap().to_owned();
    eventually("another second", || {
        let now = jiff::Timestamp::now().strftime("%Y%m%dT%H%M%SZ").to_string();
        (!name.contains(&now)).then_some(())
    });
    std::fs::remove_file(backup).unwrap();
    running.run();
    eventually("it is well again", || {
        let status = running.json(&["status"]);
        (status["store"]["backup_trouble"].is_null() && status["store"]["last_trial"]["fault"].is_null()).then_some(())
    });
}
