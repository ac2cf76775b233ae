//! Debian's haproxy in front of doors: it hands connections on as they are, and says of each whose it is.

use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};

use socket2::{Domain, Socket, Type};

use super::eventually;
use super::pebble::free_port;

/// From where it calls.
pub const ADDRESS: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 9);

/// It is killed when this is dropped.
pub struct Haproxy {
    ports: Vec<u16>,
    folder: tempfile::TempDir,
    child: Child,
}

impl Haproxy {
    /// One with a port of its own for each of these doors.
    pub fn before(doors: &[SocketAddr]) -> Haproxy {
        let folder = tempfile::tempdir().unwrap();
        let mut text =
            "global\n maxconn 200\ndefaults\n mode tcp\n timeout connect 5s\n timeout client 60s\n timeout server \
                        60s\n"
                .to_owned();
        let mut ports = Vec::new();
        for (number, door) in doors.iter().enumerate() {
            let port = free_port();
            ports.push(port);
            text += &format!(
                "listen door{number}\n bind 127.0.0.1:{port}\n source {ADDRESS}\n server box {door} send-proxy-v2\n"
            );
        }
        let file = folder.path().join("haproxy.cfg");
        std::fs::write(&file, text).unwrap();
        let log = std::fs::File::create(folder.path().join("log")).unwrap();
        let path = format!("{}:/usr/sbin", std::env::var("PATH").unwrap());
        let child = Command::new("haproxy")
            .env("PATH", path)
            .args(["-db", "-f"])
            .arg(&file)
            .stdin(Stdio::null())
            .stdout(log.try_clone().unwrap())
            .stderr(log)
            .spawn()
            .expect("haproxy runs: apt-get install haproxy");
        for port in &ports {
            eventually("haproxy listens", || TcpStream::connect(("127.0.0.1", *port)).ok());
        }
        Haproxy { ports, folder, child }
    }

    /// Where the door at this place of the list is reached.
    pub fn at(&self, place: usize) -> SocketAddr {
        ([127, 0, 0, 1], self.ports[place]).into()
    }
}

impl Drop for Haproxy {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            let log = std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
            eprintln!("--- haproxy logged ---\n{log}");
        }
    }
}

/// A connection from another address of this machine.
pub fn from(address: Ipv4Addr, to: SocketAddr) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    socket.bind(&SocketAddr::from((address, 0)).into()).unwrap();
    socket.connect(&to.into()).unwrap();
    socket.into()
}
