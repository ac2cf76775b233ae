//! Who sees the data, and the way to stop it.

use crate::perseus::fixture::{Consented, METER};

#[test]
fn who_sees_the_data_stands_there_and_can_be_stopped() {
    let consented = Consented::start();
    let mut browser = consented.browser();
    browser.sign_in("/login", "resident");
    let page = browser.get("/my").text();
    assert!(
        page.contains("Who sees my data") && page.contains("Nobody. When an application asks"),
        "{page}"
    );
    consented.tokens("saver", "resident");
    consented.person("neighbour", &["EML2"]);
    let page = browser.get("/my").text();
    for words in [
        "<b>Acme &#60;b&#62;Saver&#60;/b&#62;</b>",
        "half-hours of Flat 1",
        "until ",
        "nothing fetched yet",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    crate::support::eventually("a word in the bar", || {
        browser
            .get("/my")
            .text()
            .contains("href=\"/permissions\"")
            .then_some(())
    });
    assert!(page.contains(METER), "the room of meters is open as well");
    let stop = page.split("href=\"/permissions/").nth(1).unwrap();
    let stop = format!("/permissions/{}", stop.split('"').next().unwrap());
    let asked = browser.get(&stop);
    assert_eq!(asked.status, 200, "{stop}: {}", asked.text());
    assert!(asked.text().contains("Acme"));
    // A neighbour reads nothing of it.
    let mut neighbour = consented.browser();
    neighbour.sign_in("/login", "neighbour");
    let theirs = neighbour.get("/my").text();
    assert!(
        theirs.contains("Nobody. When") && !theirs.contains("Acme") && !theirs.contains("Flat 1"),
        "{theirs}"
    );
    let csrf = crate::perseus::fixture::csrf(&asked.text());
    assert_eq!(browser.post(&stop, &[("csrf_token", &csrf)]).status, 303);
    let page = browser.get("/my").text();
    assert!(page.contains("Nobody. When") && !page.contains("Acme"), "{page}");
}
