//! Mosquitto on free ports of the loopback address, with certificates by `gatelodge pki`, and a witness that listens.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};
use serde_json::Value;

use crate::support::pebble::free_port;
use crate::support::{TestBox, eventually};

/// A broker: one port wants client certificates, one passwords, both over TLS. It is killed when this is dropped.
pub struct Broker {
    /// The box whose authorities issued everything; it does not run.
    pub pki: TestBox,
    /// Clients must show a certificate of the client hierarchy.
    pub by_certificate: u16,
    /// Clients must say name and password.
    pub by_password: u16,
    child: Option<Child>,
}

/// The password of the user `test_box`: with what a careless writer of configuration files trips over.
pub const PASSWORD: &str = "p:a,ss wörd";

pub fn program(name: &str) -> Command {
    let found = ["/usr/sbin", "/usr/bin", "/usr/local/bin", "/usr/local/sbin"]
        .iter()
        .map(|folder| Path::new(folder).join(name))
        .find(|path| path.exists());
    let found = found.unwrap_or_else(|| panic!("{name} is missing: apt-get install mosquitto mosquitto-clients"));
    Command::new(found)
}

impl Broker {
    /// One that runs.
    pub fn start() -> Broker {
        let mut broker = Broker::unstarted();
        broker.run();
        broker
    }

    /// One whose address is known and that does not answer yet.
    pub fn unstarted() -> Broker {
        let pki = TestBox::unstarted("");
        let out = pki.dir.join("tls").display().to_string();
        pki.json(&["pki", "init"]);
        for (kind, name) in [("server", "localhost"), ("client", "lodge-1"), ("client", "witness")] {
            pki.json(&["pki", kind, "--name", name, "--out", &out]);
        }
        let broker = Broker {
            by_certificate: free_port(),
            by_password: free_port(),
            pki,
            child: None,
        };
        broker.write_configuration();
        broker
    }

    fn write_configuration(&self) {
        let (dir, tls) = (self.pki.dir.display(), self.pki.dir.join("tls").display().to_string());
        let tls = format!(
            "cafile {}\ncertfile {tls}/localhost.chain.pem\nkeyfile {tls}/localhost.key.pem\n",
            self.root("client").display()
        );
        // Started by root it would become a user that cannot read these files; who is not root stays who they are.
        let text = format!(
            "user root\nper_listener_settings true\npersistence true\npersistence_location {dir}/\nlog_dest file {dir}/broker.log\n\
             log_type all\nmax_inflight_messages 0\nmax_queued_messages 0\n\
             listener {} 127.0.0.1\n{tls}require_certificate true\nuse_identity_as_username true\n\
             listener {} 127.0.0.1\n{tls}allow_anonymous false\npassword_file {dir}/passwords\n",
            self.by_certificate, self.by_password,
        );
        std::fs::write(self.pki.dir.join("mosquitto.conf"), text).unwrap();
        let file = self.pki.dir.join("passwords");
        let made = program("mosquitto_passwd")
            .args(["-b", "-c"])
            .arg(&file)
            .args(["lodge", PASSWORD])
            .status();
        assert!(made.unwrap().success());
        // The same as a tenant's user.
        self.user("t1/lodge", PASSWORD);
    }

    /// Somebody with a password, from its next start on.
    pub fn user(&self, name: &str, password: &str) {
        let made = program("mosquitto_passwd")
            .arg("-b")
            .arg(self.pki.dir.join("passwords"))
            .args([name, password])
            .status();
        assert!(made.unwrap().success());
    }

