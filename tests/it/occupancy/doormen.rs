//! A doorman who is linked to spaces sees those and is told of no others; one without a link sees all.

use crate::accounts::{add, signed_in, signed_in_again};
use crate::support::{TestBox, eventually};

fn space(running: &TestBox, name: &str) -> String {
    let made = running.json(&["space", "create", "--name", name, "--maximum", "9"]);
    made["id"].as_str().unwrap().to_owned()
}

#[test]
fn links_hold_at_every_page_form_and_stream_from_the_moment_they_are_made() {
    let running = TestBox::start();
    let (hall, attic, cellar) = (
        space(&running, "Hall"),
        space(&running, "Attic"),
        space(&running, "Cellar"),
    );
    let mut ben = signed_in(&running, "doorman");
    assert_eq!(
        ben.get("/").header("location"),
        Some("/spaces"),
        "without a link there is no one door"
    );
    assert!(ben.get("/spaces").text().contains("Cellar"));

    let mut stream = signed_in_again(&running, "doorman");
    stream.begin_stream("/spaces/live");
    let linked = running.json(&["user", "spaces", "doorman", &hall, &attic]);
    assert_eq!(linked["spaces"].as_array().unwrap().len(), 2);
    assert_eq!(linked["unknown_spaces"], serde_json::json!([]));
    // A stream that was opened by somebody who saw more ends with that.
    assert!(stream.stream_ends(), "the stream of before goes on");

    let list = ben.get("/spaces").text();
    assert!(
        list.contains("Hall") && list.contains("Attic") && !list.contains("Cellar"),
        "{list}"
    );
    assert_eq!(ben.get("/").header("location"), Some("/spaces"));
    running.json(&["user", "spaces", "doorman", &hall]);
    assert_eq!(
        ben.get("/").header("location"),
        Some(format!("/spaces/{hall}/door").as_str())
    );
    let nobody = "00000000-0000-4000-8000-000000000000";
    for page in ["", "/door", "/empty", "/set", "/day.csv"] {
        let (theirs, others) = (format!("/spaces/{hall}{page}"), format!("/spaces/{attic}{page}"));
        assert_eq!(ben.get(&theirs).status, 200, "{theirs}");
        let (other, none) = (ben.get(&others), ben.get(&format!("/spaces/{nobody}{page}")));
        assert_eq!(other.status, 404, "{others}");
        assert_eq!(other.text(), none.text(), "as if it were not there");
    }
    let door = format!("/spaces/{hall}/door");
    for (form, fields) in [
        ("door", &[("by", "1")][..]),
        ("empty", &[]),
        ("set", &[("current", "3"), ("reason", "x")]),
    ] {
        let other = ben.submit(&door, &format!("/spaces/{cellar}/{form}"), fields);
        assert_eq!(other.status, 404, "{form}: {}", other.text());
        let own = ben.submit(&door, &format!("/spaces/{hall}/{form}"), fields);
        assert_eq!(own.status, 303, "{form}: {}", own.text());
    }
    for (form, fields) in [
        ("settings", &[("name", "x"), ("maximum", "3")][..]),
        ("delete", &[]),
        ("kiosks", &[("name", "x")]),
    ] {
        let refused = ben.submit(&door, &format!("/spaces/{hall}/{form}"), fields);
        assert_eq!(refused.status, 403, "{form}: no doorman manages spaces");
    }
    assert_eq!(running.json(&["space", "show", &cellar])["current"], 0);
    assert_eq!(running.json(&["space", "show", &hall])["current"], 3);

    // A stream of one who sees the hall alone hears of that.
    let mut stream = signed_in_again(&running, "doorman");
    stream.begin_stream("/spaces/live");
    running.json(&["space", "set", &attic, "--current", "5"]);
    running.json(&["space", "set", &hall, "--current", "6"]);
    let heard = stream.stream_line("data: {");
    assert!(heard.contains(&hall), "{heard}");

    // Without links they see all again; a space that is deleted leaves nothing to see, not everything.
    running.json(&["user", "spaces", "doorman"]);
    assert!(ben.get("/spaces").text().contains("Cellar"));
    running.json(&["user", "spaces", "doorman", &attic]);
    running.command(&["space", "delete", &attic]);
    assert!(
        !ben.get("/spaces").text().contains("Hall"),
        "the last link is not the end of links"
    );
}

#[test]
fn links_are_made_for_doormen_alone_and_last_over_a_start() {
    let mut running = TestBox::start();
    let hall = space(&running, "Hall");
    let refused = running.command(&["user", "add", "vera", "--role", "viewer", "--space", &hall]);
    assert_eq!(
        refused.status.code(),
        Some(2),
        "{}",
        String::from_utf8_lossy(&refused.stderr)
    );
    assert!(
        running.json(&["user", "list"]).as_array().unwrap().is_empty(),
        "and nothing is changed"
    );
    let bad = running.command(&["user", "add", "ben", "--role", "doorman", "--space", "Hall"]);
    assert_eq!(bad.status.code(), Some(2));
    let unknown = "00000000-0000-4000-8000-000000000000";
    let added = running.json(&[
        "user", "add", "ben", "--role", "doorman", "--space", &hall, "--space", unknown,
    ]);
    assert_eq!(
        added["unknown_spaces"],
        serde_json::json!([unknown]),
        "a mistyped id is said"
    );
    add(&running, "anna", "admin");
    let refused = running.command(&["user", "spaces", "anna", &hall]);
    assert_eq!(refused.status.code(), Some(2));
    running.kill();
    running.run();
    let ben = &running.json(&["user", "list"])[1];
    assert_eq!(
        (ben["name"].as_str(), ben["spaces"].as_array().map(Vec::len)),
        (Some("ben"), Some(2))
    );
    eventually("the table says it", || {
        let list = running.command(&["user", "list"]);
        String::from_utf8_lossy(&list.stdout).contains(&hall).then_some(())
    });
}
