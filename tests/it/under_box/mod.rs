//! The pages under `/box`: backups, doors with their certificates, the log; and the same by `/v1`.

mod backups;
mod doors;
mod log;

use serde_json::Value;

use crate::accounts::signed_in;
use crate::people::Programmer;
use crate::support::{Answer, TestBox};

/// Asks with a token of these scopes.
fn by_token(running: &TestBox, scopes: &[&str], (method, path): (&str, &str)) -> Answer {
    let mut arguments = vec!["token", "create", "--name", "app"];
    arguments.extend(scopes.iter().flat_map(|scope| ["--scope", scope]));
    let made = running.json(&arguments);
    let bearer = format!("Bearer {}", made["token"].as_str().unwrap());
    running
        .https()
        .try_ask(method, path, &[("authorization", &bearer)], b"")
        .unwrap()
}

/// Nobody but whoever runs the box sees any of these pages, asks any of these routes or sends any of these forms.
fn is_refused(running: &TestBox, pages: &[&str], calls: &[(&str, &str)], forms: &[(&str, &[(&str, &str)])]) {
    for role in ["doorman", "viewer", "resident"] {
        let mut browser = signed_in(running, role);
        for page in pages {
            assert_eq!(browser.get(page).status, 403, "{role} {page}");
        }
        for (form, fields) in forms {
            assert_eq!(browser.submit("/me", form, fields).status, 403, "{role} {form}");
        }
        let programmer = Programmer::of(&mut browser, "/me");
        for call in calls {
            assert_eq!(
                programmer.ask(running, *call, &Value::Null).status,
                403,
                "{role} {call:?}"
            );
        }
    }
    for call in calls {
        let others = by_token(running, &["spaces:admin", "meters:write", "uplink:admin"], *call);
        assert_eq!(others.status, 403, "{call:?}");
        let nobody = running.https().try_ask(call.0, call.1, &[], b"").unwrap();
        assert_eq!(nobody.status, 401, "{call:?}");
    }
    let admin = Programmer::new(running, "admin");
    for call in calls.iter().filter(|(method, _)| *method != "GET") {
        let forged = admin.ask_with(running, *call, &Value::Null, &[]);
        assert_eq!(forged.status, 403, "a session alone changes nothing: {call:?}");
    }
}
