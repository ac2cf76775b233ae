//! HTTP through the relay: `relay connect` on one side, `relay serve-http` or an outside gateway on the other
//! (RELAY §5, Q24, Q25, Q26).

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use data_encoding::BASE64;
use serde_json::{Value, json};

use super::fixture::{Fixture, Playing};
use crate::support::eventually;
use crate::support::test_box::binary;
use crate::support::tinyproxy::Tinyproxy;

/// A program that goes on; killed when this is dropped. Its first line says where it listens.
struct Running {
    child: Child,
    at: String,
}

impl Running {
    fn start(mut command: Command) -> Running {
        let mut child = command.stdout(Stdio::piped()).stdin(Stdio::null()).spawn().unwrap();
        let mut at = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut at).unwrap();
        Running {
            child,
            at: at.trim().to_owned(),
        }
    }

    fn address(&self) -> SocketAddr {
        self.at
            .strip_prefix("listening on http://")
            .unwrap_or(&self.at)
            .parse()
            .unwrap()
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

struct Answer {
    status: u16,
    head: String,
    body: Vec<u8>,
}

impl Answer {
    fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.head))
    }

    fn has(&self, header: &str) -> bool {
        self.head
            .to_ascii_lowercase()
            .contains(&format!("{}\r\n", header.to_ascii_lowercase()))
    }
}

