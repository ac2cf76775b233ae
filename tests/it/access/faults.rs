//! Whatever goes wrong on a page is a page: it says what, has the bar, a way back, and a way out for whoever is signed
//! in. What programs ask for keeps the shape of its API.

use super::fixture::{Building, JONES};
use crate::accounts::{Browser, signed_in};
use crate::support::test_box::CONFIG;
use crate::support::{Answer, TestBox};

/// A page of an error, whole.
fn is_page(answer: &Answer, status: u16, signed_in: bool, what: &str) {
    let text = answer.text();
    assert_eq!(answer.status, status, "{what}: {text}");
    assert_eq!(
        answer.header("content-type"),
        Some("text/html; charset=utf-8"),
        "{what}: {text}"
    );
    let title = text
        .split("<title>")
        .nth(1)
        .and_then(|rest| rest.split("</title>").next());
    assert!(title.is_some_and(|title| title.len() > 15), "{what}: {title:?}");
    for part in ["<html lang=", "<header class=\"bar\"", "<h1>", "<main id=\"main\">"] {
        assert!(text.contains(part), "{what}: no {part}: {text}");
    }
    let way = if signed_in {
        "href=\"/\">To the first page"
    } else {
        "href=\"/login\">Sign in"
    };
    assert!(text.contains(way), "{what}: no way back: {text}");
    assert_eq!(text.contains("action=\"/logout\""), signed_in, "{what}: a way out");
    assert!(answer.header("content-security-policy").is_some(), "{what}");
    assert_eq!(answer.header("access-control-allow-origin"), None, "{what}");
}

#[test]
fn what_is_not_there_not_theirs_or_broken_is_a_page_for_everybody() {
    let building = Building::new();
    let running = &building.running;
    let space = format!("/spaces/{}", building.hall);
    let door = format!("{space}/door");
    let nobody = "/spaces/00000000-0000-4000-8000-000000000000";
    let meter = format!("/energy/{JONES}");
    for (role, pages) in [
        (
            "admin",
            &[
                ("/nope", 404),
                ("/energy/NOPE", 404),
                (nobody, 404),
                ("/spaces?after=zzz", 400),
            ][..],
        ),
        (
            "resident",
            &[
                ("/box", 403),
                ("/spaces", 403),
                (&meter, 404),
                ("/box/cloud/x", 404),
                (&door, 403),
            ],
        ),
        (
            "viewer",
            &[
                ("/box", 403),
                ("/box/relay", 403),
                ("/box/cloud", 403),
                ("/box/webhooks", 403),
                ("/energy", 403),
            ],
        ),
        ("doorman", &[("/box", 403), ("/energy", 403), (&meter, 404)]),
    ] {
        let mut person = signed_in(running, role);
        for (path, status) in pages {
            is_page(&person.get(path), *status, true, &format!("{role} {path}"));
        }
    }
    let mut nobody = Browser::new(running);
    for path in ["/nope", "/account", "/consent", "/favicon.ico"] {
        is_page(&nobody.get(path), 404, false, path);
    }
    is_page(&nobody.get("/logout"), 405, false, "another method");
    // More than a form may have, and less than the line holds: nothing waits for the rest to be read.
    let large = "x".repeat(80_000);
    for path in ["/login", "/logout"] {
        let answer = nobody.post(path, &[("username", &large)]);
        assert_eq!(answer.status, 413);
        assert!(answer.text().contains("<header class=\"bar\""), "{path}");
    }
    let answer = running.https().try_ask(
        "POST",
        "/logout",
        &[("content-type", "text/plain"), ("accept", "text/html")],
        b"x",
    );
    is_page(&answer.unwrap(), 415, false, "no form");
    let mut doorman = Browser::new(running);
    let fields = [("username", "doorman"), ("password", "correct-horse")];
    assert_eq!(doorman.submit("/login", "/login", &fields).status, 303);
    is_page(&doorman.submit(&door, &door, &[("by", "5")]), 422, true, "five at once");
    is_page(
        &doorman.post(&door, &[("by", "1"), ("csrf_token", "x")]),
        403,
        true,
        "forged",
    );
}

#[test]
fn another_name_and_too_many_requests_are_pages_too() {
    let running = TestBox::start_with(&format!(
        "{CONFIG}[site]\nhostname = \"lodge.example.org\"\n[limits.https]\nper_address = \"40/h\"\n"
    ));
    let html = ("accept", "text/html");
    let answer = running.https().ask("GET", "/spaces", &[html, ("host", "evil.example")]);
    is_page(&answer, 421, false, "another name");
    let mut https = running.https();
    while https.ask("GET", "/login", &[html]).status == 200 {}
    let answer = https.ask("GET", "/login", &[html]);
    is_page(&answer, 429, false, "too many");
    assert!(answer.header("retry-after").is_some());
    let problem = https.ask("GET", "/v1/spaces", &[html]);
    assert_eq!(problem.header("content-type"), Some("application/problem+json"));
}

#[test]
fn programs_keep_the_shape_of_their_api() {
    let running = TestBox::start();
    for accept in ["*/*", "text/html", "application/json"] {
        let accept = ("accept", accept);
        let ask = |path: &str| running.https().ask("GET", path, &[accept]);
        for path in ["/v1/spaces", "/v1/nope", "/v1/meters", "/assets/nope.css"] {
            let answer = ask(path);
            assert!(answer.status >= 400);
            assert_eq!(
                answer.header("content-type"),
                Some("application/problem+json"),
                "{path} {accept:?}"
            );
        }
        for path in ["/space", "/space/new", "/space/nope/nope/nope"] {
            let answer = ask(path);
            assert!(answer.json()["error"].is_string(), "{path} {accept:?}");
            assert_eq!(answer.header("access-control-allow-origin"), Some("*"), "{path}");
        }
    }
    for path in [
        "/",
        "/nope",
        "/account",
        "/consent",
        "/api/v1/authorize",
        "/evidence",
        "/spaceship",
        "//space/x",
    ] {
        for method in ["GET", "PUT", "OPTIONS"] {
            let answer = running.https().ask(method, path, &[("origin", "https://evil.example")]);
            assert_eq!(answer.status, 404, "{method} {path}");
            assert_eq!(answer.json()["error"], "Invalid URL requested");
            assert_eq!(answer.header("access-control-allow-origin"), None, "{method} {path}");
        }
    }
}
