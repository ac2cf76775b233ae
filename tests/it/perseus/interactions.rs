//! A person on their way: reloads, other browsers, second tabs, requests that are over (PER §2.3, PER §2.4).

use super::fixture::{Consented, LICENCE, METER, OTHER, PASSWORD, SAVER, SOURCE, csrf, encoded, location, query};

#[test]
fn only_what_was_pushed_counts_of_an_address() {
    let consented = Consented::start();
    let authorize = consented.pushed("saver", &[("state", "pushed")]);
    let more = encoded(&[
        ("state", "other"),
        ("scope", LICENCE),
        ("response_type", "token"),
        ("redirect_uri", "https://evil.example/"),
    ]);
    let mut browser = consented.browser();
    let consent = browser.sign_in_at(&format!("{authorize}&{more}"), "resident");
    let back = browser.decide(&consent, &[("datasource", SOURCE), ("decision", "allow")]);
    assert_eq!(query(&back)["state"], "pushed");
    assert!(back.starts_with("https://app.example/callback?"));
}

#[test]
fn a_request_that_is_none_is_told_on_a_page_and_leads_nowhere() {
    let consented = Consented::start();
    let request = consented.push(Some("saver"), &[]).json()["request_uri"]
        .as_str()
        .unwrap()
        .to_owned();
    let at = |form: &[(&str, &str)]| consented.browser().get(&format!("/api/v1/authorize?{}", encoded(form)));
    let classic = [
        ("client_id", SAVER),
        ("response_type", "code"),
        ("redirect_uri", "https://app.example/callback"),
    ];
    for (form, words) in [
        (&classic[..], "must be pushed first"),
        (&[], "must be pushed first"),
        (
            &[("request_uri", &request)],
            "must have client_id and request_uri, each once",
        ),
        (
            &[("request_uri", &request), ("client_id", OTHER)],
            "belongs to another application",
        ),
        (
            &[("request_uri", &request), ("client_id", "https://nobody.example/")],
            "belongs to another application",
        ),
        (
            &[
                ("request_uri", "urn:ietf:params:oauth:request_uri:x"),
                ("client_id", SAVER),
            ],
            "nknown, used or too old",
        ),
        (
            &[("request_uri", &request[4..]), ("client_id", SAVER)],
            "nknown, used or too old",
        ),
        (
            &[
                ("request_uri", &request),
                ("request_uri", &request),
                ("client_id", SAVER),
            ],
            "must have client_id and request_uri, each once",
        ),
    ] {
        let answer = at(form);
        assert_eq!((answer.status, answer.header("location")), (400, None), "{form:?}");
        assert!(answer.text().contains(words), "{form:?}: {}", answer.text());
        assert!(answer.header("content-type").unwrap().starts_with("text/html"));
        assert_eq!(answer.header("access-control-allow-origin"), None);
    }
    let posted = consented
        .browser()
        .post("/api/v1/authorize", &[("client_id", SAVER), ("request_uri", &request)]);
    assert_eq!(posted.status, 405);
}

#[test]
fn a_request_can_be_loaded_again_until_it_is_answered_and_not_after() {
    let consented = Consented::start();
    for decision in ["allow", "deny"] {
        let authorize = consented.pushed("saver", &[]);
        let mut browser = consented.browser();
        let first = location(&browser.get(&authorize));
        let second = location(&browser.get(&authorize));
        assert_ne!(first, second);
        let consent = browser.sign_in(&second, "resident");
        let third = location(&browser.get(&authorize));
        assert!(
            third.starts_with("/consent?i="),
            "who is signed in decides at once: {third}"
        );
        let back = browser.decide(&consent, &[("datasource", SOURCE), ("decision", decision)]);
        assert!(back.starts_with("https://app.example/callback"));
        for over in [authorize.as_str(), &third, &consent] {
            let answer = browser.get(over);
            assert_eq!(answer.status, 400, "{over}");
            assert!(answer.text().contains("nknown, used or too old"), "{}", answer.text());
        }
    }
}

#[test]
fn of_two_tabs_the_second_answer_is_too_late() {
    let consented = Consented::start();
    let authorize = consented.pushed("saver", &[]);
    let mut browser = consented.browser();
    let one = browser.sign_in_at(&authorize, "resident");
    let two = location(&browser.get(&authorize));
    let pages = [one.clone(), two.clone()].map(|tab| csrf(&browser.get(&tab).text()));
    let form = |token: &str| vec![("csrf_token".to_owned(), token.to_owned())];
    let send = |browser: &mut super::fixture::Browser<'_>, tab: &str, token: &str| {
        let fields = form(token);
        let fields: Vec<(&str, &str)> = fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        browser.post(
            tab,
            &[&fields[..], &[("datasource", SOURCE), ("decision", "allow")]].concat(),
        )
    };
    assert_eq!(send(&mut browser, &one, &pages[0]).status, 303);
    let late = send(&mut browser, &two, &pages[1]);
    assert_eq!((late.status, late.header("location")), (400, None));
    let again = send(&mut browser, &one, &pages[0]);
    assert_eq!(
        (again.status, again.header("location")),
        (400, None),
        "the back button grants nothing twice"
    );
}

