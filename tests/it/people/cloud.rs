//! The way to the cloud, tried by a button and by a call.

use serde_json::Value;

use super::Programmer;
use crate::accounts::signed_in;
use crate::support::TestBox;
use crate::support::test_box::CONFIG;

#[test]
fn the_way_is_tried_and_says_what_mends_it() {
    // Nobody listens at the lowest port.
    let section = "[uplink]\nkind = \"mqtt\"\nurl = \"mqtt://127.0.0.1:1\"\n";
    let running = TestBox::start_with(&format!("{CONFIG}{section}"));
    let output = running.command(&["uplink", "test", "--json"]);
    let by_command: Value = serde_json::from_slice(&output.stdout).unwrap();
    let steps = by_command.as_array().unwrap();
    let mut admin = signed_in(&running, "admin");
    assert!(!admin.get("/box/cloud").text().contains("step by step</h2>"));
    let page = admin.submit("/box/cloud", "/box/cloud/test", &[]);
    let html = page.text();
    assert_eq!(page.status, 200, "{html}");
    assert_eq!(html.matches("✓").count(), steps.len() - 1, "{html}");
    assert_eq!(html.matches("■</b>").count(), 1, "{html}");
    let last = steps.last().unwrap();
    assert!(
        html.contains("<br><small>Next: ") && last["next_step"].is_string(),
        "{html}"
    );

    let called = Programmer::of(&mut admin, "/me").ask(&running, ("POST", "/v1/uplink/test"), &Value::Null);
    assert_eq!((called.status, called.json()), (200, by_command.clone()));
    for (scope, status) in [("uplink:admin", 200), ("box:admin", 403)] {
        let token = running.json(&["token", "create", "--name", scope, "--scope", scope]);
        let bearer = format!("Bearer {}", token["token"].as_str().unwrap());
        let answer = running
            .https()
            .ask("POST", "/v1/uplink/test", &[("authorization", &bearer)]);
        assert_eq!(answer.status, status, "{scope}: {}", answer.text());
    }
    for role in ["viewer", "doorman", "resident"] {
        let mut browser = signed_in(&running, role);
        assert_eq!(browser.submit("/me", "/box/cloud/test", &[]).status, 403, "{role}");
        let programmer = Programmer::of(&mut browser, "/me");
        assert_eq!(
            programmer
                .ask(&running, ("POST", "/v1/uplink/test"), &Value::Null)
                .status,
            403
        );
    }
}
