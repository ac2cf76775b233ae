//! The demo as a building that is alive, and what its pages say when something of it is broken.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::accounts::Browser;
use crate::support::demo::Demo;
use crate::support::eventually;
use crate::support::test_box::binary;

/// What is found, part and words; but for the alarm of the one that never answers, which comes when it comes.
fn findings(status: &Value) -> BTreeSet<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let found = status["verdict"]["findings"].as_array().unwrap();
    found
        .iter()
        .map(|one| (text(&one["part"]), text(&one["words"])))
        .filter(|(_, words)| !words.starts_with("Flat 9 does not answer"))
        .collect()
}

/// The text of a page, without what only its markup says.
fn text(browser: &mut Browser, path: &str) -> String {
    let answer = browser.get(path);
    assert_eq!(answer.status, 200, "{path}: {}", answer.text());
    answer.text()
}

#[test]
fn in_the_demo_a_building_lives_and_one_meter_does_not_answer() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(&folder.path().join("demo"));
    let ready = Instant::now();
    let mut admin = Browser::of_demo(&demo, "admin");
    let page = eventually("the building is there, with its one fault", || {
        let page = text(&mut admin, "/");
        page.contains("Flat 9 does not answer").then_some(page)
    });
    assert!(ready.elapsed() < Duration::from_secs(10), "{:?}", ready.elapsed());
    assert!(page.contains("6 of 7"), "all other meters answer: {page}");
    let meters = text(&mut admin, "/energy");
    for name in ["Flat 1", "Flat 5", "Stairs and lift"] {
        assert!(meters.contains(name), "{name}: {meters}");
    }
    let config = demo.found["config_file"].as_str().unwrap();
    let written = std::fs::read_to_string(config).unwrap();
    assert!(written.contains("counts = \"common\"") && written.contains("feeder = \"North\""));
    // The same weekday four weeks ago was read of a meter that began before it.
    let serial = demo.found["meters"][1].as_str().unwrap().to_owned();
    let day = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(28 * 24);
    let path = format!(
        "/v1/meters/{serial}/intervals?from={}&to={}",
        (day - jiff::SignedDuration::from_hours(4)).strftime("%Y-%m-%dT%H:00:00Z"),
        day.strftime("%Y-%m-%dT%H:00:00Z"),
    );
    let bearer = format!("Bearer {}", demo.found["api_token"].as_str().unwrap());
    let mut program = demo.https();
    let before = program.ask("GET", &path, &[("authorization", &bearer)]).json();
    assert_eq!(before["gaps"], 0, "{before}");
    assert!(before["total"].as_u64().unwrap() > 0, "{before}");
    // People come and go by themselves.
    let mut people = || -> Vec<u64> {
        let spaces = demo.found["spaces"].as_array().unwrap();
        let count = |space: &Value| {
            let path = format!("/space/{}", space.as_str().unwrap());
            program.ask("GET", &path, &[]).json()["occupancy"]["current"]
                .as_u64()
                .unwrap()
        };
        spaces.iter().map(count).collect()
    };
    let first = people();
    eventually("people move", || (people() != first).then_some(()));
    eventually("somebody is in each space", || {
        people().iter().all(|count| *count > 0).then_some(())
    });
}

#[test]
fn each_thing_that_is_broken_in_the_demo_is_told_where_people_look_and_ends_when_it_is_mended() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(&folder.path().join("demo"));
    let mut admin = Browser::of_demo(&demo, "admin");
    let whole = eventually("its own fault is found", || {
        let found = findings(&demo.status());
        let is_whole = found.iter().any(|(part, _)| part == "meters");
        is_whole.then_some(found)
    });
    for (thing, part, words) in [
        ("meter", "meters", "no answer from 2 of 7 meters"),
        ("certificate", "certificate", "that of the mtls door has ended"),
        ("relay", "relay", "it takes nobody new: it is drained"),
        ("disk", "store", "the disk is full, nothing new is taken"),
        ("clock", "clock", "it stands wrong"),
    ] {
        let said = demo.change(&["break", thing]);
        assert!(said.status.success(), "{thing}: {said:?}");
        let began = Instant::now();
        eventually(&format!("{thing} is told by status"), || {
            let found = findings(&demo.status());
            found.contains(&(part.to_owned(), words.to_owned())).then_some(())
        });
        for path in ["/", "/box"] {
            eventually(&format!("{thing} is told on {path}"), || {
                text(&mut admin, path).contains(words).then_some(())
            });
        }
        assert!(
            began.elapsed() < Duration::from_secs(15),
            "{thing}: {:?}",
            began.elapsed()
        );
        let said = demo.change(&["mend", thing]);
        assert!(said.status.success(), "{thing}: {said:?}");
        eventually(&format!("{thing} is well again"), || {
            (findings(&demo.status()) == whole).then_some(())
        });
        assert!(!text(&mut admin, "/").contains(words), "{thing} is told no more");
    }
    // All at once.
    for thing in ["certificate", "relay"] {
        assert!(demo.change(&["break", thing]).status.success());
    }
    eventually("both are told", || {
        (findings(&demo.status()).len() == whole.len() + 2).then_some(())
    });
    assert!(demo.change(&["mend"]).status.success());
    eventually("all is well again", || {
        (findings(&demo.status()) == whole).then_some(())
    });
}

#[test]
fn where_no_demo_runs_nothing_can_be_broken() {
    let folder = tempfile::tempdir().unwrap();
    let said = binary()
        .args(["demo", "break", "meter", "--dir"])
        .arg(folder.path())
        .output()
        .unwrap();
    assert_eq!(said.status.code(), Some(4), "{said:?}");
    let words = String::from_utf8_lossy(&said.stderr).into_owned();
    assert!(words.contains("no demo runs in"), "{words}");
    let said = binary().args(["demo", "break", "roof"]).output().unwrap();
    assert_eq!(said.status.code(), Some(2), "{said:?}");
}
