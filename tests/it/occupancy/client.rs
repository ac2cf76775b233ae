//! Somebody who calls `/v1` with a token or key.

use serde_json::{Value, json};

use crate::support::TestBox;
use crate::support::https::{Answer, Https};

/// Somebody with a token or key, and a connection.
pub struct Client {
    pub https: Https,
    pub bearer: String,
}

impl Client {
    pub fn operator(running: &TestBox) -> Client {
        let token = running.json(&["token", "create", "--name", "tests", "--scope", "spaces:admin"]);
        Client::with(running, token["token"].as_str().unwrap())
    }

    pub fn with(running: &TestBox, secret: &str) -> Client {
        Client {
            https: running.https(),
            bearer: format!("Bearer {secret}"),
        }
    }

    pub fn ask(&mut self, method: &str, path: &str, body: Value, headers: &[(&str, &str)]) -> Answer {
        let mut all = vec![("authorization", self.bearer.as_str())];
        all.extend_from_slice(headers);
        let body = if body.is_null() {
            Vec::new()
        } else {
            serde_json::to_vec(&body).unwrap()
        };
        self.https.try_ask(method, path, &all, &body).unwrap()
    }

    pub fn get(&mut self, path: &str) -> Answer {
        self.ask("GET", path, Value::Null, &[])
    }

    pub fn post(&mut self, path: &str, body: Value) -> Answer {
        self.ask("POST", path, body, &[])
    }
}

/// A space, its path, and its owner's key.
pub fn space(operator: &mut Client, maximum: u32) -> (String, String) {
    let made = operator.post(
        "/v1/spaces",
        json!({ "name": "Hall", "maximum": maximum, "tags": ["ground"] }),
    );
    assert_eq!(made.status, 201, "{}", made.text());
    let made = made.json();
    (
        format!("/v1/spaces/{}", made["id"].as_str().unwrap()),
        made["owner_key"]["secret"].as_str().unwrap().to_owned(),
    )
}

impl Client {
    /// Begins a stream, and reads its head.
    pub fn listen(&mut self, path: &str, headers: &[(&str, &str)]) {
        let mut all = vec![("authorization", self.bearer.as_str())];
        all.extend_from_slice(headers);
        self.https.begin("GET", path, &all);
        let status = self.https.line().unwrap();
        assert!(status.starts_with("HTTP/1.1 200"), "{status}");
    }

    /// The next message of a stream: its kind, id and body.
    pub fn hear(&mut self) -> (String, String, Value) {
        let (mut kind, mut id) = (String::new(), String::new());
        loop {
            let line = self.https.line().unwrap();
            match line.split_once(": ") {
                Some(("event", value)) => kind = value.to_owned(),
                Some(("id", value)) => id = value.to_owned(),
                Some(("data", value)) => {
                    let body = serde_json::from_str(value).unwrap();
                    // The id may stand after the data.
                    let rest = self.https.line().unwrap();
                    if let Some(after) = rest.strip_prefix("id: ") {
                        id = after.to_owned();
                    } else if let Some(after) = rest.strip_prefix("event: ") {
                        kind = after.to_owned();
                    }
                    return (kind, id, body);
                }
                _ => {}
            }
        }
    }
}
