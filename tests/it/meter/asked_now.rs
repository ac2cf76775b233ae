//! "Ask now" on a meter's page: asked anew by whoever may, told to nobody else, and refused of one that nobody asks.

use serde_json::Value;

use super::command::Simulation;
use crate::accounts::{Browser, signed_in};
use crate::support::test_box::CONFIG;
use crate::support::{TestBox, eventually};

const SERIAL: &str = "EML2137580826";
const HEALTH: &str = "/energy/EML2137580826/health";
const ASK: &str = "/energy/EML2137580826/ask";

/// When the meter last said what power flows.
fn heard(running: &TestBox) -> Option<String> {
    let shown = running.json(&["meter", "show", SERIAL]);
    let at: &Value = &shown["values"]["power"]["at"];
    at.as_str().map(str::to_owned)
}

#[test]
fn whoever_commands_meters_has_one_asked_anew_and_nobody_else_has() {
    let (_meter, printed) = Simulation::start(&["--listen", "127.0.0.1:0", "--serial", SERIAL], 1);
    let link = printed[0]["address"].as_str().unwrap();
    let running = TestBox::start_with(&format!(
        "{CONFIG}[meters]\nrequest_gap = \"0s\"\n[[meter]]\nserial = \"{SERIAL}\"\nlink = \"tcp://{link}\"\nname = \"Flat 7\"\n"
    ));
    let first = eventually("the meter was read once, and is not again for an hour", || {
        heard(&running)
    });
    let mut installer = signed_in(&running, "installer");
    assert!(installer.get(HEALTH).text().contains("/v1/meters/EML2137580826/poll"));
    let asked = installer.submit(HEALTH, ASK, &[]);
    assert_eq!(
        (asked.status, asked.header("location")),
        (303, Some("/energy/EML2137580826/health?asked=1"))
    );
    assert!(
        installer
            .get("/energy/EML2137580826/health?asked=1")
            .text()
            .contains("as soon as its turn comes")
    );
    eventually("it was asked anew", || heard(&running).filter(|at| *at != first));

    let mut viewer = signed_in(&running, "viewer");
    for other in [&mut viewer, &mut signed_in(&running, "resident")] {
        assert!(!other.get(HEALTH).text().contains(ASK));
        assert_eq!(other.submit("/me", ASK, &[]).status, 403);
    }
    assert_eq!(installer.post(ASK, &[]).status, 403, "without the page's own value");
    assert_eq!(
        Browser::new(&running).post(ASK, &[]).status,
        303,
        "nobody is sent to sign in"
    );

    running.command(&["mediators", "stop", SERIAL]);
    assert!(!installer.get(HEALTH).text().contains(ASK));
    let refused = installer.submit("/me", ASK, &[]);
    assert_eq!(refused.status, 409);
    assert!(
        refused.text().contains("mediators start EML2137580826"),
        "{}",
        refused.text()
    );
    assert_eq!(installer.submit("/me", "/energy/EML9/ask", &[]).status, 404);
}
