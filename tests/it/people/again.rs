//! Who may sign in is changed by somebody who typed their password of late, and there is always somebody left who can.

use serde_json::{Value, json};

use super::{Programmer, names};
use crate::accounts::{Browser, signed_in};
use crate::support::TestBox;
use crate::support::sessions::age_sessions;

/// An admin who signed in an hour ago, and somebody whom they manage.
fn an_hour_later() -> (TestBox, Browser) {
    let mut running = TestBox::start();
    running.json(&["user", "add", "clara", "--role", "viewer"]);
    let browser = signed_in(&running, "admin");
    age_sessions(&mut running);
    let browser = browser.again(&running);
    (running, browser)
}

#[test]
fn pages_of_people_ask_for_the_password_after_a_quarter_of_an_hour_and_lead_back() {
    let (running, mut browser) = an_hour_later();
    for (page, again) in [
        ("/box/people", "/me/again?to=/box/people"),
        ("/box/people/clara/remove", "/me/again?to=/box/people/clara/remove"),
        ("/box/tokens", "/me/again?to=/box/tokens"),
    ] {
        let answer = browser.get(page);
        assert_eq!((answer.status, answer.header("location")), (303, Some(again)), "{page}");
        assert!(!answer.text().contains("clara"), "nothing is said before");
    }
    // A form that stood open all the while leads to its page, and changes nothing.
    for form in ["/box/people/clara/invitation", "/box/people/clara/meters"] {
        let answer = browser.submit("/me", form, &[("meters", "EML1")]);
        assert_eq!(
            answer.header("location"),
            Some("/me/again?to=/box/people/clara"),
            "{form}"
        );
    }
    let here = "/me/again?to=/box/people/clara";
    let wrong = browser.submit(here, here, &[("password", "wrong")]);
    assert_eq!(wrong.status, 401, "{}", wrong.text());
    let before = browser.cookies();
    let right = browser.submit(here, here, &[("password", "correct-horse")]);
    assert_eq!(
        (right.status, right.header("location")),
        (303, Some("/box/people/clara"))
    );
    assert_eq!(browser.get("/box/people/clara").status, 200);
    // The new session took the place of the old one.
    let old = running.https().ask("GET", "/box/people", &[("cookie", &before)]);
    assert_eq!(old.header("location"), Some("/login"));
    let me = browser.get("/me").text();
    let (_, sessions) = me.split_once("<ul class=\"folk\">").unwrap();
    assert_eq!(sessions.split("</ul>").next().unwrap().matches("<li>").count(), 1);
}

#[test]
fn calls_by_a_session_whose_password_is_long_ago_change_nothing_and_read() {
    let (running, mut browser) = an_hour_later();
    let admin = Programmer::of(&mut browser, "/me");
    for (method, path, body) in super::others::calls() {
        let answer = admin.ask(&running, (method, path), &body);
        match method {
            "GET" => assert_eq!(answer.status, 200, "{path}"),
            _ => {
                assert_eq!(answer.status, 403, "{method} {path}: {}", answer.text());
                assert!(answer.text().contains("prove-again"), "{method} {path}");
            }
        }
    }
    assert_eq!(names(&running), ["admin", "clara"]);
}

#[test]
fn the_last_admin_who_can_sign_in_is_removed_by_command_alone() {
    let running = TestBox::start();
    let mut browser = signed_in(&running, "admin");
    let admin = Programmer::of(&mut browser, "/me");
    // One who has not chosen a password yet manages nobody.
    running.json(&["user", "add", "boss", "--role", "admin"]);
    let refused = admin.ask(&running, ("DELETE", "/v1/people/admin"), &Value::Null);
    assert_eq!(refused.status, 409, "{}", refused.text());
    assert!(
        refused.text().contains("only admin who can sign in"),
        "{}",
        refused.text()
    );
    let ask = "/box/people/admin/remove";
    let page = browser.submit(ask, ask, &[]);
    assert_eq!(page.status, 409, "{}", page.text());
    assert!(page.text().contains("only admin who can sign in"));
    assert_eq!(browser.get("/box/people").status, 200, "they are signed in still");

    assert_eq!(
        admin.ask(&running, ("DELETE", "/v1/people/boss"), &Value::Null).status,
        204
    );
    crate::accounts::add(&running, "second", "admin");
    assert_eq!(
        admin.ask(&running, ("DELETE", "/v1/people/admin"), &Value::Null).status,
        204
    );
    running.json(&["user", "remove", "second"]);
    assert!(names(&running).is_empty());
}

#[test]
fn the_document_says_of_each_call_whether_a_session_is_taken() {
    let running = TestBox::start_with(&format!("{}[meters]\n", crate::support::test_box::CONFIG));
    let mut browser = signed_in(&running, "admin");
    let admin = Programmer::of(&mut browser, "/me");
    let document = running.https().ask("GET", "/openapi.json", &[]).json();
    let mut seen = 0;
    for (path, methods) in document["paths"].as_object().unwrap() {
        let methods = methods.as_object().unwrap().iter();
        for (method, operation) in methods.filter(|_| path.starts_with("/v1/")) {
            let security = operation["security"].as_array().unwrap();
            let by_session = security.iter().find(|way| way.get("session").is_some());
            let changes = method != "get";
            if let Some(way) = by_session {
                assert_eq!(way.get("form").is_some(), changes, "{method} {path}");
                seen += 1;
            }
            let filled = path.replace(['{', '}'], "");
            let answer = admin.ask(&running, (&method.to_uppercase(), &filled), &json!("nothing"));
            let taken = answer.status != 401;
            let is_closed = answer.status == 404 && answer.text().contains("not-found");
            assert!(
                taken == by_session.is_some() || is_closed,
                "{method} {path}: {} {}",
                answer.status,
                answer.text()
            );
        }
    }
    assert!(seen >= 12, "{seen}");
}
