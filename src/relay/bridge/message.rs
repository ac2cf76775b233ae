//! The messages that carry HTTP between peers (`spec/relay.md` section 4). Pure.
//!
//! Every message is one JSON object `{"message": {…}}`. What known peers get wrong is taken as it comes: a header's
//! `val` for `value`, line breaks in base64, bodies of any JSON type.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::body::Body;

/// A message as it is routed.
#[derive(Clone, Debug, PartialEq)]
pub enum Message {
    /// The partner is there.
    Hello,
    /// Somebody asks.
    Request(Request),
    /// Somebody asks in a form that cannot be carried out.
    BadRequest {
        /// The message to be answered; absent: it cannot be.
        id: Option<i64>,
        /// What is wrong.
        fault: Fault,
    },
    /// An answer to the request of that number.
    Response {
        /// The request's number.
        to: i64,
        /// What it says, or what is wrong with it.
        response: Result<Response, Fault>,
    },
    /// Something happened at the partner.
    Event {
        /// Its name, without `EVENT:`.
        name: String,
        /// What it says.
        body: Value,
    },
    /// Something else, which is left alone.
    Other,
}

/// A request.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Its number.
    pub id: i64,
    /// `GET` and the like.
    pub method: String,
    /// From `/`, with the query.
    pub target: String,
    /// In order.
    pub headers: Vec<Header>,
    /// What it carries.
    pub body: Body,
}

/// An answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Response {
    /// The HTTP status.
    pub status: u16,
    /// In order.
    pub headers: Vec<Header>,
    /// What it carries.
    pub body: Body,
}

/// A header's name and value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    /// Its name.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// What is wrong with a message.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A field is missing or of another type.
    #[error("`{0}` is missing or of the wrong type")]
    Field(&'static str),
    /// A target that no request line may have.
    #[error("`path` does not begin with / or has characters that no path has")]
    Path,
    /// A status that HTTP does not have.
    #[error("`statusCode` {0} is none")]
    Status(i64),
    /// Base64 was promised.
    #[error("`messageBody` is not base64")]
    Base64,
}

#[derive(Deserialize)]
struct Named {
    name: String,
    // The original's bridge reads `val` (5.3).
    #[serde(alias = "val")]
    value: String,
}

/// Reads a message; `None`: it is not JSON, or has no `message`.
#[must_use]
pub fn read(text: &[u8]) -> Option<Message> {
    let whole: Value = serde_json::from_slice(text).ok()?;
    let message = whole.get("message")?.as_object()?;
    let kind = message.get("messageType")?.as_str()?;
    let id = message.get("messageId").and_then(Value::as_i64);
    Some(match kind {
        "CONN:HELLO" => Message::Hello,
        "REST:REQUEST" => match request(message) {
            Ok(request) => Message::Request(request),
            Err(fault) => Message::BadRequest { id, fault },
        },
        "REST:RESPONSE" => match message.get("inResponseTo").and_then(Value::as_i64) {
            Some(to) => Message::Response {
                to,
                response: response(message),
            },
            None => Message::Other,
        },
        _ => match kind.strip_prefix("EVENT:") {
            Some(name) => Message::Event {
                name: name.to_owned(),
                body: message.get("messageBody").cloned().unwrap_or_default(),
            },
            None => Message::Other,
        },
    })
}

fn request(message: &Map<String, Value>) -> Result<Request, Fault> {
    let text = |key: &'static str| message.get(key).and_then(Value::as_str).ok_or(Fault::Field(key));
    let id = message.get("messageId").and_then(Value::as_i64);
    let mut target = text("path")?.to_owned();
    // What is no path is no request's target: no host, no scheme, no spaces, nothing of another line.
    if !target.starts_with('/') || !target.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#') {
        return Err(Fault::Path);
    }
    for query in named(message, "queryStrings")? {
        target.push(if target.contains('?') { '&' } else { '?' });
        target.push_str(&format!("{}={}", encoded(&query.name), encoded(&query.value)));
    }
    Ok(Request {
        id: id.ok_or(Fault::Field("messageId"))?,
        method: text("method")?.to_owned(),
        target,
        headers: named(message, "headers")?,
        body: Body::of_message(message)?,
    })
}

