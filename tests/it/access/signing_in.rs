//! Signing in: only failures count, for a name and from an address; nobody is shut out from elsewhere; a full queue says
//! so; what happened is in the audit, and never a name that nobody has.

use std::thread;

use crate::accounts::{Browser, add};
use crate::support::test_box::CONFIG;
use crate::support::{Answer, TestBox};

/// The box believes what this machine says of where a request comes from, as it does a proxy.
fn running() -> TestBox {
    TestBox::start_with(&format!(
        "{CONFIG}[limits.https]\ntrusted_proxies = [\"127.0.0.1\"]\nper_address = \"off\"\n"
    ))
}

fn from(running: &TestBox, address: &str) -> Browser {
    let mut browser = Browser::new(running);
    browser.says.push(("x-forwarded-for".to_owned(), address.to_owned()));
    browser
}

fn tries(browser: &mut Browser, name: &str, password: &str) -> Answer {
    browser.submit("/login", "/login", &[("username", name), ("password", password)])
}

/// One try from an address with a browser of its own.
fn one(running: &TestBox, address: &str, name: &str, password: &str) -> Answer {
    tries(&mut from(running, address), name, password)
}

fn wait(answer: &Answer) -> u64 {
    assert_eq!(answer.status, 429, "{}", answer.text());
    assert!(
        answer.text().contains("too many tries; wait 15 minutes"),
        "{}",
        answer.text()
    );
    let wait = answer.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=901).contains(&wait), "{wait}");
    wait
}

#[test]
fn only_failures_count_and_success_forgets_them() {
    let running = running();
    add(&running, "anna", "viewer");
    for _ in 0..12 {
        assert_eq!(one(&running, "192.0.2.1", "anna", "correct-horse").status, 303);
    }
    for _ in 0..3 {
        for _ in 0..4 {
            assert_eq!(one(&running, "192.0.2.1", "anna", "wrong-horse").status, 401);
        }
        assert_eq!(one(&running, "192.0.2.1", "anna", "correct-horse").status, 303);
    }
}

#[test]
fn five_failures_hold_a_name_back_and_a_known_address_is_let_in_all_the_same() {
    let mut running = running();
    add(&running, "anna", "viewer");
    assert_eq!(
        one(&running, "192.0.2.1", "anna", "correct-horse").status,
        303,
        "from home"
    );
    for name in ["anna", "nobody-of-that-name"] {
        for guess in 0..5 {
            let answer = one(&running, &format!("198.51.100.{guess}"), name, "wrong-horse");
            assert_eq!(answer.status, 401, "{name} {guess}");
        }
        wait(&one(&running, "203.0.113.1", name, "wrong-horse"));
        wait(&one(&running, "203.0.113.2", name, "correct-horse"));
    }
    running.stop();
    running.run();
    wait(&one(&running, "203.0.113.3", "anna", "correct-horse"));
    for _ in 0..4 {
        assert_eq!(
            one(&running, "192.0.2.1", "anna", "wrong-horse").status,
            401,
            "five of its own"
        );
    }
    assert_eq!(one(&running, "192.0.2.1", "anna", "correct-horse").status, 303);
    // That she is in gives nobody elsewhere another guess.
    wait(&one(&running, "203.0.113.4", "anna", "correct-horse"));
    // Whoever gives her a new password wants her in.
    let file = running.config_file().with_file_name("new");
    std::fs::write(&file, "another-horse").unwrap();
    let given = running.command(&["user", "passwd", "anna", "--password-file", file.to_str().unwrap()]);
    assert!(given.status.success(), "{given:?}");
    assert_eq!(one(&running, "203.0.113.5", "anna", "another-horse").status, 303);
}

#[test]
fn twenty_failures_hold_an_address_back_and_a_subscriber_has_one() {
    let mut running = running();
    add(&running, "anna", "viewer");
    for (here, again, elsewhere) in [
        ("198.51.100.7", "198.51.100.7", "198.51.100.8"),
        ("2001:db8:1:2::7", "2001:db8:1:2:ffff::1", "2001:db8:1:3::7"),
    ] {
        for guess in 0..20 {
            let answer = one(&running, here, &format!("n{guess}-{}", here.len()), "wrong-horse");
            assert_eq!(answer.status, 401, "{here} {guess}");
        }
        wait(&one(&running, again, "anna", "correct-horse"));
        assert_eq!(one(&running, elsewhere, "anna", "correct-horse").status, 303);
        running.stop();
        running.run();
        wait(&one(&running, again, "anna", "correct-horse"));
    }
}

