//! Silent, not linked yet, linked no more, and rooms that are closed.

use super::{Home, SERIAL, my, of};
use crate::accounts::{Browser, add, signed_in};
use crate::support::test_box::CONFIG;
use crate::support::{TestBox, eventually};

#[test]
fn a_silent_meter_is_said_to_be_and_what_it_said_last_is_greyed_with_its_age() {
    let mut home = Home::start(&["--prepay", "--balance", "91.25"]);
    let mut resident = home.resident();
    let page = eventually("the balance was read", || {
        let page = my(&mut resident);
        page.contains("£91.").then_some(page)
    });
    assert!(!page.contains("card now old") && !page.contains("nothing from your meter"));
    home.falls_silent();
    let page = eventually("it is noticed", || {
        let page = my(&mut resident);
        page.contains("card now old").then_some(page)
    });
    let silence = of(&page, "silence");
    let words = silence.split_once("since ").unwrap();
    assert_eq!(words.0, "We have had nothing from your meter ", "{silence}");
    let (time, rest) = words.1.split_once(". ").unwrap();
    assert!(
        time.contains(':') && time.len() >= 5,
        "a time of day, and the day where it is another: {time}"
    );
    assert_eq!(rest, "Your supply is not affected. Half-hours will be fetched later.");
    assert!(of(&page, "big").starts_with("£91."), "no dash: {page}");
    assert!(page.contains(">read "), "with its age: {page}");
}

#[test]
fn who_has_no_meter_is_told_whom_to_ask_in_both_languages() {
    let running = TestBox::start_with(&format!(
        "{CONFIG}[site]\nname = \"12 Canal Street\"\ncontact = \"mailto:house@example.org\"\nlanguages = [\"en\", \"cy\"]\n\
         [meters]\nattempts = 1\ntimeout = \"1s\"\n[[meter]]\nserial = \"{SERIAL}\"\nlink = \"tcp://127.0.0.1:9\"\nname = \"Flat 1\"\n"
    ));
    let mut resident = signed_in(&running, "resident");
    assert_eq!(resident.get("/").header("location"), Some("/my"));
    let page = my(&mut resident);
    for words in [
        "No meter is linked to you yet.",
        "Ask the house for it: 12 Canal Street",
        "<a href=\"mailto:house@example.org\">house@example.org</a>",
        "href=\"/me\"",
        "Sign out",
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    for words in ["Flat 1", SERIAL, "id=\"live\"", "Who sees my data", "/permissions"] {
        assert!(!page.contains(words), "{words}: {page}");
    }
    resident.get("/language/cy");
    let page = my(&mut resident);
    assert!(page.contains("Nid oes mesurydd wedi'i gysylltu") || page.contains("Nid oes mesurydd wedi&#39;i gysylltu"));
    assert!(!page.contains("lang=\"en\">") || !page.contains("No meter"), "{page}");

    // What was theirs leads to its time.
    running.json(&["user", "meters", "resident", &format!("{SERIAL}@2026-01-01")]);
    running.json(&["user", "move-out", "resident"]);
    let mut resident = crate::accounts::signed_in_again(&running, "resident");
    let page = my(&mut resident);
    assert!(
        page.contains("No meter is linked to you any more.") && page.contains("yours until"),
        "{page}"
    );
    assert!(
        page.contains(&format!("href=\"/energy/{SERIAL}\"")) && !page.contains("Flat 1"),
        "{page}"
    );
}

#[test]
fn every_word_of_the_page_is_there_in_welsh() {
    let home = Home::start(&["--prepay", "--balance", "91.25"]);
    let mut resident = home.resident();
    eventually("the balance was read", || {
        my(&mut resident).contains("£91.").then_some(())
    });
    resident.get("/language/cy");
    let page = my(&mut resident);
    let main = page.split_once("<main").unwrap().1.split_once("</main>").unwrap().0;
    assert!(!main.contains("lang=\"en\""), "{main}");
    for words in ["£91.", " ar ôl", "Heddiw", "Ddoe", "c y kWh", "Fy mesurydd"] {
        assert!(main.contains(words), "{words}: {main}");
    }
    let topups = resident.get(&format!("/energy/{SERIAL}/topups")).text();
    let main = topups.split_once("<main").unwrap().1.split_once("</main>").unwrap().0;
    assert!(
        main.contains("20 digid y cod") && !main.contains("lang=\"en\""),
        "{main}"
    );
}

#[test]
fn without_meters_the_page_says_so_and_whoever_is_no_resident_has_another_first_page() {
    let running = TestBox::start();
    let mut resident = signed_in(&running, "resident");
    assert!(my(&mut resident).contains("This box reads no meters at present."));
    for role in ["admin", "installer", "viewer", "doorman"] {
        add(&running, &format!("{role}-2"), role);
        let mut browser: Browser = crate::access::streams::sign_in(&running, &format!("{role}-2"));
        let refused = browser.get("/my");
        assert_eq!(refused.status, 403, "{role}");
        let text = refused.text();
        assert!(
            text.contains("This page is for residents. Yours is Home.") && text.contains("href=\"/\""),
            "{role}: {text}"
        );
    }
    let mut nobody = Browser::new(&running);
    assert_eq!(nobody.get("/my").header("location"), Some("/login"));
}
