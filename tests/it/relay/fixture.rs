//! A box with a relay, and outside peers: the `websockets` package for Python.

use std::io::{BufRead, BufReader, Lines};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Output, Stdio};

use crate::support::TestBox;

/// A relay on a free port with quick pings, and rules for what some tests try.
pub const SECTIONS: &str = r#"
[https]
listen = ["127.0.0.1:0"]
[metrics]
listen = ["127.0.0.1:0"]
[limits.relay]
connections = 20000
[relay]
listen = ["127.0.0.1:0"]
hello_timeout = "1s"
ping_interval = "1s"
ping_timeout = "2s"
[[relay.meetup]]
id = "replace/*"
policy = "replace-same-identity"
[[relay.meetup]]
id = "two/*"
different_identities = true
[[relay.meetup]]
id = "hold/*"
hold = "2s"
[[relay.meetup]]
id = "quiet/*"
idle_timeout = "1s"
[[relay.meetup]]
id = "tenant/*"
peers = ["gateway", "CN:manager"]
[[relay.meetup]]
id = "*"
"#;

pub struct Fixture {
    pub running: TestBox,
}

impl Fixture {
    pub fn start() -> Fixture {
        Fixture::start_with(SECTIONS)
    }

    pub fn start_with(sections: &str) -> Fixture {
        let fixture = Fixture {
            running: TestBox::start_with(sections),
        };
        fixture.bundle("peer");
        fixture
    }

    /// A bundle as `gatelodge pki relay` writes it.
    pub fn bundle(&self, name: &str) -> PathBuf {
        let out = self.running.dir.join("peers");
        let file = out.join(format!("{name}.pkeycert.pem"));
        if !file.exists() {
            let issued = self
                .running
                .json(&["pki", "relay", "--name", name, "--out", out.to_str().unwrap()]);
            assert_eq!(issued["pkeycert"], file.to_str().unwrap());
        }
        file
    }

    pub fn root(&self) -> PathBuf {
        self.running.dir.join("data/pki/relay/root.cert.pem")
    }

    pub fn url(&self) -> String {
        format!(
            "wss://localhost:{}/micronets/v1/ws-proxy/",
            self.running.door("relay").port()
        )
    }

    fn program(&self, bundle: Option<&Path>, scenario: &[&str]) -> Command {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let python = root.join("target/websockets/bin/python");
        assert!(
            python.exists(),
            "{} is missing; tests/run makes it, or: python3 -m venv target/websockets && target/websockets/bin/pip install websockets",
            python.display()
        );
        let mut command = Command::new(python);
        // Bytecode would lie in the tree.
        command
            .arg("-B")
            .arg(root.join("tests/it/relay/peers.py"))
            .arg(self.url())
            .arg(self.root());
        match bundle {
            Some(bundle) => command.arg(bundle),
            None => command.arg("-"),
        };
        command.args(scenario).stdin(Stdio::null());
        command
    }

    /// Plays a scenario to its end, which must be good. Answers what it said.
    pub fn play(&self, scenario: &[&str]) -> String {
        self.play_as(Some(&self.bundle("peer")), scenario)
    }

    /// Plays a scenario with another certificate, or none.
    pub fn play_as(&self, bundle: Option<&Path>, scenario: &[&str]) -> String {
        let Output { status, stdout, stderr } = self.program(bundle, scenario).output().unwrap();
        assert!(status.success(), "{scenario:?}: {}", String::from_utf8_lossy(&stderr));
        String::from_utf8(stdout).unwrap()
    }

    /// Starts a scenario that goes on.
    pub fn begin(&self, bundle: &Path, scenario: &[&str]) -> Playing {
        let mut child = self
            .program(Some(bundle), scenario)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(child.stdout.take().unwrap()).lines();
        Playing { child, said }
    }
}

/// A scenario that goes on; it is killed when this is dropped.
pub struct Playing {
    child: Child,
    said: Lines<BufReader<ChildStdout>>,
}

impl Playing {
    /// The next line it prints.
    pub fn line(&mut self) -> String {
        self.said.next().expect("the scenario goes on").unwrap()
    }
}

impl Drop for Playing {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
