//! Nobody is told anything for longer: whoever is removed, signed out, given a new password or other meters, and
//! tokens and keys that are revoked, lose their open streams by the bell, long before the next heartbeat.

use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::json;

use super::fixture::{Building, JONES, SMITH};
use crate::accounts::{Browser, signed_in};
use crate::occupancy::client::Client;
use crate::support::listener::Listener;
use crate::support::{Https, TestBox};

/// A stream of somebody, and a line that comes on it when `happens` is done.
struct Stream {
    https: Https,
    what: &'static str,
}

impl Stream {
    fn open(running: &TestBox, (what, header, value): (&'static str, &str, &str), path: &str) -> Stream {
        let mut https = running.https();
        https.begin("GET", path, &[(header, value)]);
        let status = https.line().unwrap();
        assert!(status.starts_with("HTTP/1.1 200"), "{what} {path}: {status}");
        while !https.line().unwrap().is_empty() {}
        Stream { https, what }
    }

    /// Reads on until something begins like this.
    fn hears(&mut self, begins: &str) {
        while !self
            .https
            .line()
            .unwrap_or_else(|error| panic!("{}: {error}", self.what))
            .contains(begins)
        {}
    }

    /// Reads on to the end. A heartbeat before it would say that nobody rang.
    fn ends(mut self) {
        let mut last = String::new();
        // A chunk of no bytes is the end of an answer (RFC 9112 §7.1).
        while last != "0" {
            last = self
                .https
                .line()
                .unwrap_or_else(|error| panic!("{}: {error}", self.what));
            assert!(
                !last.contains("alive"),
                "{}: it went on to the next heartbeat",
                self.what
            );
            assert!(
                !last.contains("\"current\":9"),
                "{}: it tells of what came after",
                self.what
            );
        }
    }
}

pub fn sign_in(running: &TestBox, name: &str) -> Browser {
    let mut browser = Browser::new(running);
    let answer = browser.submit("/login", "/login", &[("username", name), ("password", "correct-horse")]);
    assert_eq!(answer.status, 303);
    browser
}

#[test]
fn streams_of_people_end_with_their_leave_and_others_go_on() {
    let building = Building::new();
    let running = &building.running;
    let file = running.dir.join("password");
    let count = |current: &str| running.json(&["space", "set", &building.hall, "--current", current]);
    let stays = signed_in(running, "admin");
    let mut others = Stream::open(running, ("another's", "cookie", &stays.cookies()), "/spaces/live");

    type Way<'w> = (&'static str, &'w dyn Fn(&mut Browser));
    let ways: [Way<'_>; 3] = [
        ("signed out", &|browser| {
            assert_eq!(browser.submit("/spaces", "/logout", &[]).status, 303);
        }),
        ("a new password", &|_| {
            std::fs::write(&file, "correct-horse").unwrap();
            running.json(&["user", "passwd", "viewer", "--password-file", file.to_str().unwrap()]);
        }),
        ("removed", &|_| {
            running.json(&["user", "remove", "viewer"]);
        }),
    ];
    drop(signed_in(running, "viewer"));
    for (what, way) in ways {
        let mut viewer = sign_in(running, "viewer");
        let mut stream = Stream::open(running, (what, "cookie", &viewer.cookies()), "/spaces/live");
        count("3");
        stream.hears("\"current\":3");
        count("4");
        way(&mut viewer);
        count("9");
        stream.ends();
        count("5");
    }
    others.hears("\"current\":5");
}

#[test]
fn a_session_that_is_ended_ends_no_other_of_the_same_person() {
    let building = Building::new();
    let running = &building.running;
    let (mut phone, desk) = (signed_in(running, "viewer"), sign_in(running, "viewer"));
    let on_phone = Stream::open(running, ("the phone's", "cookie", &phone.cookies()), "/spaces/live");
    let mut on_desk = Stream::open(running, ("the desk's", "cookie", &desk.cookies()), "/spaces/live");
    assert_eq!(phone.submit("/spaces", "/logout", &[]).status, 303);
    on_phone.ends();
    running.json(&["space", "set", &building.hall, "--current", "6"]);
    on_desk.hears("\"current\":6");
}

#[test]
fn who_is_given_other_meters_hears_no_more_of_those_before() {
    let building = Building::new();
    let running = &building.running;
    drop(signed_in(running, "resident"));
    running.json(&["user", "meters", "resident", JONES]);
    for meters in [&[SMITH][..], &[]] {
        let resident = sign_in(running, "resident");
        let mut stream = Stream::open(running, ("unlinked", "cookie", &resident.cookies()), "/energy/live");
        let before = if meters.is_empty() { SMITH } else { JONES };
        running.command(&["mediators", "sync", before]);
        stream.hears(before);
        running.json(&[&["user", "meters", "resident"], meters].concat());
        stream.ends();
    }
}

/// Lets things happen to a space and a meter until a WebSocket is up and says so.
fn until_heard(running: &TestBox, hall: &str, socket: &mut Listener) {
    let heard = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for current in (1..8).cycle() {
                if heard.load(Ordering::Relaxed) {
                    return;
                }
                running.json(&["space", "set", hall, "--current", &current.to_string()]);
                running.command(&["mediators", "sync", JONES]);
            }
        });
        socket.message();
        heard.store(true, Ordering::Relaxed);
    });
}

#[test]
fn streams_of_tokens_and_keys_end_when_they_are_revoked() {
    let building = Building::new();
    let running = &building.running;
    let hall = format!("/v1/spaces/{}", building.hall);
    let events = format!("{hall}/events");
    let jones = format!("/v1/meters/{JONES}/events");
    for (scope, path) in [
        ("spaces:read", "/v1/events"),
        ("spaces:count", events.as_str()),
        ("meters:read", "/v1/meters/events"),
        ("meters:write", jones.as_str()),
    ] {
        let token = building.token(scope);
        let secret = token["token"].as_str().unwrap();
        let bearer = format!("Bearer {secret}");
        let stream = Stream::open(running, ("a token's", "authorization", &bearer), path);
        let mut socket = Listener::start(running, path, secret, None);
        let open = Stream::open(running, ("a token's", "authorization", &bearer), path);
        until_heard(running, &building.hall, &mut socket);
        running.json(&["token", "revoke", token["id"].as_str().unwrap()]);
        stream.ends();
        open.ends();
        assert!(!socket.goes_on(), "{scope}: a WebSocket goes on");
    }
    let mut operator = Client::operator(running);
    for role in ["viewer", "counter", "owner"] {
        let made = operator.post(&format!("{hall}/keys"), json!({ "role": role })).json();
        let (key, secret) = (made["id"].as_str().unwrap(), made["secret"].as_str().unwrap());
        let bearer = format!("Bearer {secret}");
        let stream = Stream::open(running, ("a key's", "authorization", &bearer), &events);
        let mut socket = Listener::start(running, &events, secret, None);
        assert_eq!(socket.message()["type"], "state");
        let revoked = operator.ask("DELETE", &format!("{hall}/keys/{key}"), json!(null), &[]);
        assert_eq!(revoked.status, 204);
        stream.ends();
        assert!(!socket.goes_on(), "{role}: a WebSocket goes on");
    }
}
