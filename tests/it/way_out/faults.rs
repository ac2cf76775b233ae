//! Proxies that open no way: each is named, with what happened and what to do.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::mpsc;
use std::thread;

use super::{beside, step, tried};
use crate::support::pebble::free_port;

/// A proxy that reads one request, says `answer` and hangs up; nothing: it says nothing and waits. What it was asked
/// comes through the channel.
fn puppet(answer: Option<&'static str>) -> (u16, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let (tell, told) = mpsc::channel();
    thread::spawn(move || {
        for mut stream in listener.incoming().flatten() {
            let (mut asked, mut byte) = (Vec::new(), [0]);
            while !asked.ends_with(b"\r\n\r\n") && stream.read(&mut byte).unwrap_or(0) == 1 {
                asked.push(byte[0]);
            }
            let _ = tell.send(String::from_utf8_lossy(&asked).into_owned());
            match answer {
                Some(answer) => drop(stream.write_all(answer.as_bytes())),
                // Until the other side has gone.
                None => drop(stream.read(&mut byte)),
            }
        }
    });
    (port, told)
}

/// The step of the proxy, when it answers so.
fn said(answer: Option<&'static str>, login: &str) -> (String, String, String) {
    let (port, told) = puppet(answer);
    let section = format!("[outbound]\nproxy = \"http://{login}127.0.0.1:{port}\"\n");
    let unstarted = beside("mqtts://broker.invalid:8883", &section);
    let (steps, output) = tried(&unstarted, &[]);
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    let found = step(&steps, "proxy").unwrap_or_else(|| panic!("{steps:?}"));
    assert_eq!(found["verdict"], "bad");
    assert_eq!(Some(found), steps.last(), "nothing is tried after it");
    let text = |key: &str| found[key].as_str().unwrap().replace(&port.to_string(), "PORT");
    assert!(text("words").contains("127.0.0.1:PORT"), "{found}");
    (text("words"), text("next_step"), told.recv().unwrap())
}

#[test]
fn each_way_of_saying_no_has_its_words_and_what_to_do() {
    for (answer, words, next) in [
        (
            "HTTP/1.1 407 Proxy Authentication Required\r\nproxy-authenticate: Basic realm=\"x\"\r\ncontent-length: 0\r\n\r\n",
            "wants a name and a password (407)",
            "outbound.proxy_password_file",
        ),
        (
            "HTTP/1.1 403 Filtered\r\ncontent-length: 2\r\n\r\nno",
            "does not allow a way to broker.invalid:8883 (403",
            "outbound.no_proxy",
        ),
        (
            "HTTP/1.0 502 Bad Gateway\r\n\r\n",
            "does not reach broker.invalid:8883 (502",
            "looks the name up itself",
        ),
        (
            "HTTP/1.1 500 Unable to connect\r\n\r\n",
            "does not reach broker.invalid:8883 (500",
            "looks the name up itself",
        ),
        (
            "HTTP/1.1 400 Bad Request\r\n\r\n",
            "answered 400 Bad Request",
            "allow CONNECT",
        ),
        ("SSH-2.0-OpenSSH_9.2\r\n", "is no HTTP proxy", "spoken to without TLS"),
        // Who speaks before anybody has spoken to it is not the broker.
        (
            "HTTP/1.1 200 OK\r\n\r\n<html>",
            "is no HTTP proxy",
            "spoken to without TLS",
        ),
        ("", "hung up", "the proxy's log"),
    ] {
        let (found, mend, asked) = said(Some(answer), "");
        assert!(found.contains(words), "{answer:?}: {found}");
        assert!(mend.contains(next), "{answer:?}: {mend}");
        assert!(
            asked.starts_with("CONNECT broker.invalid:8883 HTTP/1.1\r\nhost: broker.invalid:8883\r\n"),
            "{asked}"
        );
        assert!(!asked.to_ascii_lowercase().contains("authorization"), "{asked}");
    }
    // A name that was given is believed or not; a password that stands in the address goes the same way.
    let refused = "HTTP/1.1 407 Proxy Authentication Required\r\n\r\n";
    let (found, _, asked) = said(Some(refused), "me:h%40dden@");
    assert!(found.contains("wants another name or password (407)"), "{found}");
    assert!(asked.contains("proxy-authorization: Basic bWU6aEBkZGVu\r\n"), "{asked}");
}

#[test]
fn a_proxy_that_is_silent_or_away_does_not_hold_the_box_for_long() {
    let began = std::time::Instant::now();
    let (found, mend, _) = said(None, "");
    assert!(
        found.contains("did not open a way to broker.invalid:8883 within 10 s"),
        "{found}"
    );
    assert!(mend.contains("the proxy's log"), "{mend}");
    assert!(began.elapsed().as_secs() < 20);
    let nobody = free_port();
    let unstarted = beside(
        "mqtts://broker.invalid:8883",
        &format!("[outbound]\nproxy = \"http://127.0.0.1:{nobody}\"\n"),
    );
    let (steps, _) = tried(&unstarted, &[]);
    let found = step(&steps, "proxy").unwrap();
    let words = found["words"].as_str().unwrap();
    assert!(
        words.contains(&format!("the proxy 127.0.0.1:{nobody} cannot be reached")),
        "{words}"
    );
}