#[test]
fn a_visit_is_the_browsers_that_began_it() {
    let consented = Consented::start();
    let mut browser = consented.browser();
    let consent = browser.sign_in_at(&consented.pushed("saver", &[]), "resident");
    let mut thief = consented.browser();
    let answer = thief.get(&consent);
    assert_eq!((answer.status, answer.header("location")), (400, None));
    assert!(answer.text().contains("another browser"), "{}", answer.text());
    // Signed in as the same person, but elsewhere.
    let home = thief.sign_in("/login", "resident");
    assert_eq!(home, "/");
    assert_eq!(thief.get(&consent).status, 400);
    // An errand that is not theirs is none.
    let (_, visit) = consent.split_once("i=").unwrap();
    let mut third = consented.browser();
    assert_eq!(third.sign_in(&format!("/login?i={visit}"), "resident"), "/");
    assert_eq!(browser.get(&consent).status, 200, "whose it is still is there");
}

#[test]
fn nothing_is_decided_without_a_session_or_by_another_site() {
    let consented = Consented::start();
    let mut browser = consented.browser();
    let consent = browser.sign_in_at(&consented.pushed("saver", &[]), "resident");
    let token = csrf(&browser.get(&consent).text());
    let fields = [
        ("csrf_token", token.as_str()),
        ("datasource", SOURCE),
        ("decision", "allow"),
    ];
    for headers in [
        &[("origin", "https://evil.example")][..],
        &[("origin", "null")],
        &[("sec-fetch-site", "cross-site")],
    ] {
        let answer = browser.ask("POST", &consent, &fields, headers);
        assert_eq!((answer.status, answer.header("location")), (403, None), "{headers:?}");
    }
    let forged = browser.post(
        &consent,
        &[("csrf_token", "x"), ("datasource", SOURCE), ("decision", "allow")],
    );
    assert_eq!(forged.status, 403);
    let session = browser.cookies.remove("__Host-gatelodge").unwrap();
    let answer = browser.post(&consent, &fields);
    assert!(
        location(&answer).starts_with("/login?i="),
        "who is not signed in signs in first"
    );
    browser.cookies.insert("__Host-gatelodge".to_owned(), session);
    let own = format!("https://localhost:{}", consented.https_port);
    let host = format!("localhost:{}", consented.https_port);
    let answer = browser.ask(
        "POST",
        &consent,
        &fields,
        &[("origin", &own), ("host", &host), ("sec-fetch-site", "same-origin")],
    );
    assert!([303, 403].contains(&answer.status), "{}", answer.text());
}

