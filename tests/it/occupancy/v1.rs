//! `/v1/spaces` through its door: keys, changes, requests sent again, versions, listing.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::client::{Client, space};
use crate::support::https::Answer;
use crate::support::test_box::CONFIG;
use crate::support::{TestBox, eventually};

#[test]
fn a_space_lives_from_creation_to_deletion() {
    let running = TestBox::start();
    let mut operator = Client::operator(&running);
    let (path, owner) = space(&mut operator, 10);
    let mut owner = Client::with(&running, &owner);
    let shown = owner.get(&path).json();
    assert_eq!(
        (
            shown["current"].clone(),
            shown["maximum"].clone(),
            shown["state"].clone()
        ),
        (json!(0), json!(10), json!("free"))
    );
    assert_eq!(shown["tags"], json!(["ground"]));
    assert_eq!(shown["expires_at"], Value::Null, "the operator's spaces stay");

    let changed = owner.post(&format!("{path}/change"), json!({ "by": 8 })).json();
    assert_eq!(
        (changed["applied"].clone(), changed["space"]["state"].clone()),
        (json!(8), json!("busy"))
    );
    let changed = owner.post(&format!("{path}/change"), json!({ "by": 5 })).json();
    assert_eq!(
        (changed["applied"].clone(), changed["requested"].clone()),
        (json!(2), json!(5)),
        "as many as fit"
    );
    let rejected = owner.post(&format!("{path}/change"), json!({ "by": 1, "policy": "reject" }));
    assert_eq!(
        (rejected.status, rejected.json()["applied"].clone()),
        (409, json!(0)),
        "{}",
        rejected.text()
    );
    let lowered = owner
        .ask("PUT", &format!("{path}/maximum"), json!({ "maximum": 4 }), &[])
        .json();
    assert_eq!(
        (lowered["applied"].clone(), lowered["space"]["current"].clone()),
        (json!(-6), json!(4))
    );
    let reset = owner.ask("POST", &format!("{path}/reset"), Value::Null, &[]).json();
    assert_eq!(
        (reset["applied"].clone(), reset["space"]["current"].clone()),
        (json!(-4), json!(0))
    );

    let patched = owner.ask(
        "PATCH",
        &path,
        json!({ "name": null, "ttl": "1h", "thresholds": { "warn": 50, "full": 90 } }),
        &[],
    );
    let patched = patched.json();
    assert_eq!(
        (patched["name"].clone(), patched["ttl"].clone()),
        (Value::Null, json!("1h"))
    );
    assert!(patched["expires_at"].is_string());
    let export = owner.get(&format!("{path}/export"));
    assert_eq!(export.json()["keys"].as_array().unwrap().len(), 1);
    assert!(!export.text().contains("gatespace_"), "no secret leaves");
    assert_eq!(owner.ask("DELETE", &path, Value::Null, &[]).status, 204);
    assert_eq!(owner.get(&path).status, 401, "its keys went with it");
    assert_eq!(operator.get(&path).status, 404);
}

#[test]
fn keys_do_what_their_role_says_in_their_own_space_only() {
    let running = TestBox::start();
    let mut operator = Client::operator(&running);
    let (path, owner) = space(&mut operator, 10);
    let (other, _) = space(&mut operator, 10);
    let mut owner = Client::with(&running, &owner);
    let mut make = |role: &str| {
        let made = owner
            .post(&format!("{path}/keys"), json!({ "role": role, "label": "door" }))
            .json();
        (
            Client::with(&running, made["secret"].as_str().unwrap()),
            made["id"].as_str().unwrap().to_owned(),
        )
    };
    let ((mut viewer, _), (mut counter, counter_id)) = (make("viewer"), make("counter"));
    let change = format!("{path}/change");
    for (client, get, count, set) in [(&mut viewer, 200, 403, 403), (&mut counter, 200, 200, 403)] {
        assert_eq!(client.get(&path).status, get);
        assert_eq!(client.post(&change, json!({ "by": 1 })).status, count);
        assert_eq!(client.ask("PATCH", &path, json!({ "name": "x" }), &[]).status, set);
        assert_eq!(client.get(&other).status, 404, "of other spaces it learns nothing");
        assert_eq!(client.get("/v1/spaces").status, 403);
    }
    assert_eq!(
        owner
            .ask("DELETE", &format!("{path}/keys/{counter_id}"), Value::Null, &[])
            .status,
        204
    );
    assert_eq!(counter.get(&path).status, 401, "revoked");
    let mut nobody = Client::with(&running, "gatespace_nothing");
    let refused = nobody.get(&path);
    assert_eq!(
        (refused.status, refused.header("content-type")),
        (401, Some("application/problem+json"))
    );
    assert!(refused.json()["error"].is_string(), "the old API's field stands beside");
}

