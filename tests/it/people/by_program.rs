//! The same by `/v1`, with the session of an admin.

use serde_json::{Value, json};

use super::{Programmer, names};
use crate::support::TestBox;

#[test]
fn each_action_is_one_call() {
    let running = TestBox::start_with(&format!("{}[meters]\n", crate::support::test_box::CONFIG));
    let admin = Programmer::new(&running, "admin");
    let call = |method: &str, path: &str, body: Value| admin.ask(&running, (method, path), &body);
    let sent = json!({"name": "flat-1", "role": "resident", "meters": ["EML1@2026-05-01"]});
    let added = call("POST", "/v1/people", sent);
    assert_eq!(added.status, 201, "{}", added.text());
    let added = added.json();
    let code = added["code"].as_str().unwrap();
    assert!(
        added["link"].as_str().unwrap().ends_with(&format!("/welcome/{code}")),
        "{added}"
    );
    assert_eq!(added["unknown_meters"], json!(["EML1"]));
    assert!(running.https().ask("GET", &format!("/welcome/{code}"), &[]).status == 200);

    let people = call("GET", "/v1/people", Value::Null).json();
    assert_eq!(people, running.json(&["user", "list"]));
    assert_eq!(people[1]["password_set"], false);
    let linked = call("PUT", "/v1/people/flat-1/meters", json!(["EML2"])).json();
    assert_eq!(linked["meters"], json!(["EML2"]));
    let invited = call("POST", "/v1/people/flat-1/invitation", Value::Null);
    assert_eq!(invited.status, 201);
    assert!(invited.json()["link"].as_str().unwrap().contains("/welcome/"));
    assert!(running.https().ask("GET", &format!("/welcome/{code}"), &[]).status == 404);
    let hall = running.json(&["space", "create", "--name", "Hall", "--maximum", "5"]);
    let no_doorman = call("PUT", "/v1/people/flat-1/spaces", json!([hall["id"]]));
    assert_eq!(no_doorman.status, 422, "{}", no_doorman.text());
    assert_eq!(
        call("POST", "/v1/people", json!({"name": "porter", "role": "doorman"})).status,
        201
    );
    let porter = call("PUT", "/v1/people/porter/spaces", json!([hall["id"]])).json();
    assert_eq!(porter["spaces"], json!([hall["id"]]));
    let dry = call("POST", "/v1/people/flat-1/move-out", json!({"dry_run": true})).json();
    assert_eq!(dry["meters"][0]["meter"], "EML2");
    let left = call("POST", "/v1/people/flat-1/move-out", json!({})).json();
    assert_eq!(
        (&left["dry_run"], &left["invitations"]),
        (&json!(false), &json!(1)),
        "{left}"
    );
    assert_eq!(call("DELETE", "/v1/people/flat-1", Value::Null).status, 204);
    assert_eq!(names(&running), ["admin", "porter"]);

    let made = call("POST", "/v1/tokens", json!({"name": "app", "scopes": ["box:admin"]}));
    assert_eq!(made.status, 201, "{}", made.text());
    let (id, token) = (
        made.json()["id"].as_str().unwrap().to_owned(),
        made.json()["token"].clone(),
    );
    let bearer = format!("Bearer {}", token.as_str().unwrap());
    assert_eq!(
        running
            .https()
            .ask("GET", "/v1/alarms", &[("authorization", &bearer)])
            .status,
        200
    );
    let listed = call("GET", "/v1/tokens", Value::Null);
    assert!(listed.json()[0]["id"] == id && !listed.text().contains(token.as_str().unwrap()));
    assert_eq!(call("DELETE", &format!("/v1/tokens/{id}"), Value::Null).status, 204);
    assert_eq!(call("DELETE", &format!("/v1/tokens/{id}"), Value::Null).status, 404);
}

#[test]
fn what_cannot_be_taken_is_a_problem_and_changes_nothing() {
    let running = TestBox::start();
    let admin = Programmer::new(&running, "admin");
    let long = "x".repeat(65);
    for (method, path, body, status) in [
        ("POST", "/v1/people", json!({"name": "a b", "role": "viewer"}), 422),
        ("POST", "/v1/people", json!({"name": long, "role": "viewer"}), 422),
        ("POST", "/v1/people", json!({"name": "admin", "role": "viewer"}), 409),
        ("POST", "/v1/people", json!({"name": "x", "role": "king"}), 422),
        (
            "POST",
            "/v1/people",
            json!({"name": "x", "role": "viewer", "password": "a-good-long-word"}),
            422,
        ),
        (
            "POST",
            "/v1/people",
            json!({"name": "x", "role": "viewer", "meters": ["EML1@soon"]}),
            422,
        ),
        ("POST", "/v1/people", Value::Null, 415),
        ("PUT", "/v1/people/nobody/meters", json!(["EML1"]), 404),
        ("PUT", "/v1/people/admin/meters", json!({"meters": []}), 422),
        ("PUT", "/v1/people/nobody/spaces", json!([]), 404),
        ("POST", "/v1/people/nobody/invitation", Value::Null, 404),
        ("POST", "/v1/people/nobody/move-out", json!({}), 404),
        ("POST", "/v1/people/admin/move-out", json!({"at": "9000-01-01"}), 422),
        ("DELETE", "/v1/people/nobody", Value::Null, 404),
        ("DELETE", "/v1/people", Value::Null, 405),
        ("POST", "/v1/tokens", json!({"name": "", "scopes": ["box:admin"]}), 422),
        ("POST", "/v1/tokens", json!({"name": "x", "scopes": []}), 422),
        (
            "POST",
            "/v1/tokens",
            json!({"name": "x", "scopes": ["people:admin"]}),
            422,
        ),
        ("DELETE", "/v1/tokens/nope", Value::Null, 404),
    ] {
        let answer = admin.ask(&running, (method, path), &body);
        assert_eq!(answer.status, status, "{method} {path} {body}: {}", answer.text());
        assert_eq!(
            answer.header("content-type"),
            Some("application/problem+json"),
            "{path} {body}"
        );
        assert_eq!(names(&running), ["admin"], "{path} {body}");
    }
    assert_eq!(running.json(&["token", "list"]).as_array().unwrap().len(), 0);
}
