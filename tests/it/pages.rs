//! The pages in a real browser: signing in, watching counts move, counting at a door, on a desk and on a phone.
//!
//! With `GATELODGE_TEST_PICTURES=FOLDER` a picture of every page is left there, to be looked at.

use std::path::Path;

use crate::meter::v1::Metered;
use crate::support::chromium::Page;
use crate::support::demo::Demo;
use crate::support::pebble::free_port;
use crate::support::test_box::CONFIG;
use crate::support::{TestBox, eventually};

fn page(running: &TestBox) -> Page {
    Page::new(running.door("https").port(), &running.ca_file())
}

/// A space that everybody may count in through the old URLs.
fn hall(running: &TestBox) -> String {
    let space = running.json(&["space", "create", "--name", "Hall", "--maximum", "20", "--open"]);
    space["id"].as_str().unwrap().to_owned()
}

fn count(running: &TestBox, id: &str, way: &str) {
    let answer = running.https().ask("PUT", &format!("/space/{id}/{way}"), &[]);
    assert_eq!(answer.status, 200, "{}", answer.text());
}

/// Lets a new person of this role choose a password by their one-time link, which signs them in.
fn welcome(page: &mut Page, running: &TestBox, role: &str) {
    let added = running.json(&["user", "add", &format!("a-{role}"), "--role", role]);
    page.go(&format!("/welcome/{}", added["code"].as_str().unwrap()));
    page.type_into("input[name=password]", "a-good-long-word");
    page.type_into("input[name=again]", "a-good-long-word");
    page.leaving(|page| page.click("main button"));
    let first = if role == "doorman" { "/spaces" } else { "/" };
    assert_eq!(page.eval("location.pathname"), first);
    page.go("/spaces");
}

#[test]
fn a_newcomer_signs_in_by_a_link_and_sees_counts_move() {
    let running = TestBox::start();
    let id = hall(&running);
    let mut page = page(&running);
    welcome(&mut page, &running, "admin");
    page.until(
        "the page is live",
        "document.querySelector('#live').textContent.includes('live')",
    );
    assert_eq!(page.text(".space .count b"), "0");
    page.eval("window.stayed = true");
    count(&running, &id, "increment");
    page.until(
        "the list moves",
        "document.querySelector('.space .count b').textContent === '1'",
    );
    let second = running.json(&["space", "create", "--name", "Attic <i>", "--maximum", "2"]);
    page.until("a new space comes", "document.querySelectorAll('.space').length === 2");
    assert_eq!(page.count(".space i"), 0, "names are text");
    running.command(&["space", "delete", second["id"].as_str().unwrap()]);
    page.until("a dead one goes", "document.querySelectorAll('.space').length === 1");
    assert_eq!(page.eval("window.stayed"), true, "without loading anew");

    page.leaving(|page| page.click(".space .name a"));
    assert_eq!(page.eval("location.pathname"), format!("/spaces/{id}"));
    assert_eq!(page.count(".plot path.line"), 2, "in two sizes");
    page.go("/box");
    assert!(page.text("h1").contains("box"));
    page.leaving(|page| page.click(".who button"));
    assert_eq!(page.eval("location.pathname"), "/login");
    assert_eq!(page.faults(), [""; 0]);
}

/// Antivirus programs and company proxies speak the older version to both sides.
#[test]
fn people_sign_in_over_http_1_too() {
    let running = TestBox::start();
    crate::accounts::add(&running, "anna", "viewer");
    for more in [&["--disable-http2"][..], &[]] {
        let mut page = Page::with(running.door("https").port(), &running.ca_file(), more);
        page.go("/login");
        let version = page.eval("performance.getEntriesByType('navigation')[0].nextHopProtocol");
        assert_eq!(version == "http/1.1", !more.is_empty(), "{version}");
        page.type_into("input[name=username]", "anna");
        page.type_into("input[name=password]", "correct-horse");
        page.leaving(|page| page.click("main button"));
        assert_eq!(page.eval("location.pathname"), "/");
        page.leaving(|page| page.click(".who button"));
        assert_eq!(page.eval("location.pathname"), "/login");
        assert_eq!(page.faults(), [""; 0]);
    }
}

#[test]
fn a_viewer_sees_no_buttons_and_a_broken_policy_would_be_seen() {
    let running = TestBox::start();
    let id = hall(&running);
    let mut page = page(&running);
    welcome(&mut page, &running, "viewer");
    for path in [
        "/spaces".to_owned(),
        format!("/spaces/{id}"),
        format!("/spaces/{id}/door"),
    ] {
        page.go(&path);
        assert_eq!(page.count("main button, main form, nav a[href='/box']"), 0, "{path}");
    }
    assert_eq!(page.faults(), [""; 0]);
    // What the other tests rely on: an inline script and a request elsewhere do not go unnoticed.
    page.eval("{ const s = document.createElement('script'); s.textContent = '1'; document.body.append(s); }");
    page.eval("new Image().src = 'https://elsewhere.example/x.png'; 0");
    eventually("both are noticed", || {
        let faults = page.faults().join("\n");
        (faults.contains("Content Security Policy") && faults.contains("elsewhere.example")).then_some(())
    });
}

