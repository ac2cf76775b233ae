//! The newest lines of the log on their page, as a file and by `/v1`.

use serde_json::Value;

use super::{by_token, is_refused};
use crate::accounts::signed_in;
use crate::people::Programmer;
use crate::support::TestBox;

#[test]
fn lines_are_found_by_level_and_words_on_the_page_as_a_file_and_by_program() {
    let running = TestBox::start();
    let mut installer = signed_in(&running, "installer");
    let page = installer.get("/box/log").text();
    assert!(
        page.contains("gatelodge::app") && page.contains("ready version="),
        "{page}"
    );
    let found = installer.get("/box/log?level=info&with=READY+version").text();
    assert!(
        found.contains("ready version=") && found.contains("value=\"READY version\""),
        "{found}"
    );
    let none = installer.get("/box/log?with=%22%3E%3Cb%3Enowhere").text();
    assert!(
        none.contains("No line is like that.") && !none.contains("<b>nowhere"),
        "{none}"
    );
    let file = installer.get("/box/log.txt?level=info&with=ready%20version");
    assert_eq!(file.header("content-type"), Some("text/plain; charset=utf-8"));
    assert!(file.header("content-disposition").unwrap().starts_with("attachment"));
    assert_eq!(file.text().lines().count(), 1, "{}", file.text());
    assert!(
        file.text().contains(" INFO  gatelodge::app: ready version="),
        "{}",
        file.text()
    );

    let admin = Programmer::new(&running, "admin");
    let ask = |query: &str| admin.ask(&running, ("GET", &format!("/v1/log{query}")), &Value::Null);
    let shown = ask("?most=1").json();
    assert_eq!(
        (shown["lines"].as_array().unwrap().len(), &shown["more"]),
        (1, &Value::Bool(true))
    );
    assert!(shown["since"].as_str() <= shown["lines"][0]["at"].as_str(), "{shown}");
    let ready = ask("?with=ready%20version").json();
    assert_eq!(ready["lines"][0]["level"], "info", "{ready}");
    assert_eq!(
        ask("?level=error&with=ready%20version").json()["lines"],
        serde_json::json!([])
    );
    for (wrong, status) in [
        ("?level=loud", 400),
        ("?most=x", 400),
        ("?shape=1", 400),
        ("?most=0", 422),
        ("?most=5001", 422),
    ] {
        assert_eq!(ask(wrong).status, status, "{wrong}");
    }
}

#[test]
fn people_are_taken_out_and_the_audit_is_left_out() {
    let running = TestBox::start();
    running.json(&["user", "add", "waldemar", "--role", "viewer"]);
    assert!(running.log().contains("waldemar"), "the log itself has it");
    let mut installer = signed_in(&running, "installer");
    for page in ["/box/log", "/box/log.txt", "/box/log?with=waldemar"] {
        let text = installer.get(page).text();
        assert!(
            !text
                .replace("value=\"waldemar\"", "")
                .replace("with=waldemar", "")
                .contains("waldemar"),
            "{page}: {text}"
        );
        assert!(!text.contains("gatelodge::audit"), "{page}: {text}");
    }
}

#[test]
fn the_log_is_for_whoever_may_read_all_that_it_tells_of() {
    let running = TestBox::start();
    is_refused(&running, &["/box/log", "/box/log.txt"], &[("GET", "/v1/log")], &[]);
    let log = ("GET", "/v1/log");
    assert_eq!(
        by_token(&running, &["box:admin"], log).status,
        403,
        "lines tell of meters"
    );
    assert_eq!(by_token(&running, &["box:admin", "meters:read"], log).status, 403);
    let all = by_token(&running, &["box:admin", "meters:read", "spaces:read"], log);
    assert_eq!(all.status, 200, "{}", all.text());
}
