//! The built binary, running in a folder of its own on free ports.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};
use serde_json::Value;
use tempfile::TempDir;

use super::https::{Https, config};
use super::{plain_get, usage};

/// A box of our own; it is killed and its folder removed when this is dropped.
pub struct TestBox {
    pub dir: PathBuf,
    folder: Option<TempDir>,
    child: Option<Child>,
}

/// What most tests want: every door, on free ports of the loopback address.
pub const CONFIG: &str = r#"
[http]
listen = ["127.0.0.1:0"]
[https]
listen = ["127.0.0.1:0"]
[mtls]
listen = ["127.0.0.1:0"]
[metrics]
listen = ["127.0.0.1:0"]
[occupancy]
create_limit = "off"
"#;

/// The binary under test.
pub fn binary() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gatelodge"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("GATELODGE_")) {
        command.env_remove(name);
    }
    for name in ["NOTIFY_SOCKET", "CREDENTIALS_DIRECTORY"] {
        command.env_remove(name);
    }
    // A proxy of whoever runs the tests leads to nobody in them.
    for name in ["HTTPS_PROXY", "https_proxy", "NO_PROXY", "no_proxy"] {
        command.env_remove(name);
    }
    command
}

impl TestBox {
    /// A box that runs with [`CONFIG`].
    pub fn start() -> TestBox {
        TestBox::start_with(CONFIG)
    }

    /// A box that runs with these sections.
    pub fn start_with(sections: &str) -> TestBox {
        let mut running = TestBox::unstarted(sections);
        running.run();
        running
    }

    /// A box that does not run yet.
    pub fn unstarted(sections: &str) -> TestBox {
        let folder = tempfile::Builder::new().prefix("gl").tempdir().unwrap();
        let running = TestBox {
            dir: folder.path().to_owned(),
            folder: Some(folder),
            child: None,
        };
        running.configure(sections);
        running
    }

    /// Writes its configuration.
    pub fn configure(&self, sections: &str) {
        let text = format!(
            "data_dir = {:?}\nadmin_socket = {:?}\n{sections}\n",
            self.dir.join("data"),
            self.dir.join("admin.sock")
        );
        std::fs::write(self.config_file(), text).unwrap();
    }

    pub fn config_file(&self) -> PathBuf {
        self.dir.join("config.toml")
    }

    /// Where what it logged is.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.dir.join("log")).unwrap_or_default()
    }

    /// Starts it, and waits until it is ready. Answers how long that took.
    pub fn run(&mut self) -> Duration {
        let began = Instant::now();
        self.spawn();
        self.wait_until_ready();
        began.elapsed()
    }

    /// Starts it.
    pub fn spawn(&mut self) {
        self.spawn_with(&[]);
    }

    /// Starts it with these variables in its environment.
    pub fn spawn_with(&mut self, environment: &[(&str, &str)]) {
        let log = std::fs::OpenOptions::new()
            .create(true)
            .append(true)
            .open(self.dir.join("log"))
            .unwrap();
        let mut command = binary();
        command
            .arg("serve")
            .arg("--config")
            .arg(self.config_file())
            .stdin(Stdio::null());
        command.envs(environment.iter().copied());
        command.stdout(log.try_clone().unwrap()).stderr(log);
        self.child = Some(command.spawn().unwrap());
    }

    /// Waits until every door accepts.
    pub fn wait_until_ready(&mut self) {
        let began = Instant::now();
        while !self.answers() {
            let ended = self.child.as_mut().and_then(|child| child.try_wait().unwrap());
            assert!(
                ended.is_none(),
                "the box ended while starting: {ended:?}\n{}",
                self.log()
            );
            assert!(
                began.elapsed() < Duration::from_secs(30),
                "not ready after 30 s\n{}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    fn answers(&self) -> bool {
        let Ok(mut stream) = std::os::unix::net::UnixStream::connect(self.dir.join("admin.sock")) else {
            return false;
        };
        use std::io::{Read, Write};
        let asked = stream.write_all(b"GET /status HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
        let mut answer = String::new();
        asked.and_then(|()| stream.read_to_string(&mut answer)).is_ok()
            && ["ready", "degraded", "salvage"]
                .iter()
                .any(|state| answer.contains(&format!("\"state\":\"{state}\"")))
    }

    /// Runs a command against it.
    pub fn command(&self, args: &[&str]) -> Output {
        binary()
            .args(args)
            .arg("--config")
            .arg(self.config_file())
            .stdin(Stdio::null())
            .output()
            .unwrap()
    }

    /// Runs a command that must work; its output as JSON.
    pub fn json(&self, args: &[&str]) -> Value {
        let output = self.command(&[args, &["--json"]].concat());
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(
            output.status.success(),
            "{args:?}: {} {}",
            text,
            String::from_utf8_lossy(&output.stderr)
        );
        if text.trim().is_empty() {
            Value::Null
        } else {
            serde_json::from_str(&text).unwrap()
        }
    }

    /// Where a door is.
    pub fn door(&self, name: &str) -> SocketAddr {
        let status = self.json(&["status"]);
        let address = status["doors"][name][0]
            .as_str()
            .unwrap_or_else(|| panic!("the {name} door is closed: {status}"));
        address.parse().unwrap()
    }

    /// The root of its server hierarchy.
    pub fn ca_file(&self) -> PathBuf {
        self.dir.join("data/pki/server/root.cert.pem")
    }

    /// What one of its metrics says, named with its labels.
    pub fn metric(&self, name: &str) -> Option<u64> {
        let page = plain_get(self.door("metrics"), "/metrics");
        let line = page.lines().find_map(|line| line.strip_prefix(name));
        line.map(|value| value.trim().parse().unwrap())
    }

    /// A connection to its https door.
    pub fn https(&self) -> Https {
        Https::connect(self.door("https"), config(&self.ca_file(), None)).unwrap()
    }

    fn pid(&self) -> Pid {
        Pid::from_child(self.child.as_ref().expect("it runs"))
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal).unwrap();
    }

    /// Its process number.
    pub fn process(&self) -> u32 {
        self.child.as_ref().expect("it runs").id()
    }

    /// Processor time that it took so far, in steps of 10 ms.
    pub fn processor_time(&self) -> Duration {
        usage::processor_time(self.process())
    }

    /// Kills it as a crash would.
    pub fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Stops it in order. Answers its exit code and how long it took.
    pub fn stop(&mut self) -> (Option<i32>, Duration) {
        let began = Instant::now();
        self.signal(Signal::TERM);
        let code = self.wait();
        (code, began.elapsed())
    }

    /// Waits until it ends; its exit code.
    pub fn wait(&mut self) -> Option<i32> {
        self.child.take().expect("it runs").wait().unwrap().code()
    }
}

impl Drop for TestBox {
    fn drop(&mut self) {
        self.kill();
        if std::thread::panicking() {
            eprintln!("--- the box logged ---\n{}", self.log());
        }
        drop(self.folder.take());
    }
}
