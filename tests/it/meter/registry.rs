//! The registry through the command line of a running box: meters of the configuration and meters that were added.

use serde_json::Value;

use super::command::Simulation;
use crate::support::{TestBox, eventually};

fn simulated(serial: &str) -> (Simulation, String) {
    let (simulation, printed) = Simulation::start(&["--listen", "127.0.0.1:0", "--serial", serial], 1);
    let link = format!("tcp://{}", printed[0]["address"].as_str().unwrap());
    (simulation, link)
}

fn sections(serial: &str, link: &str) -> String {
    format!(
        "[meters]\nrequest_gap = \"10ms\"\n[[meter]]\nserial = \"{serial}\"\nlink = \"{link}\"\nname = \"Cellar\"\nesco = \"hmce\"\n"
    )
}

fn serials(shown: &Value) -> Vec<(String, String)> {
    let text = |meter: &Value, key: &str| meter[key].as_str().unwrap().to_owned();
    shown
        .as_array()
        .unwrap()
        .iter()
        .map(|meter| (text(meter, "serial"), text(meter, "source")))
        .collect()
}

#[test]
fn meters_of_the_file_and_of_commands_are_served_together() {
    let (_fixed, link) = simulated("EML0000000001");
    let mut running = TestBox::start_with(&sections("EML0000000001", &link));
    let (_added, other) = simulated("EML0000000002");
    let added = running.json(&["meter", "add", "EML0000000002", "--link", &other, "--feeder", "F3"]);
    assert_eq!(
        (&added["source"], &added["duty"]),
        (&Value::from("added"), &Value::from("polled"))
    );
    let both = [
        ("EML0000000001".into(), "config".into()),
        ("EML0000000002".into(), "added".into()),
    ];
    assert_eq!(serials(&running.json(&["meter", "list"])), both);
    for serial in ["EML0000000001", "EML0000000002"] {
        let shown = eventually("the meter is read", || {
            let shown = running.json(&["meter", "show", serial]);
            (shown["values"]["balance"]["value"] == "10").then_some(shown)
        });
        assert_eq!(shown["health"], "healthy");
        assert_eq!(shown["values"]["balance"]["unit"], "GBP");
        assert_eq!(shown["values"]["balance"]["quality"], "measured");
    }
    let said = String::from_utf8(running.command(&["meter", "list"]).stdout).unwrap();
    assert!(
        said.contains("configuration") && said.contains("meter add") && said.contains("answers"),
        "{said}"
    );

    for (arguments, code, words) in [
        (
            &["meter", "remove", "EML0000000001"][..],
            5,
            "stands in the configuration file",
        ),
        (
            &["meter", "remove", "EML0000000009"],
            5,
            "there is no meter EML0000000009",
        ),
        (
            &["meter", "add", "EML0000000001", "--link", &other],
            5,
            "already a meter",
        ),
        (
            &["meter", "add", "EML0000000003", "--link", &other, "--hardware", "X9"],
            2,
            "no registry code",
        ),
        (
            &["meter", "add", "EML0000000003", "--link", "http://x"],
            2,
            "no link to a meter",
        ),
        (&["meter", "add", "no serial", "--link", &other], 2, "no serial"),
    ] {
        let refused = running.command(arguments);
        let said = String::from_utf8_lossy(&refused.stderr);
        assert_eq!(refused.status.code(), Some(code), "{arguments:?}: {said}");
        assert!(said.contains(words), "{arguments:?}: {said}");
    }
    assert_eq!(
        serials(&running.json(&["meter", "list"])),
        both,
        "what was refused changed nothing"
    );

    assert_eq!(running.stop().0, Some(0));
    running.run();
    assert_eq!(serials(&running.json(&["meter", "list"])), both);
    assert_eq!(
        running.json(&["meter", "show", "EML0000000002"])["values"]["balance"]["value"],
        "10"
    );
    assert!(running.command(&["meter", "remove", "EML0000000002"]).status.success());
    assert_eq!(serials(&running.json(&["meter", "list"])), both[..1]);
}

#[test]
fn old_scripts_create_start_stop_and_destroy_mediators() {
    let (_simulation, link) = simulated("EML0000000001");
    let mut running = TestBox::start_with(&sections("EML0000000001", &link));
    let duty = |running: &TestBox| running.json(&["meter", "show", "EML0000000001"])["duty"].clone();
    for (command, wanted) in [
        ("stop", "served"),
        ("create", "served"),
        ("start", "polled"),
        ("create", "polled"),
        ("destroy", "off"),
        ("create", "served"),
    ] {
        assert!(
            running
                .command(&["mediators", command, "EML0000000001"])
                .status
                .success(),
            "{command}"
        );
        assert_eq!(duty(&running), wanted, "{command}");
    }
    assert_eq!(
        running.command(&["mediators", "sync", "EML0000000001"]).status.code(),
        Some(5),
        "it is not polled"
    );
    running.stop();
    running.run();
    assert_eq!(duty(&running), "served", "a restart changes nothing");
    let count = |arguments: &[&str]| {
        running
            .json(&[&["mediators", "list"], arguments].concat())
            .as_array()
            .unwrap()
            .len()
    };
    assert_eq!(count(&["--esco", "HMCE", "--exists", "true"]), 1);
    assert_eq!(count(&["--exists", "false"]), 0);
    assert_eq!(count(&["--state", "started"]), 0);
    assert_eq!(count(&["--esco", "other"]), 0);
}

#[test]
fn a_reload_takes_over_changed_meters_and_a_closed_room_says_so() {
    let (_simulation, link) = simulated("EML0000000001");
    let running = TestBox::start_with("");
    let closed = running.command(&["meter", "list"]);
    assert!(
        String::from_utf8_lossy(&closed.stderr).contains("a section [meters]"),
        "{closed:?}"
    );
    running.configure(&sections("EML0000000001", &link));
    let reloaded = running.json(&["config", "reload"]);
    assert_eq!(reloaded["changed"][0], "meters", "{reloaded}");
    assert_eq!(serials(&running.json(&["meter", "list"])).len(), 1);
    assert_eq!(running.json(&["status"])["rooms"]["meters"]["state"], "running");

    running.configure("[[meter]]\nserial = \"EML0000000001\"\nlink = \"tcp://a\"\n[[meter]]\nserial = \"EML0000000001\"\nlink = \"tcp://b\"\n");
    let refused = running.command(&["config", "reload"]);
    assert!(
        String::from_utf8_lossy(&refused.stderr).contains("is there twice"),
        "{refused:?}"
    );
    assert_eq!(
        serials(&running.json(&["meter", "list"])).len(),
        1,
        "the old configuration stays in force"
    );
}
