//! Codes of a meter that is removed, or that the configuration has no more: still there for whoever may give codes.

use serde_json::json;

use super::topup_doors::SERIAL;
use crate::accounts::signed_in;
use crate::support::TestBox;
use crate::support::test_box::CONFIG;

const CODE: &str = "10000000000000001250";

/// A box with a meter that was added and never answers, and a code that waits for it; the code's id.
fn with_a_waiting_code() -> (TestBox, String) {
    let running = TestBox::start_with(&format!(
        "{CONFIG}\n[meters]\nrequest_gap = \"0s\"\ntimeout = \"1s\"\nattempts = 1\n"
    ));
    let link = ["--link", "tcp://127.0.0.1:9", "--hardware", "EMA1.w"];
    running.json(&[&["meter", "add", SERIAL][..], &link].concat());
    let file = running.dir.join("code");
    std::fs::write(&file, CODE).unwrap();
    let file = file.display().to_string();
    running.command(&["prepay", "send", SERIAL, "--token-file", &file, "--wait", "0"]);
    let id = running.json(&["prepay", "list"])[0]["id"].as_str().unwrap().to_owned();
    (running, id)
}

#[test]
fn a_meter_with_codes_that_are_not_settled_is_removed_only_on_purpose() {
    let (running, id) = with_a_waiting_code();
    let refused = running.command(&["meter", "remove", SERIAL]);
    let said = String::from_utf8_lossy(&refused.stderr).into_owned();
    assert_eq!(refused.status.code(), Some(5), "{said}");
    for words in [&format!("{id} (waiting)"), "prepay cancel", "prepay settle", "--yes"] {
        assert!(said.contains(words), "{said}");
    }
    assert_eq!(
        running.json(&["meter", "list"])[0]["serial"],
        SERIAL,
        "it is still there"
    );
    let removed = running.command(&["meter", "remove", SERIAL, "--yes"]);
    let said = String::from_utf8_lossy(&removed.stderr).into_owned();
    assert!(
        removed.status.success() && said.contains(&format!("prepay list --meter {SERIAL}")),
        "{said}"
    );
    assert!(
        running
            .log()
            .contains("a meter was removed that has codes which are not settled")
    );

    let (again, id) = with_a_waiting_code();
    again.json(&["prepay", "cancel", &id]);
    assert_eq!(
        again.json(&["meter", "remove", SERIAL]),
        json!({ "removed": SERIAL, "topups": [] })
    );
}

#[test]
fn a_code_of_a_meter_that_was_removed_is_seen_and_taken_back() {
    let (running, id) = with_a_waiting_code();
    let removed = running.json(&["meter", "remove", SERIAL, "--yes"]);
    assert_eq!(removed["topups"][0]["id"], id.as_str());
    let made = running.json(&["token", "create", "--name", "app", "--scope", "meters:topup"]);
    let bearer = format!("Bearer {}", made["token"].as_str().unwrap());
    let auth = ("authorization", bearer.as_str());
    let mut https = running.https();
    let tokens = format!("/v1/meters/{SERIAL}/tokens");
    let one = format!("{tokens}/{id}");
    let shown = https.ask("GET", &one, &[auth]);
    assert_eq!((shown.status, &shown.json()["state"]), (200, &json!("waiting")));
    assert!(
        shown.json()["words"]
            .as_str()
            .unwrap()
            .contains("does not serve the meter")
    );
    let listed = https.ask("GET", &tokens, &[auth]).json();
    assert_eq!(listed["topups"][0]["id"], id.as_str());
    // Of a meter that was never there nothing is said, and none is given a code.
    assert_eq!(
        https
            .ask("GET", &format!("/v1/meters/EML1/tokens/{id}"), &[auth])
            .status,
        404
    );
    let body = json!({ "token": "10000000000000001251" }).to_string();
    let given = https.try_ask("POST", &tokens, &[auth], body.as_bytes()).unwrap();
    assert_eq!(given.status, 404, "{}", given.text());
    // Whoever lived there sees it too.
    let mut resident = signed_in(&running, "resident");
    running.json(&["user", "meters", "resident", SERIAL]);
    let page = format!("/energy/{SERIAL}/topups");
    // It was given before they lived there.
    let list = resident.get(&page);
    assert_eq!(list.status, 200);
    assert!(!list.text().contains("<form class=\"card narrow\"") && list.text().contains("does not know the meter"));

    let taken_back = https.ask("DELETE", &one, &[auth]);
    assert_eq!(
        (taken_back.status, &taken_back.json()["state"]),
        (200, &json!("cancelled"))
    );
    assert_eq!(
        https.ask("DELETE", &one, &[auth]).status,
        409,
        "it does not wait any more"
    );
}
