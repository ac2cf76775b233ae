//! The pages on a phone whose box is away: the door goes on, everything else says so, and nobody's page is kept.

use serde_json::{Value, json};

use crate::support::TestBox;
use crate::support::chromium::Page;
use crate::support::pebble::free_port;
use crate::support::test_box::CONFIG;

/// The addresses of everything that this browser keeps.
const KEPT: &str = "caches.keys().then(names => Promise.all(names.map(name => caches.open(name).then(cache => cache.keys()))))
    .then(all => all.flat().map(request => new URL(request.url).pathname.replace(/^\\/assets\\/[^/]+/, '/assets')).sort())";

fn sign_in(page: &mut Page) {
    page.go("/login");
    page.type_into("input[name=username]", "doorman");
    page.type_into("input[name=password]", "correct-horse");
    page.leaving(|page| page.click("main button"));
}

#[test]
fn a_door_works_without_the_box_and_nothing_of_anybody_else_is_kept() {
    let port = format!("[https]\nlisten = [\"127.0.0.1:{}\"]", free_port());
    let mut running = TestBox::start_with(&CONFIG.replace("[https]\nlisten = [\"127.0.0.1:0\"]", &port));
    crate::accounts::add(&running, "doorman", "doorman");
    let space = running.json(&["space", "create", "--name", "North door", "--maximum", "20"]);
    let (id, door) = (
        space["id"].as_str().unwrap().to_owned(),
        format!("/spaces/{}/door", space["id"].as_str().unwrap()),
    );
    let mut page = Page::new(running.door("https").port(), &running.ca_file());
    sign_in(&mut page);
    page.go(&door);
    page.until(
        "the worker works",
        "navigator.serviceWorker.ready.then(one => one.active.state === 'activated')",
    );
    // What it keeps are doors that were opened since it works, and other pages that were are not.
    for path in ["/me", &door] {
        page.go(path);
    }
    let shell = [
        "/assets/door.js",
        "/assets/icon-192.png",
        "/assets/icon.svg",
        "/assets/style.css",
        "/away",
        &door,
    ];
    assert_eq!(page.eval(KEPT), json!(shell));

    running.kill();
    page.go("/me");
    assert_eq!(page.text("h1"), "The box is away");
    assert!(!page.text("body").contains("doorman"));
    page.go(&door);
    assert_eq!(page.text("h1"), "North door");
    page.until(
        "the door knows",
        "document.querySelector('#live').className.includes('away')",
    );
    page.click(".hand.in");
    page.until(
        "the tap waits",
        "document.querySelector('#live').textContent.includes('1')",
    );
    // It waits over another start of the page.
    page.go(&door);
    running.run();
    let counted = || running.json(&["space", "show", &id])["current"].clone();
    crate::support::eventually("it was counted", || (counted() == 1).then_some(()));
    let faults = page.faults();
    let others: Vec<_> = faults
        .iter()
        .filter(|fault| !fault.contains("Failed to load resource") && !fault.contains("ERR_"))
        .collect();
    assert!(others.is_empty(), "{others:?}");

    // With whoever signs out goes what was kept of their doors.
    page.go("/me");
    page.leaving(|page| page.click(".who button"));
    assert!(!page.eval(KEPT).to_string().contains("door\""), "{}", page.eval(KEPT));
    // And with a session that ended elsewhere, as soon as the box says so.
    sign_in(&mut page);
    page.go(&door);
    assert!(page.eval(KEPT).to_string().contains(&door));
    page.command("Network.clearBrowserCookies", json!({}));
    page.go(&door);
    assert_eq!(page.eval("location.pathname"), "/login");
    assert!(!page.eval(KEPT).to_string().contains(&door));
}

#[test]
fn phones_take_it_for_a_program() {
    let running = TestBox::start();
    let mut page = Page::new(running.door("https").port(), &running.ca_file());
    page.go("/login");
    let read = page.command("Page.getAppManifest", json!({}));
    assert_eq!(read["errors"], json!([]), "{read}");
    let manifest: Value = serde_json::from_str(read["data"].as_str().unwrap()).unwrap();
    assert_eq!(
        (&manifest["start_url"], &manifest["display"]),
        (&json!("/"), &json!("standalone"))
    );
    for icon in manifest["icons"].as_array().unwrap() {
        let answer = running.https().ask("GET", icon["src"].as_str().unwrap(), &[]);
        assert_eq!(answer.header("content-type"), icon["type"].as_str(), "{icon}");
    }
    let errors = page.command("Page.getInstallabilityErrors", json!({}));
    assert_eq!(errors["installabilityErrors"], json!([]), "{errors}");
    assert_eq!(page.faults(), [""; 0]);
}