#[test]
fn a_request_sent_again_is_carried_out_once() {
    let mut running = TestBox::start();
    let mut operator = Client::operator(&running);
    let (path, _) = space(&mut operator, 100);
    let change = format!("{path}/change");
    let key = [("idempotency-key", "a-b-c")];
    let first = operator.ask("POST", &change, json!({ "by": 3 }), &key);
    let again = operator.ask("POST", &change, json!({ "by": 3 }), &key);
    assert_eq!(
        (first.status, &first.body, first.header("etag")),
        (again.status, &again.body, again.header("etag"))
    );
    let another = operator.ask("POST", &change, json!({ "by": 4 }), &key);
    assert_eq!(another.status, 422, "{}", another.text());
    assert_eq!(operator.get(&path).json()["current"], 3);

    let made = operator.ask(
        "POST",
        "/v1/spaces",
        json!({ "maximum": 5 }),
        &[("idempotency-key", "make")],
    );
    running.kill();
    running.run();
    let mut operator = Client {
        https: running.https(),
        bearer: operator.bearer,
    };
    let again = operator.ask(
        "POST",
        "/v1/spaces",
        json!({ "maximum": 5 }),
        &[("idempotency-key", "make")],
    );
    assert_eq!(made.body, again.body, "after a kill too, with the key that was made");
    let kept = std::fs::read_dir(running.dir.join("data/store")).unwrap().count();
    assert!(kept > 0);
    let secret = made.json()["owner_key"]["secret"].as_str().unwrap().to_owned();
    assert!(
        !holds(&running.dir.join("data"), secret.as_bytes()),
        "no key is on disk in clear"
    );
}

/// Whether any file below `folder` holds these bytes.
fn holds(folder: &std::path::Path, wanted: &[u8]) -> bool {
    std::fs::read_dir(folder).unwrap().any(|entry| {
        let path = entry.unwrap().path();
        if path.is_dir() {
            return holds(&path, wanted);
        }
        std::fs::read(&path).is_ok_and(|bytes| bytes.windows(wanted.len()).any(|window| window == wanted))
    })
}

#[test]
fn changes_for_an_old_version_are_refused() {
    let running = TestBox::start();
    let mut operator = Client::operator(&running);
    let (path, _) = space(&mut operator, 100);
    let version = operator.get(&path).header("etag").unwrap().to_owned();
    assert_eq!(
        operator
            .ask("GET", &path, Value::Null, &[("if-none-match", &version)])
            .status,
        304
    );
    let change = format!("{path}/change");
    let changed = operator.ask("POST", &change, json!({ "by": 1 }), &[("if-match", &version)]);
    assert_eq!(changed.status, 200);
    let refused = operator.ask("POST", &change, json!({ "by": 1 }), &[("if-match", &version)]);
    assert_eq!(refused.status, 412, "{}", refused.text());
    let now = changed.header("etag").unwrap().to_owned();
    assert_eq!(changed.json()["sequence"], now.trim_matches('"'));
    assert_eq!(
        operator
            .ask("POST", &change, json!({ "by": 1 }), &[("if-match", &now)])
            .status,
        200
    );
    assert_eq!(operator.get(&path).json()["current"], 2);
}

