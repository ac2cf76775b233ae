//! One meter on its four pages, as the built binary shows them to whoever runs the box, to whom it serves, and to whom it
//! served; and in chromium, narrow and wide.

use std::path::Path;

use gatelodge::meter::emop::MeterTime;
use gatelodge::meter::emop::identity::MeterType;
use gatelodge::meter::simulator::{Faults, Now, Setup};
use jiff::civil::Date;
use jiff::{SignedDuration, Timestamp, ToSpan};
use tokio::task::JoinSet;

use super::command::Simulation;
use super::fixture::{self, serve, station};
use crate::accounts::{Browser, add, signed_in};
use crate::support::chromium::Page;
use crate::support::test_box::CONFIG;
use crate::support::{TestBox, eventually};

const SERIAL: &str = "EML2137580826";
/// Days that the meter remembers.
const DAYS: i64 = 20;
const TABS: [&str; 4] = ["", "/health", "/log", "/settings"];
/// What only whoever runs the box reads.
const OURS: [&str; 9] = [
    "CSQ",
    "Signal",
    "Firmware",
    "Backlight",
    "Load switch",
    "216.2",
    "normal_sp",
    "as the meter has",
    "class=\"lamp",
];

/// A flat whose meter remembers twenty days of a household.
struct Flat {
    running: TestBox,
    _meter: Simulation,
}

impl Flat {
    fn new() -> Flat {
        let start = (Timestamp::now() - SignedDuration::from_hours(DAYS * 24)).to_string();
        let arguments = [
            "--listen",
            "127.0.0.1:0",
            "--serial",
            SERIAL,
            "--prepay",
            "--household",
            "--unit-rate",
            "0.23812",
            "--standing-charge",
            "0.51082",
            "--balance",
            "917.25",
            "--log-start",
            &start,
        ];
        let (meter, printed) = Simulation::start(&arguments, 1);
        let address = printed[0]["address"].as_str().unwrap();
        let running = TestBox::start_with(&format!(
            "{CONFIG}[site]\nlanguages = [\"en\", \"cy\"]\ntimezone = \"Europe/London\"\n[meters]\nrequest_gap = \"0s\"\n\
             timeout = \"1s\"\nattempts = 1\n[[meter]]\nserial = \"{SERIAL}\"\nlink = \"tcp://{address}\"\nname = \"Flat 1\"\n"
        ));
        eventually("all is fetched", || {
            let meter = running.json(&["meter", "show", SERIAL]);
            let fetched = meter["half_hours"]["open"] == 0
                && [
                    "balance",
                    "csq",
                    "voltage",
                    "tariffs_active",
                    "prepay_enabled",
                    "firmware_version",
                ]
                .iter()
                .all(|value| meter["values"][value].is_object());
            fetched.then_some(())
        });
        Flat { running, _meter: meter }
    }
}

fn at(rest: &str) -> String {
    format!("/energy/{SERIAL}{rest}")
}

/// The day so many days ago, where the house stands.
fn day(ago: i64) -> Date {
    Timestamp::now().in_tz("Europe/London").unwrap().date() - ago.days()
}

fn page(browser: &mut Browser, rest: &str) -> String {
    let answer = browser.get(&at(rest));
    assert_eq!(answer.status, 200, "{rest}: {}", answer.text());
    let text = answer.text();
    assert!(text.len() <= 60_000, "{rest} has {} bytes", text.len());
    text
}

/// Energy of a spreadsheet, in watt-hours, and how many half-hours have none.
fn csv(browser: &mut Browser, query: &str) -> (u64, usize, usize) {
    let answer = browser.get(&at(&format!("/half-hours.csv?{query}")));
    assert_eq!(answer.status, 200);
    let text = answer.text();
    let cells: Vec<&str> = text.lines().skip(1).map(|row| row.split(',').nth(1).unwrap()).collect();
    let known = cells.iter().filter_map(|cell| cell.parse::<f64>().ok());
    let sum = known.map(|kwh| (kwh * 1_000.0).round() as u64).sum();
    let missing = cells.iter().filter(|cell| cell.is_empty()).count();
    (sum, cells.len(), missing)
}

