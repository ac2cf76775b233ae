//! A renewal that is asked for by a program and on the page of doors.

use super::{own, sections, shown_by};
use crate::accounts::signed_in;
use crate::support::https::config;
use crate::support::pebble::{Behaviour, NAME, Pebble, free_port};
use crate::support::{Https, TestBox, eventually};

fn bearer(running: &TestBox) -> String {
    let made = running.json(&["token", "create", "--name", "app", "--scope", "box:admin"]);
    format!("Bearer {}", made["token"].as_str().unwrap())
}

#[test]
fn a_certificate_is_renewed_when_somebody_asks() {
    let port = free_port();
    let pebble = Pebble::start(&Behaviour::looking_at(port));
    let running = TestBox::start_with(&sections(port, &pebble.section()));
    let before = shown_by(&running, "acme");
    let bearer = bearer(&running);
    let mut https = Https::connect_as(running.door("https"), NAME, config(&pebble.issued_root(), None)).unwrap();
    let headers = [("host", NAME), ("authorization", bearer.as_str())];
    let renewed = https
        .try_ask("POST", "/v1/certificates/https/renewal", &headers, b"")
        .unwrap();
    assert_eq!(renewed.status, 200, "{}", renewed.text());
    assert_eq!(renewed.json()["names"], serde_json::json!([NAME]));
    eventually("another certificate is shown", || {
        let shown = shown_by(&running, "acme");
        (shown["not_after"] != before["not_after"]).then_some(())
    });
    assert!(running.log().contains("somebody had a certificate renewed"));
}

#[test]
fn a_renewal_that_fails_says_why_on_the_page_and_to_programs() {
    let port = free_port();
    let mut pebble = Pebble::start(&Behaviour::looking_at(port));
    let section = pebble.section();
    pebble.stop();
    let running = TestBox::start_with(&sections(port, &section));
    let bearer = bearer(&running);
    let headers = [("host", NAME), ("authorization", bearer.as_str())];
    let renewed = own(&running)
        .try_ask("POST", "/v1/certificates/https/renewal", &headers, b"")
        .unwrap();
    assert_eq!(renewed.status, 502, "{}", renewed.text());
    assert!(renewed.json()["detail"].is_string(), "{}", renewed.text());
    let mut installer = signed_in(&running, "installer");
    assert!(installer.get("/box/doors").text().contains("Renew now"));
    let page = installer.submit("/box/doors", "/box/doors/renewal", &[("door", "https")]);
    assert_eq!(page.status, 200, "{}", page.text());
    assert!(page.text().contains("It was not renewed."), "{}", page.text());
}
