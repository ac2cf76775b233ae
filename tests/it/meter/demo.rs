//! The demonstration's meters: live, with half-hours, and a mediator that takes the certificates it names.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::support::demo::Demo;
use crate::support::eventually;
use crate::support::https::{Https, config};
use crate::support::test_box::binary;

#[test]
fn the_demo_has_live_meters_and_its_certificates_open_the_mediator() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(&folder.path().join("demo"));
    let found = &demo.found;
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let serial = text(&found["meters"][0]);
    // To the last, meters themselves are closed (EMOP §11).
    for (role, word) in [
        ("internal", "serial_read"),
        ("partner", "serial_read"),
        ("readonly", "info"),
    ] {
        let mut command = binary();
        command.args(["emop", "--mediator", &text(&found["doors"]["grpc"][0])]);
        command.args(["--ca", &text(&found["grpc"]["ca_file"])]);
        command.args(["--cert", &text(&found["grpc"][role]["certificate_file"])]);
        command.args(["--key", &text(&found["grpc"][role]["key_file"])]);
        let read = command.args([word, &serial]).output().unwrap();
        let said = String::from_utf8_lossy(&read.stdout);
        assert!(read.status.success() && said.contains(&serial), "{role}: {read:?}");
    }
    let ca = std::path::PathBuf::from(text(&found["ca_file"]));
    let door = format!("127.0.0.1:{}", demo.https_port()).parse().unwrap();
    let mut https = Https::connect(door, config(&ca, None)).unwrap();
    // Flat 1 pays beforehand: 25 pounds three days ago, of which days and use have taken theirs.
    let mut command = binary();
    command.args(["emop", "--mediator", &text(&found["doors"]["grpc"][0])]);
    command.args(["--ca", &text(&found["grpc"]["ca_file"])]);
    command.args(["--cert", &text(&found["grpc"]["internal"]["certificate_file"])]);
    command.args(["--key", &text(&found["grpc"]["internal"]["key_file"])]);
    let read = command.args(["prepay_balance", &serial]).output().unwrap();
    let said = String::from_utf8(read.stdout).unwrap();
    let balance: f64 = said.trim().trim_start_matches("prepay_balance=").parse().unwrap();
    assert!((10.0..22.0).contains(&balance), "{said}");
    let bearer = format!("Bearer {}", text(&found["api_token"]));
    eventually("an hour of each meter is here", || {
        let all = found["meters"].as_array().unwrap();
        let known = all.iter().filter(|serial| {
            let path = format!("/v1/meters/{}/intervals", text(serial));
            let day = https.ask("GET", &path, &[("authorization", &bearer)]).json();
            day["total"].as_u64().is_some_and(|energy| energy > 0)
        });
        (known.count() == all.len() && all.len() > 3).then_some(())
    });
    explains_three_days(found, &serial);
}

/// What the box reads now and what it would have read since somebody paid are one meter's: all of it adds up but for the
/// half-hour that is not over.
fn explains_three_days(found: &Value, serial: &str) {
    let config = found["config_file"].as_str().unwrap();
    let statement = eventually("three days of the balance are explained", || {
        let asked = binary()
            .args(["prepay", "explain", serial, "--json", "--config", config])
            .output()
            .unwrap();
        let money: Value = serde_json::from_slice(&asked.stdout).ok()?;
        let lines = money["statement"]["lines"].as_array()?;
        let is_whole = lines
            .iter()
            .all(|line| line["kind"] != "not_computed" && line["kind"] != "not_fetched");
        is_whole.then(|| money["statement"].clone())
    });
    let lines = statement["lines"].as_array().unwrap();
    let of = |kind: &str| lines.iter().filter(|line| line["kind"] == kind).count();
    // Each day has its energy and each day but the first its charge, at midnight: of a day that has just begun there may
    // be no half-hour yet.
    let days = |kind: &str| -> BTreeSet<&str> {
        let ones = lines.iter().filter(|line| line["kind"] == kind);
        ones.filter_map(|line| line["day"].as_str()).collect()
    };
    let (energy, charged) = (days("energy"), days("standing_charge"));
    assert_eq!(charged.len(), of("standing_charge"), "one a day: {statement}");
    assert!((2..=3).contains(&charged.len()), "{statement}");
    let uncharged: Vec<_> = energy.difference(&charged).collect();
    assert_eq!(uncharged, [energy.first().unwrap()], "{statement}");
    let unread: Vec<_> = charged.difference(&energy).collect();
    assert!(unread.is_empty() || unread == [charged.last().unwrap()], "{statement}");
    assert_eq!((of("rise"), of("step")), (0, 0), "{statement}");
    assert_eq!(statement["opening"], "25", "as it was paid");
    let difference: f64 = statement["difference"].as_str().unwrap().parse().unwrap();
    assert!(difference.abs() < 0.5, "{statement}");
}
