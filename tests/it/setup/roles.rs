//! Who may look at the setup, and change anything by it.

use serde_json::{Value, json};

use super::{BARE, Program};
use crate::accounts::{add, signed_in};
use crate::support::TestBox;

#[test]
fn others_are_refused_and_learn_nothing() {
    let running = TestBox::start_with(&format!("{BARE}[meters]\n"));
    for role in ["viewer", "doorman", "resident"] {
        let mut browser = signed_in(&running, role);
        for path in ["/setup", "/setup/sheet", "/energy/add", "/energy/add/x"] {
            let answer = browser.get(path);
            assert_eq!(answer.status, 403, "{role} {path}");
            assert!(!answer.text().contains("step-1"), "{role} {path}");
        }
        for path in [
            "/setup/site",
            "/setup/meters",
            "/setup/aside",
            "/energy/add",
            "/energy/add/x",
        ] {
            let fields = [("name", "Mine"), ("list", "x"), ("aside", "yes")];
            assert_eq!(browser.submit("/me", path, &fields).status, 403, "{role} {path}");
        }
    }
    let calls = [
        ("GET", "/v1/setup", Value::Null),
        ("PUT", "/v1/setup/site", json!({ "name": "Mine" })),
        ("PUT", "/v1/setup/meters", Value::Null),
        ("PUT", "/v1/setup/aside", json!({ "aside": true })),
        ("POST", "/v1/meter-lists", json!({ "list": "EML1 127.0.0.1:9" })),
        ("GET", "/v1/meter-lists/x", Value::Null),
        ("POST", "/v1/meter-lists/x/meters", json!({ "serials": [] })),
    ];
    for scope in ["meters:write", "spaces:admin", "uplink:admin", "relay:admin"] {
        let program = Program::new(&running, &[scope]);
        for (method, path, body) in &calls {
            assert_eq!(program.ask(method, path, body).status, 403, "{scope} {path}");
        }
    }
    for (method, path, body) in &calls {
        let headers = [("content-type", "application/json")];
        let answer = running
            .https()
            .try_ask(method, path, &headers, body.to_string().as_bytes())
            .unwrap();
        assert_eq!(answer.status, 401, "{path}");
    }
    assert!(!running.dir.join("data/conf.d/10-setup.toml").exists());
}

#[test]
fn an_installer_learns_no_names_of_people() {
    let running = TestBox::start_with(BARE);
    add(&running, "anna.of.the.box", "admin");
    add(&running, "mrs.smith", "resident");
    let mut ivo = signed_in(&running, "installer");
    let mut admin = signed_in(&running, "admin");
    for path in ["/setup", "/setup/sheet"] {
        let page = ivo.get(path).text();
        assert!(
            !page.contains("anna.of.the.box") && !page.contains("mrs.smith"),
            "{page}"
        );
        assert!(page.contains("<h1>"), "{page}");
        assert!(admin.get(path).text().contains("anna.of.the.box"), "{path}");
    }
    let program = Program::new(&running, &["box:admin"]);
    assert_eq!(
        program.step(4).1,
        "2 admins have a password\n2 other people can sign in, or have a link to"
    );
}
