//! Debian's tinyproxy: an HTTP proxy that wants a name and a password, on a free port.

use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use super::eventually;
use super::pebble::free_port;

/// What it wants to hear.
pub const NAME: &str = "lodge";
/// It takes letters, digits and these signs.
pub const PASSWORD: &str = "pass-W0rd_of.the.proxy";

/// It is killed when this is dropped.
pub struct Tinyproxy {
    pub port: u16,
    folder: tempfile::TempDir,
    child: Child,
}

impl Tinyproxy {
    pub fn start() -> Tinyproxy {
        let folder = tempfile::tempdir().unwrap();
        let (port, log) = (free_port(), folder.path().join("log"));
        let text = format!(
            "Port {port}\nListen 127.0.0.1\nTimeout 60\nMaxClients 50\nAllow 127.0.0.1\nLogLevel Info\nLogFile {log:?}\n\
             BasicAuth {NAME} {PASSWORD}\n"
        );
        let file = folder.path().join("conf");
        std::fs::write(&file, text).unwrap();
        std::fs::write(folder.path().join("password"), format!("{PASSWORD}\n")).unwrap();
        let child = Command::new("tinyproxy")
            .arg("-d")
            .arg("-c")
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("tinyproxy runs: apt-get install tinyproxy");
        eventually("tinyproxy listens", || {
            std::net::TcpStream::connect(("127.0.0.1", port)).ok()
        });
        Tinyproxy { port, folder, child }
    }

    /// A file with its password.
    pub fn password_file(&self) -> PathBuf {
        self.folder.path().join("password")
    }

    /// The section `[outbound]` of a box that goes out through it.
    pub fn section(&self) -> String {
        format!(
            "[outbound]\nproxy = \"http://{NAME}@127.0.0.1:{}\"\nproxy_password_file = {:?}\n",
            self.port,
            self.password_file()
        )
    }

    /// How often a way to this port was opened.
    pub fn opened(&self, port: u16) -> usize {
        let (asked, log) = (format!(":{port} HTTP/1."), self.log());
        log.lines()
            .filter(|line| line.contains("CONNECT ") && line.contains(&asked))
            .count()
    }

    /// What it logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Tinyproxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("--- tinyproxy logged ---\n{}", self.log());
        }
    }
}
