//! Long uploads to doors of a whole box that do not want them: curl hears each refusal.

use std::fs::File;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::{Command, Stdio};

use crate::support::TestBox;
use crate::support::usage::resident_kib;

const SECTIONS: &str = "[http]\nlisten = [\"127.0.0.1:0\"]\n[https]\nlisten = [\"127.0.0.1:0\"]\n\
                        [metrics]\nlisten = [\"127.0.0.1:0\"]\n[occupancy]\n[meters]\n";

const TRIES: usize = 20;

/// A box, and a file of 100 MB that takes no place.
struct Uploads {
    running: TestBox,
    file: String,
}

impl Uploads {
    fn new() -> Uploads {
        let running = TestBox::start_with(SECTIONS);
        let file = running.config_file().with_file_name("upload");
        File::create(&file).unwrap().set_len(100_000_000).unwrap();
        let file = file.display().to_string();
        Uploads { running, file }
    }

    /// What curl heard: the first status, the last, and how it ended.
    fn curl(&self, expect: &str, args: &[&str]) -> (String, String) {
        let mut command = Command::new("curl");
        command
            .args(["-sS", "-i", "-k", "-m", "20", "-H"])
            .arg(format!("expect: {expect}"));
        command
            .args(["-T", &self.file, "-w", "\n%{http_code}/%{exitcode}"])
            .args(args);
        let output = command.stdin(Stdio::null()).output().unwrap();
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let first = text.split(' ').nth(1).unwrap_or_default().to_owned();
        (first, text.lines().last().unwrap_or_default().to_owned())
    }

    /// Uploads as curl does with every version, with and without waiting to be asked.
    fn are_refused(&self, status: u16, args: &[&str]) {
        for version in ["--http1.1", "--http2"] {
            for expect in ["", "100-continue"] {
                let heard = (0..TRIES).map(|_| self.curl(expect, &[&[version], args].concat()));
                let expected = (status.to_string(), format!("{status}/0"));
                for heard in heard {
                    assert_eq!(heard, expected, "{version} {expect} {args:?}");
                }
            }
        }
    }
}

#[test]
fn every_refusal_of_the_https_door_is_heard() {
    let uploads = Uploads::new();
    let made = ["token", "create", "--name", "a", "--scope", "spaces:admin"];
    let made = uploads.running.json(&made);
    let admin = format!("authorization: Bearer {}", made["token"].as_str().unwrap());
    let base = format!("https://{}", uploads.running.door("https"));
    let url = |path: &str| format!("{base}{path}");
    let json = "content-type: application/json";
    for (status, path, method, header) in [
        (401, "/v1/spaces", "POST", json),
        (404, "/v1/nothing", "POST", json),
        (404, "/nothing", "POST", json),
        (405, "/v1/spaces", "PUT", json),
        (413, "/v1/spaces", "POST", admin.as_str()),
        (413, "/login", "POST", "content-type: application/x-www-form-urlencoded"),
        (401, "/v1/meters/1/poll", "POST", json),
    ] {
        uploads.are_refused(status, &["-X", method, "-H", header, &url(path)]);
    }
}

#[test]
fn every_refusal_of_the_other_doors_and_of_the_admin_socket_is_heard() {
    let uploads = Uploads::new();
    let socket = uploads.running.config_file().with_file_name("admin.sock");
    let socket = socket.display().to_string();
    let [http, metrics] = ["http", "metrics"].map(|door| format!("http://{}/nothing", uploads.running.door(door)));
    for _ in 0..TRIES {
        for expect in ["", "100-continue"] {
            assert_eq!(uploads.curl(expect, &[&http]).1, "308/0");
            assert_eq!(uploads.curl(expect, &[&metrics]).1, "404/0");
            let admin = [
                "--unix-socket",
                &socket,
                "-X",
                "POST",
                "-H",
                "content-type: application/json",
            ];
            let long = [&admin[..], &["http://localhost/backup"]].concat();
            assert_eq!(uploads.curl(expect, &long), ("413".into(), "413/0".into()));
            let nowhere = [&admin[..], &["http://localhost/nothing"]].concat();
            assert_eq!(uploads.curl(expect, &nowhere), ("404".into(), "404/0".into()));
        }
    }
}

#[test]
fn many_that_go_on_sending_cost_little_memory() {
    const MANY: usize = 60;
    let uploads = Uploads::new();
    let door = uploads.running.door("http");
    let begin = || {
        let mut tcp = TcpStream::connect(door).unwrap();
        write!(tcp, "POST / HTTP/1.1\r\nhost: a\r\ncontent-length: 1000000000\r\n\r\n").unwrap();
        let mut answer = String::new();
        tcp.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 308"), "{answer}");
        tcp
    };
    drop(begin());
    let before = resident_kib(uploads.running.process());
    let part = vec![b'a'; 1 << 20];
    let mut senders: Vec<_> = (0..MANY).map(|_| begin()).collect();
    for _ in 0..4 {
        for sender in &mut senders {
            sender.write_all(&part).unwrap();
        }
    }
    let after = resident_kib(uploads.running.process());
    assert!(after < before + (16 << 10), "{before} and {after} KiB");
}
