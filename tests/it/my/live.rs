//! What moves: the balance and the code's state, with script and without.

use super::{my, of};
use crate::accounts::{Browser, signed_in};
use crate::meter::topup_doors::{Prepaid, SERIAL};
use crate::support::chromium::Page;
use crate::support::test_box::CONFIG;
use crate::support::{TestBox, eventually};

const CODE: &str = "10000000000000001250";

#[test]
fn the_balance_and_the_codes_state_change_as_the_box_learns_of_them() {
    let prepaid = Prepaid::start(&[]);
    let running = &prepaid.running;
    let mut resident = signed_in(running, "resident");
    running.json(&["user", "meters", "resident", SERIAL]);
    running.command(&["mediators", "sync", SERIAL]);
    let page = eventually("the balance was read", || {
        let page = my(&mut resident);
        page.contains("£10.00 left").then_some(page)
    });
    assert!(page.contains("data-of=\"topup\" hidden"), "no code yet: {page}");

    let mut screen = Page::new(running.door("https").port(), &running.ca_file());
    screen.go("/login");
    screen.type_into("input[name=username]", "resident");
    screen.type_into("input[name=password]", "correct-horse");
    screen.leaving(|page| page.click("main button"));
    assert_eq!(screen.eval("location.pathname"), "/my");
    screen.until(
        "the page is live",
        "document.querySelector('#live').dataset.open === 'yes'",
    );
    assert_eq!(screen.text("[data-of=big]"), "£10.00 left");
    screen.eval("window.stayed = true");
    let topups = format!("/energy/{SERIAL}/topups");
    assert_eq!(resident.submit(&topups, &topups, &[("token", CODE)]).status, 303);
    screen.until(
        "the code's way is told",
        "document.querySelector('[data-of=topup] a').textContent === 'Your meter took it: £10.00 → £22.50'",
    );
    screen.until(
        "the balance moves",
        "document.querySelector('[data-of=big]').textContent === '£22.50 left'",
    );
    assert_eq!(screen.eval("window.stayed"), true, "without loading anew");
    assert_eq!(screen.eval("document.querySelector('[data-of=topup]').hidden"), false);
    assert_eq!(screen.faults(), [""; 0]);

    // The same without script, for whoever loads the page.
    let page = my(&mut resident);
    assert_eq!(of(&page, "big"), "£22.50 left");
    assert!(
        of(&page, "topup").contains("Your meter took it: £10.00 → £22.50"),
        "{page}"
    );
    screen.scripts(false);
    screen.go("/my");
    assert!(screen.text("main").contains("£22.50 left"));
}

#[test]
fn a_code_that_waits_is_on_its_way_and_one_that_was_used_is_not_taken() {
    let running = TestBox::start_with(&format!(
        "{CONFIG}[site]\nlanguages = [\"en\", \"cy\"]\n[meters]\nattempts = 1\ntimeout = \"1s\"\n[[meter]]\n\
         serial = \"{SERIAL}\"\nlink = \"tcp://127.0.0.1:9\"\nname = \"Flat 1\"\nhardware = \"EMA1.w\"\n"
    ));
    let mut resident = signed_in(&running, "resident");
    running.json(&["user", "meters", "resident", SERIAL]);
    let topups = format!("/energy/{SERIAL}/topups");
    resident.submit(&topups, &topups, &[("token", CODE)]);
    assert!(of(&my(&mut resident), "topup").contains(">On its way to your meter</a>"));
    resident.get("/language/cy");
    assert!(of(&my(&mut resident), "topup").contains("Ar ei ffordd i"));
    // Whoever moves in now reads nothing of it.
    crate::accounts::add(&running, "next", "resident");
    running.json(&["user", "meters", "resident"]);
    running.json(&["user", "meters", "next", SERIAL]);
    let mut next: Browser = crate::access::streams::sign_in(&running, "next");
    assert!(my(&mut next).contains("data-of=\"topup\" hidden"));

    let prepaid = Prepaid::start(&["--duplicate-rate", "1"]);
    let mut resident = signed_in(&prepaid.running, "resident");
    prepaid.running.json(&["user", "meters", "resident", SERIAL]);
    resident.submit(&topups, &topups, &[("token", CODE)]);
    eventually("it is refused", || {
        of(&my(&mut resident), "topup")
            .contains("Not taken: this code was used before")
            .then_some(())
    });
}