#[test]
fn use_goes_over_days_weeks_months_and_years_and_says_what_the_spreadsheet_says() {
    let flat = Flat::new();
    let mut admin = signed_in(&flat.running, "admin");
    let (yesterday, week) = (day(1), day(8));
    for (query, first, days) in [
        (format!("day={yesterday}"), yesterday, 1),
        (format!("span=week&day={week}"), week, 7),
        (format!("span=month&day={yesterday}"), yesterday.first_of_month(), 31),
        (format!("span=year&day={yesterday}"), yesterday.first_of_year(), 366),
    ] {
        let shown = page(&mut admin, &format!("?{query}"));
        let (sum, rows, _) = csv(&mut admin, &query);
        let sum = format!("<dd>{:.2} kWh</dd>", sum as f64 / 1_000.0);
        assert!(shown.contains(&sum), "{query}: {sum}: {shown}");
        assert!(rows <= days * 50 && rows > 0, "{query} from {first}: {rows}");
        for words in [
            "peak half-hour",
            "always on at night",
            " W</dd>",
            "aria-current=\"true\">",
        ] {
            assert!(shown.contains(words), "{query}: {words}: {shown}");
        }
        assert!(shown.contains("rel=\"prev\""), "there is something before {query}");
        assert!(
            shown.contains(&format!("half-hours.csv?{}", query.replace('&', "&#38;"))),
            "{shown}"
        );
    }
    // A whole day is whole, and a day that still runs has no gaps either: what is not due yet is none.
    let (_, rows, missing) = csv(&mut admin, &format!("day={yesterday}"));
    assert!((46..=50).contains(&rows) && missing == 0, "{missing} of {rows}");
    let today = page(&mut admin, "");
    for absent in ["without a reading", "rel=\"next\"", "class=\"gap\"", "measured"] {
        assert!(!today.contains(absent), "{absent}: {today}");
    }
    // What was before anything was known of the meter is no gap.
    let before = page(&mut admin, &format!("?day={}", day(DAYS + 10)));
    assert!(before.contains("<dd>no reading</dd>"), "{before}");
    let year = page(&mut admin, &format!("?span=year&day={yesterday}"));
    for absent in ["without a reading", "class=\"gap\""] {
        assert!(
            !before.contains(absent) && !year.contains(absent),
            "{absent}: {before}{year}"
        );
    }
    // Bad input is said, and no fault of ours.
    for (query, words) in [
        ("?span=decade", "`decade` is no stretch of time"),
        ("?day=2026-02-30", "is not a day that can be asked for"),
        ("/half-hours.csv?span=decade", "`decade` is no stretch of time"),
    ] {
        let answer = admin.get(&at(query));
        assert!(
            answer.status == 400 && answer.text().contains(words),
            "{query}: {}",
            answer.text()
        );
    }
    assert_eq!(
        admin.get(&at("?span=year&day=9998-12-31")).status,
        200,
        "the calendar's last year"
    );
}

