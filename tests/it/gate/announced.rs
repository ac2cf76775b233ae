//! Doors behind a proxy that announces its connections (PROXY protocol, version 2): haproxy as it is installed, and proxies
//! of the test that do wrong.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use gatelodge::tls::proxy_header::LOCAL;

use crate::support::haproxy::{ADDRESS, Haproxy, from};
use crate::support::https::{Https, config};
use crate::support::test_box::binary;
use crate::support::{TestBox, eventually, plain_get};

const CALLER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 2);
const OTHER: Ipv4Addr = Ipv4Addr::new(127, 0, 0, 3);
const DOORS: [&str; 5] = ["http", "https", "mtls", "grpc", "relay"];

/// A box all of whose doors stand behind a proxy at this address.
fn behind(proxy: &str, more: &str) -> TestBox {
    let mut text =
        "[metrics]\nlisten = [\"127.0.0.1:0\"]\n[occupancy]\n[meters]\n[log]\nfilter = \"info,gatelodge=debug\"\n"
            .to_owned();
    for door in DOORS {
        text += &format!(
            "[{door}]\nlisten = [\"127.0.0.1:0\"]\n[limits.{door}]\ntrusted_proxies = [\"{proxy}\"]\nproxy_protocol = true\n"
        );
    }
    TestBox::start_with(&text.replace("[limits.https]\n", &format!("[limits.https]\n{more}")))
}

/// Whether a line of the log is about a request at this door by this caller.
fn logged(running: &TestBox, door: &str, caller: Ipv4Addr) -> bool {
    let (door, caller) = (format!("door=\"{door}\""), format!("peer={caller}"));
    let log = running.log();
    log.lines()
        .any(|line| line.contains(&door) && line.contains(&caller) && line.contains("request"))
}