#[test]
fn spaces_are_listed_by_cursor_and_summed() {
    let running = TestBox::start();
    let mut operator = Client::operator(&running);
    for number in 0..25 {
        let tags = if number % 5 == 0 {
            json!(["fifth", "all"])
        } else {
            json!(["all"])
        };
        let new = json!({ "name": format!("Room {number}"), "maximum": 10, "current": number % 11, "tags": tags });
        assert_eq!(operator.post("/v1/spaces", new).status, 201);
    }
    let (mut seen, mut cursor) = (BTreeSet::new(), String::new());
    loop {
        let page = operator.get(&format!("/v1/spaces?limit=10{cursor}")).json();
        for space in page["spaces"].as_array().unwrap() {
            assert!(seen.insert(space["id"].as_str().unwrap().to_owned()), "each once");
        }
        let Some(next) = page["next_cursor"].as_str() else {
            break;
        };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen.len(), 25);
    let count = |answer: Answer| answer.json()["spaces"].as_array().unwrap().len();
    assert_eq!(count(operator.get("/v1/spaces?tag=fifth")), 5);
    assert_eq!(count(operator.get("/v1/spaces?name=room%201")), 11, "1 and 10 to 19");
    assert_eq!(count(operator.get("/v1/spaces?state=full")), 2, "10 and 21");
    let totals = operator.get("/v1/spaces/totals?tag=all").json();
    let people: u32 = (0..25).map(|number| number % 11).sum();
    assert_eq!(
        (
            totals["spaces"].clone(),
            totals["current"].clone(),
            totals["maximum"].clone()
        ),
        (json!(25), json!(people), json!(250))
    );
    for (query, status) in [
        ("limit=0", 422),
        ("limit=x", 400),
        ("cursor=x", 400),
        ("colour=red", 400),
    ] {
        assert_eq!(operator.get(&format!("/v1/spaces?{query}")).status, status, "{query}");
    }
}

#[test]
fn bad_input_is_refused_in_words_and_changes_nothing() {
    let running = TestBox::start();
    let mut operator = Client::operator(&running);
    let (path, _) = space(&mut operator, 10);
    let before = operator.get(&path).json();
    let long = "n".repeat(201);
    for (method, path, body, status) in [
        ("POST", "/v1/spaces".to_owned(), json!({ "maximum": 0 }), 422),
        ("POST", "/v1/spaces".to_owned(), json!({ "maximum": 100_001 }), 422),
        (
            "POST",
            "/v1/spaces".to_owned(),
            json!({ "maximum": 5, "current": 100_001 }),
            422,
        ),
        (
            "POST",
            "/v1/spaces".to_owned(),
            json!({ "maximum": 5, "name": long }),
            422,
        ),
        (
            "POST",
            "/v1/spaces".to_owned(),
            json!({ "maximum": 5, "thresholds": { "warn": 90, "full": 80 } }),
            422,
        ),
        (
            "POST",
            "/v1/spaces".to_owned(),
            json!({ "maximum": 5, "ttl": "0s" }),
            422,
        ),
        (
            "POST",
            "/v1/spaces".to_owned(),
            json!({ "maximum": 5, "colour": "red" }),
            400,
        ),
        ("POST", "/v1/spaces".to_owned(), json!("not an object"), 400),
        ("POST", format!("{path}/change"), json!({ "by": 0 }), 422),
        ("POST", format!("{path}/change"), json!({ "by": 1.5 }), 400),
        (
            "POST",
            format!("{path}/change"),
            json!({ "by": 1, "policy": "maybe" }),
            400,
        ),
        ("PUT", format!("{path}/maximum"), json!({ "maximum": -1 }), 400),
        ("PATCH", path.clone(), json!({ "current": 4 }), 400),
        ("GET", "/v1/spaces/not-an-id".to_owned(), Value::Null, 400),
        (
            "GET",
            "/v1/spaces/7fcccca5-5ee3-4c82-a0fc-4d1df69a882d".to_owned(),
            Value::Null,
            404,
        ),
        ("DELETE", "/v1/spaces".to_owned(), Value::Null, 405),
        ("POST", "/v1/no-such-thing".to_owned(), json!({ "by": 1 }), 404),
    ] {
        let answer = operator.ask(method, &path, body.clone(), &[]);
        assert_eq!(answer.status, status, "{method} {path} {body}: {}", answer.text());
        assert_eq!(
            answer.header("content-type"),
            Some("application/problem+json"),
            "{method} {path} {body}"
        );
    }
    let large = json!({ "maximum": 5, "name": "n".repeat(20_000) });
    assert_eq!(operator.post("/v1/spaces", large).status, 413);
    assert_eq!(operator.get(&path).json(), before);
    assert_eq!(operator.get("/v1/spaces").json()["spaces"].as_array().unwrap().len(), 1);
}

