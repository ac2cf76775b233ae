//! `/v1/meters` through its door: state, half-hours with their gaps, the meter's own log, the live stream, who may.

use serde_json::{Value, json};

use super::command::Simulation;
use crate::support::https::{Answer, Https};
use crate::support::listener::Listener;
use crate::support::test_box::CONFIG;
use crate::support::{TestBox, eventually};

/// A lodge with one twin element meter whose memory begins so many hours ago.
pub struct Metered {
    pub running: TestBox,
    pub serial: &'static str,
    _meter: Simulation,
}

impl Metered {
    pub fn start(memory_hours: i64) -> Metered {
        let serial = "EML2137580826";
        let start = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(memory_hours);
        let start = start.to_string();
        let (meter, printed) = Simulation::start(
            &[
                "--listen",
                "127.0.0.1:0",
                "--serial",
                serial,
                "--twin",
                "--log-start",
                &start,
            ],
            1,
        );
        let address = printed[0]["address"].as_str().unwrap();
        let running = TestBox::start_with(&format!(
            "{CONFIG}\n[meters]\nrequest_gap = \"0s\"\n[[meter]]\nserial = \"{serial}\"\nlink = \"tcp://{address}\"\nname = \"Flat 1\"\n"
        ));
        Metered {
            running,
            serial,
            _meter: meter,
        }
    }

    pub fn token(&self, scope: &str) -> String {
        let made = self
            .running
            .json(&["token", "create", "--name", scope, "--scope", scope]);
        made["token"].as_str().unwrap().to_owned()
    }

    /// Waits until everything in its memory is here.
    pub fn fetched(&self) {
        eventually("all half-hours are here", || {
            let meters = self.running.json(&["meter", "list"]);
            let progress = &meters[0]["half_hours"];
            (progress["open"] == 0 && meters[0]["values"]["load_switch"].is_object()).then_some(())
        });
    }
}

struct Asker {
    https: Https,
    token: String,
}

impl Asker {
    fn new(metered: &Metered, scope: &str) -> Asker {
        Asker {
            https: metered.running.https(),
            token: metered.token(scope),
        }
    }

    fn ask(&mut self, method: &str, path: &str, headers: &[(&str, &str)]) -> Answer {
        let bearer = format!("Bearer {}", self.token);
        let mut all = vec![("authorization", bearer.as_str())];
        all.extend(headers);
        self.https.ask(method, path, &all)
    }

    fn get(&mut self, path: &str) -> Answer {
        self.ask("GET", path, &[])
    }
}

