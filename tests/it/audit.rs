//! Who did what: in files of their own, each line tied to the one before, whichever lines the log shows.

use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use serde_json::Value;

use crate::support::test_box::CONFIG;
use crate::support::{TestBox, eventually};

fn file(running: &TestBox) -> PathBuf {
    let folder = running.dir.join("data/audit");
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.retain(|path| path.extension().is_some_and(|ending| ending == "jsonl"));
    files.sort();
    files.pop().unwrap()
}

fn lines(running: &TestBox) -> Vec<Value> {
    let text = std::fs::read_to_string(file(running)).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn what_was_done_is_written_down_though_the_log_shows_nothing_and_goes_on_after_a_kill() {
    let mut running = TestBox::start_with(&format!("{CONFIG}[log]\nfilter = \"error\"\n"));
    let made = running.json(&["token", "create", "--name", "desk", "--scope", "spaces:read"]);
    let token = made["token"].as_str().unwrap().to_owned();
    let told = eventually("it is written down", || {
        let told = lines(&running);
        told.iter()
            .any(|line| line.to_string().contains("desk"))
            .then_some(told)
    });
    assert!(!running.log().contains("desk"), "the log shows errors alone");
    assert_eq!(
        std::fs::metadata(file(&running)).unwrap().permissions().mode() & 0o777,
        0o600
    );
    running.kill();
    // Half a line, as a power cut leaves it.
    let text = std::fs::read_to_string(file(&running)).unwrap();
    std::fs::write(file(&running), format!("{text}{{\"n\": 9")).unwrap();
    running.run();
    running.json(&["token", "revoke", made["id"].as_str().unwrap()]);
    let after = eventually("it goes on", || {
        let after = lines(&running);
        (after.len() > told.len()).then_some(after)
    });
    let numbers: Vec<u64> = after.iter().map(|line| line["n"].as_u64().unwrap()).collect();
    assert_eq!(numbers, (1..=numbers.len() as u64).collect::<Vec<_>>());
    assert!(
        !std::fs::read_to_string(file(&running)).unwrap().contains(&token),
        "no secret"
    );
    let found = running.json(&["verify"]);
    assert_eq!(
        (&found["audit"]["lines"], found["audit"].get("broken")),
        (&after.len().into(), None)
    );
}

#[test]
fn a_line_that_somebody_changed_is_found() {
    let mut running = TestBox::start();
    for name in ["one", "two", "three"] {
        running.json(&["token", "create", "--name", name, "--scope", "spaces:read"]);
    }
    eventually("they are written down", || (lines(&running).len() >= 3).then_some(()));
    running.stop();
    let text = std::fs::read_to_string(file(&running)).unwrap();
    std::fs::write(file(&running), text.replacen("two", "bob", 1)).unwrap();
    let verified = running.command(&["verify"]);
    let said = String::from_utf8_lossy(&verified.stdout).into_owned();
    assert_eq!(verified.status.code(), Some(1), "{said}");
    assert!(said.contains("does not follow the one before"), "{said}");
    running.run();
    assert!(running.log().contains("the audit was changed"), "a start says so too");
    let status = running.json(&["status"]);
    assert_eq!(
        (&status["state"], &status["services"]["audit"]["state"]),
        (&"degraded".into(), &"hindered".into()),
        "{status}"
    );
    let found = status["verdict"]["findings"].to_string();
    assert!(
        found.contains("does not follow the one before") && found.contains("gatelodge verify"),
        "{found}"
    );
}

/// What is cut off, or taken away, while the box is down or runs.
#[test]
fn lines_that_are_not_there_any_more_are_missed() {
    for (harm, while_running) in [("cut", false), ("gone", false), ("gone", true), ("cut", true)] {
        let mut running = TestBox::start();
        for name in ["one", "two", "three"] {
            running.json(&["token", "create", "--name", name, "--scope", "spaces:read"]);
        }
        eventually("they are written down", || (lines(&running).len() >= 3).then_some(()));
        // The book is told once a second how far the audit came.
        std::thread::sleep(std::time::Duration::from_millis(2_500));
        let path = file(&running);
        if !while_running {
            running.stop();
        }
        match harm {
            "gone" => std::fs::remove_file(&path).unwrap(),
            _ => {
                let text = std::fs::read_to_string(&path).unwrap();
                let first = text.lines().next().unwrap();
                std::fs::write(&path, format!("{first}\n")).unwrap();
            }
        }
        if !while_running {
            running.run();
        }
        let case = format!("{harm}, {while_running}");
        eventually(&format!("it is told: {case}"), || {
            let status = running.json(&["status"]);
            (status["state"] == "degraded" && status.to_string().contains("not there any more")).then_some(())
        });
        eventually(&format!("the audit says so: {case}"), || {
            let text = std::fs::read_to_string(&path).unwrap_or_default();
            text.contains("lines of the audit are missing").then_some(())
        });
    }
}

#[test]
fn a_clock_that_stood_wrong_for_a_while_breaks_no_chain() {
    let mut running = TestBox::start();
    running.json(&["token", "create", "--name", "one", "--scope", "spaces:read"]);
    eventually("it is written down", || (!lines(&running).is_empty()).then_some(()));
    running.stop();
    // As a clock that was a year ahead left it.
    let path = file(&running);
    std::fs::rename(&path, path.with_file_name("2999-01.jsonl")).unwrap();
    running.run();
    running.json(&["token", "create", "--name", "two", "--scope", "spaces:read"]);
    eventually("it goes on there", || {
        std::fs::read_to_string(file(&running))
            .unwrap()
            .contains("two")
            .then_some(())
    });
    assert!(file(&running).ends_with("2999-01.jsonl"));
    assert_eq!(running.json(&["status"])["services"]["audit"]["state"], "running");
}
