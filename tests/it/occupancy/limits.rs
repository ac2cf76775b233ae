//! One limit for making spaces, whichever way in.

use serde_json::json;

use super::client::Client;
use crate::support::TestBox;
use crate::support::test_box::CONFIG;

/// Makes a space by the old URLs, by `/v1`, and by the command line; whether it was made.
fn make(running: &TestBox, way: &str) -> bool {
    match way {
        "old" => {
            let answer = running.https().ask("PUT", "/space/new/occupancy/current/0/max/5", &[]);
            let made = answer.status == 200;
            assert!(
                made || (answer.status == 409 && answer.json()["error"].is_string()),
                "{}",
                answer.text()
            );
            made
        }
        "v1" => {
            let answer = Client::operator(running).post("/v1/spaces", json!({ "maximum": 5 }));
            let made = answer.status == 201;
            assert!(made || answer.status == 409, "{}", answer.text());
            made
        }
        "command" => {
            let output = running.command(&["space", "create", "--maximum", "5"]);
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success() || said.contains("spaces already"), "{said}");
            output.status.success()
        }
        other => panic!("{other} is no way in"),
    }
}

#[test]
fn the_limit_holds_on_every_way_in_and_over_a_restart() {
    let mut running = TestBox::start_with(&format!("{CONFIG}max_spaces = 6\nanonymous_share = 0.5\n"));
    let made = (0..5).filter(|_| make(&running, "old")).count();
    assert_eq!(made, 3, "anonymous callers have half");
    assert!(make(&running, "v1") && make(&running, "command") && make(&running, "v1"));
    for way in ["old", "v1", "command"] {
        assert!(!make(&running, way), "{way}: six are there");
    }
    running.kill();
    running.run();
    for way in ["command", "v1", "old"] {
        assert!(!make(&running, way), "{way}: six are there after a restart");
    }
    let spaces = running.json(&["space", "list"]);
    let open = spaces
        .as_array()
        .unwrap()
        .iter()
        .find(|space| space["open"] == true)
        .expect("an open one");
    running.json(&["space", "delete", open["id"].as_str().unwrap()]);
    assert!(make(&running, "command"), "one went, one comes");
    for way in ["old", "v1", "command"] {
        assert!(!make(&running, way), "{way}: six are there again");
    }
}