    /// Starts it, and waits until it takes connections.
    pub fn run(&mut self) {
        let child = program("mosquitto")
            .arg("-c")
            .arg(self.pki.dir.join("mosquitto.conf"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        self.child = Some(child);
        for port in [self.by_certificate, self.by_password] {
            eventually("mosquitto takes connections", || {
                std::net::TcpStream::connect(("127.0.0.1", port)).ok()
            });
        }
    }

    /// Stops it; what it promised to deliver it keeps.
    pub fn stop(&mut self) {
        let mut child = self.child.take().expect("it runs");
        kill_process(Pid::from_child(&child), Signal::TERM).unwrap();
        child.wait().unwrap();
    }

    /// What it wrote down.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.pki.dir.join("broker.log")).unwrap_or_default()
    }

    /// The root of one of the hierarchies.
    pub fn root(&self, hierarchy: &str) -> PathBuf {
        self.pki.dir.join(format!("data/pki/{hierarchy}/root.cert.pem"))
    }

    /// A file of a certificate: `chain` or `key`.
    pub fn file(&self, name: &str, what: &str) -> PathBuf {
        self.pki.dir.join(format!("tls/{name}.{what}.pem"))
    }

    /// A program of mosquitto's clients as the user `witness`, at quality of service 1.
    pub fn client(&self, program: &str) -> Command {
        let mut command = Command::new(program);
        self.witnessing(&mut command);
        command
    }

    fn witnessing<'a>(&self, command: &'a mut Command) -> &'a mut Command {
        command
            .args(["-h", "localhost", "-p", &self.by_certificate.to_string(), "-q", "1"])
            .arg("--cafile")
            .arg(self.root("server"))
            .arg("--cert")
            .arg(self.file("witness", "chain"))
            .arg("--key")
            .arg(self.file("witness", "key"))
    }

    /// A client that writes down everything that is published, and misses nothing while it or the broker is away.
    pub fn witness(&self) -> Witness {
        let file = self.pki.dir.join("heard");
        let output = std::fs::File::options().create(true).append(true).open(&file).unwrap();
        // It ends when a handshake is cut off; the broker keeps its session, so that nothing is missed meanwhile.
        let mut shell = Command::new("sh");
        shell.args([
            "-c",
            "while :; do stdbuf -oL mosquitto_sub \"$@\"; sleep 0.1; done",
            "witness",
        ]);
        let child = self
            .witnessing(&mut shell)
            .args(["--disable-clean-session", "-i", "witness", "-t", "#", "-F", "%r %t %x"])
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(output)
            .stderr(std::fs::File::create(self.pki.dir.join("heard.log")).unwrap())
            .spawn()
            .unwrap();
        eventually("the witness listens", || {
            self.log().contains("SUBACK to witness").then_some(())
        });
        Witness { child, file }
    }

    /// Publishes as somebody else would.
    pub fn publish(&self, topic: &str, text: &str) {
        let sent = self.client("mosquitto_pub").args(["-t", topic, "-m", text]).status();
        assert!(sent.unwrap().success());
    }

    /// The section `[uplink]` of a box that shows a certificate.
    pub fn section(&self) -> String {
        format!(
            "[uplink]\nkind = \"mqtt\"\nurl = \"mqtts://localhost:{}\"\nca_file = {:?}\nclient_id = \"lodge-1\"\n\
             certificate_file = {:?}\nkey_file = {:?}\nkeep_alive = \"10s\"\nreplay_rate = \"off\"\n",
            self.by_certificate,
            self.root("server"),
            self.file("lodge-1", "chain"),
            self.file("lodge-1", "key"),
        )
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
        if std::thread::panicking() {
            let log = self.log();
            let tail: Vec<&str> = log.lines().rev().take(60).collect();
            eprintln!("--- the broker logged, newest first ---\n{}", tail.join("\n"));
        }
    }
}

/// A client that writes down what it hears.
pub struct Witness {
    child: Child,
    file: PathBuf,
}

/// A message as the witness heard it.
#[derive(Clone, Debug, PartialEq)]
pub struct Heard {
    pub retained: bool,
    pub topic: String,
    pub text: String,
}

impl Heard {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{}: {error}: {}", self.topic, self.text))
    }
}

impl Witness {
    /// One that writes to this file.
    pub fn of(child: Child, file: PathBuf) -> Witness {
        Witness { child, file }
    }

    /// Everything it heard so far, in order; a line that is still being written is not among it.
    pub fn heard(&self) -> Vec<Heard> {
        let text = std::fs::read_to_string(&self.file).unwrap_or_default();
        let whole = text.rfind('\n').map_or("", |end| &text[..end]);
        let lines = whole.lines().map(|line| {
            let mut parts = line.splitn(3, ' ');
            let mut part = || parts.next().unwrap_or_default().to_owned();
            Heard {
                retained: part() == "1",
                topic: part(),
                // Hex, for messages have lines of their own.
                text: String::from_utf8(data_encoding::HEXLOWER.decode(part().as_bytes()).unwrap()).unwrap(),
            }
        });
        lines.collect()
    }

    /// What it heard on a topic.
    pub fn on(&self, topic: &str) -> Vec<Heard> {
        self.heard().into_iter().filter(|heard| heard.topic == topic).collect()
    }

    /// Waits until the last word on a topic is as wanted.
    pub fn until(&self, topic: &str, wanted: impl Fn(&Heard) -> bool) -> Heard {
        eventually(&format!("the last word on {topic}"), || {
            self.on(topic).pop().filter(|heard| wanted(heard))
        })
    }
}

impl Drop for Witness {
    fn drop(&mut self) {
        if std::thread::panicking() {
            let said = std::fs::read_to_string(self.file.with_extension("log")).unwrap_or_default();
            let heard = std::fs::read_to_string(&self.file).unwrap_or_default();
            let tail: Vec<&str> = heard.lines().rev().take(20).collect();
            eprintln!(
                "--- the witness said ---\n{said}\n--- and heard, newest first ---\n{}",
                tail.join("\n")
            );
        }
        let _ = kill_process_group(Pid::from_child(&self.child), Signal::KILL);
        let _ = self.child.wait();
    }
}