#[test]
fn limits_hold_for_spaces_and_for_bearers() {
    let running = TestBox::start_with(&format!(
        "{CONFIG}max_spaces = 2\n[limits.https]\nper_client = \"20/h\"\n"
    ));
    let mut operator = Client::operator(&running);
    space(&mut operator, 5);
    space(&mut operator, 5);
    let refused = eventually("the third is refused", || {
        let answer = operator.post("/v1/spaces", json!({ "maximum": 5 }));
        (answer.status != 201).then_some(answer)
    });
    assert_eq!(refused.status, 409, "{}", refused.text());
    let limited = eventually("the rate of one token is used up", || {
        let answer = operator.get("/v1/spaces");
        (answer.status != 200).then_some(answer)
    });
    assert_eq!(limited.status, 429);
    assert!(limited.header("retry-after").is_some());
}

/// A token has one rate at the whole of `/v1`, and a reload gives none of it back.
#[test]
fn a_token_is_counted_once_whichever_rooms_it_asks() {
    let rate = "[limits.https]\nper_client = \"6/h\"\n";
    let running = TestBox::start_with(&format!("{CONFIG}{rate}"));
    let mut operator = Client::operator(&running);
    let mut asked = |path: &str| operator.get(path).status;
    let answers = ["/v1/spaces", "/v1/webhooks"].map(|path| [asked(path), asked(path)]);
    assert_eq!(answers, [[200, 200], [200, 200]]);
    running.configure(&format!("{CONFIG}{rate}[site]\nname = \"Other\"\n"));
    running.json(&["config", "reload"]);
    let answers = ["/v1/spaces", "/v1/webhooks", "/v1/spaces", "/v1/webhooks"].map(asked);
    assert_eq!(answers, [200, 200, 429, 429]);
    let mut other = Client::operator(&running);
    assert_eq!(
        other.get("/v1/spaces").status,
        200,
        "another token has a rate of its own"
    );
}

#[test]
fn pages_of_named_origins_may_call() {
    let running = TestBox::start_with(&format!("{CONFIG}cors_origins = [\"https://app.example.org\"]\n"));
    let mut https = running.https();
    let mut preflight = |origin: &str| {
        let headers = [
            ("origin", origin),
            ("access-control-request-method", "POST"),
            ("access-control-request-headers", "authorization,idempotency-key"),
        ];
        https.ask("OPTIONS", "/v1/spaces", &headers)
    };
    let allowed = preflight("https://app.example.org");
    assert_eq!(
        allowed.header("access-control-allow-origin"),
        Some("https://app.example.org")
    );
    assert!(
        allowed
            .header("access-control-allow-headers")
            .unwrap()
            .contains("idempotency-key")
    );
    assert_eq!(allowed.header("access-control-allow-credentials"), None);
    assert_eq!(
        preflight("https://evil.example").header("access-control-allow-origin"),
        None
    );
}