#[test]
fn the_caller_of_the_proxy_counts_at_every_door() {
    let running = behind(&ADDRESS.to_string(), "per_address = \"20/h\"\n");
    let haproxy = Haproxy::before(&DOORS.map(|door| running.door(door)));
    let out = running.dir.join("tls").display().to_string();
    running.json(&["pki", "grpc", "--name", "desk", "--role", "readonly", "--out", &out]);
    let files = ["chain", "key"].map(|kind| running.dir.join(format!("tls/desk.{kind}.pem")));
    let grpc_root = running.dir.join("data/pki/grpc/root.cert.pem");
    let own = || config(&running.ca_file(), None);
    let mut plain = from(CALLER, haproxy.at(0));
    plain
        .write_all(b"GET /x HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    plain.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 308"), "{answer}");
    for (place, tls) in [
        (1, own()),
        (2, own()),
        (3, config(&grpc_root, Some((&files[0], &files[1])))),
    ] {
        let mut https = Https::over(from(CALLER, haproxy.at(place)), "localhost", tls).unwrap();
        let _ = https.try_ask("GET", "/nowhere", &[("x-forwarded-for", "192.0.2.1")], b"");
    }
    for door in ["http", "https", "mtls", "grpc"] {
        eventually(door, || logged(&running, door, CALLER).then_some(()));
        assert!(!logged(&running, door, ADDRESS), "{door}");
    }
    assert!(!running.log().contains("192.0.2."), "its caller speaks for nobody");

    // A relay peer stands in the table with the address that it came from.
    running.json(&["pki", "relay", "--name", "peer", "--out", &out]);
    let mut peer = binary()
        .args(["relay", "connect", "--listen", "127.0.0.1:0"])
        .arg(format!(
            "wss://localhost:{}/micronets/v1/ws-proxy/gw/1",
            haproxy.at(4).port()
        ))
        .arg("--cert")
        .arg(running.dir.join("tls/peer.pkeycert.pem"))
        .arg("--ca")
        .arg(running.dir.join("data/pki/relay/root.cert.pem"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let address = eventually("the peer is there", || {
        let peers = running.json(&["relay", "peers"]);
        peers[0]["address"].as_str().map(str::to_owned)
    });
    peer.kill().unwrap();
    peer.wait().unwrap();
    assert!(address.starts_with("127.0.0.1:"), "{address}");
}

#[test]
fn limits_and_the_audit_go_by_the_caller() {
    let running = behind(&ADDRESS.to_string(), "per_address = \"3/h\"\n");
    let haproxy = Haproxy::before(&[running.door("https")]);
    let served = |caller| {
        let tls = config(&running.ca_file(), None);
        let mut https = Https::over(from(caller, haproxy.at(0)), "localhost", tls).unwrap();
        let asked = (0..6).map(|_| https.ask("GET", "/healthz", &[]).status);
        asked.filter(|status| *status == 200).count()
    };
    assert_eq!((served(CALLER), served(OTHER), served(CALLER)), (3, 3, 0));

    // What the door is reached by is what the caller was led to: the proxy's address is no foreign name.
    let running = behind(&ADDRESS.to_string(), "");
    let haproxy = Haproxy::before(&[running.door("https")]);
    let url = format!("https://{}/login", haproxy.at(0));
    let tried = Command::new("curl")
        .args(["--silent", "--show-error", "--insecure", "--interface", "127.0.0.2"])
        .args([
            "--data",
            "username=nobody&password=wrong",
            "--header",
            &format!("origin: https://{}", haproxy.at(0)),
        ])
        .args(["--output", "/dev/null", "--write-out", "%{http_code}", &url])
        .output()
        .unwrap();
    let code = String::from_utf8(tried.stdout).unwrap();
    assert!(
        code.starts_with('4'),
        "{code} {}",
        String::from_utf8_lossy(&tried.stderr)
    );
    eventually("the request is logged for its caller", || {
        logged(&running, "https", CALLER).then_some(())
    });
}

/// What a stream says until it ends.
fn rest(mut stream: &TcpStream) -> Vec<u8> {
    let mut said = Vec::new();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    // A connection that is cut with something unread ends by a reset.
    let _ = stream.read_to_end(&mut said);
    said
}

fn refused(running: &TestBox) -> u64 {
    let name = "gatelodge_door_refusals_total{door=\"https\",reason=\"proxy_header\"}";
    running.metric(name).unwrap_or(0)
}

#[test]
fn a_trusted_proxy_must_announce_and_nobody_else_can() {
    let running = behind("127.0.0.1", "");
    let door = running.door("https");
    let tls = || config(&running.ca_file(), None);
    let health = |stream: TcpStream| {
        let mut https = Https::over(stream, "localhost", tls()).unwrap();
        https
            .try_ask("GET", "/healthz", &[], b"")
            .map(|answer| answer.status)
            .ok()
    };
    // A connection of the proxy's own, as it makes to see whether the door is open; in pieces, as networks have it.
    let own = TcpStream::connect(door).unwrap();
    for piece in LOCAL.chunks(5) {
        (&own).write_all(piece).unwrap();
        std::thread::sleep(Duration::from_millis(20));
    }
    assert_eq!(health(own), Some(200));
    // One of a Unix socket has no address that could count.
    let unix = TcpStream::connect(door).unwrap();
    let mut header = LOCAL.to_vec();
    (header[12], header[13], header[15]) = (0x21, 0x31, 216);
    header.extend([7; 216]);
    (&unix).write_all(&header).unwrap();
    assert_eq!(health(unix), Some(200));
    // An address of the far side of the world, and fields that nobody knows.
    let far = TcpStream::connect(door).unwrap();
    (&far)
        .write_all(b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x11\xcb\0\x71\x09\xc6\x33\x64\x01\0\x07\x01\xbb\xee\0\x02ab")
        .unwrap();
    let mut https = Https::over(far, "localhost", tls()).unwrap();
    https.ask("GET", "/nowhere", &[]);
    eventually("it is logged by its network", || {
        running.log().contains("peer=203.0.113.0").then_some(())
    });

    // A proxy that forgets is cut off, and its operator told why; one that only looks in is not complained of.
    drop(TcpStream::connect(door).unwrap());
    assert_eq!(refused(&running), 0);
    assert_eq!(health(TcpStream::connect(door).unwrap()), None);
    let mut wrong = LOCAL;
    wrong[12] = 0x21;
    (wrong[13], wrong[14]) = (0x11, 0xFF);
    let long = TcpStream::connect(door).unwrap();
    (&long).write_all(&wrong).unwrap();
    assert!(rest(&long).is_empty());
    eventually("both are counted", || (refused(&running) == 2).then_some(()));
    let log = running.log();
    assert_eq!(log.matches("send-proxy-v2").count(), 1, "once a minute: {log}");

    // From another address a connection is what it is: no header is read.
    assert_eq!(health(from(CALLER, door)), Some(200));
    let liar = from(CALLER, door);
    (&liar)
        .write_all(b"\r\n\r\n\0\r\nQUIT\n\x21\x11\0\x0c\xcb\0\x72\x09\xc6\x33\x64\x01\0\x07\x01\xbb")
        .unwrap();
    assert_eq!(health(liar), None);
    assert!(!running.log().contains("203.0.114.0"));
    // Plain HTTP by somebody else is served as well, and the doctor knows how it has to come.
    let mut plain = from(CALLER, running.door("http"));
    plain
        .write_all(b"GET /x HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n")
        .unwrap();
    assert!(rest(&plain).starts_with(b"HTTP/1.1 308"));
    let report = running.command(&["doctor", "--quick", "--json"]);
    let report = String::from_utf8(report.stdout).unwrap();
    assert!(report.contains("localhost is believed by"), "{report}");
    assert!(plain_get(running.door("metrics"), "/metrics").contains("gatelodge_door_connections"));
}

#[test]
fn a_proxy_that_does_not_come_to_an_end_is_cut_in_time() {
    let running = behind("127.0.0.1", "");
    let door: SocketAddr = running.door("https");
    let began = Instant::now();
    let silent = TcpStream::connect(door).unwrap();
    let slow = TcpStream::connect(door).unwrap();
    (&slow).write_all(&LOCAL[..7]).unwrap();
    assert!(rest(&silent).is_empty() && rest(&slow).is_empty());
    assert!((6..15).contains(&began.elapsed().as_secs()), "{:?}", began.elapsed());
}
