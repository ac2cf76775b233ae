//! `/v1` streams over a WebSocket, heard by somebody else's client: the `websockets` package for Python.

use serde_json::{Value, json};

use super::client::{Client, space};
use crate::support::TestBox;
use crate::support::listener::Listener;

#[test]
fn a_python_program_listens_resumes_and_gets_heartbeats() {
    let running = TestBox::start();
    let mut operator = Client::operator(&running);
    let (path, owner) = space(&mut operator, 100);
    let (events, change) = (format!("{path}/events"), format!("{path}/change"));
    let mut first = Listener::start(&running, &events, &owner, None);
    let state = first.message();
    assert_eq!(
        (state["type"].clone(), state["current"].clone()),
        (json!("state"), json!(0))
    );
    let mut last = String::new();
    for count in 1..=5 {
        operator.post(&change, json!({ "by": 1 }));
        let told = first.message();
        assert_eq!(
            (told["type"].clone(), told["current"].clone()),
            (json!("changed"), json!(count))
        );
        last = told["sequence"].as_str().unwrap().to_owned();
    }
    for _ in 0..5 {
        operator.post(&change, json!({ "by": 2 }));
    }
    let mut second = Listener::start(&running, &events, &owner, Some(&last));
    assert_eq!(second.message()["type"], "state");
    for count in 1..=5 {
        let told = second.message();
        assert_eq!(told["current"], 5 + 2 * count, "none missed, none twice: {told}");
    }
    // Every 15 s, said whether or not something happens.
    while second.hear()["heartbeat"].is_null() {}
    operator.ask("DELETE", &path, Value::Null, &[]);
    assert_eq!(second.message()["type"], "removed");
}