#[test]
fn a_stream_tells_every_change_and_resumes_where_it_was_cut() {
    let mut running = TestBox::start();
    let mut operator = Client::operator(&running);
    let (path, owner) = space(&mut operator, 1000);
    let change = format!("{path}/change");
    let mut listener = Client::with(&running, &owner);
    listener.listen(&format!("{path}/events"), &[]);
    let (kind, _, state) = listener.hear();
    assert_eq!((kind.as_str(), state["current"].clone()), ("state", json!(0)));
    let mut last = String::new();
    for count in 1..=20 {
        operator.post(&change, json!({ "by": 1 }));
        let (kind, id, body) = listener.hear();
        assert_eq!(
            (kind.as_str(), body["current"].clone(), body["by"].clone()),
            ("changed", json!(count), json!(1))
        );
        assert_eq!(body["sequence"], json!(id));
        last = id;
    }
    drop(listener);
    for _ in 0..30 {
        operator.post(&change, json!({ "by": 2 }));
    }
    // Also after a crash: what was missed comes out of the journal.
    running.kill();
    running.run();
    let mut operator = Client {
        https: running.https(),
        bearer: operator.bearer,
    };
    let mut again = Client::with(&running, &owner);
    again.listen(&format!("{path}/events"), &[("last-event-id", &last)]);
    assert_eq!(again.hear().0, "state");
    for count in 1..=30 {
        let (kind, _, body) = again.hear();
        assert_eq!(
            (kind.as_str(), body["current"].clone()),
            ("changed", json!(20 + 2 * count)),
            "none missed, none twice"
        );
    }
    operator.post(&change, json!({ "by": -5 }));
    assert_eq!(again.hear().2["current"], 75);
}

#[test]
fn one_stream_may_tell_of_several_spaces_and_ends_with_its_key() {
    let running = TestBox::start();
    let mut operator = Client::operator(&running);
    let (first, owner) = space(&mut operator, 10);
    let (second, _) = space(&mut operator, 10);
    let (third, _) = space(&mut operator, 10);
    let id = |path: &str| path.rsplit('/').next().unwrap().to_owned();
    let mut both = Client {
        https: running.https(),
        bearer: operator.bearer.clone(),
    };
    both.listen(&format!("/v1/events?space={}&space={}", id(&first), id(&second)), &[]);
    for path in [&third, &first, &second] {
        operator.post(&format!("{path}/change"), json!({ "by": 1 }));
    }
    assert_eq!(both.hear().2["space"], id(&first));
    assert_eq!(both.hear().2["space"], id(&second));
    let mut owner = Client::with(&running, &owner);
    assert_eq!(owner.get("/v1/events").status, 403, "all is for the operator");
    assert_eq!(owner.get(&format!("/v1/events?space={}", id(&second))).status, 404);
    let unknown = Client::with(&running, "x").get(&format!("{first}/events"));
    assert_eq!(unknown.status, 401);
}

#[test]
fn an_id_of_another_life_is_told_as_a_gap() {
    let running = TestBox::start();
    let mut operator = Client::operator(&running);
    let mut listener = Client {
        https: running.https(),
        bearer: operator.bearer.clone(),
    };
    listener.listen("/v1/events", &[("last-event-id", "999.7")]);
    let (kind, id, _) = listener.hear();
    assert_eq!(kind, "gap");
    let (path, _) = space(&mut operator, 5);
    let (kind, _, body) = listener.hear();
    assert_eq!((kind.as_str(), body["maximum"].clone()), ("created", json!(5)));
    assert!(!id.is_empty() && path.contains(body["space"].as_str().unwrap()));
}