#[test]
fn a_full_queue_says_so_at_login_and_at_a_welcome() {
    let running = running();
    let codes: Vec<String> = (0..20)
        .map(|n| {
            let added = running.json(&["user", "add", &format!("new{n}"), "--role", "viewer"]);
            added["code"].as_str().unwrap().to_owned()
        })
        .collect();
    let mut welcomes: Vec<(Browser, String, String)> = Vec::new();
    for code in &codes {
        let mut browser = from(&running, "192.0.2.9");
        let path = format!("/welcome/{code}");
        let token = token(&browser.get(&path).text());
        welcomes.push((browser, path, token));
    }
    let mut logins: Vec<(Browser, String, String)> = Vec::new();
    for n in 0..100 {
        let mut browser = from(&running, &format!("198.51.100.{n}"));
        let token = token(&browser.get("/login").text());
        logins.push((browser, format!("n{n}"), token));
    }
    let begins = std::sync::Barrier::new(logins.len() + welcomes.len());
    let (logins, welcomes) = thread::scope(|scope| {
        let begins = &begins;
        let logins: Vec<_> = logins
            .into_iter()
            .map(|(mut browser, name, token)| {
                scope.spawn(move || {
                    begins.wait();
                    let fields = [
                        ("username", name.as_str()),
                        ("password", "wrong-horse"),
                        ("csrf_token", &token),
                    ];
                    browser.post("/login", &fields)
                })
            })
            .collect();
        let welcomes: Vec<_> = welcomes
            .into_iter()
            .map(|(mut browser, path, token)| {
                scope.spawn(move || {
                    begins.wait();
                    let word = "long-enough-word";
                    let answer = browser.post(&path, &[("password", word), ("again", word), ("csrf_token", &token)]);
                    (answer, path)
                })
            })
            .collect();
        let logins: Vec<Answer> = logins.into_iter().map(|one| one.join().unwrap()).collect();
        let welcomes: Vec<(Answer, String)> = welcomes.into_iter().map(|one| one.join().unwrap()).collect();
        (logins, welcomes)
    });
    let busy = |answer: &Answer| {
        let is_busy = answer.status == 503;
        assert_eq!(answer.header("retry-after").is_some(), is_busy, "{}", answer.text());
        is_busy
    };
    assert!(logins.iter().all(|answer| busy(answer) || answer.status == 401));
    assert!(
        logins.iter().filter(|answer| busy(answer)).count() >= 50,
        "34 are at it or wait"
    );
    assert!(welcomes.iter().all(|(answer, _)| busy(answer) || answer.status == 303));
    for (answer, path) in &welcomes {
        let mut browser = Browser::new(&running);
        let is_over = browser.get(path).status == 404;
        assert_eq!(
            is_over,
            answer.status == 303,
            "a link that came to nothing is still good"
        );
    }
}

fn token(page: &str) -> String {
    let token = page
        .split("name=\"csrf_token\" value=\"")
        .nth(1)
        .and_then(|rest| rest.split('"').next());
    token.unwrap().to_owned()
}

#[test]
fn the_audit_names_who_is_there_and_nobody_else() {
    let running = running();
    add(&running, "anna", "viewer");
    one(&running, "192.0.2.1", "anna", "wrong-password-of-anna");
    one(&running, "192.0.2.1", "hunter2-typed-as-a-name", "x");
    for _ in 0..5 {
        one(&running, "192.0.2.2", "anna", "wrong-password-of-anna");
    }
    let mut anna = from(&running, "192.0.2.3");
    running.json(&["user", "add", "ben", "--role", "resident"]);
    running.json(&["user", "meters", "ben", "EML1"]);
    running.json(&["user", "invite", "ben"]);
    let file = running.dir.join("password");
    std::fs::write(&file, "correct-pony-now").unwrap();
    running.json(&["user", "passwd", "ben", "--password-file", file.to_str().unwrap()]);
    assert_eq!(tries(&mut anna, "ben", "correct-pony-now").status, 303);
    anna.submit("/nope", "/logout", &[]);
    running.json(&["user", "remove", "ben"]);
    let token = running.json(&["token", "create", "--name", "robot", "--scope", "spaces:read"]);
    running.json(&["token", "revoke", token["id"].as_str().unwrap()]);
    let log = running.log();
    let audit: Vec<&str> = log.lines().filter(|line| line.contains("gatelodge::audit")).collect();
    for (what, parts) in [
        ("a person was added", &["person=\"anna\"", "role=\"viewer\""][..]),
        ("a sign-in failed", &["person=\"anna\"", "peer=192.0.2.0"]),
        ("a sign-in failed: nobody has that name", &["peer=192.0.2.0"]),
        ("sign-ins are held back", &["what=\"for that name\""]),
        ("other meters are a person's", &["person=\"ben\""]),
        ("a one-time link was made", &["person=\"ben\""]),
        ("a person was given a new password", &["person=\"ben\""]),
        ("signed in", &["person=\"ben\""]),
        ("signed out", &["person=\"ben\""]),
        ("a person was removed", &["person=\"ben\""]),
        ("a token was made", &["called=\"robot\"", "SpacesRead"]),
        ("a token was revoked", &["called=\"robot\""]),
    ] {
        let found = audit
            .iter()
            .any(|line| line.contains(what) && parts.iter().all(|part| line.contains(part)));
        assert!(found, "{what} {parts:?}: {audit:#?}");
    }
    for secret in [
        "hunter2",
        "wrong-password",
        "correct-pony",
        token["token"].as_str().unwrap(),
    ] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
    assert!(
        !log.contains("192.0.2.1") && !log.contains("192.0.2.3"),
        "networks only"
    );
}
