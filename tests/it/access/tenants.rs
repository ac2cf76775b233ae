//! Two tenants of one flat, one after the other: each sees their own time and nothing of the other's.

use std::collections::BTreeSet;

use jiff::{SignedDuration, Timestamp};

use super::fixture::{Known, routes};
use super::streams::sign_in;
use crate::accounts::{Browser, add};
use crate::meter::command::Simulation;
use crate::support::test_box::CONFIG;
use crate::support::{Https, TestBox, eventually};

const SERIAL: &str = "EML2137580826";

/// A flat whose meter remembers four days of a household, in a house in London.
struct Flat {
    running: TestBox,
    address: String,
    meter: Option<Simulation>,
}

impl Flat {
    fn new() -> Flat {
        let (meter, address) = simulated("127.0.0.1:0", "17.25");
        let running = TestBox::start_with(&format!(
            "{CONFIG}[site]\ntimezone = \"Europe/London\"\n[meters]\nrequest_gap = \"0s\"\ntimeout = \"1s\"\nattempts = 1\n\
             [[meter]]\nserial = \"{SERIAL}\"\nlink = \"tcp://{address}\"\nname = \"Flat of the next\"\n"
        ));
        eventually("all is fetched", || {
            let meter = running.json(&["meter", "show", SERIAL]);
            let fetched = meter["half_hours"]["open"] == 0 && meter["values"]["balance"]["value"] == "17.25";
            fetched.then_some(())
        });
        Flat {
            running,
            address,
            meter: Some(meter),
        }
    }

    /// Somebody else's money stands on the meter.
    fn topped_up(&mut self, balance: &str) {
        drop(self.meter.take());
        self.meter = Some(simulated(&self.address, balance).0);
        eventually("the box has read it", || {
            self.running.command(&["mediators", "sync", SERIAL]);
            let meter = self.running.json(&["meter", "show", SERIAL]);
            (meter["values"]["balance"]["value"] == balance).then_some(())
        });
    }

    fn csv(&self, browser: &mut Browser, day: &str) -> Vec<String> {
        let answer = browser.get(&format!("/energy/{SERIAL}/half-hours.csv?day={day}"));
        assert_eq!(answer.status, 200, "{}", answer.text());
        answer.text().lines().skip(1).map(str::to_owned).collect()
    }
}

fn simulated(listen: &str, balance: &str) -> (Simulation, String) {
    let start = (Timestamp::now() - SignedDuration::from_hours(4 * 24)).to_string();
    let arguments = [
        "--listen",
        listen,
        "--serial",
        SERIAL,
        "--prepay",
        "--household",
        "--unit-rate",
        "0",
    ];
    let rest = ["--standing-charge", "0", "--balance", balance, "--log-start", &start];
    let (meter, printed) = Simulation::start(&[&arguments[..], &rest].concat(), 1);
    (meter, printed[0]["address"].as_str().unwrap().to_owned())
}

/// The day so many days ago, where the house stands.
fn day(ago: i64) -> String {
    let now = Timestamp::now().in_tz("Europe/London").unwrap();
    (now.date() - jiff::Span::new().days(ago)).to_string()
}

/// Everything that somebody is shown at any route, streams by their heads alone.
fn all_pages(running: &TestBox, browser: &Browser) -> String {
    pages(running, browser, |_| true)
}

/// The same at some routes.
fn pages(running: &TestBox, browser: &Browser, wanted: impl Fn(&str) -> bool) -> String {
    let mut https = running.https();
    let mut all = String::new();
    for route in routes().into_iter().filter(|route| wanted(route)) {
        let mut path = route.replace("{serial}", SERIAL);
        while let Some((before, rest)) = path.clone().split_once('{') {
            path = format!("{before}x{}", rest.split_once('}').unwrap().1);
        }
        let answer = Known::person(browser).ask(&mut https, &path);
        assert!(answer.status < 500 || path == "/readyz", "{path}: {}", answer.status);
        all.push_str(&answer.text());
        let kind = answer.header("content-type").unwrap_or_default();
        if kind.starts_with("text/event-stream") {
            https = running.https();
        }
    }
    all
}

