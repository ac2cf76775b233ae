//! `doctor`: what a box promises is proved from where it is called, and a fault is named with the next command.

use serde_json::Value;

use crate::perseus::fixture::Consented;
use crate::support::TestBox;

/// The steps of a chapter, each as its verdict and name.
fn chapter(report: &Value, name: &str) -> Vec<(String, String, String)> {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let found = report
        .as_array()
        .unwrap()
        .iter()
        .find(|chapter| chapter["name"] == name);
    let steps = found
        .and_then(|chapter| chapter["steps"].as_array())
        .cloned()
        .unwrap_or_default();
    steps
        .iter()
        .map(|step| (text(&step["verdict"]), text(&step["step"]), text(&step["words"])))
        .collect()
}

/// What it says, and whether it was content.
fn doctor(running: &TestBox, more: &[&str]) -> (Value, bool) {
    let output = running.command(&[&["doctor", "--json"], more].concat());
    let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"));
    (report, output.status.success())
}

#[test]
fn a_box_that_is_well_is_proved_chapter_by_chapter() {
    let running = TestBox::start();
    let (report, _) = doctor(&running, &[]);
    for (name, step) in [
        ("configuration", "files"),
        ("box", "running"),
        ("machine", "kernel"),
        ("machine", "descriptors"),
        ("places", "keys"),
        ("disk", "speed"),
        ("doors", "https"),
        ("doors", "certificate"),
        ("backup", "restores"),
    ] {
        let steps = chapter(&report, name);
        let found = steps.iter().find(|(_, known, _)| known == step);
        let (verdict, _, words) = found.unwrap_or_else(|| panic!("{name}, {step}: {report}"));
        assert_eq!(verdict, "good", "{name}, {step}: {words}");
    }
    // The test backup is thrown away, and is not taken for one that somebody made.
    let last = chapter(&report, "backup");
    assert!(
        last.iter()
            .any(|(verdict, step, _)| (verdict.as_str(), step.as_str()) == ("bad", "last")),
        "{last:?}"
    );
    let status = running.json(&["status"]);
    assert!(status["store"]["last_backup"].is_null(), "{status}");
    // For people: a line a step, with what to do.
    let told = running.command(&["doctor", "--quick"]);
    let said = String::from_utf8(told.stdout).unwrap();
    assert!(
        said.contains("BAD   last") && said.contains("next: ") && said.contains(" bad"),
        "{said}"
    );
    assert!(!said.contains("restores") && !said.contains("speed:"), "{said}");
}

#[test]
fn what_is_wrong_is_named_where_it_is_wrong() {
    // Its two meters answer nowhere.
    let mut consented = Consented::start();
    let running = &mut consented.running;
    let key = running.dir.join("data/pki/server/root.key.pem");
    use std::os::unix::fs::PermissionsExt;
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).unwrap();
    let (report, content) = doctor(running, &["--quick"]);
    assert!(!content);
    let bad = |name: &str| -> Vec<String> {
        let steps = chapter(&report, name).into_iter();
        steps
            .filter(|(verdict, ..)| verdict == "bad")
            .map(|(_, step, _)| step)
            .collect()
    };
    assert_eq!(bad("places"), ["keys"]);
    assert_eq!(bad("meters"), ["EML2", "EML2137580826"]);
    // A box that does not run: its ports, its folder and its configuration can be looked at all the same.
    running.stop();
    let (report, content) = doctor(running, &["--quick"]);
    assert!(!content);
    assert_eq!(chapter(&report, "box")[0].0, "bad");
    assert!(
        chapter(&report, "doors")
            .iter()
            .all(|(verdict, _, words)| verdict == "good" && words.ends_with("is free"))
    );
    assert!(chapter(&report, "meters").is_empty());
    // A configuration that is wrong is the first that is told.
    std::fs::write(running.config_file(), "[https]\nlisten = [\"nowhere\"]\n").unwrap();
    let (report, content) = doctor(running, &["--quick"]);
    assert!(!content && chapter(&report, "configuration")[0].0 == "bad", "{report}");
}
