//! What tests share: the built binary in a folder of its own, and an HTTP client that sends what it is told.

pub mod chromium;
pub mod demo;
pub mod haproxy;
pub mod https;
pub mod line;
pub mod listener;
pub mod manual;
pub mod meddler;
pub mod newer;
pub mod pebble;
pub mod sessions;
pub mod test_box;
pub mod tinyproxy;
pub mod usage;

pub use https::{Answer, Https};
pub use test_box::TestBox;

use std::time::{Duration, Instant};

/// Waits until `found` finds something; tests wait for conditions, never for times.
pub fn eventually<T>(what: &str, mut found: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = found() {
            return found;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "waited 30 s in vain: {what}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// One GET over plain HTTP/1.1; the whole answer.
pub fn plain_get(address: std::net::SocketAddr, path: &str) -> String {
    use std::io::{Read, Write};
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n"
    )
    .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer
}
