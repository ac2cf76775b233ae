//! The first day in a browser, on a phone and on a desk, without script: from the one-time link to the sheet.

use crate::meter::command::Simulation;
use crate::support::TestBox;
use crate::support::chromium::Page;
use crate::support::eventually;

const QUICK: &str = "[meters]\nrequest_gap = \"0s\"\nattempts = 1\ntimeout = \"2s\"\n";

fn keep(page: &mut Page, name: &str) {
    for (width, scheme) in [(360, "light"), (360, "dark"), (1280, "dark"), (1280, "light")] {
        page.look(width, scheme);
        let wide = page.eval("document.documentElement.scrollWidth - window.innerWidth");
        assert!(wide.as_i64() <= Some(0), "{name} at {width}: {wide} pixels stick out");
        if let Ok(folder) = std::env::var("GATELODGE_TEST_PICTURES") {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(format!("{folder}/first-{name}-{width}-{scheme}.png"), page.picture()).unwrap();
        }
    }
}

#[test]
fn the_first_day_goes_from_the_link_to_the_sheet() {
    let running = TestBox::start_with(&format!("{}{QUICK}", super::BARE));
    let (_meters, printed) = Simulation::start(
        &["--listen", "127.0.0.1:0", "--serial", "EML2137580826", "--count", "2"],
        2,
    );
    let link = |at: usize| printed[at]["address"].as_str().unwrap().to_owned();
    let added = running.json(&["user", "add", "anna", "--role", "admin"]);
    let mut page = Page::new(running.door("https").port(), &running.ca_file());
    page.scripts(false);
    page.go(&format!("/welcome/{}", added["code"].as_str().unwrap()));
    page.type_into("input[name=password]", "a-good-long-word");
    page.type_into("input[name=again]", "a-good-long-word");
    page.leaving(|page| page.click("main button"));
    assert_eq!(page.eval("location.pathname"), "/setup");
    keep(&mut page, "setup-empty");
    page.type_into("input[name=name]", "Elm Court");
    page.type_into("input[name=timezone]", "Europe/London");
    page.leaving(|page| page.click("#step-1 button"));
    assert!(page.text("#step-1").contains("Elm Court"));
    page.leaving(|page| page.click("#step-3 a.button"));
    keep(&mut page, "add");
    let list = format!(
        "EML2137580826 {} Flat 1, ground floor\\nEML2244826999 {} Flat 2\\nEML2244826998 127.0.0.1:9 Flat 3\\nrubbish",
        link(0),
        link(1)
    );
    page.eval(&format!("document.querySelector('textarea').value = '{list}'"));
    page.leaving(|page| page.click("main form button"));
    assert!(
        page.eval("location.pathname")
            .as_str()
            .unwrap()
            .starts_with("/energy/add/")
    );
    let at = page.eval("location.pathname").as_str().unwrap().to_owned();
    eventually("all are asked", || {
        page.go(&at);
        (page.count("main form button") == 1).then_some(())
    });
    assert_eq!(page.count("input[type=checkbox]"), 2);
    assert_eq!(page.count("input[type=checkbox]:checked"), 1);
    keep(&mut page, "asked");
    page.leaving(|page| page.click("main form button"));
    keep(&mut page, "added");
    page.go("/setup");
    keep(&mut page, "setup");
    page.leaving(|page| page.click("#step-7 a.button"));
    assert!(page.text("body").contains("EML2137580826"));
    assert_eq!(
        page.eval("getComputedStyle(document.querySelector('header')).display"),
        "flex",
        "it has its style"
    );
    keep(&mut page, "sheet");
    assert_eq!(page.faults(), [""; 0]);
}
