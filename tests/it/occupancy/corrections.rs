//! Counts that are put right: by `/v1`, on the page and by command, each with who and why, kept as long as history is and
//! without a name when somebody is erased.

use serde_json::{Value, json};

use super::client::{Client, space};
use crate::accounts::signed_in;
use crate::support::{TestBox, eventually};

fn corrections(client: &mut Client, path: &str) -> Vec<Value> {
    let listed = client.get(&format!("{path}/corrections"));
    assert_eq!(listed.status, 200, "{}", listed.text());
    listed.json()["corrections"].as_array().unwrap().clone()
}

#[test]
fn whoever_may_count_puts_a_count_right_and_it_is_written_down() {
    let running = TestBox::start();
    let mut operator = Client::operator(&running);
    let (path, owner) = space(&mut operator, 50);
    let made = operator
        .post(&format!("{path}/keys"), json!({ "role": "viewer" }))
        .json();
    let mut viewer = Client::with(&running, made["secret"].as_str().unwrap());
    let made = operator
        .post(&format!("{path}/keys"), json!({ "role": "counter" }))
        .json();
    let mut counter = Client::with(&running, made["secret"].as_str().unwrap());
    let mut owner = Client::with(&running, &owner);
    let set = json!({ "current": 27, "reason": "counted by hand" });
    for call in ["set", "reset"] {
        assert_eq!(
            viewer.post(&format!("{path}/{call}"), set.clone()).status,
            403,
            "{call}"
        );
    }
    let answer = counter.post(&format!("{path}/set"), set.clone());
    assert_eq!(
        (answer.status, &answer.json()["space"]["left"]),
        (200, &json!(23)),
        "{}",
        answer.text()
    );
    assert_eq!(answer.json()["applied"], 27);

    // Sent again under its key it is one correction; another under that key is none.
    let again = [("idempotency-key", "morning")];
    for _ in 0..2 {
        let answer = owner.ask(
            "POST",
            &format!("{path}/set"),
            json!({ "current": 60, "reason": "a crowd" }),
            &again,
        );
        assert_eq!(
            (answer.status, &answer.json()["space"]["current"]),
            (200, &json!(60)),
            "above the maximum too"
        );
    }
    assert_eq!(owner.ask("POST", &format!("{path}/set"), set, &again).status, 422);
    for body in [
        json!({ "current": 3 }),
        json!({ "current": 3, "reason": "" }),
        json!({ "current": 3, "reason": "two\nlines" }),
        json!({ "current": 3, "reason": "x".repeat(101) }),
        json!({ "current": 100_001, "reason": "x" }),
        json!({ "current": -1, "reason": "x" }),
        json!({ "current": 3, "reason": "x", "other": 1 }),
    ] {
        let answer = owner.post(&format!("{path}/set"), body.clone());
        assert!([400, 422].contains(&answer.status), "{body}: {}", answer.text());
        assert!(answer.json()["title"].is_string());
    }
    assert_eq!(
        owner
            .post(&format!("{path}/reset"), json!({ "reason": "fire drill" }))
            .json()["applied"],
        -60
    );
    assert_eq!(
        counter.ask("POST", &format!("{path}/reset"), Value::Null, &[]).json()["applied"],
        0
    );
    assert_eq!(
        counter.get(&format!("{path}/corrections")).status,
        403,
        "who did what is the owner's to see"
    );

    let all = corrections(&mut owner, &path);
    let told: Vec<_> = all
        .iter()
        .map(|one| (one["before"].clone(), one["after"].clone(), one["reason"].clone()))
        .collect();
    let expected = [
        (json!(0), json!(27), json!("counted by hand")),
        (json!(27), json!(60), json!("a crowd")),
        (json!(60), json!(0), json!("fire drill")),
        (json!(0), json!(0), Value::Null),
    ];
    assert_eq!(told, expected);
    assert!(
        all.iter().all(|one| one["by"].as_str().unwrap().starts_with("key ")),
        "{all:?}"
    );
    let taken = owner.get(&format!("{path}/export")).json();
    assert_eq!(
        taken["corrections"].as_array().map(Vec::len),
        Some(4),
        "and are taken along: {taken}"
    );
    let csv = owner.get(&format!("{path}/corrections?format=csv")).text();
    assert!(
        csv.starts_with("at,what,before,after,reason,by\r\n") && csv.lines().count() == 5,
        "{csv}"
    );
    eventually("they are in the history of counts as well", || {
        let raw = owner.get(&format!("{path}/history?step=raw")).json();
        let closes: Vec<_> = raw["points"]
            .as_array()?
            .iter()
            .map(|point| point["close"].clone())
            .collect();
        (closes == [json!(27), json!(60), json!(0), json!(0)]).then_some(())
    });
}

#[test]
fn a_space_may_be_overfilled_where_that_is_said_each_time() {
    let running = TestBox::start();
    let mut operator = Client::operator(&running);
    let (path, owner) = space(&mut operator, 2);
    let mut owner = Client::with(&running, &owner);
    let over = json!({ "by": 3, "policy": "overfill" });
    let refused = owner.post(&format!("{path}/change"), over.clone());
    assert_eq!(
        (refused.status, &refused.json()["applied"]),
        (409, &json!(2)),
        "{}",
        refused.text()
    );
    assert_eq!(owner.get(&path).json()["current"], 0);
    let patched = owner.ask("PATCH", &path, json!({ "overfill": true }), &[]).json();
    assert_eq!((&patched["overfill"], &patched["left"]), (&json!(true), &json!(2)));
    assert_eq!(
        owner.post(&format!("{path}/change"), over).json()["space"]["current"],
        3
    );
    assert_eq!(
        owner.post(&format!("{path}/change"), json!({ "by": 1 })).json()["applied"],
        0,
        "not by itself"
    );
    assert_eq!(owner.get(&path).json()["left"], 0);
}

