//! `gatelodge simulate meter` as people and scripts run it, heard by bytes alone.

use std::fs::OpenOptions;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::process::{Child, Stdio};

use serde_json::Value;

use super::peer::frame;
use crate::support::test_box::binary;

/// The running command; it is ended with the test.
pub struct Simulation(Child);

impl Drop for Simulation {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Simulation {
    /// Starts it, and reads so many lines of what it prints.
    pub fn start(arguments: &[&str], lines: usize) -> (Simulation, Vec<Value>) {
        let mut command = binary();
        command
            .args(["simulate", "meter"])
            .args(arguments)
            .stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let printed = BufReader::new(child.stdout.take().unwrap()).lines().take(lines);
        let printed = printed
            .map(|line| serde_json::from_str(&line.unwrap()).unwrap())
            .collect();
        (Simulation(child), printed)
    }
}

/// A request to read the serial, number 5.
fn request() -> Vec<u8> {
    data_encoding::HEXLOWER
        .decode(b"7e11000000000021ae42050160010000c02f")
        .unwrap()
}

/// The reply's payload, and that all around it is right.
fn serial_in(reply: &[u8]) -> String {
    let length = usize::from(reply[1]) + 1;
    assert_eq!(
        reply[..length],
        frame(&reply[2..10], 5, &reply[11..length - 2]),
        "a good checksum"
    );
    assert_eq!(reply[2..6], [0, 0x21, 0xAE, 0x42], "sent back to where it came from");
    assert_eq!(reply[11..16], [1, 0x60, 1, 0, 0]);
    String::from_utf8(reply[16..length - 2].to_vec()).unwrap()
}

#[test]
fn simulated_meters_answer_on_the_addresses_that_are_printed() {
    let (_simulation, printed) = Simulation::start(
        &["--listen", "127.0.0.1:0", "--serial", "EML0000000099", "--count", "3"],
        3,
    );
    for (printed, serial) in printed
        .iter()
        .zip(["EML0000000099   ", "EML0000000100   ", "EML0000000101   "])
    {
        let mut stream = TcpStream::connect(printed["address"].as_str().unwrap()).unwrap();
        stream.write_all(&request()).unwrap();
        let mut reply = Vec::new();
        stream.read_to_end(&mut reply).unwrap();
        assert_eq!(serial_in(&reply), serial);
        assert_eq!(printed["serial"], serial.trim());
    }
}

#[test]
fn a_simulated_meter_answers_on_the_pseudo_terminal_that_is_printed() {
    let (_simulation, printed) = Simulation::start(&["--pty", "--serial", "EML0000000099"], 1);
    let mut line = OpenOptions::new()
        .read(true)
        .write(true)
        .open(printed[0]["path"].as_str().unwrap())
        .unwrap();
    for _ in 0..2 {
        line.write_all(&request()).unwrap();
        let mut reply = vec![0; 34];
        line.read_exact(&mut reply).unwrap();
        assert_eq!(serial_in(&reply), "EML0000000099   ");
    }
}

#[test]
fn what_cannot_be_simulated_is_refused_with_usage() {
    for (arguments, said) in [
        (&["--serial", "EML1"][..], "--listen"),
        (
            &["--listen", "127.0.0.1:0", "--serial", "no serial!"],
            "1 to 16 letters and digits",
        ),
        (
            &["--listen", "127.0.0.1:0", "--serial", "EML12345678901234"],
            "1 to 16 letters and digits",
        ),
        (&["--listen", "nowhere", "--serial", "EML1"], "--listen"),
        (
            &["--listen", "127.0.0.1:0", "--serial", "EML1", "--now", "yesterday"],
            "is not a moment",
        ),
        (
            &["--listen", "127.0.0.1:0", "--serial", "EML1", "--drop-rate", "2"],
            "is not a rate",
        ),
        (
            &["--listen", "127.0.0.1:0", "--serial", "EML1", "--balance", "x"],
            "is not an amount",
        ),
        (
            &[
                "--listen",
                "127.0.0.1:0",
                "--serial",
                "EML1",
                "--log-start",
                "1999-12-31",
            ],
            "from 2000-01-01 on",
        ),
        (
            &["--listen", "127.0.0.1:0", "--serial", "EMLx", "--count", "2"],
            "does not end in a number",
        ),
        (
            &["--listen", "127.0.0.1:65535", "--serial", "EML1", "--count", "9"],
            "no 9 ports",
        ),
    ] {
        let output = binary().args(["simulate", "meter"]).args(arguments).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
        assert!(error.contains(said), "{arguments:?}: {error}");
        assert!(
            output.stdout.is_empty(),
            "{arguments:?}: no meter was there even for a moment"
        );
    }
}

#[test]
fn a_day_or_a_number_that_is_none_is_refused_in_our_words() {
    let day = "days are written 2026-03-01, between 1970-01-01 and 9998-12-31";
    for (arguments, said) in [
        (&["prepay", "explain", "EML1", "--from", "9999-12-31"][..], day),
        (&["prepay", "explain", "EML1", "--to", "2026-02-30"], day),
        (&["prepay", "explain", "EML1", "--to", "tomorrow"], day),
        (&["user", "move-out", "clara", "--at", "1 May"], day),
        (&["profile-download", "--serial", "EML1", "--date", "10000-01-01"], day),
        (
            &["prepay", "list", "--limit", "many"],
            "it is not a whole number such as 50",
        ),
        (
            &["simulate", "meter", "--serial", "EML1", "--count", "x"],
            "it is not a whole number such as 50",
        ),
        (
            &[
                "simulate",
                "meter",
                "--serial",
                "EML1",
                "--count",
                "99999999999999999999",
            ],
            "the number is too large",
        ),
    ] {
        let output = binary().args(arguments).output().unwrap();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
        assert!(error.contains(said), "{arguments:?}: {error}");
        for theirs in ["failed to parse", "invalid digit", "target type", "parameter"] {
            assert!(!error.contains(theirs), "{arguments:?}: {error}");
        }
    }
}
