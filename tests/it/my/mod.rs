//! `/my`, the first page of residents, as the built binary shows it: what is left, used and paid; its states; and that it
//! tells of nobody else.

mod consents;
mod live;
mod money;
mod states;

use crate::accounts::{Browser, signed_in};
use crate::meter::command::Simulation;
use crate::support::test_box::CONFIG;
use crate::support::{TestBox, eventually};

pub const SERIAL: &str = "EML2137580826";
/// Another flat's, which hangs on no line.
pub const OTHER: &str = "EML9999999999";
/// What only whoever runs the box reads.
pub const OURS: [&str; 9] = [
    "CSQ",
    "Signal",
    "irmware",
    "measured",
    "normal_sp",
    "kvarh",
    "Backlight",
    "Mrs Smith",
    OTHER,
];

/// A house with a flat whose meter remembers a month of a household, and another flat.
pub struct Home {
    pub running: TestBox,
    meter: Option<Simulation>,
}

impl Home {
    /// With these arguments of the simulated meter beside the usual.
    pub fn start(more: &[&str]) -> Home {
        let start = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(33 * 24);
        let start = start.to_string();
        let usual = [
            "--listen",
            "127.0.0.1:0",
            "--serial",
            SERIAL,
            "--household",
            "--unit-rate",
            "0.23812",
            "--standing-charge",
            "0.51",
            "--log-start",
            &start,
        ];
        let (meter, printed) = Simulation::start(&[&usual[..], more].concat(), 1);
        let address = printed[0]["address"].as_str().unwrap();
        let running = TestBox::start_with(&format!(
            "{CONFIG}[site]\nname = \"12 Canal Street\"\ncontact = \"mailto:house@example.org\"\nlanguages = [\"en\", \"cy\"]\n\
             timezone = \"Europe/London\"\n[meters]\nrequest_gap = \"0s\"\ntimeout = \"1s\"\nattempts = 1\nbackfill = \"60d\"\n\
             [meters.polling]\nreads = \"10s\"\n\
             [[meter]]\nserial = \"{SERIAL}\"\nlink = \"tcp://{address}\"\nname = \"Flat 1\"\n\
             [[meter]]\nserial = \"{OTHER}\"\nlink = \"tcp://127.0.0.1:9\"\nname = \"Mrs Smith\"\n"
        ));
        eventually("all is fetched", || {
            let shown = running.json(&["meter", "show", SERIAL]);
            let told = ["import_a", "tariffs_active", "prepay_enabled"];
            let fetched = shown["half_hours"]["open"] == 0 && told.iter().all(|one| shown["values"][one].is_object());
            fetched.then_some(())
        });
        Home {
            running,
            meter: Some(meter),
        }
    }

    /// Whoever has lived there for long.
    pub fn resident(&self) -> Browser {
        let resident = signed_in(&self.running, "resident");
        self.running
            .json(&["user", "meters", "resident", &format!("{SERIAL}@2026-01-01")]);
        resident
    }

    /// The meter does not answer any more.
    pub fn falls_silent(&mut self) {
        self.meter = None;
    }
}

/// The page, which is there.
pub fn my(browser: &mut Browser) -> String {
    let answer = browser.get("/my");
    assert_eq!(answer.status, 200, "{}", answer.text());
    let text = answer.text();
    assert!(text.len() <= 60_000, "{} bytes", text.len());
    for words in OURS {
        assert!(!text.contains(words), "{words}: {text}");
    }
    let footer = text.split_once("<footer").map_or("", |(_, footer)| footer);
    assert!(!footer.contains("class=\"lamp "), "no lamps: {footer}");
    text
}

/// What stands in the first element of a page that says which value it is.
pub fn of(page: &str, what: &str) -> String {
    let at = page
        .find(&format!("data-of=\"{what}\""))
        .unwrap_or_else(|| panic!("{what}: {page}"));
    let rest = &page[at..];
    let inside = &rest[rest.find('>').unwrap() + 1..];
    inside[..inside.find("</p>").or(inside.find("</time>")).unwrap()].to_owned()
}