fn encoded(text: &str) -> impl std::fmt::Display {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

fn response(message: &Map<String, Value>) -> Result<Response, Fault> {
    let status = message.get("statusCode").and_then(Value::as_i64);
    let status = status.ok_or(Fault::Field("statusCode"))?;
    Ok(Response {
        status: u16::try_from(status)
            .ok()
            .filter(|status| (200..=599).contains(status))
            .ok_or(Fault::Status(status))?,
        headers: named(message, "headers")?,
        body: Body::of_message(message)?,
    })
}

/// A list of names and values; absent or null: none.
fn named(message: &Map<String, Value>, key: &'static str) -> Result<Vec<Header>, Fault> {
    let Some(list) = message.get(key).filter(|list| !list.is_null()) else {
        return Ok(Vec::new());
    };
    let list: Vec<Named> = serde_json::from_value(list.clone()).map_err(|_| Fault::Field(key))?;
    let header = |Named { name, value }| Header { name, value };
    Ok(list.into_iter().map(header).collect())
}

fn shown(headers: &[Header]) -> Value {
    let header = |header: &Header| json!({ "name": header.name, "value": header.value });
    headers.iter().map(header).collect()
}

impl Request {
    /// As it is sent.
    #[must_use]
    pub fn write(&self) -> String {
        let mut message = json!({
            "messageId": self.id, "messageType": "REST:REQUEST", "requiresResponse": true,
            "method": self.method, "path": self.target, "headers": shown(&self.headers),
        });
        self.body.write(&mut message);
        json!({ "id": self.id, "message": message }).to_string()
    }
}

impl Response {
    /// As it is sent, as message `id` and in answer to `to`.
    #[must_use]
    pub fn write(&self, id: i64, to: i64) -> String {
        let mut message = json!({
            "messageId": id, "inResponseTo": to, "messageType": "REST:RESPONSE", "requiresResponse": false,
            "statusCode": self.status, "reasonPhrase": null, "headers": shown(&self.headers),
        });
        self.body.write(&mut message);
        json!({ "message": message }).to_string()
    }

    /// An answer in words.
    #[must_use]
    pub fn words(status: u16, words: &str) -> Response {
        Response {
            status,
            headers: Vec::new(),
            body: Body::Json(json!({ "error": words })),
        }
    }
}

/// A HELLO as it is sent.
#[must_use]
pub fn hello(class: &str, peer: &str) -> String {
    json!({ "message": { "messageId": 0, "messageType": "CONN:HELLO", "requiresResponse": false,
        "peerClass": class, "peerId": peer } })
    .to_string()
}

/// An event as it is sent.
#[must_use]
pub fn event(id: i64, name: &str, body: &Value) -> String {
    json!({ "message": { "messageId": id, "messageType": format!("EVENT:{name}"), "requiresResponse": false,
        "dataFormat": "application/json", "messageBody": body } })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(message: Value) -> Message {
        read(json!({ "message": message }).to_string().as_bytes()).unwrap()
    }

    #[test]
    fn requests_are_read_with_their_queries_and_headers() {
        let asked = json!({ "messageId": 7, "messageType": "REST:REQUEST", "requiresResponse": true, "method": "POST",
            "path": "/a?b=1", "queryStrings": [{ "name": "q", "value": "ü &" }],
            "headers": [{ "name": "X", "val": "old" }, { "name": "Y", "value": "new" }],
            "dataFormat": "application/json", "messageBody": [1, 2] });
        let Message::Request(request) = of(asked) else { panic!() };
        assert_eq!((request.id, request.target.as_str()), (7, "/a?b=1&q=%C3%BC%20%26"));
        assert_eq!(request.headers[0].value.clone() + &request.headers[1].value, "oldnew");
        assert_eq!(request.body, Body::Json(json!([1, 2])));
    }

    #[test]
    fn what_cannot_be_carried_out_is_named_with_its_number() {
        let right = json!({ "messageId": 7, "messageType": "REST:REQUEST", "method": "GET", "path": "/" });
        for (key, value, fault) in [
            ("method", json!(7), Fault::Field("method")),
            ("path", json!(null), Fault::Field("path")),
            ("path", json!("http://elsewhere/"), Fault::Path),
            ("path", json!("/a b"), Fault::Path),
            ("path", json!("/a\r\nX: y"), Fault::Path),
            ("headers", json!({ "X": "y" }), Fault::Field("headers")),
            ("headers", json!([{ "name": "X" }]), Fault::Field("headers")),
            ("queryStrings", json!("x"), Fault::Field("queryStrings")),
        ] {
            let mut asked = right.clone();
            asked[key] = value;
            assert_eq!(of(asked), Message::BadRequest { id: Some(7), fault });
        }
        let mut nameless = right;
        nameless["messageId"] = json!("7");
        let fault = Fault::Field("messageId");
        assert_eq!(of(nameless), Message::BadRequest { id: None, fault });
        let answer =
            |status: Value| of(json!({ "messageType": "REST:RESPONSE", "inResponseTo": 1, "statusCode": status }));
        for (status, fault) in [
            (json!("200"), Fault::Field("statusCode")),
            (json!(99), Fault::Status(99)),
            (json!(100), Fault::Status(100)),
        ] {
            let response = Err(fault);
            assert_eq!(answer(status), Message::Response { to: 1, response });
        }
        assert_eq!(of(json!({ "messageType": "REST:RESPONSE" })), Message::Other);
        assert_eq!(read(b"[]"), None);
    }

    proptest! {
        #[test]
        fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes);
        }

        #[test]
        fn what_is_written_reads_back(id in any::<i64>(), to in any::<i64>(), status in 200_u16..600, name in "[A-Za-z-]{1,20}", value in "\\PC{0,40}", bytes in proptest::collection::vec(any::<u8>(), 1..60), text in "\\PC{1,40}", kind in 0..4) {
            let body = match kind {
                0 => Body::Empty,
                1 => Body::Json(json!({ "a": text })),
                2 => Body::Text { format: "text/plain; charset=utf-8".into(), text },
                _ => Body::Bytes(bytes),
            };
            let headers = vec![Header { name, value }];
            let request = Request { id, method: "PUT".into(), target: "/x?y=1".into(), headers: headers.clone(), body: body.clone() };
            prop_assert_eq!(read(request.write().as_bytes()), Some(Message::Request(request)));
            let response = Response { status, headers, body };
            prop_assert_eq!(read(response.write(id, to).as_bytes()), Some(Message::Response { to, response: Ok(response) }));
        }
    }
}
