//! The document of the API as other programs read it: two validators, and a client that a foreign generator makes.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::support::demo::Demo;
use crate::support::eventually;
use crate::support::https::{Https, config};

/// A program that `tests/run` puts under `target/`.
fn tool(path: &str) -> Command {
    let program = Path::new(env!("CARGO_MANIFEST_DIR")).join("target").join(path);
    assert!(
        program.exists(),
        "{} is not there: tests/run installs it",
        program.display()
    );
    Command::new(program)
}

fn must_work(command: &mut Command) -> String {
    let output = command.output().unwrap();
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(output.status.success(), "{command:?}: {said}");
    said
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

#[test]
fn validators_take_the_document_and_a_generated_client_walks_the_api() {
    let folder = tempfile::tempdir().unwrap();
    let demo = Demo::start(&folder.path().join("demo"));
    let (ca, serial) = (text(&demo.found["ca_file"]), text(&demo.found["meters"][0]));
    let token = text(&demo.found["api_token"]);
    let door = format!("127.0.0.1:{}", demo.https_port()).parse().unwrap();
    let mut https = Https::connect(door, config(&PathBuf::from(&ca), None)).unwrap();
    let document = folder.path().join("openapi.json");
    std::fs::write(&document, https.ask("GET", "/openapi.json", &[]).body).unwrap();

    let said = must_work(tool("openapi/bin/openapi-spec-validator").arg(&document));
    assert!(said.contains("OK"), "{said}");
    let said = must_work(tool("redocly/node_modules/.bin/redocly").arg("lint").arg(&document));
    assert!(said.contains("is valid") && !said.contains("warning"), "{said}");

    let client = folder.path().join("client");
    let mut generate = tool("openapi/bin/openapi-python-client");
    generate.args(["generate", "--meta", "none", "--path"]).arg(&document);
    let said = must_work(generate.arg("--output-path").arg(&client));
    assert!(
        !said.contains("will not be generated") && !said.contains("not supported"),
        "{said}"
    );
    let bearer = format!("Bearer {token}");
    let intervals = format!("/v1/meters/{serial}/intervals");
    eventually("half-hours of the meter are here", || {
        let day = https.ask("GET", &intervals, &[("authorization", &bearer)]).json();
        day["total"].as_u64().filter(|energy| *energy > 0)
    });
    let mut walk = tool("openapi/bin/python");
    walk.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/api_client.py"));
    let door = format!("https://127.0.0.1:{}", demo.https_port());
    let said = must_work(walk.arg(folder.path()).args([&door, &ca, &token, &serial]));
    assert!(said.ends_with("the end is right\n"), "{said}");
}

#[test]
fn the_page_says_how_to_get_a_token_and_is_found_with_a_slash_too() {
    let running = crate::support::TestBox::start();
    let mut https = running.https();
    let there = https.ask("GET", "/docs/", &[]);
    assert_eq!((there.status, there.header("location")), (308, Some("/docs")));
    let page = https.ask("GET", "/docs", &[]).text();
    for words in [
        "Authorization: Bearer",
        "gatelodge token create --name my-app --scope meters:topup",
    ] {
        assert!(page.contains(words), "{words}");
    }
}
