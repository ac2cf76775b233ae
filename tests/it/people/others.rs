//! Who does not manage people is told nothing of them and changes nothing, whatever they send and from wherever.

use serde_json::{Value, json};

use super::{Programmer, names};
use crate::accounts::{Browser, signed_in, signed_in_again};
use crate::support::TestBox;

/// Every call, with a body that an admin's would be taken with.
pub(super) fn calls() -> Vec<(&'static str, &'static str, Value)> {
    vec![
        ("GET", "/v1/people", Value::Null),
        ("POST", "/v1/people", json!({"name": "mole", "role": "admin"})),
        ("DELETE", "/v1/people/secret-one", Value::Null),
        ("PUT", "/v1/people/secret-one/meters", json!(["EML1"])),
        ("PUT", "/v1/people/secret-one/spaces", json!([])),
        ("POST", "/v1/people/secret-one/invitation", Value::Null),
        ("POST", "/v1/people/secret-one/move-out", json!({})),
        ("GET", "/v1/tokens", Value::Null),
        ("POST", "/v1/tokens", json!({"name": "mole", "scopes": ["box:admin"]})),
        ("DELETE", "/v1/tokens/nope", Value::Null),
    ]
}

/// Every form: where it is sent, and its fields.
const FORMS: [(&str, &[(&str, &str)]); 8] = [
    ("/box/people", &[("name", "mole"), ("role", "admin")]),
    ("/box/people/secret-one/meters", &[("meters", "EML1")]),
    ("/box/people/secret-one/spaces", &[]),
    ("/box/people/secret-one/invitation", &[]),
    ("/box/people/secret-one/move-out", &[]),
    ("/box/people/secret-one/remove", &[]),
    ("/box/tokens", &[("name", "mole"), ("scope-box:admin", "on")]),
    ("/box/tokens/nope/revoke", &[]),
];

const PAGES: [&str; 6] = [
    "/box/people",
    "/box/people/secret-one",
    "/box/people/secret-one/remove",
    "/box/people/secret-one/move-out",
    "/box/tokens",
    "/box/tokens/nope/revoke",
];

fn unchanged(running: &TestBox, before: &Value) {
    assert_eq!(running.json(&["user", "list"]), *before);
    assert_eq!(running.json(&["token", "list"]).as_array().unwrap().len(), 1);
}

#[test]
fn who_does_not_manage_people_reads_nothing_and_changes_nothing() {
    let running = TestBox::start();
    running.json(&["user", "add", "secret-one", "--role", "doorman"]);
    running.json(&["token", "create", "--name", "secret-app", "--scope", "box:admin"]);
    for role in ["installer", "viewer", "doorman", "resident"] {
        let mut browser = signed_in(&running, role);
        let before = running.json(&["user", "list"]);
        let programmer = Programmer::of(&mut browser, "/me");
        for (method, path, body) in calls() {
            let answer = programmer.ask(&running, (method, path), &body);
            assert_eq!(answer.status, 403, "{role} {method} {path}: {}", answer.text());
            assert!(!answer.text().contains("secret"), "{role} {path}: {}", answer.text());
        }
        for page in PAGES {
            let answer = browser.get(page);
            assert_eq!(answer.status, 403, "{role} {page}");
            assert!(!answer.text().contains("secret"), "{role} {page}: {}", answer.text());
        }
        for (form, fields) in FORMS {
            assert_eq!(browser.submit("/me", form, fields).status, 403, "{role} {form}");
        }
        assert!(
            !browser.get("/box").text().contains("/box/people"),
            "{role} is not led there"
        );
        unchanged(&running, &before);
    }
    for (method, path, body) in calls() {
        let nobody = Programmer {
            cookies: String::new(),
            csrf: String::new(),
        };
        assert_eq!(
            nobody.ask(&running, (method, path), &body).status,
            401,
            "{method} {path}"
        );
    }
    assert!(signed_in(&running, "admin").get("/box").text().contains("/box/people"));
}

#[test]
fn no_token_covers_people_and_it_says_what_does() {
    let running = TestBox::start();
    let all = [
        "spaces:admin",
        "meters:write",
        "meters:topup",
        "relay:admin",
        "uplink:admin",
        "box:admin",
    ];
    let mut args = vec!["token", "create", "--name", "all"];
    args.extend(all.iter().flat_map(|scope| ["--scope", scope]));
    let token = running.json(&args)["token"].as_str().unwrap().to_owned();
    let bearer = format!("Bearer {token}");
    let nobody = Programmer {
        cookies: String::new(),
        csrf: String::new(),
    };
    for (method, path, body) in calls() {
        let answer = nobody.ask_with(&running, (method, path), &body, &[("authorization", &bearer)]);
        assert_eq!(answer.status, 403, "{method} {path}");
        assert_eq!(
            answer.json()["detail"],
            "no token covers that: it wants an admin who is signed in"
        );
    }
    assert!(names(&running).is_empty());
}

#[test]
fn forged_forms_and_calls_without_the_pages_value_change_nothing() {
    let running = TestBox::start();
    running.json(&["user", "add", "secret-one", "--role", "doorman"]);
    running.json(&["token", "create", "--name", "secret-app", "--scope", "box:admin"]);
    let programmer = Programmer::new(&running, "admin");
    let before = running.json(&["user", "list"]);
    for (method, path, body) in calls().into_iter().filter(|(method, ..)| *method != "GET") {
        for headers in [&[][..], &[("x-csrf-token", "x")]] {
            let answer = programmer.ask_with(&running, (method, path), &body, headers);
            assert_eq!(answer.status, 403, "{method} {path} {headers:?}");
        }
    }
    let mut browser = signed_in_again(&running, "admin");
    browser.says = vec![("origin".to_owned(), "https://evil.example".to_owned())];
    for (form, fields) in FORMS {
        assert_eq!(browser.submit("/me", form, fields).status, 403, "{form} from elsewhere");
    }
    browser.says.clear();
    for (form, fields) in FORMS {
        assert_eq!(browser.post(form, fields).status, 403, "{form} without the value");
        let nobody = Browser::new(&running).post(form, fields);
        assert!(
            nobody.status == 403 || nobody.header("location") == Some("/login"),
            "{form} by nobody"
        );
    }
    for form in ["/me/password", "/me/sessions/end", "/box/cloud/test"] {
        let fields = [
            ("old", "correct-horse"),
            ("password", "another-horse"),
            ("again", "another-horse"),
        ];
        let status = browser.post(form, &fields).status;
        assert!(
            status == 403 || form.contains("cloud") && status == 404,
            "{form}: {status}"
        );
    }
    unchanged(&running, &before);
}
