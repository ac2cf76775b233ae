//! What is held of people: taken by them as one archive, and erased.

mod browser;
mod erasing;
mod languages;
mod restored;
mod taking;

use std::collections::BTreeMap;
use std::process::Command;

use serde_json::Value;

use crate::perseus::fixture::{Browser, Consented, METER, csrf};
use crate::perseus::readings;
use crate::support::eventually;

/// A box with a month of half-hours, its resident signed in, and what an application fetched.
fn lived_in() -> (Consented, String) {
    let consented = readings::december();
    let tokens = consented.tokens("saver", "resident");
    let access = tokens["access_token"].as_str().unwrap();
    let path = "/datasources/S018011012261305588165/import?from=2024-12-05&to=2024-12-06";
    let fetched = readings::asked(&consented, access, path, &[]);
    assert_eq!(fetched.status, 200, "{}", fetched.text());
    let refresh = tokens["refresh_token"].as_str().unwrap().to_owned();
    (consented, refresh)
}

/// Somebody who is signed in.
fn signed_in<'c>(consented: &'c Consented, person: &str) -> Browser<'c> {
    let mut browser = consented.browser();
    assert_eq!(browser.sign_in("/login", person), "/");
    browser
}

/// What stands in an archive, by name: as Python's own reader of ZIP files has it, which looks at the checksums.
fn unpacked(bytes: &[u8]) -> BTreeMap<String, String> {
    const SCRIPT: &str = "import json,sys,zipfile\nz=zipfile.ZipFile(sys.argv[1])\nassert z.testzip() is None\n\
        json.dump({n:z.read(n).decode() for n in z.namelist()},sys.stdout)\n";
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("archive.zip");
    std::fs::write(&file, bytes).unwrap();
    let read = Command::new("python3")
        .args(["-c", SCRIPT])
        .arg(&file)
        .output()
        .unwrap();
    assert!(read.status.success(), "{read:?}");
    serde_json::from_slice(&read.stdout).unwrap()
}

/// Has an archive made on the page, and fetches it.
fn taken(browser: &mut Browser<'_>) -> BTreeMap<String, String> {
    let page = browser.get("/me/data").text();
    let ordered = browser.post("/me/data", &[("csrf_token", &csrf(&page))]);
    assert_eq!(ordered.status, 303, "{}", ordered.text());
    let archive = eventually("the archive is there", || {
        let answer = browser.get("/me/data/archive");
        (answer.status == 200).then_some(answer)
    });
    assert_eq!(archive.header("content-type"), Some("application/zip"));
    unpacked(&archive.body)
}

/// Has oneself erased; the address of the page that shows how far that is.
fn forgotten(browser: &mut Browser<'_>) -> String {
    let page = browser.get("/me/forget").text();
    let form = [
        ("csrf_token", csrf(&page)),
        ("password", crate::perseus::fixture::PASSWORD.to_owned()),
        ("sure", "yes".to_owned()),
    ];
    let form: Vec<(&str, &str)> = form.iter().map(|(name, value)| (*name, value.as_str())).collect();
    crate::perseus::fixture::location(&browser.post("/me/forget", &form))
}

/// Half-hours of the meter that are there, as whoever runs the box sees them.
fn half_hours(consented: &Consented, from: &str, to: &str) -> usize {
    let token = consented
        .running
        .json(&["token", "create", "--name", "reader", "--scope", "meters:read"])["token"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = format!("/v1/meters/{METER}/intervals?from={from}&to={to}");
    let answer = consented
        .running
        .https()
        .ask("GET", &path, &[("authorization", &format!("Bearer {token}"))]);
    let rows = answer.json()["intervals"].as_array().unwrap().clone();
    let gone = |row: &&Value| row["reason"].as_str().is_some_and(|why| why.starts_with("erased"));
    let (there, erased) = (
        rows.iter().filter(|row| !row["energy"].is_null()),
        rows.iter().filter(gone),
    );
    assert!(
        there.clone().count() + erased.count() == rows.len(),
        "nothing else is missing"
    );
    there.count()
}
