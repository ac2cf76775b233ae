//! What an admin does about people and tokens by forms, without script.

use super::{names, path_of};
use crate::accounts::{Browser, signed_in};
use crate::support::TestBox;

fn choose(running: &TestBox, link: &str) -> u16 {
    let mut browser = Browser::new(running);
    let path = format!("/welcome/{}", link.rsplit('/').next().unwrap());
    let fields = [("password", "a-good-long-word"), ("again", "a-good-long-word")];
    browser.submit(&path, &path, &fields).status
}

#[test]
fn somebody_is_added_invited_again_and_removed_by_forms() {
    let running = TestBox::start();
    let mut admin = signed_in(&running, "admin");
    let fields = [
        ("name", "flat-1"),
        ("role", "resident"),
        ("meters", "EML1@2026-05-01, EML2"),
    ];
    let made = admin.submit("/box/people", "/box/people", &fields);
    assert_eq!(made.status, 200, "{}", made.text());
    let first = path_of(&made.text(), "https://");
    assert!(
        made.text().contains("<svg") && made.text().contains("There is no meter EML1"),
        "{}",
        made.text()
    );
    let shown = admin.get("/box/people/flat-1").text();
    assert!(
        shown.contains("1 May 2026") && shown.contains("EML1@2026-05-01 EML2"),
        "{shown}"
    );
    assert!(shown.contains("has not chosen a password"), "{shown}");

    let again = admin.submit("/box/people/flat-1", "/box/people/flat-1/invitation", &[]);
    let second = path_of(&again.text(), "https://");
    assert_ne!(first, second);
    assert_eq!(choose(&running, &first), 404, "older links end");
    assert_eq!(choose(&running, &second), 303);
    assert!(admin.get("/box/people/flat-1").text().contains("has chosen a password"));
    assert!(!admin.get("/box/people").text().contains("has not chosen"));

    let asked = admin.get("/box/people/flat-1/remove").text();
    assert!(
        asked.contains("cannot be undone") && asked.contains("curl -X DELETE https://"),
        "{asked}"
    );
    assert_eq!(names(&running), ["admin", "flat-1"], "asking removes nobody");
    let gone = admin.submit("/box/people/flat-1/remove", "/box/people/flat-1/remove", &[]);
    assert_eq!((gone.status, gone.header("location")), (303, Some("/box/people")));
    assert_eq!(names(&running), ["admin"]);
    assert_eq!(admin.get("/box/people/flat-1").status, 404);
    let log = running.log();
    for act in ["add", "invite", "remove"] {
        let of_flat = |line: &&str| line.contains("somebody managed") && line.contains("flat-1");
        let line = log
            .lines()
            .filter(of_flat)
            .find(|line| line.contains(&format!("act=\"{act}\"")));
        let line = line.unwrap_or_else(|| panic!("{act} is not in {log}"));
        assert!(line.contains("person admin"), "{line}");
    }
}

