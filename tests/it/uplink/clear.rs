//! Mosquitto in clear with settings of its own, for what brokers allow and do not.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use super::broker::{Witness, program};
use crate::support::eventually;
use crate::support::pebble::free_port;

/// A broker that lets everybody in. It is killed when this is dropped.
pub struct Clear {
    pub port: u16,
    folder: tempfile::TempDir,
    child: Option<Child>,
}

impl Clear {
    /// One with these settings of the whole broker, and these of its door.
    pub fn start(whole: &str, door: &str) -> Clear {
        let mut clear = Clear {
            port: free_port(),
            folder: tempfile::tempdir().unwrap(),
            child: None,
        };
        let log = clear.file("log");
        let text = format!(
            "user root\nlog_dest file {}\nlog_type all\n{whole}\nlistener {} 127.0.0.1\nallow_anonymous true\n{door}\n",
            log.display(),
            clear.port
        );
        std::fs::write(clear.file("conf"), text).unwrap();
        clear.run();
        clear
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub fn run(&mut self) {
        let child = program("mosquitto")
            .arg("-c")
            .arg(self.file("conf"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        self.child = Some(child);
        eventually("mosquitto takes connections", || {
            std::net::TcpStream::connect(("127.0.0.1", self.port)).ok()
        });
    }

    /// Ends it; it forgets all.
    pub fn kill(&mut self) {
        let mut child = self.child.take().expect("it runs");
        child.kill().unwrap();
        child.wait().unwrap();
    }

    pub fn log(&self) -> String {
        std::fs::read_to_string(self.file("log")).unwrap_or_default()
    }

    /// A program of mosquitto's clients.
    pub fn client(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        command.args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-q", "1"]);
        command
    }

    pub fn publish(&self, arguments: &[&str]) {
        assert!(self.client("mosquitto_pub").args(arguments).status().unwrap().success());
    }

    /// Writes down everything that is published from now on, and first what is kept.
    pub fn witness(&self) -> Witness {
        let file = self.file(&format!("heard-{}", free_port()));
        let before = self.log().matches("SUBACK to witness").count();
        let mut shell = Command::new("sh");
        shell.args(["-c", "exec stdbuf -oL mosquitto_sub \"$@\"", "witness"]);
        let child = shell
            .args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-q", "1"])
            .args(["-i", &format!("witness-{}", free_port()), "-t", "#", "-F", "%r %t %x"])
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(std::fs::File::create(&file).unwrap())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        eventually("the witness listens", || {
            (self.log().matches("SUBACK to witness").count() > before).then_some(())
        });
        Witness::of(child, file)
    }

    /// Topics on which something is kept.
    pub fn kept(&self) -> std::collections::BTreeMap<String, String> {
        let output = self
            .client("mosquitto_sub")
            .args(["-t", "#", "-W", "1", "--retained-only", "-F", "%t %p"])
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let lines = text.lines().filter_map(|line| line.split_once(' '));
        lines.map(|(topic, text)| (topic.to_owned(), text.to_owned())).collect()
    }

    /// The section `[uplink]` of a box there.
    pub fn section(&self, mqtt: &str) -> String {
        format!(
            "[uplink]\nkind = \"mqtt\"\nurl = \"mqtt://127.0.0.1:{}\"\nclient_id = \"lodge-1\"\nreplay_rate = \"off\"\n\
             [uplink.mqtt]\n{mqtt}\n",
            self.port
        )
    }
}

impl Drop for Clear {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
        if std::thread::panicking() {
            let log = self.log();
            let tail: Vec<&str> = log.lines().rev().take(40).collect();
            eprintln!("--- the broker logged, newest first ---\n{}", tail.join("\n"));
        }
    }
}
