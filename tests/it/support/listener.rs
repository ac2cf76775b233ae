//! A WebSocket client that is somebody else's: the `websockets` package for Python, which prints what it hears.

use std::io::{BufRead, BufReader, Lines};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use serde_json::Value;

use super::TestBox;

/// A Python program that listens; it is killed when this is dropped.
pub struct Listener {
    child: Child,
    said: Lines<BufReader<ChildStdout>>,
}

impl Listener {
    /// Listens to `path` with a token, from `last` on.
    pub fn start(running: &TestBox, path: &str, token: &str, last: Option<&str>) -> Listener {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let python = root.join("target/websockets/bin/python");
        let mut command = Command::new(&python);
        command
            .arg(root.join("tests/it/support/listener.py"))
            .arg(format!("wss://localhost:{}{path}", running.door("https").port()))
            .arg(running.ca_file())
            .arg(token)
            .args(last)
            .stdout(Stdio::piped());
        let mut child = command.spawn().unwrap_or_else(|error| {
            panic!("{}: {error}; tests/run makes it, or: python3 -m venv target/websockets && target/websockets/bin/pip install websockets", python.display())
        });
        let said = BufReader::new(child.stdout.take().unwrap()).lines();
        Listener { child, said }
    }

    /// The next message or heartbeat.
    pub fn hear(&mut self) -> Value {
        let line = self.said.next().expect("the listener goes on").unwrap();
        serde_json::from_str(&line).unwrap()
    }

    /// Whether there is anything but messages before the line is closed; a heartbeat is.
    pub fn goes_on(&mut self) -> bool {
        loop {
            let Some(Ok(line)) = self.said.next() else { return false };
            let heard: Value = serde_json::from_str(&line).unwrap();
            if !heard["heartbeat"].is_null() {
                return true;
            }
        }
    }

    /// The next message that is no heartbeat.
    pub fn message(&mut self) -> Value {
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
