//! The built binary when the system gives it no more descriptors.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use rustix::process::{Pid, Resource, Rlimit, prlimit};

use crate::support::test_box::TestBox;

#[test]
fn without_descriptors_a_door_waits_quietly_and_goes_on_when_there_are_some() {
    let running = TestBox::start();
    let (door, pid) = (running.door("http"), running.process());
    let open = std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count() as u64;
    let few = Rlimit {
        current: Some(open + 20),
        maximum: Some(open + 20),
    };
    prlimit(Pid::from_raw(pid.cast_signed()), Resource::Nofile, few).unwrap();
    let held: Vec<_> = (0..60).map(|_| TcpStream::connect(door).unwrap()).collect();
    let began = Instant::now();
    while !running.log().contains("connections cannot be accepted") {
        assert!(began.elapsed() < Duration::from_secs(5), "the door never ran out");
        std::thread::yield_now();
    }
    let (before, pressed) = (running.processor_time(), Instant::now());
    // For as long as it stays pressed: the held connections are silent and are cut only later.
    while pressed.elapsed() < Duration::from_secs(2) {
        assert!(TcpStream::connect(door).is_ok());
        std::thread::sleep(Duration::from_millis(50));
    }
    let spent = running.processor_time() - before;
    assert!(
        spent < Duration::from_secs(1),
        "{spent:?} of 2 s: it hammers at the listener"
    );
    assert_eq!(running.log().matches("connections cannot be accepted").count(), 1);
    drop(held);
    let mut client = TcpStream::connect(door).unwrap();
    client.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    client
        .write_all(b"GET / HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    client.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 "), "{answer}");
}