#[test]
fn apps_read_state_half_hours_and_log_of_a_meter() {
    let metered = Metered::start(10);
    metered.fetched();
    let mut app = Asker::new(&metered, "meters:read");
    let listed = app.get("/v1/meters").json();
    let shown = &listed["meters"][0];
    assert_eq!(
        (&shown["serial"], &shown["name"], &shown["hardware"], &shown["health"]),
        (
            &json!(metered.serial),
            &json!("Flat 1"),
            &json!("C1.w"),
            &json!("healthy")
        )
    );
    assert!(shown["link"].is_null(), "the way to it is the installer's");
    assert_eq!(listed["next_cursor"], Value::Null);
    let path = format!("/v1/meters/{}", metered.serial);
    let one = app.get(&path).json();
    let power = &one["values"]["power"];
    assert_eq!(
        (&power["value"], &power["unit"], &power["quality"]),
        (&json!(500), &json!("W"), &json!("measured"))
    );

    // Its memory is 10 hours long, a day is asked for: the rest is said to be missing.
    let day = app.get(&format!("{path}/intervals")).json();
    let intervals = day["intervals"].as_array().unwrap();
    let (gaps, known): (Vec<_>, Vec<_>) = intervals.iter().partition(|one| one["quality"] == "gap");
    assert!((47..=48).contains(&intervals.len()), "{}", intervals.len());
    assert!(gaps.iter().all(|one| one["energy"].is_null()) && gaps.len() >= 27);
    assert_eq!(day["gaps"], gaps.len());
    assert!(
        known
            .iter()
            .all(|one| one["energy"] == 350 && one["quality"] == "measured")
    );
    assert_eq!(day["total"], 350 * known.len());
    assert_eq!(day["registers"], json!(["import_a", "import_b"]));
    let of_b = app.get(&format!("{path}/intervals?element=B&measure=export")).json();
    assert_eq!(
        (&of_b["registers"], &of_b["total"]),
        (&json!(["export_b"]), &json!(11 * known.len()))
    );
    let reactive = app.get(&format!("{path}/intervals?register=reactive_import_a")).json();
    assert_eq!(
        (&reactive["unit"], &reactive["total"]),
        (&json!("varh"), &json!(13 * known.len()))
    );

    let csv = app.get(&format!("{path}/intervals?format=csv"));
    assert!(csv.header("content-type").unwrap().starts_with("text/csv"));
    let lines: Vec<String> = csv.text().lines().map(str::to_owned).collect();
    assert_eq!(lines[0], "from,to,energy,cumulative,quality,taken");
    assert_eq!(lines.len(), intervals.len() + 1);
    assert!(lines[1].ends_with(",,,gap,"), "{}", lines[1]);
    let ndjson = app.ask(
        "GET",
        &format!("{path}/intervals"),
        &[("accept", "application/x-ndjson")],
    );
    let rows = ndjson.text();
    let rows: Vec<Value> = rows.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(rows, *intervals);

    let readings = app.get(&format!("{path}/readings?register=import_b")).json();
    let readings = readings["readings"].as_array().unwrap();
    assert_eq!(
        readings.len(),
        known.len() + 1,
        "a half-hour lies between two registers"
    );
    let log = eventually("its own log is here", || {
        let log = app.get(&format!("{path}/log")).json();
        (!log["events"].as_array()?.is_empty()).then_some(log)
    });
    let names = log["events"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(|event| event["name"].as_str());
    assert!(names.into_iter().any(|name| name == "DAILY_LOG_SNAPSHOT"), "{log}");
    assert!(
        log["events"][0]["at"].as_str() >= log["events"][1]["at"].as_str(),
        "the newest first"
    );
}

#[test]
fn what_cannot_be_answered_is_a_problem_that_says_why() {
    let metered = Metered::start(2);
    let mut app = Asker::new(&metered, "meters:read");
    let path = format!("/v1/meters/{}", metered.serial);
    for (wrong, status) in [
        ("/v1/meters/EML1".to_owned(), 404),
        ("/v1/meters/a-b".to_owned(), 400),
        ("/v1/meters?limit=0".to_owned(), 422),
        ("/v1/meters?limit=many".to_owned(), 400),
        ("/v1/meters?colour=red".to_owned(), 400),
        (format!("{path}/intervals?from=yesterday"), 400),
        (
            format!("{path}/readings?register=import_a&to=2026-13-01T00:00:00Z"),
            400,
        ),
        (format!("{path}/money?from=9999-12-31&to=9999-12-31"), 400),
        (format!("{path}/money?from=soon"), 400),
        (
            format!("{path}/intervals?from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z"),
            422,
        ),
        (
            format!("{path}/intervals?from=2020-01-01T00:00:00Z&to=2026-01-01T00:00:00Z"),
            422,
        ),
        (format!("{path}/intervals?register=import_a&element=A"), 400),
        (format!("{path}/intervals?element=C"), 400),
        (format!("{path}/readings"), 400),
        (format!("{path}/nothing"), 404),
    ] {
        let answer = app.get(&wrong);
        assert_eq!(answer.status, status, "{wrong}: {}", answer.text());
        assert_eq!(
            answer.header("content-type"),
            Some("application/problem+json"),
            "{wrong}"
        );
        assert!(answer.json()["title"].is_string());
        for theirs in ["failed to parse", "invalid digit", "deserialize", "parameter"] {
            assert!(!answer.text().contains(theirs), "words of a library: {}", answer.text());
        }
    }
    assert_eq!(app.ask("DELETE", &path, &[]).status, 405);
    let poll = format!("{path}/poll");
    assert_eq!(app.ask("POST", &poll, &[]).status, 403, "to read is not to command");
    assert_eq!(Asker::new(&metered, "meters:write").ask("POST", &poll, &[]).status, 202);
    assert_eq!(Asker::new(&metered, "spaces:admin").get("/v1/meters").status, 403);
    let stranger = metered.running.https().ask("GET", "/v1/meters", &[]);
    assert_eq!(stranger.status, 401);
    assert!(stranger.header("www-authenticate").unwrap().starts_with("Bearer"));
    metered.running.command(&["mediators", "stop", metered.serial]);
    let stopped = Asker::new(&metered, "meters:write").ask("POST", &poll, &[]);
    assert_eq!(
        (stopped.status, &stopped.json()["type"]),
        (409, &json!("/problems/not-polled"))
    );
}

#[test]
fn what_happens_to_meters_is_heard_by_an_outside_client_and_after_a_pause_nothing_is_missed() {
    let metered = Metered::start(3);
    metered.fetched();
    let token = metered.token("meters:write");
    let path = format!("/v1/meters/{}/events", metered.serial);
    let mut listener = Listener::start(&metered.running, &path, &token, None);
    let state = listener.message();
    assert_eq!(
        (&state["type"], &state["serial"]),
        (&json!("state"), &json!(metered.serial))
    );
    let poll = || {
        let answer = metered.running.https().ask(
            "POST",
            &format!("/v1/meters/{}/poll", metered.serial),
            &[("authorization", &format!("Bearer {token}"))],
        );
        assert_eq!(answer.status, 202);
    };
    poll();
    let read = loop {
        let heard = listener.message();
        if heard["values"]["import_b"].is_number() {
            break heard;
        }
    };
    assert_eq!(
        (&read["type"], &read["serial"]),
        (&json!("read"), &json!(metered.serial))
    );
    let last = read["sequence"].as_str().unwrap().to_owned();
    drop(listener);
    poll();
    eventually("it was read again", || {
        let shown = metered.running.json(&["meter", "show", metered.serial]);
        (shown["values"]["import_b"]["at"].as_str() > read["at"].as_str()).then_some(())
    });
    let mut again = Listener::start(&metered.running, "/v1/meters/events", &token, Some(&last));
    let heard = again.message();
    assert_eq!(heard["type"], "read");
    assert_ne!(heard["sequence"], json!(last));
}