/// One request as it is written; the connection ends with it.
fn ask(at: SocketAddr, request: &str, body: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(at).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let head = format!("{}\r\nHost: here\r\nConnection: close\r\n\r\n", request.trim_end());
    stream.write_all(&[head.as_bytes(), body].concat()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let end = answer
        .windows(4)
        .position(|part| part == b"\r\n\r\n")
        .expect("an answer with a head")
        + 4;
    let head = String::from_utf8(answer[..end].to_vec()).unwrap();
    Answer {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        body: answer[end..].to_vec(),
        head,
    }
}

fn get(at: SocketAddr, path: &str) -> Answer {
    ask(at, &format!("GET {path} HTTP/1.1"), b"")
}

fn connect(fixture: &Fixture, id: &str, more: &[&str]) -> Running {
    let mut command = binary();
    let bundle = fixture.bundle("manager");
    command.args(["relay", "connect", &format!("{}{id}", fixture.url())]);
    // As the original's test client is called.
    command.arg("-cc").arg(bundle).arg("-ca").arg(fixture.root());
    command.args(if more.contains(&"-p") {
        &[][..]
    } else {
        &["--listen", "127.0.0.1:0"]
    });
    command.args(more);
    Running::start(command)
}

fn serve_http(fixture: &Fixture, id: &str, more: &[&str]) -> Running {
    let mut command = binary();
    command.args(["relay", "serve-http", &format!("{}{id}", fixture.url())]);
    command
        .arg("--cert")
        .arg(fixture.bundle("gateway"))
        .arg("--ca")
        .arg(fixture.root());
    command.args(["--listen", "127.0.0.1:0"]).args(more);
    Running::start(command)
}

fn server() -> Running {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut command = Command::new(root.join("target/websockets/bin/python"));
    command.arg(root.join("tests/it/relay/server.py"));
    let mut server = Running::start(command);
    server.at = format!("127.0.0.1:{}", server.at);
    server
}

fn wait_for_partner(at: SocketAddr) {
    eventually("the partner is there", || {
        (get(at, "/.relay/status").json()["partner"] == true).then_some(())
    });
}

/// Both sides and a server behind one of them.
fn both(fixture: &Fixture, id: &str, more: &[&str]) -> (Running, Running, Running) {
    let server = server();
    let to = format!("http://{}", server.at);
    let gateway = serve_http(fixture, id, &[&["--to", &to], more].concat());
    let manager = connect(fixture, id, &["--timeout", "3s"]);
    wait_for_partner(manager.address());
    (manager, gateway, server)
}

#[test]
fn requests_of_every_method_and_body_arrive_and_are_answered() {
    let fixture = Fixture::start();
    let (manager, _gateway, _server) = both(&fixture, "gw/7", &[]);
    let at = manager.address();
    for method in ["GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS"] {
        let answer = ask(
            at,
            &format!("{method} /a/b%20c?x=1&y=%C3%BC HTTP/1.1\r\nX-Mine: yes\r\nUser-Agent: somebody"),
            b"",
        );
        assert_eq!(answer.status, 200, "{method}: {}", answer.head);
        let came = answer.json();
        assert_eq!(
            (&came["method"], &came["path"]),
            (&json!(method), &json!("/a/b%20c?x=1&y=%C3%BC"))
        );
        assert_eq!(came["word"], "héllo");
        let headers: Vec<(String, String)> = serde_json::from_value(came["headers"].clone()).unwrap();
        let value = |name: &str| headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        assert_eq!(value("x-mine").unwrap().1, "yes");
        assert_eq!(value("user-agent").unwrap().1, "somebody");
        assert!(
            answer.has("x-answer: one") && answer.has("x-answer: two") && answer.has("set-cookie: a=b"),
            "{}",
            answer.head
        );
        assert!(
            answer.has(&format!("content-length: {}", answer.body.len())),
            "{}",
            answer.head
        );
    }
    let head = ask(at, "HEAD /a HTTP/1.1", b"");
    assert_eq!((head.status, head.body.len()), (200, 0));
    assert_eq!(get(at, "/multi").status, 207);
    let sent = |answer: Answer| {
        BASE64
            .decode(answer.json()["body"].as_str().unwrap().as_bytes())
            .unwrap()
    };
    let post = |kind: &str, body: &[u8]| {
        let length = body.len();
        sent(ask(
            at,
            &format!("POST / HTTP/1.1\r\nContent-Type: {kind}\r\nContent-Length: {length}"),
            body,
        ))
    };
    let any: Vec<u8> = (0..=255).collect();
    assert_eq!(post("application/octet-stream", &any), any);
    assert_eq!(post("image/png", &any), any);
    assert_eq!(post("text/plain; charset=utf-8", "é\n".as_bytes()), "é\n".as_bytes());
    let json: Value = serde_json::from_slice(&post("application/json", br#"[1, {"a": "\u00e9"}]"#)).unwrap();
    assert_eq!(json, json!([1, { "a": "é" }]));
    let long = vec![0xff; 5 << 20];
    assert_eq!(post("application/octet-stream", &long).len(), long.len());
    let chunked = b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n";
    let chunked = ask(
        at,
        "POST / HTTP/1.1\r\nContent-Type: text/plain\r\nTransfer-Encoding: chunked",
        chunked,
    );
    assert_eq!(sent(chunked), b"hello world");
    let png = get(at, "/png");
    assert_eq!(png.body, b"\x89PNG\r\n\x1a\n\xff\xfe");
    assert!(png.has("content-type: image/png"), "{}", png.head);
    assert_eq!(get(at, "/big?n=3000000").body, vec![0xff; 3_000_000]);
    let claims = get(at, "/claims");
    assert_eq!((claims.status, claims.body.as_slice()), (200, "héllo {".as_bytes()));
}

#[test]
fn a_peer_meets_its_partner_through_the_proxy_of_its_site() {
    let (fixture, proxy) = (Fixture::start(), Tinyproxy::start());
    let (server, password) = (server(), proxy.password_file().display().to_string());
    let gateway = serve_http(&fixture, "proxied", &["--to", &format!("http://{}", server.at)]);
    let url = format!("http://lodge@127.0.0.1:{}", proxy.port);
    let manager = connect(
        &fixture,
        "proxied",
        &["--proxy", &url, "--proxy-password-file", &password],
    );
    wait_for_partner(manager.address());
    assert_eq!(proxy.opened(fixture.running.door("relay").port()), 1, "{}", proxy.log());
    drop((gateway, server));
}

#[test]
fn requests_go_side_by_side_and_each_failure_has_its_status() {
    let fixture = Fixture::start();
    let allow = ["--allow", "GET /", "--allow", "POST /form"];
    let (manager, gateway, server) = both(&fixture, "gw/7", &allow);
    let at = manager.address();
    std::thread::scope(|scope| {
        let waiting: Vec<_> = (0..8).map(|_| scope.spawn(move || get(at, "/gate").status)).collect();
        assert_eq!(get(at, "/open").status, 200, "it does not wait for those before it");
        assert!(waiting.into_iter().all(|one| one.join().unwrap() == 200));
    });
    assert_eq!(get(at, "/never").status, 504);
    assert_eq!(get(at, "/broken").status, 502);
    assert_eq!(ask(at, "DELETE /x HTTP/1.1", b"").status, 403);
    assert_eq!(ask(at, "POST /form HTTP/1.1\r\nContent-Length: 0", b"").status, 200);
    assert_eq!(get(at, "/../secret").status, 400);
    assert_eq!(get(at, "/a/%2e%2E/secret").status, 400);
    let bad = ask(
        at,
        "POST /form HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 1",
        b"{",
    );
    assert_eq!(bad.status, 400);
    drop(server);
    assert_eq!(get(at, "/x").status, 502);
    drop(gateway);
    let absent = eventually("the partner is missed", || {
        let answer = get(at, "/x");
        (answer.status == 503).then_some(answer)
    });
    assert!(absent.has("retry-after: 5"), "{}", absent.head);
}

#[test]
fn both_sides_come_back_when_the_relay_was_away() {
    let mut fixture = Fixture::start();
    let port = fixture.running.door("relay").port();
    fixture.running.configure(&super::fixture::SECTIONS.replace(
        "[relay]\nlisten = [\"127.0.0.1:0\"]",
        &format!("[relay]\nlisten = [\"127.0.0.1:{port}\"]"),
    ));
    let (manager, _gateway, _server) = both(&fixture, "gw/7", &[]);
    fixture.running.kill();
    eventually("the partner is missed", || {
        (get(manager.address(), "/x").status == 503).then_some(())
    });
    fixture.running.run();
    wait_for_partner(manager.address());
    assert_eq!(get(manager.address(), "/x").status, 200);
}

#[test]
fn events_go_both_ways() {
    let fixture = Fixture::start();
    let (manager, gateway, _server) = both(&fixture, "gw/7", &[]);
    wait_for_partner(gateway.address());
    for (from, to) in [(&manager, &gateway), (&gateway, &manager)] {
        let mut listening = TcpStream::connect(to.address()).unwrap();
        listening.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        write!(listening, "GET /.relay/events HTTP/1.1\r\nHost: here\r\n\r\n").unwrap();
        let mut lines = BufReader::new(listening).lines().map(Result::unwrap);
        assert!(lines.any(|line| line.is_empty()), "the head ends");
        let body = r#"{"leaseAcquired":{"macAddress":"aé"}}"#;
        let sent = ask(
            from.address(),
            &format!(
                "POST /.relay/events/GatewayService:leaseAcquired HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: {}",
                body.len()
            ),
            body.as_bytes(),
        );
        assert_eq!(sent.status, 202, "{}", sent.head);
        let data = lines.find(|line| line.starts_with("data: ")).unwrap();
        let heard: Value = serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap();
        let told: Value = serde_json::from_str(body).unwrap();
        assert_eq!(heard, json!({ "event": "GatewayService:leaseAcquired", "body": told }));
    }
}

#[test]
fn an_outside_gateway_with_all_its_oddities_does_not_end_the_bridge() {
    let fixture = Fixture::start();
    let manager = connect(&fixture, "gw/7", &["--timeout", "2s"]);
    assert_eq!(get(manager.address(), "/x").status, 503, "nobody is there yet");
    let mut gateway: Playing = fixture.begin(&fixture.bundle("gateway"), &["gateway", "gw/7"]);
    assert_eq!(gateway.line(), "greeted");
    wait_for_partner(manager.address());
    let at = manager.address();
    let answer = get(at, "/val");
    assert!(
        answer.status == 200 && answer.has("x-old: 1") && answer.has("x-new: 2"),
        "{}",
        answer.head
    );
    assert_eq!(get(at, "/bad-status").status, 502);
    assert_eq!(get(at, "/bad-base64").status, 502);
    assert_eq!(get(at, "/silent").status, 504);
    let empty = get(at, "/empty");
    assert_eq!((empty.status, empty.body.len()), (204, 0));
    assert_eq!(
        get(at, "/twice").status,
        200,
        "an answer that nobody waits for is passed over"
    );
    let text = get(at, "/text");
    assert_eq!(text.body, "héllo".as_bytes());
    assert!(text.has("content-length: 6"), "{}", text.head);
    assert_eq!(get(at, "/end").status, 200);
    // What the gateway itself asks is declined with its number.
    let seen: Value = serde_json::from_str(&gateway.line()).unwrap();
    assert_eq!((&seen["statusCode"], &seen["inResponseTo"]), (&json!(501), &json!(77)));
    let ids: Vec<i64> = serde_json::from_str(&gateway.line()).unwrap();
    assert!(
        ids.iter().all(|id| *id > 0) && ids.is_sorted() && ids.len() == 8,
        "{ids:?}"
    );
}

#[test]
fn an_outside_manager_gets_an_answer_to_everything() {
    let fixture = Fixture::start();
    let server = server();
    let _gateway = serve_http(
        &fixture,
        "gw/7",
        &[
            "--to",
            &format!("http://{}", server.at),
            "--to",
            &format!("/other=http://{}/base", server.at),
        ],
    );
    fixture.play_as(Some(&fixture.bundle("manager")), &["manager", "gw/7"]);
}

#[test]
fn what_would_open_this_machine_to_others_is_refused() {
    let fixture = Fixture::start();
    let (url, bundle, root) = (format!("{}x", fixture.url()), fixture.bundle("peer"), fixture.root());
    let run = |args: &[&str]| {
        let mut command = binary();
        command
            .arg("relay")
            .args(args)
            .arg("--cert")
            .arg(&bundle)
            .arg("--ca")
            .arg(&root);
        let output = command.output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    for args in [
        &["connect", &url, "--listen", "0.0.0.0:0"][..],
        &["connect", &url, "-a", "0.0.0.0", "-p", "0"],
        &["connect", "ws://localhost:1/x"],
        &["serve-http", &url, "--to", "http://192.0.2.1/"],
        &["serve-http", &url, "--to", "https://localhost/"],
        &["serve-http", &url, "--to", "http://localhost/", "--allow", "GET"],
    ] {
        let (code, words) = run(args);
        assert_eq!(code, Some(2), "{args:?}: {words}");
    }
    let missing = binary()
        .args(["relay", "connect", &url, "--cert", "/nowhere.pem", "--ca"])
        .arg(&root)
        .output()
        .unwrap();
    assert_eq!(missing.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&missing.stderr).contains("/nowhere.pem"));
}