fn stream(running: &TestBox, browser: &Browser, path: &str) -> Https {
    let mut https = running.https();
    https.begin("GET", path, &[("cookie", &browser.cookies())]);
    let status = https.line().unwrap();
    assert!(status.starts_with("HTTP/1.1 200"), "{path}: {status}");
    https
}

#[test]
fn half_hours_are_shown_to_whose_time_they_were_and_to_nobody_else() {
    let flat = Flat::new();
    let running = &flat.running;
    add(running, "admin", "admin");
    for name in ["former", "next", "wife"] {
        add(running, name, "resident");
    }
    let (came, moved) = (format!("{SERIAL}@{}", day(3)), format!("{SERIAL}@{}", day(1)));
    running.json(&["user", "meters", "former", &came]);
    running.json(&["user", "move-out", "former", "--at", &day(1)]);
    running.json(&["user", "meters", "next", &moved]);
    running.json(&["user", "meters", "wife", &moved]);
    let [mut admin, mut former, mut next, mut wife] =
        ["admin", "former", "next", "wife"].map(|name| sign_in(running, name));
    for ago in (0..=4).rev() {
        let all = flat.csv(&mut admin, &day(ago));
        let (before, after) = (flat.csv(&mut former, &day(ago)), flat.csv(&mut next, &day(ago)));
        // What was before the first of them came is nobody's, and days that are over have all of their half-hours.
        assert_eq!(
            before,
            if (2..=3).contains(&ago) { all.clone() } else { vec![] },
            "{ago} days ago"
        );
        assert_eq!(after, if ago <= 1 { all.clone() } else { vec![] }, "{ago} days ago");
        assert_eq!(flat.csv(&mut wife, &day(ago)), after, "both of a couple");
        assert!(ago == 0 || all.len() == 48, "{ago}: {all:?}");
    }
    let known = flat.csv(&mut admin, &day(2));
    assert!(
        known.iter().filter(|row| row.contains("measured")).count() > 40,
        "{known:?}"
    );
    // The page of whoever left begins with their last day, and goes no further.
    let page = former.get(&format!("/energy/{SERIAL}")).text();
    assert!(page.contains("Yours until") && page.contains("00:00"), "{page}");
    assert!(
        page.contains(&format!("day={}\"", day(2))) && !page.contains(&format!("day={}\"", day(1))),
        "{page}"
    );
    assert!(
        !page.contains("What it said last") && !page.contains("data-stream"),
        "{page}"
    );
    assert!(
        !page.contains("Flat of the next"),
        "it is called after whoever lives there: {page}"
    );
    let page = next.get(&format!("/energy/{SERIAL}")).text();
    assert!(
        page.contains(&format!("?day={}\"", day(1))) && !page.contains(&format!("?day={}\"", day(2))),
        "{page}"
    );
    let other = next.get(&format!("/energy/{SERIAL}?day={}", day(2))).text();
    assert!(
        other.contains("Not your time") && !other.contains("class=\"plots\""),
        "{other}"
    );
    let list = former.get("/energy").text();
    assert!(
        list.contains("yours until") && list.contains(SERIAL) && !list.contains("data-stream"),
        "{list}"
    );
}

