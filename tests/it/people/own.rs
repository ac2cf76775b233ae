//! `/me`: everybody's own page.

use crate::accounts::{Browser, add, signed_in, signed_in_again};
use crate::support::TestBox;
use crate::support::test_box::CONFIG;

fn change(browser: &mut Browser, old: &str, new: &str, again: &str) -> crate::support::Answer {
    browser.submit(
        "/me",
        "/me/password",
        &[("old", old), ("password", new), ("again", again)],
    )
}

fn signs_in(running: &TestBox, name: &str, password: &str) -> bool {
    let fields = [("username", name), ("password", password)];
    Browser::new(running).submit("/login", "/login", &fields).status == 303
}

#[test]
fn everybody_has_a_page_of_their_own_and_a_way_to_it() {
    let running = TestBox::start();
    for role in ["admin", "installer", "doorman", "viewer", "resident"] {
        let mut browser = signed_in(&running, role);
        let page = browser.get("/me");
        assert_eq!(page.status, 200, "{role}");
        let html = page.text();
        for words in [
            "<a href=\"/me\" aria-current=\"page\">",
            "/me/data",
            "/language/cy",
            "<b>Here</b>",
        ] {
            assert!(html.contains(words), "{role} {words}: {html}");
        }
        let known = browser.get("/.well-known/change-password");
        assert_eq!((known.status, known.header("location")), (303, Some("/me")));
    }
    assert_eq!(Browser::new(&running).get("/me").header("location"), Some("/login"));
}

#[test]
fn a_password_is_changed_by_whoever_knows_it_and_ends_other_sessions() {
    let running = TestBox::start();
    let mut browser = signed_in(&running, "viewer");
    let mut elsewhere = signed_in_again(&running, "viewer");
    for (old, new, again, status, words) in [
        (
            "wrong-horse",
            "another-horse",
            "another-horse",
            401,
            "name or password is wrong",
        ),
        ("correct-horse", "short", "short", 400, "at least 10 characters"),
        (
            "correct-horse",
            "another-horse",
            "another-mule",
            400,
            "two new passwords differ",
        ),
    ] {
        let answer = change(&mut browser, old, new, again);
        assert_eq!(answer.status, status, "{}", answer.text());
        assert!(answer.text().contains(words), "{words}: {}", answer.text());
        assert!(!answer.text().contains(new), "no password comes back");
    }
    assert_eq!(elsewhere.get("/me").status, 200);
    let changed = change(&mut browser, "correct-horse", "another-horse", "another-horse");
    assert_eq!(
        (changed.status, changed.header("location")),
        (303, Some("/me?done=password"))
    );
    let page = browser.get("/me?done=password").text();
    assert!(
        page.contains("Your password is changed") && !page.contains("End all others"),
        "{page}"
    );
    assert_eq!(
        elsewhere.get("/me").header("location"),
        Some("/login"),
        "their session is over"
    );
    assert!(!signs_in(&running, "viewer", "correct-horse") && signs_in(&running, "viewer", "another-horse"));
}

#[test]
fn wrong_old_passwords_are_held_back_as_at_sign_in() {
    let running = TestBox::start();
    let mut browser = signed_in(&running, "viewer");
    for _ in 0..5 {
        assert_eq!(
            change(&mut browser, "wrong-horse", "another-horse", "another-horse").status,
            401
        );
    }
    let held = change(&mut browser, "correct-horse", "another-horse", "another-horse");
    assert_eq!(held.status, 429, "{}", held.text());
    assert!(held.header("retry-after").is_some() && held.text().contains("too many tries"));
}

#[test]
fn all_other_sessions_end_and_nobody_elses() {
    let running = TestBox::start();
    let mut browser = signed_in(&running, "viewer");
    let mut others = [signed_in_again(&running, "viewer"), signed_in_again(&running, "viewer")];
    let mut stranger = signed_in(&running, "resident");
    assert_eq!(browser.get("/me").text().matches("used ").count(), 3);
    let ended = browser.submit("/me", "/me/sessions/end", &[]);
    assert_eq!(ended.header("location"), Some("/me?done=sessions"));
    for other in &mut others {
        assert_eq!(other.get("/me").header("location"), Some("/login"));
    }
    assert_eq!((browser.get("/me").status, stranger.get("/me").status), (200, 200));
}

#[test]
fn the_login_page_says_whom_to_ask_for_a_lost_password() {
    for (contact, shown) in [
        ("", "gatelodge user invite NAME"),
        (
            "[site]\ncontact = \"mailto:house@example.org\"\n",
            "<a href=\"mailto:house@example.org\">house@example.org</a>",
        ),
        (
            "[site]\ncontact = \"tel:+44123\"\n",
            "<a href=\"tel:+44123\">+44123</a>",
        ),
    ] {
        let running = TestBox::start_with(&format!("{CONFIG}{contact}"));
        add(&running, "anna", "viewer");
        let html = Browser::new(&running).get("/login").text();
        assert!(
            html.contains(shown) && html.contains("gatelodge user invite NAME"),
            "{html}"
        );
    }
}
