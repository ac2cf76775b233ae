//! The messages that carry HTTP between peers (RELAY §4). Pure.
//!
//! Every message is one JSON object `{"message": {…}}`. What known peers get wrong is taken as it comes: a header's
//! `val` for `value`, line breaks in base64, bodies of any JSON type.

use serde_json::{Map, Value, json};

use super::body::Body;
use super::error::MessageError;
use super::header::{Header, named, shown};

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
        fault: MessageError,
    },
    /// An answer to the request of that number.
    Response {
        /// The request's number.
        to: i64,
        /// What it says, or what is wrong with it.
        response: Result<Response, MessageError>,
    },
    /// Something happened at the partner.
    Event {
        /// Its name, without `EVENT:`.
        name: String,
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

fn request(message: &Map<String, Value>) -> Result<Request, MessageError> {
    let text = |key: &'static str| message.get(key).and_then(Value::as_str).ok_or(MessageError::Field(key));
    let id = message.get("messageId").and_then(Value::as_i64);
    let mut target = text("path")?.to_owned();
    // What is no path is no request's target: no host, no scheme, no spaces, nothing of another line.
    if !target.starts_with('/') || !target.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#') {
        return Err(MessageError::Path);
    }
    for query in named(message, "queryStrings")? {
        target.push(if target.contains('?') { '&' } else { '?' });
        target.push_str(&format!("{}={}", encoded(&query.name), encoded(&query.value)));
    }
    Ok(Request {
        id: id.ok_or(MessageError::Field("messageId"))?,
        method: text("method")?.to_owned(),
        target,
        headers: named(message, "headers")?,
        body: Body::of_message(message)?,
    })
}

fn encoded(text: &str) -> impl std::fmt::Display {
    percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC).to_string()
}

fn response(message: &Map<String, Value>) -> Result<Response, MessageError> {
    let status = message.get("statusCode").and_then(Value::as_i64);
    let status = status.ok_or(MessageError::Field("statusCode"))?;
    Ok(Response {
        status: u16::try_from(status)
            .ok()
            .filter(|status| (200..=599).contains(status))
            .ok_or(MessageError::Status(status))?,
        headers: named(message, "headers")?,
        body: Body::of_message(message)?,
    })
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
mod tests;