#[test]
fn each_page_says_its_own_and_whoever_lives_there_reads_what_is_theirs() {
    let flat = Flat::new();
    let running = &flat.running;
    let mut admin = signed_in(running, "admin");
    for (tab, words) in [
        ("", &["Explain the balance", "Every half-hour as CSV"][..]),
        (
            "/health",
            &[
                "Last heard",
                "Signal",
                "216.2 to 253 V is right",
                "All that the meter holds are here",
            ][..],
        ),
        ("/log", &["The meter&#39;s own log"][..]),
        (
            "/settings",
            &[
                "23.812 p/kWh",
                "51.082 p/day",
                "Now: 23.812p/kWh",
                "Energy is paid for beforehand.",
                "Firmware",
            ][..],
        ),
    ] {
        let shown = page(&mut admin, tab);
        for words in words {
            assert!(shown.contains(words), "{tab}: {words}: {shown}");
        }
        assert!(!shown.contains("measured<"), "only what is not: {shown}");
        let here = format!("<a href=\"{}\" aria-current=\"page\">", at(tab));
        assert_eq!(shown.matches(&here).count(), 1, "{here}: {shown}");
    }
    let health = page(&mut admin, "/health");
    assert!(
        health.contains("<time title=\"") && (health.contains(" ago<") || health.contains("just now<")),
        "{health}"
    );
    assert_eq!(
        admin.get(&at("/log?page=99")).status,
        200,
        "what is beyond the last is the last"
    );

    let mut resident = signed_in(running, "resident");
    running.json(&["user", "meters", "resident", &format!("{SERIAL}@2026-01-01")]);
    let theirs: String = TABS.iter().map(|tab| page(&mut resident, tab)).collect();
    let parts = theirs.split("<main").filter_map(|page| page.split_once("</main>"));
    let theirs: String = parts.map(|(main, _)| main).collect();
    for words in OURS {
        assert!(!theirs.contains(words), "{words}: {theirs}");
    }
    for words in [
        "£91",
        "23.812 p/kWh",
        "Last heard",
        SERIAL,
        "Half-hours of the last days",
    ] {
        assert!(theirs.contains(words), "{words}: {theirs}");
    }

    // Of whoever left there is their time, and nothing of now.
    add(running, "former", "resident");
    running.json(&["user", "meters", "former", &format!("{SERIAL}@{}", day(5))]);
    running.json(&["user", "move-out", "former", "--at", &day(2).to_string()]);
    let mut former = crate::access::streams::sign_in(running, "former");
    let shown: Vec<String> = TABS.iter().map(|tab| page(&mut former, tab)).collect();
    assert_eq!(
        shown[0].matches("/health").count() + shown[0].matches("/settings").count(),
        0
    );
    for shown in &shown {
        assert!(shown.contains("Yours until"), "{shown}");
        for words in ["£91", "p/kWh", "Last heard", "Flat 1", "just now", " ago<"] {
            assert!(!shown.contains(words), "{words}: {shown}");
        }
    }
    let year = page(&mut former, &format!("?span=year&day={}", day(3)));
    let all = csv(&mut admin, &format!("span=year&day={}", day(3))).0;
    let (sum, rows, missing) = csv(&mut former, &format!("span=year&day={}", day(3)));
    assert!(
        sum > 0 && sum < all && rows <= 3 * 50 && missing == 0,
        "{sum} of {all}, {rows}"
    );
    assert!(
        year.contains(&format!("<dd>{:.2} kWh</dd>", sum as f64 / 1_000.0)),
        "{year}"
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_meter_of_three_phases_says_its_last_half_hour_and_three_voltages() {
    let mut meters = JoinSet::new();
    let mut setup = Setup::new(fixture::SERIAL);
    setup.three_phase = Some(MeterType::AxWholeCurrent);
    setup.log_start = MeterTime::of(Timestamp::now() - SignedDuration::from_hours(48)).unwrap();
    let mut station = station(setup, Faults::default(), "2026-02-10T12:00:00Z");
    station.set_now(Now::Running);
    let address = serve(station, &mut meters).await;
    tokio::task::spawn_blocking(move || {
        let serial = fixture::SERIAL;
        let running = TestBox::start_with(&format!(
            "{CONFIG}[meters]\nrequest_gap = \"0s\"\ntimeout = \"1s\"\n[[meter]]\nserial = \"{serial}\"\nlink = \"tcp://{address}\"\n"
        ));
        eventually("it was heard", || {
            let meter = running.json(&["meter", "show", serial]);
            let heard = meter["half_hours"]["open"] == 0 && meter["values"]["voltage_l3"].is_object();
            heard.then_some(())
        });
        let mut admin = signed_in(&running, "admin");
        let shown = admin.get(&format!("/energy/{serial}")).text();
        assert!(
            shown.contains("kWh in the last half-hour</b>") && !shown.contains("<b>–</b>"),
            "{shown}"
        );
        assert_eq!(shown.matches("<meter ").count(), 3, "{shown}");
    })
    .await
    .unwrap();
}

#[test]
fn the_four_pages_fit_a_phone_and_a_desk() {
    let flat = Flat::new();
    add(&flat.running, "looker", "admin");
    let mut page = Page::new(flat.running.door("https").port(), &flat.running.ca_file());
    page.go("/login");
    page.type_into("input[name=username]", "looker");
    page.type_into("input[name=password]", "correct-horse");
    page.leaving(|page| page.click("main button"));
    let yesterday = day(1);
    let pages = [
        ("today", String::new()),
        ("day", format!("?day={yesterday}")),
        ("week", format!("?span=week&day={}", day(8))),
        ("month", format!("?span=month&day={yesterday}")),
        ("year", format!("?span=year&day={yesterday}")),
        ("health", "/health".to_owned()),
        ("log", "/log".to_owned()),
        ("settings", "/settings".to_owned()),
    ];
    // Letters of plots as they are seen, in pixels: what is not shown has no width.
    let letters = "Math.min(...[...document.querySelectorAll('.plot')].filter(one => one.clientWidth).map(one =>
        parseFloat(getComputedStyle(one.querySelector('text')).fontSize) * one.getBoundingClientRect().width / one.viewBox.baseVal.width))";
    let doubled = "[...document.querySelectorAll('.plots')].filter(one =>
        [...one.querySelectorAll('.plot')].filter(svg => svg.clientWidth).length !== 1).length";
    let ids = "(() => { const all = [...document.querySelectorAll('[id]')].map(one => one.id); return all.length - new Set(all).size; })()";
    for (name, rest) in &pages {
        page.go(&at(rest));
        for (width, scheme) in [(1280, "light"), (1280, "dark"), (360, "light")] {
            page.look(width, scheme);
            let wide = page.eval("document.documentElement.scrollWidth - window.innerWidth");
            assert!(wide.as_i64() <= Some(0), "{name} at {width}: {wide} pixels stick out");
            if page.count(".plot") > 0 {
                let size = page.eval(letters).as_f64().unwrap();
                assert!(size >= 11.95, "{name} at {width}: letters of {size} px");
                assert_eq!(page.eval(doubled), 0, "{name} at {width}: one of both sizes is seen");
                assert_eq!(page.eval(ids), 0, "{name}: names are of one thing each");
            }
            leave_picture(&mut page, &format!("meter-{name}-{width}-{scheme}"));
        }
    }
    // Marks say what they are, and days lead to their pages.
    page.look(1280, "light");
    page.go(&at(&format!("?day={yesterday}")));
    assert!((46..=50).contains(&page.count("#halves-felt title")));
    assert!(page.text("#halves-felt title").contains(" kWh"));
    let earlier = format!(".plot.at-desks a[href$='day={}']", day(3));
    let address = page.eval(&format!("document.querySelector(\"{earlier}\").getAttribute('href')"));
    page.go(address.as_str().unwrap());
    assert_eq!(page.eval("location.search"), format!("?day={}", day(3)));
    page.leaving(|page| page.click("a[rel=next]"));
    assert_eq!(page.eval("location.search"), format!("?day={}", day(2)));
    page.scripts(false);
    page.leaving(|page| page.click(".kinds a:nth-child(3)"));
    assert!(page.eval("location.search").as_str().unwrap().contains("span=month"));
    assert_eq!(page.faults(), [""; 0]);
}

fn leave_picture(page: &mut Page, name: &str) {
    if let Some(folder) = std::env::var_os("GATELODGE_TEST_PICTURES") {
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(Path::new(&folder).join(format!("{name}.png")), page.picture()).unwrap();
    }
}
