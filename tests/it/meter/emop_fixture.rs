//! What the tests of `emop` share: a box with a simulated meter and a mediator, and the command by its two ways.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use super::command::Simulation;
use crate::support::TestBox;
use crate::support::test_box::binary;

pub const SERIAL: &str = "EML0000000001";
/// A meter that nobody reaches.
pub const SILENT: &str = "EML0000000002";
/// The moment at which the simulated meter's time stands.
pub const NOW: &str = "2026-02-10T12:00:00Z";

/// A box with a meter of two elements, one that is not there, and a mediator's door.
pub struct Fixture {
    pub running: TestBox,
    pub home: PathBuf,
    _meter: Simulation,
}

/// What a command came to.
#[derive(Debug)]
pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl From<Output> for Said {
    fn from(output: Output) -> Said {
        Said {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

/// How the command gets to the meter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Over gRPC with mutual TLS, under a certificate of this name.
    Mediator(&'static str),
    /// Through the admin socket.
    Socket,
}

impl Fixture {
    pub fn start() -> Fixture {
        Fixture::with("", "")
    }

    /// With more keys in `[grpc]`, and further sections.
    pub fn with(grpc: &str, sections: &str) -> Fixture {
        Fixture::of_meter(&[], grpc, sections)
    }

    /// With a meter that prepays, of which nobody uses anything.
    pub fn prepaying() -> Fixture {
        Fixture::of_meter(&["--prepay", "--power", "0", "--standing-charge", "0"], "", "")
    }

    fn of_meter(more: &[&str], grpc: &str, sections: &str) -> Fixture {
        let arguments = ["--listen", "127.0.0.1:0", "--serial", SERIAL, "--twin", "--now", NOW];
        let (meter, printed) = Simulation::start(&[&arguments[..], more].concat(), 1);
        let link = printed[0]["address"].as_str().unwrap();
        let running = TestBox::start_with(&format!(
            "[grpc]\nlisten = [\"127.0.0.1:0\"]\n{grpc}\n[meters]\nrequest_gap = \"1ms\"\nattempts = 2\nretry_pause = \
             \"1ms\"\nallow_inferred_writes = true\n[[meter]]\nserial = \"{SERIAL}\"\nlink = \"tcp://{link}\"\nesco = \
             \"hmce\"\nname = \"Flat 7\"\n[[meter]]\nserial = \"{SILENT}\"\nlink = \"tcp://127.0.0.1:1\"\nhardware = \
             \"EMA1.w\"\nname = \"Attic\"\n{sections}"
        ));
        let home = running.dir.join("home");
        std::fs::create_dir_all(home.join(".simt")).unwrap();
        Fixture {
            running,
            home,
            _meter: meter,
        }
    }

    /// A certificate of the grpc hierarchy for this role, which is its name too.
    pub fn certificate(&self, role: &str) {
        let folder = self.running.dir.join(role);
        let folder = folder.to_str().unwrap();
        let issued = self
            .running
            .command(&["pki", "grpc", "--name", role, "--role", role, "--out", folder]);
        assert!(issued.status.success(), "{issued:?}");
    }

    /// The three files of such a certificate: whom to believe, the chain, the key.
    pub fn files(&self, role: &str) -> [PathBuf; 3] {
        let folder = self.running.dir.join(role);
        [
            self.running.dir.join("data/pki/grpc/root.cert.pem"),
            folder.join(format!("{role}.chain.pem")),
            folder.join(format!("{role}.key.pem")),
        ]
    }

    /// The command by one of its ways.
    pub fn emop(&self, way: Way, arguments: &[&str]) -> Said {
        self.emop_told(way, arguments, "")
    }

    /// The same, with something on its standard input.
    pub fn emop_told(&self, way: Way, arguments: &[&str], told: &str) -> Said {
        let mut command = self.plain();
        command.arg("emop");
        match way {
            Way::Socket => {
                command.arg("--socket").arg(self.running.dir.join("admin.sock"));
            }
            Way::Mediator(role) => {
                let [ca, cert, key] = self.files(role);
                command.arg("--mediator").arg(self.running.door("grpc").to_string());
                command
                    .arg("--ca")
                    .arg(ca)
                    .arg("--cert")
                    .arg(cert)
                    .arg("--key")
                    .arg(key);
            }
        }
        run(command.args(arguments), told)
    }

    /// The binary with a home of its own, and nothing of ours in its environment.
    pub fn plain(&self) -> Command {
        let mut command = binary();
        command.env("HOME", &self.home).env_remove("ENV");
        for name in ["SERVER", "CA_CERT", "CLIENT_CERT", "CLIENT_KEY"] {
            command.env_remove(format!("MEDIATOR_{name}"));
        }
        command
    }

    /// The same, called by another name.
    pub fn called(&self, name: &str) -> Command {
        let link = self.running.dir.join(name);
        if !link.exists() {
            std::os::unix::fs::symlink(env!("CARGO_BIN_EXE_gatelodge"), &link).unwrap();
        }
        let plain = self.plain();
        let mut command = Command::new(link);
        for (name, value) in plain.get_envs() {
            match value {
                Some(value) => command.env(name, value),
                None => command.env_remove(name),
            };
        }
        command
    }
}

/// Runs a command with something on its standard input.
pub fn run(command: &mut Command, told: &str) -> Said {
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let mut child = command.spawn().unwrap();
    // It may end without reading.
    let _ = child.stdin.take().unwrap().write_all(told.as_bytes());
    child.wait_with_output().unwrap().into()
}
