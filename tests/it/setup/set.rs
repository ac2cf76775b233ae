//! What the setup sets: where it stands, that steps turn done by it, and that what is wrong changes nothing.

use serde_json::json;

use super::{BARE, Program, leads_to};
use crate::accounts::signed_in;
use crate::support::TestBox;

#[test]
fn steps_turn_done_as_the_box_becomes_so() {
    let mut running = TestBox::start_with(BARE);
    let file = running.dir.join("data/conf.d/10-setup.toml");
    let program = Program::new(&running, &["box:admin"]);
    assert_eq!(program.step(1).0, "waits");
    assert_eq!(program.step(2).0, "waits");
    assert_eq!(program.step(4).0, "waits", "nobody looks after it");
    assert!(!file.exists());

    let mut admin = signed_in(&running, "admin");
    let typed = [("name", "Elm+Court+%3Cb%3E"), ("timezone", "Europe/London")];
    assert_eq!(leads_to(&admin.submit("/setup", "/setup/site", &typed)), "/setup");
    let page = admin.get("/setup").text();
    assert!(
        page.contains("Elm Court &#60;b&#62;") && !page.contains("Court <b>"),
        "{page}"
    );
    let (_, words) = program.step(1);
    assert!(
        words.contains("Elm Court <b>") && words.contains("Europe/London"),
        "{words}"
    );
    let (state, words) = program.step(4);
    assert_eq!((state.as_str(), words.as_str()), ("done", "1 admin has a password"));

    let answer = program.ask("PUT", "/v1/setup/site", &json!({ "hostname": "127.0.0.1" }));
    assert_eq!(answer.status, 200, "{}", answer.text());
    let (state, words) = program.step(2);
    assert_eq!(state, "done", "{words}");
    assert!(
        words.contains("127.0.0.1 is 127.0.0.1, which is this machine"),
        "{words}"
    );

    // It stands in its own file, which the configuration names, and the next start has it.
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(
        text.contains("hostname = \"127.0.0.1\"") && text.contains("name = \"Elm Court <b>\""),
        "{text}"
    );
    let shown = running.command(&["config", "show"]);
    let shown = String::from_utf8(shown.stdout).unwrap();
    let line = shown
        .lines()
        .find(|line| line.contains("Elm Court"))
        .unwrap_or_else(|| panic!("{shown}"));
    assert!(line.contains("10-setup.toml"), "{line}");
    assert!(running.log().contains("somebody set the box up"), "it is audited");
    running.stop();
    running.run();
    let program = Program::new(&running, &["box:admin"]);
    assert!(program.step(1).1.contains("Elm Court"));
    assert_eq!(program.step(2).0, "done");
}

#[test]
fn what_is_wrong_changes_nothing() {
    let running = TestBox::start_with(BARE);
    let folder = running.dir.join("data/conf.d");
    let file = folder.join("10-setup.toml");
    let program = Program::new(&running, &["box:admin"]);
    let refused = |body| {
        let answer = program.ask("PUT", "/v1/setup/site", &body);
        assert_eq!(answer.status, 422, "{}", answer.text());
        answer.json()["detail"].as_str().unwrap().to_owned()
    };
    let why = refused(json!({ "name": "Elm Court", "timezone": "Mars/Olympus" }));
    assert!(why.contains("timezone") && !why.contains(".new"), "{why}");
    assert!(!file.exists());
    assert!(!program.step(1).1.contains("Elm Court"));

    // On the page, what was typed comes back.
    let mut admin = signed_in(&running, "admin");
    let typed = [("name", "Elm+Court"), ("timezone", "Mars/Olympus")];
    let answer = admin.submit("/setup", "/setup/site", &typed);
    let page = answer.text();
    assert_eq!(answer.status, 422);
    assert!(
        page.contains("value=\"Mars/Olympus\"") && page.contains("role=\"alert\""),
        "{page}"
    );

    // What comes later would win: that is said, and nothing is written.
    std::fs::write(folder.join("20-ours.toml"), "[site]\nname = \"Ours\"\n").unwrap();
    let why = refused(json!({ "name": "Elm Court" }));
    assert!(why.contains("site.name") && why.contains("config show"), "{why}");
    assert!(!file.exists());
    std::fs::remove_file(folder.join("20-ours.toml")).unwrap();

    // A file that somebody else broke stays as it is.
    std::fs::write(&file, "[site\n").unwrap();
    refused(json!({ "name": "Elm Court" }));
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "[site\n");
    std::fs::remove_file(&file).unwrap();

    // A fault elsewhere keeps what would be right, too, and the old goes on.
    let main = running.config_file();
    let before = std::fs::read_to_string(&main).unwrap();
    std::fs::write(
        &main,
        format!("{before}\n[backup]\ndirectory = \"/nowhere/at/all\"\nkeep = 0\n"),
    )
    .unwrap();
    let why = refused(json!({ "name": "Elm Court" }));
    assert!(why.contains("keep"), "{why}");
    assert!(!file.exists());
    std::fs::write(&main, before).unwrap();
    let answer = program.ask("PUT", "/v1/setup/site", &json!({ "name": "Elm Court" }));
    assert_eq!(answer.status, 200, "{}", answer.text());
    for body in [json!({ "nme": "x" }), json!([])] {
        assert_eq!(program.ask("PUT", "/v1/setup/site", &body).status, 400);
    }
    let kept: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|one| one.unwrap().file_name())
        .collect();
    assert_eq!(kept, ["10-setup.toml"], "no draft is left");
}

#[test]
fn backups_and_the_cloud_are_told_as_they_are() {
    let running = TestBox::start_with(BARE);
    let program = Program::new(&running, &["box:admin"]);
    let shown = program.ask("GET", "/v1/setup", &serde_json::Value::Null).json();
    let backup = &shown["steps"][4];
    assert_eq!(backup["state"], "waits");
    assert_eq!(backup["seen"][0]["command"], "gatelodge quickstart --backup-to FOLDER");
    assert_eq!(program.step(6).0, "done");
    let left = program.step(7);
    assert_eq!(left.0, "waits");

    let stick = running.dir.join("stick");
    std::fs::create_dir(&stick).unwrap();
    let section = format!(
        "{BARE}[backup]\ndirectory = {:?}\n[uplink]\nkind = \"mqtt\"\nurl = \"mqtt://127.0.0.1:1\"\n",
        stick.display().to_string()
    );
    let main = running.config_file();
    let before = std::fs::read_to_string(&main).unwrap();
    std::fs::write(&main, before.replace(BARE, &section)).unwrap();
    running.command(&["config", "reload"]);
    crate::support::eventually("a backup was made and restored, and the cloud does not answer", || {
        let (_, backup) = program.step(5);
        let whole = backup.contains("without keys") && backup.contains("and is whole");
        (whole && program.step(6).0 == "wrong").then_some(())
    });
    assert_eq!(program.step(5).0, "waits", "there are no keys in it");
}