#[test]
fn the_page_and_the_command_write_the_same_and_an_erased_name_goes() {
    let running = TestBox::start();
    let made = running.json(&["space", "create", "--name", "Hall", "--maximum", "50"]);
    let id = made["id"].as_str().unwrap();
    let set = running.json(&["space", "set", id, "--current", "12", "--reason", "counted & checked"]);
    assert_eq!(
        (&set["current"], &set["left"], &set["overfill"]),
        (&json!(12), &json!(38), &json!(false))
    );
    let refused = running.command(&["space", "set", id, "--maximum", "5", "--reason", "x"]);
    assert_eq!(refused.status.code(), Some(2), "a reason is of a count");
    let mut ben = signed_in(&running, "doorman");
    let page = format!("/spaces/{id}");
    let asked = ben.submit(&page, &format!("{page}/set"), &[("current", "7"), ("reason", "")]);
    assert_eq!(asked.status, 422, "a reason is wanted: {}", asked.text());
    let fields = [("current", "7"), ("reason", "shift+change"), ("back", "space")];
    let put_right = ben.submit(&format!("{page}/set?back=space"), &format!("{page}/set"), &fields);
    assert_eq!(
        put_right.header("location"),
        Some(format!("{page}?done=set").as_str()),
        "{}",
        put_right.text()
    );
    let emptied = ben.submit(&format!("{page}/empty"), &format!("{page}/empty"), &[]);
    assert_eq!(emptied.status, 303, "{}", emptied.text());

    let shown = ben.get(&page).text();
    for words in [
        "counted &#38; checked",
        "command line",
        "shift change",
        "<td>doorman</td>",
        "everybody out, 7 before",
        "12 → 7",
    ] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    let seen = signed_in(&running, "viewer").get(&page).text();
    assert!(
        seen.contains("shift change") && !seen.contains("<td>doorman</td>"),
        "a viewer reads nothing personal"
    );

    let held = running.json(&["user", "data", "doorman"]).to_string();
    assert!(held.contains("2 counts"), "{held}");
    let erased = running.command(&["user", "forget", "doorman", "--yes"]);
    assert!(erased.status.success(), "{}", String::from_utf8_lossy(&erased.stderr));
    let mut operator = Client::operator(&running);
    let all = corrections(&mut operator, &format!("/v1/spaces/{id}"));
    assert_eq!(all.len(), 3, "what was done stays");
    assert!(all.iter().all(|one| !one.to_string().contains("doorman")), "{all:?}");
    running.command(&["space", "delete", id]);
    assert_eq!(operator.get(&format!("/v1/spaces/{id}/corrections")).status, 404);
}

#[test]
fn a_space_is_named_bounded_and_ended_on_its_page_by_whoever_runs_the_box() {
    let running = TestBox::start();
    let made = running.json(&["space", "create", "--name", "Hall", "--maximum", "50", "--current", "9"]);
    let page = format!("/spaces/{}", made["id"].as_str().unwrap());
    let mut admin = signed_in(&running, "admin");
    let shown = admin.get(&page).text();
    for words in ["curl -X PATCH https://localhost", "/kiosks", "name=\"overfill\""] {
        assert!(shown.contains(words), "{words}: {shown}");
    }
    let id = made["id"].as_str().unwrap();
    let fields = [("name", "Great+hall"), ("maximum", "60"), ("overfill", "1")];
    let set = admin.submit(&page, &format!("{page}/settings"), &fields);
    assert_eq!(
        set.header("location"),
        Some(format!("{page}?done=settings").as_str()),
        "{}",
        set.text()
    );
    let now = running.json(&["space", "show", id]);
    assert_eq!(
        (&now["name"], &now["maximum"], &now["overfill"]),
        (&json!("Great hall"), &json!(60), &json!(true))
    );
    assert_eq!(now["current"], 9, "the count stays");
    let bad = admin.submit(&page, &format!("{page}/settings"), &[("name", "x"), ("maximum", "0")]);
    assert_eq!(bad.status, 422, "{}", bad.text());
    let day = admin.get(&format!("{page}?day=2026-01-01"));
    assert_eq!(day.status, 200, "{}", day.text());
    assert!(day.text().contains("the day after"));
    assert!(
        !admin.get(&page).text().contains("the day after"),
        "tomorrow is not known yet"
    );
    assert_eq!(admin.get(&format!("{page}?day=x")).status, 400);
    let csv = admin.get(&format!("{page}/day.csv"));
    assert_eq!(csv.header("content-type"), Some("text/csv; charset=utf-8"));
    assert!(csv.text().starts_with("at,min,max,mean,in,out,close"));

    let mut viewer = signed_in(&running, "viewer");
    for form in ["settings", "delete", "kiosks", "kiosks/x", "set", "empty"] {
        let refused = viewer.submit("/spaces", &format!("{page}/{form}"), &[("name", "x"), ("maximum", "3")]);
        assert_eq!(refused.status, 403, "{form}");
    }
    assert!(
        admin
            .get(&format!("{page}/delete"))
            .text()
            .contains("cannot be brought back")
    );
    let gone = admin.submit(&page, &format!("{page}/delete"), &[]);
    assert_eq!(gone.header("location"), Some("/spaces?done=deleted"), "{}", gone.text());
    assert_eq!(running.json(&["space", "list"]), json!([]));
    assert!(running.log().contains("a space was deleted") && running.log().contains("person admin"));
}
