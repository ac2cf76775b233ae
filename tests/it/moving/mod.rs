//! Moving in from other systems, by the built binary and the programs that wrote what is brought; and taking along.

mod authorities;
mod certbot;
mod export;
mod mediators;
mod redis;
mod smip;

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

use crate::support::test_box::TestBox;

/// A box with every room that something is brought to; meters are asked once, and shortly.
const CONFIG: &str = r#"
[https]
listen = ["127.0.0.1:0"]
[grpc]
listen = ["127.0.0.1:0"]
[relay]
listen = ["127.0.0.1:0"]
[occupancy]
[meters]
attempts = 1
timeout = "2s"
"#;

/// What an import said: its report, whatever came of it, and whether it worked.
fn import(running: &TestBox, arguments: &[&str]) -> (Value, i32) {
    let output = running.command(&[&["import"], arguments, &["--json"]].concat());
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let report = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{arguments:?}: {output:?}"));
    (report, output.status.code().unwrap())
}

/// How many were taken, here already, refused.
fn sums(report: &Value) -> [u64; 3] {
    ["taken", "already", "refused"].map(|sum| report[sum].as_u64().unwrap())
}

/// Why something was refused, by the end of its place.
fn why<'r>(report: &'r Value, file: &str, line: Option<u64>) -> &'r str {
    let items = report["items"].as_array().unwrap();
    let found = items.iter().find(|item| {
        item["came_to"] == "refused" && item["file"].as_str().unwrap().ends_with(file) && item["line"].as_u64() == line
    });
    found.unwrap_or_else(|| panic!("{file} {line:?}: {report}"))["why"]
        .as_str()
        .unwrap()
}

/// A program that is there, or the test says how to get it.
fn program(folder: &Path, name: &str, arguments: &[&str]) -> Output {
    let output = Command::new(name).current_dir(folder).args(arguments).output();
    let output = output.unwrap_or_else(|error| panic!("{name}: {error}; `tests/run` installs it"));
    assert!(output.status.success(), "{name} {arguments:?}: {output:?}");
    output
}

fn text(output: &Output) -> (String, String) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (text(&output.stdout), text(&output.stderr))
}