/// Long texts in columns so thin that they cannot be read.
const THIN: &str = "[...document.querySelectorAll('dt, dd, p, li, h1, h2, h3')]
    .filter(one => one.children.length === 0 || ['DD', 'DT', 'P'].includes(one.tagName))
    .filter(one => one.textContent.trim().length > 60 && one.clientWidth > 1 && one.clientWidth < 160)
    .map(one => one.tagName + ' ' + one.clientWidth + ' ' + one.textContent.slice(0, 40))";

#[test]
fn every_page_fits_its_screen_in_both_colours() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(&folder.path().join("demo"));
    let found = &demo.found;
    let ca_file = found["ca_file"].as_str().unwrap();
    let mut page = Page::new(demo.https_port(), Path::new(ca_file));
    let space = format!("/spaces/{}", found["spaces"][0].as_str().unwrap());
    let pictures = std::env::var_os("GATELODGE_TEST_PICTURES");
    let look = |page: &mut Page, name: &str, path: &str| {
        page.go(path);
        for (width, scheme) in [
            (1280, "light"),
            (1280, "dark"),
            (390, "light"),
            (390, "dark"),
            (360, "light"),
        ] {
            page.look(width, scheme);
            let thin = page.eval(THIN);
            assert_eq!(
                thin,
                serde_json::json!([]),
                "{path} at {width}: long texts stand in thin columns"
            );
            let wide = page.eval("document.documentElement.scrollWidth - window.innerWidth");
            assert!(wide.as_i64() <= Some(0), "{path} at {width}: {wide} pixels stick out");
            if let Some(folder) = &pictures {
                std::fs::create_dir_all(folder).unwrap();
                let file = Path::new(folder).join(format!("{name}-{width}-{scheme}.png"));
                std::fs::write(file, page.picture()).unwrap();
            }
        }
    };
    look(&mut page, "login", "/login");
    let login = &found["logins"]["admin"];
    page.type_into("input[name=username]", login["username"].as_str().unwrap());
    page.type_into("input[name=password]", login["password"].as_str().unwrap());
    page.leaving(|page| page.click("main button"));
    for (name, path) in [
        ("start", "/"),
        ("energy", "/energy"),
        ("add", "/energy/add"),
        ("setup", "/setup"),
        ("sheet", "/setup/sheet"),
        ("money", "/money"),
        ("languages", "/docs/languages"),
        ("list", "/spaces"),
        ("space", &space),
        ("door", &format!("{space}/door")),
        ("box", "/box"),
        ("backups", "/box/backups"),
        ("doors", "/box/doors"),
        ("log", "/box/log"),
        ("relay", "/box/relay"),
        ("webhooks", "/box/webhooks"),
        ("docs", "/docs"),
        ("privacy", "/docs/privacy"),
    ] {
        look(&mut page, name, path);
        if name == "space" {
            let drawn = page.eval("document.querySelector('.plot path.line').getTotalLength()");
            assert!(drawn.as_f64().unwrap() > 0.0, "the day is drawn so far: {drawn}");
        }
        if name == "relay" {
            // The demo's own gateway waits there; ended, it comes back as another.
            let waiting = "document.querySelector('.peers b')?.textContent === 'gw/demo'";
            let number = "document.querySelector('.peers a')?.search";
            crate::support::eventually("the gateway waits", || {
                page.go("/box/relay");
                (page.eval(waiting) == true).then_some(())
            });
            let before = page.eval(number);
            // It is asked once before it is done.
            page.leaving(|page| page.click(".peers a"));
            let asks = page.eval("location.pathname + location.search");
            look(&mut page, "relay-end", asks.as_str().unwrap());
            page.leaving(|page| page.click("main button"));
            crate::support::eventually("the gateway is back", || {
                page.go("/box/relay");
                (page.eval(waiting) == true && page.eval(number) != before).then_some(())
            });
        }
    }
    // A code on its way, and what became of it.
    let topups = format!("/meters/{}/topups", found["meters"][0].as_str().unwrap());
    look(&mut page, "meter", topups.trim_end_matches("/topups"));
    // On a phone a value stands in one line.
    let broken = "[...document.querySelectorAll('.said-last .number:not(.long)')].filter(one => {
        const text = document.createRange();
        text.selectNodeContents(one);
        return new Set([...text.getClientRects()].map(line => line.top)).size > 1;
    }).length";
    page.go(&format!("{}/health", topups.trim_end_matches("/topups")));
    assert!(page.count(".said-last tr") > 5);
    page.look(360, "light");
    assert_eq!(page.eval(broken), 0);
    let stuck_out = "[...document.querySelectorAll('.said-last')].filter(one => one.offsetWidth > one.parentElement.clientWidth).length";
    assert_eq!(page.eval(stuck_out), 0);
    look(&mut page, "topups", &topups);
    page.type_into("input[name=token]", "1000-0000-0000-0000-1250");
    page.leaving(|page| page.click("main form button"));
    let at = page.eval("location.pathname").as_str().unwrap().to_owned();
    crate::support::eventually("the code was taken", || {
        page.go(&at);
        page.text("main .verdict").contains("Your meter took it").then_some(())
    });
    look(&mut page, "topup", &at);
    look(&mut page, "topups-after", &topups);
    // And whoever lives there, on their first page.
    page.leaving(|page| page.click(".who button"));
    let login = &found["logins"]["resident"];
    page.type_into("input[name=username]", login["username"].as_str().unwrap());
    page.type_into("input[name=password]", login["password"].as_str().unwrap());
    page.leaving(|page| page.click("main button"));
    assert_eq!(page.eval("location.pathname"), "/my");
    look(&mut page, "my", "/my");
    assert_eq!(page.faults(), [""; 0]);
}

