//! The pages in a real browser, on a phone and on a desk: nothing sticks out, nothing is said in the console.

use crate::accounts::add;
use crate::support::TestBox;
use crate::support::chromium::Page;
use crate::support::test_box::CONFIG;

fn keep(page: &mut Page, name: &str) {
    for (width, scheme) in [(360, "light"), (1280, "dark"), (1280, "light")] {
        page.look(width, scheme);
        let wide = page.eval(
            "[...document.querySelectorAll('main *, header *')]
                .filter(e => e.getBoundingClientRect().right > innerWidth + .5 && !e.closest('pre, .secret'))
                .map(e => e.outerHTML.slice(0, 120)).join(' | ')",
        );
        assert_eq!(wide, "", "{name} sticks out at {width}");
        if let Ok(folder) = std::env::var("GATELODGE_TEST_PICTURES") {
            std::fs::create_dir_all(&folder).unwrap();
            std::fs::write(format!("{folder}/{name}-{width}-{scheme}.png"), page.picture()).unwrap();
        }
    }
}

#[test]
fn the_pages_fit_a_phone_and_a_desk() {
    let uplink = "[uplink]\nkind = \"mqtt\"\nurl = \"mqtt://127.0.0.1:1\"\n";
    let running = TestBox::start_with(&format!("{CONFIG}[meters]\n{uplink}"));
    add(&running, "admin", "admin");
    for name in ["Great hall", "Attic of the house", "Bar"] {
        running.json(&["space", "create", "--name", name, "--maximum", "20"]);
    }
    running.json(&[
        "user",
        "add",
        "flat-1.anna@example.org",
        "--role",
        "resident",
        "--meter",
        "EML2137580826@2026-05-01",
    ]);
    running.json(&["user", "add", "porter", "--role", "doorman"]);
    running.json(&[
        "token",
        "create",
        "--name",
        "The desk's own app",
        "--scope",
        "spaces:read",
        "--scope",
        "spaces:count",
    ]);
    let mut page = Page::new(running.door("https").port(), &running.ca_file());
    page.scripts(false);
    page.go("/login");
    keep(&mut page, "login");
    page.type_into("input[name=username]", "admin");
    page.type_into("input[name=password]", "correct-horse");
    page.leaving(|page| page.click("main button"));
    for (path, name) in [
        ("/box/people", "people"),
        ("/box/people/flat-1.anna@example.org", "person"),
        ("/box/people/porter", "doorman"),
        ("/box/people/porter/remove", "remove"),
        ("/box/people/flat-1.anna@example.org/move-out", "move-out"),
        ("/box/tokens", "tokens"),
        ("/me", "me"),
        ("/box", "box"),
    ] {
        page.go(path);
        assert!(!page.text("h1").is_empty(), "{path}");
        keep(&mut page, name);
    }
    page.go("/box/people/porter");
    page.leaving(|page| page.click("form[action$=invitation] button"));
    keep(&mut page, "invited");
    page.go("/box/people/flat-1.anna@example.org/move-out");
    page.leaving(|page| page.click("main form button"));
    keep(&mut page, "left");
    page.go("/box/cloud");
    page.leaving(|page| page.click("form[action='/box/cloud/test'] button"));
    keep(&mut page, "cloud");
    assert_eq!(page.faults(), [""; 0]);
}