#[test]
fn a_former_and_a_next_tenant_are_told_nothing_of_each_others_time() {
    let mut flat = Flat::new();
    let long_ago = format!("{SERIAL}@{}", day(30));
    for name in ["former", "next", "admin"] {
        add(&flat.running, name, if name == "admin" { "admin" } else { "resident" });
    }
    flat.running.json(&["user", "meters", "former", &long_ago]);
    let (former, mut admin) = (sign_in(&flat.running, "former"), sign_in(&flat.running, "admin"));
    assert!(all_pages(&flat.running, &former).contains("17.25"), "it is theirs");
    let page = admin.get("/energy").text();
    let live = page
        .split("data-stream=\"")
        .nth(1)
        .unwrap()
        .split('"')
        .next()
        .unwrap()
        .replace("&#38;", "&");
    let mut open = stream(&flat.running, &former, &live);
    flat.running.command(&["mediators", "sync", SERIAL]);
    while !open.line().unwrap().contains("17.25") {}

    flat.running.json(&["user", "invite", "former"]);
    let left = flat.running.json(&["user", "move-out", "former"]);
    assert_eq!(
        (&left["sessions"], &left["invitations"]),
        (&1.into(), &1.into()),
        "{left}"
    );
    // A chunk of no bytes is the end of an answer (RFC 9112 §7.1).
    while open.line().unwrap() != "0" {}
    let mut browser = former;
    assert_eq!(
        browser.get("/energy").header("location"),
        Some("/login"),
        "the session is over"
    );

    // Nobody has read the meter since the next one came.
    flat.running.json(&["mediators", "stop", SERIAL]);
    flat.running.json(&["user", "meters", "next", SERIAL]);
    let next = sign_in(&flat.running, "next");
    let seen = all_pages(&flat.running, &next);
    assert!(
        seen.contains(SERIAL) && !seen.contains("17.25"),
        "what was said before is not theirs"
    );
    let mut open = stream(&flat.running, &next, &live);
    flat.running.json(&["mediators", "start", SERIAL]);
    flat.topped_up("4.44");
    let mut heard = String::new();
    while !heard.contains("4.44") {
        heard.push_str(&open.line().unwrap());
    }
    assert!(!heard.contains("17.25"), "{heard}");

    let seen = all_pages(&flat.running, &next);
    assert!(seen.contains("4.44") && !seen.contains("17.25"));
    let former = sign_in(&flat.running, "former");
    let seen = all_pages(&flat.running, &former);
    assert!(seen.contains("Yours until") && seen.contains(SERIAL), "their own past");
    for word in ["4.44", "Flat of the next"] {
        assert!(!seen.contains(word), "{word}");
    }
    // What was paid in when they lived there stands in the statement of that time, and nowhere as what is there now.
    let statement = |route: &str| route.starts_with("/energy/{serial}/money");
    assert!(pages(&flat.running, &former, statement).contains("17.25"));
    assert!(!pages(&flat.running, &former, |route| !statement(route)).contains("17.25"));
    let live = Known::person(&former).ask(&mut flat.running.https(), "/energy/live");
    assert_eq!(live.status, 403, "there is nothing to hear");

    // Who moves in again sees both of their times, and hears again.
    flat.running.json(&["user", "meters", "former", SERIAL]);
    let list = flat.running.json(&["user", "list"]);
    let links = list
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["name"] == "former")
        .unwrap()["links"]
        .clone();
    assert_eq!(links.as_array().unwrap().len(), 2, "{links}");
    let mut again = sign_in(&flat.running, "former");
    let rows: BTreeSet<String> = flat.csv(&mut again, &day(2)).into_iter().collect();
    assert_eq!(rows.len(), 48, "what was theirs stays theirs");
    drop(stream(&flat.running, &again, "/energy/live"));

    // A meter that went silent: what it said last is quoted, and that it is old.
    drop(flat.meter.take());
    let left = flat.running.json(&["user", "move-out", "next"]);
    let meter = &left["meters"][0];
    assert_eq!(meter["reading"]["origin"], "newest", "{left}");
    assert!(meter["reading"]["registers"]["import_a"].as_u64() > Some(0), "{left}");
    let silent = &meter["remaining"][0];
    assert!(
        silent["kind"] == "silent" && silent["words"].as_str().unwrap().contains("s old"),
        "{left}"
    );
}
