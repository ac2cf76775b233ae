//! What `/v1` says of requests that are wrong: in the words of the API, by member, and nothing that may be a code.

use serde_json::{Value, json};

use crate::support::test_box::CONFIG;
use crate::support::{Answer, TestBox};

const SERIAL: &str = "EML2137580826";
const CODE: &str = "71466394621589161020";

struct Asked {
    running: TestBox,
    bearer: String,
}

impl Asked {
    fn start() -> Asked {
        let running = TestBox::start_with(&format!(
            "{CONFIG}\n[meters]\ntimeout = \"1s\"\n[[meter]]\nserial = \"{SERIAL}\"\nlink = \"tcp://127.0.0.1:9\"\nhardware = \"EMA1.w\"\n"
        ));
        let scopes = [
            "meters:read",
            "meters:write",
            "meters:topup",
            "spaces:admin",
            "relay:admin",
        ];
        let scopes = scopes.iter().flat_map(|scope| ["--scope", scope]);
        let made = running.json(
            &["token", "create", "--name", "app"]
                .into_iter()
                .chain(scopes)
                .collect::<Vec<_>>(),
        );
        Asked {
            bearer: format!("Bearer {}", made["token"].as_str().unwrap()),
            running,
        }
    }

    fn ask(&self, method: &str, path: &str, body: &str) -> Answer {
        let headers = [
            ("authorization", self.bearer.as_str()),
            ("content-type", "application/json"),
        ];
        self.running
            .https()
            .try_ask(method, path, &headers, body.as_bytes())
            .unwrap()
    }
}

#[test]
fn what_is_wrong_with_a_body_is_said_by_member_and_in_words_of_the_api() {
    let asked = Asked::start();
    let tokens = format!("/v1/meters/{SERIAL}/tokens");
    let tariff = format!("/v1/meters/{SERIAL}/tariffs/future");
    let whole = json!({"unit_rate": "0.2", "standing_charge": "0.5", "from": "2099-04-01", "why": "prices"});
    let with = |member: &str, value: Value| {
        let mut body = whole.clone();
        body[member] = value;
        body.to_string()
    };
    for (method, path, body, status, pointer, words) in [
        ("POST", &tokens, "{}".to_owned(), 400, "/token", "is missing"),
        ("POST", &tokens, "[]".to_owned(), 400, "", "one JSON object"),
        ("POST", &tokens, "{".to_owned(), 400, "", "one JSON object"),
        (
            "PUT",
            &tariff,
            "{\"why\": \"prices\"}".to_owned(),
            400,
            "/unit_rate",
            "is missing",
        ),
        (
            "PUT",
            &tariff,
            with("unit_rate", json!(0.2)),
            400,
            "/unit_rate",
            "must be a string",
        ),
        ("PUT", &tariff, with("rate", json!("1")), 400, "/rate", "not known here"),
        (
            "PUT",
            &tariff,
            with("unit_rate", json!("23")),
            422,
            "/unit_rate",
            "in pence",
        ),
        (
            "PUT",
            &tariff,
            with("from", json!("soon")),
            422,
            "/from",
            "not a moment",
        ),
        (
            "POST",
            &"/v1/spaces".to_owned(),
            "{\"maximum\": \"x\"}".to_owned(),
            400,
            "/maximum",
            "whole number",
        ),
    ] {
        let refused = asked.ask(method, path, &body);
        let problem = refused.json();
        assert_eq!(refused.status, status, "{body}: {problem}");
        assert_eq!(
            problem["pointer"].as_str().unwrap_or_default(),
            pointer,
            "{body}: {problem}"
        );
        let detail = problem["detail"].as_str().unwrap();
        assert!(detail.contains(words), "{body}: {problem}");
        for of_the_program in [
            " line ",
            "column",
            "missing field",
            "invalid type",
            "gatelodge ",
            "struct ",
        ] {
            assert!(!detail.contains(of_the_program), "{body}: {problem}");
        }
    }
    let query = asked.ask("GET", &format!("{tokens}?limit=many"), "");
    assert!(
        query.status == 400 && query.text().contains("limit: "),
        "{}",
        query.text()
    );
    assert!(!query.text().contains("deserialize"), "{}", query.text());
    let poll = asked.ask("GET", &format!("/v1/meters/{SERIAL}/readings?wrong=1"), "");
    assert!(
        poll.status == 400 && poll.text().contains("not known here"),
        "{}",
        poll.text()
    );
}

