//! Books that earlier builds wrote (`vectors/book/`): every later build opens them and loses nothing.

use std::path::Path;
use std::process::Command;

use serde_json::json;

use crate::support::{TestBox, eventually};

/// A token of that book, good for spaces and meters.
const TOKEN: &str = "gatelodge_uo_M1U7dmWLRKZwKk8tzbdbF0DttKuQsVrgkNWuogbg";

const SECTIONS: &str = r#"
[https]
listen = ["127.0.0.1:0"]
[mtls]
listen = ["127.0.0.1:0"]
[occupancy]
[meters]
[meters.polling]
reads = "off"
power = "off"
[[meter]]
serial = "EML2137580826"
link = "tcp://127.0.0.1:9"
name = "Flat 1"
"#;

pub fn unpacked(name: &str) -> TestBox {
    let running = TestBox::unstarted(SECTIONS);
    let data = running.dir.join("data");
    std::fs::create_dir(&data).unwrap();
    let archive = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/vectors/book")
        .join(name);
    let done = Command::new("tar")
        .arg("-xzf")
        .arg(archive)
        .arg("-C")
        .arg(&data)
        .status();
    assert!(done.unwrap().success());
    running
}

fn nothing_is_lost(running: &mut TestBox) {
    let verified = running.json(&["verify"]);
    assert_eq!(verified["losses"], serde_json::json!([]), "{verified}");
    running.run();
    let log = running.log();
    assert!(!log.contains("salvage") && !log.contains("ERROR"), "{log}");

    let people = running.json(&["user", "list"]);
    let names: Vec<_> = people
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "admin",
            "doorman",
            "flat2",
            "installer",
            "keeper",
            "lodger",
            "resident",
            "viewer"
        ]
    );
    let lodger = people
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["name"] == "lodger")
        .unwrap();
    let link = json!({ "meter": "EML2137580826", "since": lodger["created"] });
    assert_eq!(lodger["links"], json!([link]), "theirs since they were added");
    assert_eq!(lodger["meters"], json!(["EML2137580826"]));
    let moved = running.json(&["user", "move-out", "lodger"]);
    assert_eq!(moved["meters"][0]["since"], lodger["created"], "{moved}");
    let after = running.json(&["user", "list"]);
    let lodger = after.as_array().unwrap().iter().find(|one| one["name"] == "lodger");
    let links = &lodger.unwrap()["links"];
    assert!(
        links[0]["until"].is_string() && links.as_array().unwrap().len() == 1,
        "{links}"
    );

    let bearer = format!("Bearer {TOKEN}");
    let headers = [("authorization", bearer.as_str())];
    let mut https = running.https();
    let spaces = https.ask("GET", "/v1/spaces", &headers).json();
    let count = |name: &str| {
        let found = spaces["spaces"]
            .as_array()
            .unwrap()
            .iter()
            .find(|one| one["name"] == name);
        let found = found.unwrap_or_else(|| panic!("{name} is not in {spaces}"));
        (found["current"].as_u64().unwrap(), found["maximum"].as_u64().unwrap())
    };
    assert_eq!(
        (count("Hall"), count("Stairs"), count("Yard")),
        ((3, 50), (0, 3), (0, 2))
    );

    let path = "/v1/meters/EML2137580826/intervals?from=2026-11-27T00:00:00Z&to=2026-11-27T02:00:00Z&format=csv";
    let rows = https.ask("GET", path, &headers).text();
    let registers: Vec<_> = rows
        .lines()
        .skip(1)
        .map(|row| row.split(',').nth(3).unwrap().to_owned())
        .collect();
    assert_eq!(registers, ["9121781", "9121835", "9121909", "9121967"], "{rows}");
    let meter = running.json(&["meter", "show", "EML2137580826"]);
    assert_eq!(
        meter["values"]["balance"]["value"], "18.43",
        "its latest values are there: {meter}"
    );

    let issued = running.json(&["pki", "list"]);
    let issued = issued.as_array().unwrap();
    let revoked = issued.iter().filter(|one| !one["revoked"].is_null()).count();
    assert_eq!(revoked, 1, "{issued:?}");
    assert!(issued.iter().any(|one| one["name"] == "kept-client"));

    // It can be written in, and what is written stays.
    let hall = spaces["spaces"]
        .as_array()
        .unwrap()
        .iter()
        .find(|one| one["name"] == "Hall")
        .unwrap();
    let path = format!("/space/{}", hall["id"].as_str().unwrap());
    assert_eq!(https.ask("PUT", &format!("{path}/increment"), &[]).status, 200);
    running.kill();
    running.run();
    let current = eventually("the count is there again", || {
        let answer = running.https().ask("GET", &path, &[]);
        (answer.status == 200).then(|| answer.json()["occupancy"]["current"].clone())
    });
    assert_eq!(current, 4);
}

#[test]
fn a_book_of_an_earlier_build_that_was_stopped_is_opened_whole() {
    let mut running = unpacked("stopped.tar.gz");
    let root = std::fs::read(running.ca_file()).unwrap();
    nothing_is_lost(&mut running);
    assert_eq!(
        std::fs::read(running.ca_file()).unwrap(),
        root,
        "the authorities are those of before"
    );
}

#[test]
fn a_book_of_an_earlier_build_that_was_killed_is_opened_whole() {
    let mut running = unpacked("killed.tar.gz");
    // Its authorities lie in the other archive.
    let other = unpacked("stopped.tar.gz");
    std::fs::rename(other.dir.join("data/pki"), running.dir.join("data/pki")).unwrap();
    nothing_is_lost(&mut running);
}
