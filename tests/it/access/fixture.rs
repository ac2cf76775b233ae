//! A house with two flats and two spaces, everybody who may come to it, and the routes that its code has.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;

use crate::accounts::Browser;
use crate::meter::command::Simulation;
use crate::support::test_box::CONFIG;
use crate::support::{Answer, Https, TestBox, eventually};

/// Whose flats they are, and what is special about each.
pub const JONES: &str = "EML2000000001";
pub const SMITH: &str = "EML2000000009";

/// Everything is open; the second flat is nearly out of money, so that an alarm stands.
pub struct Building {
    pub running: TestBox,
    pub hall: String,
    pub attic: String,
    _meters: [Simulation; 2],
    _secrets: tempfile::TempDir,
}

fn meter(serial: &str, balance: &str) -> (Simulation, String) {
    let arguments = [
        "--listen",
        "127.0.0.1:0",
        "--serial",
        serial,
        "--prepay",
        // What is looked for in pages stays what it is: nobody uses anything, and days cost nothing.
        "--power",
        "0",
        "--standing-charge",
        "0",
        "--balance",
        balance,
    ];
    let (meter, printed) = Simulation::start(&arguments, 1);
    let address = printed[0]["address"].as_str().unwrap().to_owned();
    (meter, address)
}

impl Building {
    pub fn new() -> Building {
        let (jones, at_jones) = meter(JONES, "17.25");
        let (smith, at_smith) = meter(SMITH, "3.142");
        let folder = tempfile::tempdir().unwrap();
        let secret = folder.path().join("secret");
        std::fs::write(&secret, "whsec_c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0\n").unwrap();
        let running = TestBox::start_with(&format!(
            "{CONFIG}[[occupancy.webhook]]\nname = \"desk\"\nurl = \"http://127.0.0.1:9/told\"\nsecret_file = {secret:?}\n\
             [relay]\nlisten = [\"127.0.0.1:0\"]\n\
             [uplink]\nkind = \"mqtt\"\nurl = \"mqtt://127.0.0.1:9\"\nclient_id = \"box\"\n\
             [meters]\nrequest_gap = \"0s\"\ntimeout = \"2s\"\nproof_pause = \"200ms\"\n\
             [[meter]]\nserial = \"{JONES}\"\nlink = \"tcp://{at_jones}\"\nname = \"Flat 1 Jones\"\n\
             [[meter]]\nserial = \"{SMITH}\"\nlink = \"tcp://{at_smith}\"\nname = \"Flat 9 Mrs Smith\"\n"
        ));
        let space = |name: &str| {
            let made = running.json(&["space", "create", "--name", name, "--maximum", "50"]);
            made["id"].as_str().unwrap().to_owned()
        };
        let (hall, attic) = (space("Great hall"), space("Attic of the house"));
        let building = Building {
            running,
            hall,
            attic,
            _meters: [jones, smith],
            _secrets: folder,
        };
        eventually("both meters were read, and the alarm of one stands", || {
            let status = building.running.json(&["status"]);
            let alarms = status["alarms"].to_string();
            let meters = building.running.json(&["meter", "list"]);
            let read = |serial: &str| {
                let found = meters
                    .as_array()
                    .unwrap()
                    .iter()
                    .find(|meter| meter["serial"] == serial);
                found.is_some_and(|meter| meter["values"]["balance"].is_object())
            };
            (alarms.contains("3.142 GBP") && read(JONES) && read(SMITH)).then_some(())
        });
        building
    }

    /// A code of somebody else's for each flat, which leaves every balance as it is; waits until the meters said no.
    pub fn refused_codes(&self, number: usize) {
        for serial in [JONES, SMITH] {
            let code = format!("404{number:017}");
            self.running.command(&["prepay", "send", serial, &code, "--wait", "0"]);
        }
        eventually("the codes are refused", || {
            let all = self.running.json(&["prepay", "list"]);
            let refused = all
                .as_array()
                .unwrap()
                .iter()
                .filter(|topup| topup["state"] == "refused");
            (refused.count() == 2 * number).then_some(())
        });
    }

    pub fn token(&self, scope: &str) -> Value {
        self.running
            .json(&["token", "create", "--name", scope, "--scope", scope])
    }
}

/// By what somebody is known.
pub enum Known {
    Nobody,
    Cookie(String),
    Bearer(String),
}

impl Known {
    pub fn person(browser: &Browser) -> Known {
        Known::Cookie(browser.cookies())
    }

    /// Asks for something; of a stream only the head is read.
    pub fn ask(&self, https: &mut Https, path: &str) -> Answer {
        let word = match self {
            Known::Nobody => None,
            Known::Cookie(cookie) => Some(("cookie", cookie.clone())),
            Known::Bearer(token) => Some(("authorization", format!("Bearer {token}"))),
        };
        let mut headers = vec![("accept", "text/html, */*")];
        headers.extend(word.iter().map(|(name, value)| (*name, value.as_str())));
        https.ask("GET", path, &headers)
    }
}

/// Every path of a route that stands in the source, with its places as they are named there.
pub fn routes() -> BTreeSet<String> {
    fn walk(folder: &Path, found: &mut BTreeSet<String>) {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                // The admin socket is no door: the system says who reaches it.
                if !path.ends_with("src/admin") {
                    walk(&path, found);
                }
                continue;
            }
            let text = std::fs::read_to_string(&path).unwrap();
            for rest in text.split(".route(").skip(1) {
                if let Some(rest) = rest.trim_start().strip_prefix("\"/") {
                    found.insert(format!("/{}", rest.split('"').next().unwrap()));
                }
            }
        }
    }
    let mut found = BTreeSet::new();
    walk(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    found
}
