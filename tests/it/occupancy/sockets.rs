//! `/v1` streams over a WebSocket, heard by somebody else's client: the `websockets` package for Python.

use std::io::{BufRead, BufReader, Lines};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::{Value, json};

use super::client::{Client, space};
use crate::support::Lodge;

/// A Python program that listens; it is killed when this is dropped.
struct Listener {
    child: Child,
    said: Lines<BufReader<ChildStdout>>,
}

impl Listener {
    fn start(lodge: &Lodge, path: &str, token: &str, last: Option<&str>) -> Listener {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let python = root.join("target/websockets/bin/python");
        let mut command = Command::new(&python);
        command
            .arg(root.join("tests/it/occupancy/listener.py"))
            .arg(format!("wss://localhost:{}{path}", lodge.door("https").port()))
            .arg(lodge.ca_file())
            .arg(token)
            .args(last)
            .stdout(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| {
            panic!("{}: {error}; tests/run makes it, or: python3 -m venv target/websockets && target/websockets/bin/pip install websockets", python.display())
        });
        let said = BufReader::new(child.stdout.take().unwrap()).lines();
        Listener { child, said }
    }

    fn hear(&mut self) -> Value {
        let line = self.said.next().expect("the listener goes on").unwrap();
        serde_json::from_str(&line).unwrap()
    }

    /// The next message that is no heartbeat.
    fn message(&mut self) -> Value {
        loop {
            let heard = self.hear();
            if heard["heartbeat"].is_null() {
                return heard;
            }
        }
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn a_python_program_listens_resumes_and_gets_heartbeats() {
    let lodge = Lodge::start();
    let mut operator = Client::operator(&lodge);
    let (path, owner) = space(&mut operator, 100);
    let (events, change) = (format!("{path}/events"), format!("{path}/change"));
    let mut first = Listener::start(&lodge, &events, &owner, None);
    let state = first.message();
    assert_eq!(
        (state["type"].clone(), state["current"].clone()),
        (json!("state"), json!(0))
    );
    let mut last = String::new();
    for count in 1..=5 {
        operator.post(&change, json!({ "by": 1 }));
        let told = first.message();
        assert_eq!(
            (told["type"].clone(), told["current"].clone()),
            (json!("changed"), json!(count))
        );
        last = told["sequence"].as_str().unwrap().to_owned();
    }
    for _ in 0..5 {
        operator.post(&change, json!({ "by": 2 }));
    }
    let mut second = Listener::start(&lodge, &events, &owner, Some(&last));
    assert_eq!(second.message()["type"], "state");
    for count in 1..=5 {
        let told = second.message();
        assert_eq!(told["current"], 5 + 2 * count, "none missed, none twice: {told}");
    }
    // Every 15 s, said whether or not something happens.
    while second.hear()["heartbeat"].is_null() {}
    operator.ask("DELETE", &path, Value::Null, &[]);
    assert_eq!(second.message()["type"], "removed");
}