#[test]
fn listeners_are_counted_and_a_stop_ends_them() {
    let mut running = TestBox::start_with(&format!("{CONFIG}max_listeners = 2\n"));
    let mut operator = Client::operator(&running);
    let mut listeners: Vec<Client> = (0..2)
        .map(|_| Client {
            https: running.https(),
            bearer: operator.bearer.clone(),
        })
        .collect();
    listeners
        .iter_mut()
        .for_each(|listener| listener.listen("/v1/events", &[]));
    let refused = operator.get("/v1/events");
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("30")));
    drop(listeners.pop());
    let mut third = eventually("a place is free again", || {
        let mut client = Client {
            https: running.https(),
            bearer: operator.bearer.clone(),
        };
        client
            .https
            .begin("GET", "/v1/events", &[("authorization", &operator.bearer)]);
        client
            .https
            .line()
            .unwrap()
            .starts_with("HTTP/1.1 200")
            .then_some(client)
    });
    let (code, took) = running.stop();
    assert_eq!(code, Some(0));
    assert!(took.as_secs() < 5, "{took:?}");
    while third.https.line().is_ok() {}
}

/// The sums of a space's history of today, once all of `changes` is written down.
fn history_of(operator: &mut Client, path: &str, step: &str, changes: u64) -> Vec<Value> {
    eventually("history is written down", || {
        let answer = operator.get(&format!("{path}/history?step={step}"));
        assert_eq!(answer.status, 200, "{}", answer.text());
        let points = answer.json()["points"].as_array().unwrap().clone();
        let moved = |field: &str| points.iter().map(|point| point[field].as_u64().unwrap()).sum::<u64>();
        (moved("in") + moved("out") >= changes).then_some(points)
    })
}

#[test]
fn a_kill_right_after_the_first_changes_of_a_new_box_loses_none_of_them_for_history() {
    for _ in 0..5 {
        let mut running = TestBox::start();
        let mut operator = Client::operator(&running);
        let (path, _) = space(&mut operator, 10);
        assert_eq!(operator.post(&format!("{path}/change"), json!({ "by": 3 })).status, 200);
        running.kill();
        running.run();
        operator = Client {
            https: running.https(),
            bearer: operator.bearer,
        };
        assert_eq!(history_of(&mut operator, &path, "raw", 3).len(), 1);
    }
}

#[test]
fn history_counts_everybody_once_also_across_kills() {
    let mut running = TestBox::start();
    let mut operator = Client::operator(&running);
    let (path, _) = space(&mut operator, 1000);
    let change = format!("{path}/change");
    for round in 0..4 {
        for _ in 0..25 {
            assert_eq!(operator.post(&change, json!({ "by": 3 })).status, 200);
            assert_eq!(operator.post(&change, json!({ "by": -1 })).status, 200);
        }
        if round % 2 == 0 {
            running.kill();
            running.run();
            operator = Client {
                https: running.https(),
                bearer: operator.bearer,
            };
        }
    }
    for step in ["minute", "hour", "day", "raw"] {
        let points = history_of(&mut operator, &path, step, 400);
        let moved = |field: &str| points.iter().map(|point| point[field].as_u64().unwrap()).sum::<u64>();
        assert_eq!((moved("in"), moved("out")), (300, 100), "{step}");
        let last = points.last().unwrap();
        assert_eq!(last["close"], 200, "{step}");
        assert!(
            points
                .iter()
                .all(|point| point["min"].as_u64() <= point["max"].as_u64()),
            "{step}"
        );
    }
    let raw = history_of(&mut operator, &path, "raw", 400);
    assert_eq!(raw.len(), 200, "every change by itself");
    assert!(raw.is_sorted_by_key(|point| point["at"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap()));
    let csv = operator.ask(
        "GET",
        &format!("{path}/history?step=hour"),
        Value::Null,
        &[("accept", "text/csv")],
    );
    assert_eq!(csv.header("content-type"), Some("text/csv; charset=utf-8"));
    assert!(
        csv.text().starts_with("at,min,max,mean,in,out,close\r\n"),
        "{}",
        csv.text()
    );
    for (query, status) in [
        ("step=week", 400),
        ("from=yesterday", 400),
        ("from=2000-01-01T00:00:00Z&step=minute", 422),
    ] {
        assert_eq!(
            operator.get(&format!("{path}/history?{query}")).status,
            status,
            "{query}"
        );
    }
    assert_eq!(operator.ask("DELETE", &path, Value::Null, &[]).status, 204);
}