#[test]
fn bodies_keys_and_values_are_refused_in_words_of_the_api() {
    let asked = Asked::start();
    let tokens = format!("/v1/meters/{SERIAL}/tokens");
    let tariff = format!("/v1/meters/{SERIAL}/tariffs/future");
    let long = format!("{{\"token\": \"{}\"}}", "1".repeat(3 << 20));
    for (method, path) in [
        ("POST", &tokens),
        ("PUT", &tariff),
        ("POST", &"/v1/topups/paypoint".to_owned()),
    ] {
        let refused = asked.ask(method, path, &long);
        assert_eq!(refused.status, 413, "{path}: {}", refused.text());
        assert!(!refused.text().contains("buffer"), "{}", refused.text());
    }
    let keys = [
        ("authorization", asked.bearer.as_str()),
        ("content-type", "application/json"),
        ("idempotency-key", "k1"),
        ("idempotency-key", "k2"),
    ];
    let body = json!({ "token": CODE }).to_string();
    let twice = asked
        .running
        .https()
        .try_ask("POST", &tokens, &keys, body.as_bytes())
        .unwrap();
    assert!(
        twice.status == 400 && twice.text().contains("given once"),
        "{}",
        twice.text()
    );
    let whole = json!({"unit_rate": "0.2", "standing_charge": "0.5", "from": "2099-04-01", "why": "prices"});
    let unknown = asked.ask("PUT", &tariff, &json!({"absent": "usual", "why": "x"}).to_string());
    assert!(
        unknown.status == 400 && unknown.text().contains("/absent: is not known here"),
        "{}",
        unknown.text()
    );
    assert!(!unknown.text().contains("`absent`"), "{}", unknown.text());
    for (query, words) in [("?dry_run=yes", "true or false"), ("?dry_run=1", "true or false")] {
        let refused = asked.ask("PUT", &format!("{tariff}{query}"), &whole.to_string());
        assert!(
            refused.status == 400 && refused.text().contains(words) && !refused.text().contains("provided"),
            "{}",
            refused.text()
        );
    }
    // A code that was put into the wrong place, however it is grouped, comes back from none.
    for code in [
        CODE,
        "7146.6394.6215.8916.1020",
        "7146_6394_6215_8916_1020",
        "71466394621589.161020",
    ] {
        for member in ["from", "unit_rate", "standing_charge", "emergency_credit", "why"] {
            let mut body = whole.clone();
            body[member] = json!(code);
            let refused = asked.ask("PUT", &tariff, &body.to_string());
            assert!(refused.status == 422, "{member}: {}", refused.text());
            assert!(!refused.text().contains(&code[..9]), "{member}: {}", refused.text());
        }
        let money = asked.ask("GET", &format!("/v1/meters/{SERIAL}/money?from={code}"), "");
        assert!(
            money.status == 400 && !money.text().contains(&code[..9]),
            "{}",
            money.text()
        );
    }
    assert!(!asked.running.log().contains(&CODE[..9]), "{}", asked.running.log());
}

#[test]
fn what_is_not_found_is_not_repeated() {
    let asked = Asked::start();
    // What is no serial, what could be one, and what is nobody's id.
    let pasted = [CODE, &CODE[..16]];
    let places = pasted.iter().flat_map(|code| {
        [
            ("GET", format!("/v1/meters/{code}")),
            ("GET", format!("/v1/meters/{code}/tokens")),
            ("GET", format!("/v1/meters/{code}/tariffs")),
            ("GET", format!("/v1/meters/{code}/money")),
            ("GET", format!("/v1/meters/{SERIAL}/tokens/{code}")),
            ("DELETE", format!("/v1/meters/{SERIAL}/tokens/{code}")),
            ("GET", format!("/v1/meters/{SERIAL}/tokens?cursor={code}")),
            ("GET", format!("/v1/spaces/{code}")),
        ]
    });
    for (method, path) in places {
        let refused = asked.ask(method, &path, "");
        assert!([400, 404].contains(&refused.status), "{path}: {}", refused.status);
        assert!(!refused.text().contains(&CODE[..16]), "{path}: {}", refused.text());
    }
    let query = asked.ask("GET", &format!("/v1/meters?health={CODE}"), "");
    assert!(query.status == 400 && !query.text().contains(CODE), "{}", query.text());
    for arguments in [["prepay", "show", CODE], ["prepay", "cancel", CODE]] {
        let refused = asked.running.command(&arguments);
        assert_eq!(refused.status.code(), Some(5));
        assert!(!String::from_utf8_lossy(&refused.stderr).contains(CODE), "{refused:?}");
    }
    assert!(!asked.running.log().contains(CODE), "{}", asked.running.log());
}
