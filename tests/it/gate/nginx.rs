//! nginx as it is installed, in front of the https door: streams come through at once.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::support::pebble::free_port;
use crate::support::{TestBox, eventually};

const SECTIONS: &str = "[https]\nlisten = [\"127.0.0.1:0\"]\n[occupancy]\n[meters]\n";

/// An nginx that is told nothing but where the box is.
struct Nginx {
    port: u16,
    child: Child,
    _folder: tempfile::TempDir,
}

impl Nginx {
    fn start(running: &TestBox) -> Nginx {
        let folder = tempfile::tempdir().unwrap();
        let (at, port) = (folder.path().display(), free_port());
        let temporary =
            ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"].map(|kind| format!("{kind}_temp_path {at}/{kind};"));
        let text = format!(
            "worker_processes 1; daemon off; pid {at}/pid; error_log {at}/errors; events {{}}\n\
             http {{ access_log off; {} server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass https://{}; }} }} }}\n",
            temporary.join(" "),
            running.door("https"),
        );
        let file = folder.path().join("nginx.conf");
        std::fs::write(&file, text).unwrap();
        // Debian has it where only root looks.
        let path = format!("{}:/usr/sbin", std::env::var("PATH").unwrap());
        let mut command = Command::new("nginx");
        command
            .env("PATH", path)
            .arg("-c")
            .arg(&file)
            .arg("-e")
            .arg(folder.path().join("errors"));
        let child = command
            .stderr(Stdio::null())
            .spawn()
            .expect("nginx runs: apt-get install nginx-light");
        let nginx = Nginx {
            port,
            child,
            _folder: folder,
        };
        eventually("nginx listens", || TcpStream::connect(("127.0.0.1", port)).ok());
        nginx
    }

    /// Asks, and reads the answer's head.
    fn ask(&self, head: &str) -> (String, BufReader<TcpStream>) {
        let mut tcp = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        tcp.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        write!(tcp, "{head}\r\nhost: localhost\r\n\r\n").unwrap();
        let (mut reader, mut answer) = (BufReader::new(tcp), String::new());
        while !answer.ends_with("\r\n\r\n") {
            assert_ne!(reader.read_line(&mut answer).unwrap(), 0, "{answer}");
        }
        (answer, reader)
    }
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // Its worker goes with it.
        let _ = rustix::process::kill_process(
            rustix::process::Pid::from_child(&self.child),
            rustix::process::Signal::TERM,
        );
        let _ = self.child.wait();
    }
}

/// Reads until `wanted` was said; the chunks' lengths are read along.
fn hear(stream: &mut impl Read, wanted: &str) -> String {
    let mut heard = Vec::new();
    let mut byte = [0];
    while !String::from_utf8_lossy(&heard).contains(wanted) {
        stream
            .read_exact(&mut byte)
            .unwrap_or_else(|error| panic!("{wanted:?} was not said: {error}; {}", String::from_utf8_lossy(&heard)));
        heard.push(byte[0]);
    }
    String::from_utf8(heard).unwrap()
}

#[test]
fn every_stream_begins_at_once_and_changes_follow() {
    let running = TestBox::start_with(SECTIONS);
    let nginx = Nginx::start(&running);
    let space = running.json(&["space", "create", "--name", "Hall", "--maximum", "9"]);
    let space = space["id"].as_str().unwrap();
    let token = |scope: &str| {
        let made = running.json(&["token", "create", "--name", scope, "--scope", scope]);
        format!("authorization: Bearer {}", made["token"].as_str().unwrap())
    };
    let (spaces, meters) = (token("spaces:admin"), token("meters:read"));
    let mut open = Vec::new();
    for (path, token) in [
        (format!("/v1/spaces/{space}/events"), &spaces),
        ("/v1/events".to_owned(), &spaces),
        ("/v1/meters/events".to_owned(), &meters),
    ] {
        let (head, mut stream) = nginx.ask(&format!("GET {path} HTTP/1.1\r\n{token}"));
        assert!(head.starts_with("HTTP/1.1 200"), "{path}: {head}");
        assert!(head.contains("text/event-stream"), "{path}: {head}");
        hear(&mut stream, ": begins\n\n");
        open.push((path, stream));
    }
    running.json(&["space", "set", space, "--current", "3"]);
    for (path, mut stream) in open.into_iter().filter(|(path, _)| !path.contains("meters")) {
        let heard = hear(&mut stream, "event: changed");
        let heard = heard + &hear(&mut stream, "\"current\":3");
        assert!(!heard.contains(": alive"), "{path}: it came at once: {heard}");
    }
}