#[test]
fn a_form_that_is_not_taken_comes_back_as_it_was_typed_and_changes_nothing() {
    let running = TestBox::start();
    let mut admin = signed_in(&running, "admin");
    type Fields<'f> = &'f [(&'f str, &'f str)];
    let faults: [(Fields<'_>, u16, &str); 5] = [
        (
            &[("name", "flat 1"), ("role", "viewer"), ("meters", "EML7")],
            422,
            "cannot be a name",
        ),
        (
            &[("name", "admin"), ("role", "viewer"), ("meters", "EML7")],
            409,
            "there is already a person",
        ),
        (
            &[("name", "x"), ("role", "king"), ("meters", "EML7")],
            422,
            "Choose a role",
        ),
        (
            &[("name", "x"), ("role", "viewer"), ("meters", "EML7 EML8@soon")],
            422,
            "EML8@soon",
        ),
        (
            &[
                ("name", "x"),
                ("role", "viewer"),
                ("meters", "EML7"),
                ("space-0190a5a4-7b1e-7cc3-98c4-dc0c0c07398f", "on"),
            ],
            422,
            "doormen alone",
        ),
    ];
    for (fields, status, words) in faults {
        let answer = admin.submit("/box/people", "/box/people", fields);
        let html = answer.text();
        assert_eq!(answer.status, status, "{fields:?}: {html}");
        assert!(
            html.contains(words) && html.contains("role=\"alert\""),
            "{words}: {html}"
        );
        let typed = fields.iter().filter(|(name, _)| *name == "name" || *name == "meters");
        for (name, value) in typed {
            assert!(
                html.contains(&format!("name=\"{name}\" value=\"{value}\"")),
                "{value}: {html}"
            );
        }
        assert_eq!(names(&running), ["admin"], "{fields:?}");
    }
    let fields = [("name", ""), ("scope-spaces:read", "on")];
    let token = admin.submit("/box/tokens", "/box/tokens", &fields);
    assert_eq!(token.status, 422, "{}", token.text());
    assert!(
        token.text().contains("name=\"scope-spaces:read\" checked"),
        "{}",
        token.text()
    );
    let token = admin.submit("/box/tokens", "/box/tokens", &[("name", "app")]);
    assert!(
        token.status == 422 && token.text().contains("at least one scope"),
        "{}",
        token.text()
    );
    assert_eq!(running.json(&["token", "list"]).as_array().unwrap().len(), 0);
}

#[test]
fn meters_and_spaces_are_linked_and_somebody_moves_out() {
    let running = TestBox::start_with(&format!("{}[meters]\n", crate::support::test_box::CONFIG));
    let hall = running.json(&["space", "create", "--name", "Great hall", "--maximum", "5"]);
    let attic = running.json(&["space", "create", "--name", "Attic", "--maximum", "5"]);
    let mut admin = signed_in(&running, "admin");
    running.json(&["user", "add", "porter", "--role", "doorman"]);
    let fields = format!("space-{}", hall["id"].as_str().unwrap());
    let set = admin.submit("/box/people/porter", "/box/people/porter/spaces", &[(&fields, "on")]);
    assert!(set.text().contains("The spaces are saved."), "{}", set.text());
    assert!(
        set.text().contains(&format!("name=\"{fields}\" checked")),
        "{}",
        set.text()
    );
    let other = format!("name=\"space-{}\" checked", attic["id"].as_str().unwrap());
    assert!(!set.text().contains(&other));
    let porter = &running.json(&["user", "list"])[1];
    assert_eq!(porter["spaces"], serde_json::json!([hall["id"]]));

    running.json(&[
        "user",
        "add",
        "anna",
        "--role",
        "resident",
        "--meter",
        "EML1@2026-01-01",
    ]);
    running.json(&["user", "add", "bert", "--role", "resident"]);
    let set = admin.submit("/box/people/bert", "/box/people/bert/meters", &[("meters", "EML1")]);
    assert!(set.text().contains("EML1 is anna&#39;s too."), "{}", set.text());
    let wrong = admin.submit(
        "/box/people/bert",
        "/box/people/bert/meters",
        &[("meters", "EML1@never")],
    );
    assert!(
        wrong.status == 422 && wrong.text().contains("value=\"EML1@never\""),
        "{}",
        wrong.text()
    );

    let wrong = admin.submit(
        "/box/people/anna/move-out",
        "/box/people/anna/move-out",
        &[("day", "9000-01-01")],
    );
    assert!(
        wrong.status == 422 && wrong.text().contains("value=\"9000-01-01\""),
        "{}",
        wrong.text()
    );
    assert_eq!(
        running.json(&["user", "list"])[1]["meters"],
        serde_json::json!(["EML1"]),
        "nothing is changed"
    );
    let left = admin.submit(
        "/box/people/anna/move-out",
        "/box/people/anna/move-out",
        &[("day", "2026-03-01")],
    );
    assert!(
        left.status == 200 && left.text().contains("anna has moved out"),
        "{}",
        left.text()
    );
    let anna = &running.json(&["user", "list"])[1];
    assert!(
        anna.get("meters").is_none() && anna["links"][0]["until"].is_string(),
        "{anna}"
    );
}

#[test]
fn a_token_is_made_shown_once_used_and_revoked_by_forms() {
    let running = TestBox::start();
    let mut admin = signed_in(&running, "admin");
    let fields = [("name", "desk"), ("scope-spaces:read", "on"), ("scope-box:admin", "on")];
    let made = admin.submit("/box/tokens", "/box/tokens", &fields).text();
    let token = made
        .split("<code>gatelodge_")
        .nth(1)
        .unwrap()
        .split('<')
        .next()
        .unwrap();
    let bearer = format!("Bearer gatelodge_{token}");
    let ask = || {
        running
            .https()
            .ask("GET", "/v1/alarms", &[("authorization", &bearer)])
            .status
    };
    assert_eq!(ask(), 200);
    let list = admin.get("/box/tokens").text();
    assert!(
        list.contains("desk") && list.contains("spaces:read box:admin") && !list.contains(token),
        "{list}"
    );
    let revoke = path_of(&list, "/box/tokens/");
    assert!(admin.get(&revoke).text().contains("Revoke the token desk?"));
    assert_eq!(ask(), 200, "asking revokes nothing");
    assert_eq!(admin.submit(&revoke, &revoke, &[]).status, 303);
    assert_eq!(ask(), 401);
    assert_eq!(admin.get(&revoke).status, 404);
}
