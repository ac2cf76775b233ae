//! Bodies, between HTTP and `dataFormat` with `messageBody` (RELAY §4.1, §4.2, §4.3). Pure.
//!
//! JSON travels as JSON, other text as a text, bytes as base64. Bytes that are said to be text or a picture travel as
//! bytes, too, and their `Content-Type` as a header beside them.

use data_encoding::BASE64;
use serde_json::{Map, Value, json};

use super::error::MessageError;
use super::header::Header;

/// Bytes of any kind.
pub const OCTETS: &str = "application/octet-stream";
/// Exactly this is JSON; with parameters it is text (RELAY §4.3).
pub const JSON: &str = "application/json";

/// What a request or an answer carries.
#[derive(Clone, Debug, PartialEq)]
pub enum Body {
    /// Nothing.
    Empty,
    /// A JSON value.
    Json(Value),
    /// A text with its type.
    Text {
        /// The type.
        format: String,
        text: String,
    },
    Bytes(Vec<u8>),
}

/// A body that is not what its type says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the body is not JSON, though its type is application/json or none")]
pub struct NotJsonError;

impl Body {
    /// The body of an HTTP message, and headers that have to go with it.
    pub fn of_http(
        bytes: &[u8],
        kind: Option<&str>,
        encoding: Option<&str>,
    ) -> Result<(Body, Vec<Header>), NotJsonError> {
        let header = |name: &str, value: &str| Header {
            name: name.to_owned(),
            value: value.to_owned(),
        };
        if bytes.is_empty() {
            return Ok((Body::Empty, Vec::new()));
        }
        // What is packed is bytes, and of use only to who knows how.
        if let Some(encoding) = encoding {
            let mut beside = vec![header("Content-Encoding", encoding)];
            beside.extend(kind.map(|kind| header("Content-Type", kind)));
            return Ok((Body::Bytes(bytes.to_vec()), beside));
        }
        match kind.unwrap_or(JSON) {
            JSON => {
                let value = serde_json::from_slice(bytes).map_err(|_| NotJsonError)?;
                Ok((Body::Json(value), Vec::new()))
            }
            OCTETS => Ok((Body::Bytes(bytes.to_vec()), Vec::new())),
            kind => match std::str::from_utf8(bytes) {
                Ok(text) => {
                    let (format, text) = (kind.to_owned(), text.to_owned());
                    Ok((Body::Text { format, text }, Vec::new()))
                }
                Err(_) => Ok((Body::Bytes(bytes.to_vec()), vec![header("Content-Type", kind)])),
            },
        }
    }

    /// The body of a message.
    pub fn of_message(message: &Map<String, Value>) -> Result<Body, MessageError> {
        let body = message.get("messageBody").filter(|body| !body.is_null());
        let Some(body) = body else { return Ok(Body::Empty) };
        let format = message.get("dataFormat").and_then(Value::as_str).unwrap_or(JSON);
        match (format, body) {
            (JSON, body) => Ok(Body::Json(body.clone())),
            (OCTETS, Value::String(text)) => {
                let bare: String = text.chars().filter(|c| !c.is_ascii_whitespace()).collect();
                BASE64
                    .decode(bare.as_bytes())
                    .map(Body::Bytes)
                    .map_err(|_| MessageError::Base64)
            }
            (OCTETS, _) => Err(MessageError::Base64),
            (format, Value::String(text)) => Ok(Body::Text {
                format: format.to_owned(),
                text: text.clone(),
            }),
            // JSON with a charset, from somebody who did not make it a text.
            (format, body) => Ok(Body::Text {
                format: format.to_owned(),
                text: body.to_string(),
            }),
        }
    }

    /// Puts it into a message.
    pub(super) fn write(&self, message: &mut Value) {
        let (format, body) = match self {
            Body::Empty => return,
            Body::Json(value) => (JSON, value.clone()),
            Body::Text { format, text } => (format.as_str(), json!(text)),
            Body::Bytes(bytes) => (OCTETS, json!(BASE64.encode(bytes))),
        };
        message["dataFormat"] = json!(format);
        message["messageBody"] = body;
    }

    /// The body's type and bytes, as HTTP has them.
    #[must_use]
    pub fn into_http(self) -> (Option<String>, Vec<u8>) {
        match self {
            Body::Empty => (None, Vec::new()),
            Body::Json(value) => {
                let text = serde_json::to_string_pretty(&value).unwrap_or_default();
                (Some(JSON.to_owned()), text.into_bytes())
            }
            Body::Text { format, text } => (Some(format), text.into_bytes()),
            Body::Bytes(bytes) => (Some(OCTETS.to_owned()), bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_travel_as_what_they_are() {
        let body = |bytes: &[u8], kind| Body::of_http(bytes, kind, None).unwrap();
        assert_eq!(body(b"", Some(JSON)), (Body::Empty, vec![]));
        assert_eq!(body(b"[1]", None).0, Body::Json(json!([1])));
        assert_eq!(Body::of_http(b"{", Some(JSON), None), Err(NotJsonError));
        let charset = "application/json; charset=utf-8";
        assert!(matches!(body(b"{}", Some(charset)).0, Body::Text { text, .. } if text == "{}"));
        assert_eq!(body(&[0xff], Some(OCTETS)), (Body::Bytes(vec![0xff]), vec![]));
        let (picture, beside) = body(&[0xff, 0xd8], Some("image/jpeg"));
        assert_eq!(picture, Body::Bytes(vec![0xff, 0xd8]));
        assert_eq!(beside[0].value, "image/jpeg");
        let (packed, beside) = Body::of_http(b"packed", Some(JSON), Some("gzip")).unwrap();
        assert_eq!((packed, beside.len()), (Body::Bytes(b"packed".to_vec()), 2));
    }

    #[test]
    fn base64_is_read_with_line_breaks_and_refused_when_it_is_none() {
        let read = |format: &str, body: Value| {
            let message = json!({ "dataFormat": format, "messageBody": body });
            Body::of_message(message.as_object().unwrap())
        };
        assert_eq!(read(OCTETS, json!("AP8\r\n/\n")), Ok(Body::Bytes(vec![0, 0xff, 0x3f])));
        assert_eq!(read(OCTETS, json!("AP8")), Err(MessageError::Base64));
        assert_eq!(read(OCTETS, json!({})), Err(MessageError::Base64));
        assert_eq!(read(JSON, json!("a text")), Ok(Body::Json(json!("a text"))));
        assert!(
            matches!(read("application/json;charset=utf-8", json!({})), Ok(Body::Text { text, .. }) if text == "{}")
        );
    }
}