#[test]
fn only_a_residents_own_meters_can_be_allowed() {
    let consented = Consented::start();
    let mut browser = consented.browser();
    let consent = browser.sign_in_at(&consented.pushed("saver", &[]), "resident");
    for source in ["S90/r2+mSV2", "nobody", ""] {
        let answer = browser.answer_consent(&consent, &[("datasource", source), ("decision", "allow")]);
        assert_eq!((answer.status, answer.header("location")), (403, None), "{source}");
    }
    let none = browser.answer_consent(&consent, &[("decision", "allow")]);
    assert_eq!((none.status, none.header("location")), (422, None));
    assert!(none.text().contains("at least one meter"));
    let odd = browser.answer_consent(&consent, &[("datasource", SOURCE), ("decision", "perhaps")]);
    assert_eq!(odd.status, 422);
    // What was chosen stays chosen.
    let never = [("datasource", SOURCE), ("decision", "allow"), ("expires", "never")];
    let answer = browser.answer_consent(&consent, &never);
    assert_eq!(answer.status, 422);
    assert!(answer.text().contains("one of the three ends"), "{}", answer.text());
    let undecided = browser
        .answer_consent(&consent, &[("datasource", SOURCE), ("expires", "1m")])
        .text();
    assert!(undecided.contains("value=\"1m\" selected"), "{undecided}");
    // Somebody without a meter that can be shared is led back with nothing.
    consented.person("lodger", &[]);
    let mut browser = consented.browser();
    let consent = browser.sign_in_at(&consented.pushed("saver", &[]), "lodger");
    let page = browser.get(&consent).text();
    assert!(
        page.contains("No meter of yours can be shared yet") && !page.contains("value=\"allow\""),
        "{page}"
    );
    assert_eq!(
        query(&browser.decide(&consent, &[("decision", "deny")]))["error"],
        "access_denied"
    );
    // Whoever runs the box has no meters of their own.
    let file = consented.running.dir.join("password");
    std::fs::write(&file, PASSWORD).unwrap();
    consented.running.json(&[
        "user",
        "add",
        "boss",
        "--role",
        "admin",
        "--password-file",
        file.to_str().unwrap(),
        "--meter",
        METER,
    ]);
    let mut browser = consented.browser();
    let consent = browser.sign_in_at(&consented.pushed("saver", &[]), "boss");
    let answer = browser.get(&consent);
    assert_eq!(answer.status, 403);
    let page = answer.text();
    assert!(page.contains("no meters of its own"));
    // Whoever signs out on the way signs in as another, and is where they were.
    let at = page.find("action=\"/logout").unwrap();
    let logout = page[at..].split('"').nth(1).unwrap().to_owned();
    let token = page[at..]
        .split("name=\"csrf_token\" value=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap();
    let login = location(&browser.post(&logout, &[("csrf_token", token)]));
    assert!(login.starts_with("/login?i="), "{login}");
    assert_eq!(browser.sign_in(&login, "resident"), consent);
    assert_eq!(browser.get(&consent).status, 200);
}

#[test]
fn of_several_meters_none_is_ticked_and_each_is_allowed_by_itself() {
    let consented = Consented::start();
    consented.person("landlady", &[METER, "EML2"]);
    let mut browser = consented.browser();
    let consent = browser.sign_in_at(&consented.pushed("saver", &[]), "landlady");
    let page = browser.get(&consent).text();
    assert_eq!(page.matches("type=\"checkbox\"").count(), 2);
    assert!(!page.contains("checked"), "{page}");
    let undecided = browser
        .answer_consent(&consent, &[("datasource", "S90/r2+mSV2")])
        .text();
    assert_eq!(undecided.matches("checked").count(), 1, "{undecided}");
    let back = browser.decide(
        &consent,
        &[("datasource", "S90/r2+mSV2"), ("expires", "3m"), ("decision", "allow")],
    );
    let answer = consented.redeem("saver", &query(&back)["code"], &[]);
    let token = answer.json()["access_token"].as_str().unwrap().to_owned();
    let list = consented.data("saver", "/datasources", &token).json();
    assert_eq!(list["data"].as_array().unwrap().len(), 1, "{list}");
    assert_eq!(list["data"][0]["id"], "S90/r2+mSV2");
    assert_eq!(list["data"][0]["availableMeasures"], serde_json::json!(["import"]));
    assert_eq!(
        consented
            .data(
                "saver",
                "/datasources/S90%2Fr2+mSV2/import?from=2024-12-05&to=2024-12-06",
                &token
            )
            .status,
        202
    );
    assert_eq!(
        consented
            .data("saver", &format!("/datasources/{SOURCE}/import"), &token)
            .status,
        404
    );
}

#[test]
fn nobody_agrees_to_what_they_were_not_shown_or_is_sent_where_the_application_is_no_more() {
    let consented = Consented::start();
    let mut browser = consented.browser();
    let consent = browser.sign_in_at(&consented.pushed("saver", &[]), "resident");
    let page = browser.get(&consent).text();
    let words = consented.running.dir.join("licence.txt");
    std::fs::write(&words, "[CAP] asks for more.").unwrap();
    consented.running.signal(rustix::process::Signal::HUP);
    crate::support::eventually("the words are others", || {
        browser.get(&consent).text().contains("asks for more").then_some(())
    });
    let hidden = |name: &str| {
        let at = page.find(&format!("name=\"{name}\" value=\"")).unwrap();
        page[at..].split('"').nth(3).unwrap().to_owned()
    };
    let (token, shown) = (csrf(&page), hidden("shown"));
    let fields = [
        ("csrf_token", token.as_str()),
        ("shown", &shown),
        ("datasource", SOURCE),
        ("decision", "allow"),
    ];
    let answer = browser.post(&consent, &fields);
    assert_eq!((answer.status, answer.header("location")), (422, None));
    assert!(answer.text().contains("has changed since"), "{}", answer.text());

    let file = consented.running.config_file();
    let text = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, text.replace("\"https://app.example/callback\", ", "")).unwrap();
    consented.running.signal(rustix::process::Signal::HUP);
    crate::support::eventually("the address is gone", || {
        (consented.push(Some("saver"), &[]).status == 400).then_some(())
    });
    for decision in ["allow", "deny"] {
        let answer = browser.post(
            &consent,
            &[
                ("csrf_token", token.as_str()),
                ("datasource", SOURCE),
                ("decision", decision),
            ],
        );
        assert_eq!((answer.status, answer.header("location")), (400, None), "{decision}");
    }
}