#[test]
fn a_resident_sees_their_meters_half_hours_and_nobody_elses() {
    let metered = Metered::start(30);
    metered.fetched();
    let (running, serial) = (&metered.running, metered.serial);
    running.json(&["meter", "add", "EML9", "--link", "tcp://127.0.0.1:9"]);
    let link = format!("{serial}@2026-01-01");
    let added = running.json(&["user", "add", "clara", "--role", "resident", "--meter", &link]);
    let mut page = page(running);
    page.go(&format!("/welcome/{}", added["code"].as_str().unwrap()));
    page.type_into("input[name=password]", "a-good-long-word");
    page.type_into("input[name=again]", "a-good-long-word");
    page.leaving(|page| page.click("main button"));
    assert_eq!(page.eval("location.pathname"), "/my", "the first page that is theirs");
    page.go("/energy");
    assert_eq!(page.count("#meters tbody tr"), 1);
    assert_eq!(page.text("#meters [data-of=power]"), "500 W");
    page.until(
        "the page is live",
        "!document.body.classList.contains('lost') && document.querySelector('#live').dataset.open === 'yes'",
    );
    page.eval("window.stayed = true");
    page.eval("document.querySelector('#meters [data-of=power]').textContent = ''");
    running.command(&["mediators", "sync", serial]);
    page.until(
        "the row moves",
        "document.querySelector('#meters [data-of=power]').textContent === '500 W'",
    );
    assert_eq!(page.eval("window.stayed"), true, "without loading anew");
    page.leaving(|page| page.click("#meters th a"));
    page.go(&format!("/meters/{serial}?day={}", yesterday()));
    assert!(page.count("#halves-felt title") > 10 && page.text(".figures").contains(" kWh"));
    assert!(
        (2..=3).contains(&page.count(".plot.at-desks a")),
        "the days of which anything is known"
    );
    assert!(!page.text("main").contains("measured"), "only what is not is said");
    assert_eq!(page.faults(), [""; 0]);
    page.go(&format!("/meters/{serial}?day=9999-12-31"));
    assert!(
        page.text("main")
            .contains("`9999-12-31` is not a day that can be asked for"),
        "no fault of ours"
    );
    page.go("/meters/EML9");
    assert!(page.text("main").contains("There is no such meter"));
    page.go("/spaces");
    assert!(page.text("body").contains("does not cover"));

    // Moving out takes the page away; what was theirs is there when they sign in again.
    let before = page.faults().len();
    running.json(&["user", "move-out", "clara"]);
    page.go("/energy");
    assert_eq!(page.eval("location.pathname"), "/login");
    page.type_into("input[name=username]", "clara");
    page.type_into("input[name=password]", "a-good-long-word");
    page.leaving(|page| page.click("main button"));
    assert_eq!(page.eval("location.pathname"), "/my");
    assert!(page.text("main").contains("linked to you any more") && page.text("main").contains("yours until"));
    page.go("/energy");
    assert_eq!(page.count("#meters .lamp.off"), 1);
    assert!(page.text("#meters .lamp").starts_with("yours until"));
    page.leaving(|page| page.click("#meters th a"));
    page.go(&format!("/meters/{serial}?day={}", yesterday()));
    assert!(page.text("main").contains("Yours until") && page.count("#halves-felt title") > 10);
    assert_eq!(page.faults().len(), before);
}

#[test]
fn a_page_whose_box_is_gone_says_so_and_is_live_again_when_the_box_is() {
    let port = format!("[https]\nlisten = [\"127.0.0.1:{}\"]", free_port());
    let mut running = TestBox::start_with(&CONFIG.replace("[https]\nlisten = [\"127.0.0.1:0\"]", &port));
    let id = hall(&running);
    let mut page = page(&running);
    welcome(&mut page, &running, "doorman");
    page.go(&format!("/spaces/{id}"));
    let is_live = "document.querySelector('#live').textContent === 'live'";
    page.until("the page is live", is_live);
    running.kill();
    page.until(
        "it says that it is not",
        "document.querySelector('#live').textContent.startsWith('Not live') && document.body.classList.contains('lost')",
    );
    running.run();
    page.until("it is live again by itself", is_live);
    count(&running, &id, "increment");
    page.until("it moves", "document.querySelector('.count b').textContent === '1'");
}

fn yesterday() -> String {
    let yesterday = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(24);
    yesterday.to_zoned(jiff::tz::TimeZone::UTC).date().to_string()
}
