//! What is left and what it cost, beside the statement of the same days.

use jiff::{Timestamp, ToSpan};

use super::{Home, my, of};
use crate::accounts::Browser;
use crate::support::demo::Demo;
use crate::support::eventually;

#[test]
fn what_is_left_and_yesterdays_cost_are_those_of_the_statement() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(&folder.path().join("demo"));
    let serial = demo.found["meters"][0].as_str().unwrap().to_owned();
    let mut resident = Browser::of_demo(&demo, "resident");
    assert_eq!(resident.get("/").header("location"), Some("/my"));
    let page = eventually("its balance was read, and all is fetched", || {
        let page = resident.get("/my").text();
        let whole = page
            .split("<dt>Yesterday</dt>")
            .nth(1)?
            .split_once("</dd>")?
            .0
            .to_owned();
        let told = page.contains(" left</p>") && page.contains("at last week");
        (told && !whole.contains("<small>") && !whole.contains("about")).then_some(page)
    });
    assert!(of(&page, "big").starts_with('£'), "{page}");
    for words in [
        "Flat 1",
        "Top up with a code",
        "lasts about",
        "p a kWh + ",
        "p a day",
        "This month",
        "Who sees my data",
        "Nobody. When an application asks",
        "Reading to quote on the telephone",
        "Last power cut",
        &serial,
    ] {
        assert!(page.contains(words), "{words}: {page}");
    }
    for other in ["Flat 2", "Flat 3", "Flat 9", "Stairs and lift"] {
        assert!(!page.contains(other), "{other}: {page}");
    }
    for meter in demo.found["meters"].as_array().unwrap().iter().skip(1) {
        let meter = meter.as_str().unwrap();
        assert!(!page.contains(meter), "{meter}: {page}");
    }
    assert_eq!(page.matches("<svg class=\"plot").count(), 4, "two plots in two sizes");
    assert!(page.len() <= 60_000, "{} bytes", page.len());
    let without: String = page
        .split("<div class=\"plots\">")
        .map(|part| part.split_once("</details>").map_or(part, |(_, rest)| rest))
        .collect();
    assert!(without.len() <= 20_000, "{} bytes without plots", without.len());

    // The heading of yesterday in the statement of these days.
    let here = Timestamp::now().in_tz("Europe/London").unwrap().date();
    let (from, yesterday) = (here - 3.days(), here - 1.days());
    let statement = resident
        .get(&format!("/energy/{serial}/money?from={from}&to={here}"))
        .text();
    let heading = format!("<th colspan=\"3\">{}: ", yesterday.strftime("%a %-d %b %Y"));
    let (_, rest) = statement
        .split_once(&heading)
        .unwrap_or_else(|| panic!("{heading}: {statement}"));
    let amount = rest.split('<').next().unwrap();
    assert!(amount.starts_with('£') && !amount.contains("not known"), "{amount}");
    let ours = page.split("<dt>Yesterday</dt>").nth(1).unwrap();
    let ours = &ours[..ours.find("</dd>").unwrap()];
    assert!(ours.contains(&format!("<b>{amount}</b>")), "{amount}: {ours}");
}

#[test]
fn whoever_pays_by_bill_reads_what_the_register_shows_and_about_what_a_day_cost() {
    let home = Home::start(&[]);
    let mut resident = home.resident();
    let page = my(&mut resident);
    assert_eq!(of(&page, "lead"), "Paid by bill. Reading now:");
    let reading = of(&page, "big");
    assert!(reading.ends_with(" kWh"), "{reading}");
    assert_eq!(page.matches(&reading).count(), 2, "to be quoted as well");
    assert!(page.contains("23.8 p a kWh + 51 p a day"), "{page}");
    assert!(!page.contains("Top up") && !page.contains("/money\""), "{page}");
    let day = page.split("<dt>Yesterday</dt>").nth(1).unwrap();
    let (kwh, rest) = day
        .split_once("<dd>")
        .unwrap()
        .1
        .split_once(" kWh · <b>about £")
        .unwrap();
    let cost: f64 = rest.split('<').next().unwrap().parse().unwrap();
    let kwh: f64 = kwh.parse().unwrap();
    assert!((kwh * 0.23812 + 0.51 - cost).abs() < 0.011, "{kwh} kWh cost {cost}");
    assert!(kwh > 0.5, "a household takes something: {kwh}");
}

#[test]
fn whoever_moved_in_lately_is_told_nothing_of_the_pace_of_those_before() {
    let home = Home::start(&["--prepay", "--balance", "91.25"]);
    let running = &home.running;
    let mut long = home.resident();
    let page = eventually("the balance was read", || {
        let page = my(&mut long);
        page.contains("£91.").then_some(page)
    });
    assert!(page.contains("at last week") && page.contains(" of about £"), "{page}");
    crate::accounts::add(running, "newcomer", "resident");
    // From now on: what was read before is not theirs, and what is read next is.
    running.json(&["user", "meters", "newcomer", super::SERIAL]);
    let mut newcomer = crate::access::streams::sign_in(running, "newcomer");
    let page = eventually("the balance was read again", || {
        running.command(&["mediators", "sync", super::SERIAL]);
        let page = my(&mut newcomer);
        page.contains("£91.").then_some(page)
    });
    assert!(page.contains("Flat 1"), "{page}");
    for words in ["at last week", " of about £", "<dt>Yesterday</dt>"] {
        assert!(!page.contains(words), "{words}: {page}");
    }
}
