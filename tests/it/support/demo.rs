//! The demo, as somebody runs it to have a look.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ExitStatus, Output, Stdio};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;

use super::https::{Https, config};
use super::test_box::binary;

/// A demo that runs; it is killed when this is dropped.
pub struct Demo {
    /// What it printed: where everything is.
    pub found: Value,
    child: Child,
}

impl Demo {
    /// One on free ports, in `dir`.
    pub fn start(dir: &Path) -> Demo {
        let mut command = binary();
        command.args(["demo", "--json", "--port-base", "0", "--dir"]).arg(dir);
        command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit());
        let mut child = command.spawn().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let found = serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line}"));
        Demo { found, child }
    }

    /// The port of its https door.
    pub fn https_port(&self) -> u16 {
        let door = self.found["doors"]["https"][0].as_str().unwrap();
        door.rsplit(':').next().unwrap().parse().unwrap()
    }

    /// A connection to that door.
    pub fn https(&self) -> Https {
        let ca_file = self.found["ca_file"].as_str().unwrap();
        let door = format!("127.0.0.1:{}", self.https_port()).parse().unwrap();
        Https::connect(door, config(Path::new(ca_file), None)).unwrap()
    }

    /// What a command says to the demo's folder: `break meter`, `mend`.
    pub fn change(&self, words: &[&str]) -> Output {
        let mut command = binary();
        command.arg("demo").args(words).arg("--dir");
        command.arg(self.found["dir"].as_str().unwrap()).output().unwrap()
    }

    /// What `status --json` says.
    pub fn status(&self) -> Value {
        let mut command = binary();
        command.arg("--config").arg(self.found["config_file"].as_str().unwrap());
        let said = command.args(["status", "--json"]).output().unwrap();
        serde_json::from_slice(&said.stdout).unwrap_or_else(|error| panic!("{error}: {said:?}"))
    }

    /// Ends it as Ctrl-C does.
    pub fn interrupt(&mut self) -> ExitStatus {
        kill_process(Pid::from_child(&self.child), Signal::INT).unwrap();
        self.child.wait().unwrap()
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
