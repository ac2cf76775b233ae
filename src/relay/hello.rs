//! The HELLO: the first message of a relay's peer (RELAY §3.2). Pure.
//!
//! Peers read the HELLO they are handed as JSON, so it travels on as the text that came, unchanged.

use serde_json::{Map, Value};

/// The longest HELLO, in bytes: those of known peers have under 200, and each is kept until a partner comes.
pub const LONGEST: usize = 64 << 10;

/// What a HELLO says that somebody may want to see: who the peer says it is. Nobody checks it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hello {
    /// `message.peerClass`, if it is a text.
    pub class: Option<String>,
    /// `message.peerId`, if it is a text. Two peers may say the same.
    pub id: Option<String>,
}

/// Why a first message is no HELLO.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HelloError {
    /// It cannot be read.
    #[error("the first message is not JSON")]
    NotJson,
    /// It is JSON, and no object, or an empty one.
    #[error("the first message is not an object")]
    NotAnObject,
    /// It has no `message`.
    #[error("`message` is missing or no object")]
    Message,
    /// The number is missing, or a text, a fraction or a truth value.
    #[error("`message.messageId` is missing or no integer")]
    MessageId,
    /// It is of another type.
    #[error("`message.messageType` is not CONN:HELLO")]
    MessageType,
    /// It is missing or something else.
    #[error("`message.requiresResponse` is missing or no boolean")]
    RequiresResponse,
}

/// Reads a first message.
pub fn parse(bytes: &[u8]) -> Result<Hello, HelloError> {
    let whole: Value = serde_json::from_slice(bytes).map_err(|_| HelloError::NotJson)?;
    let whole = whole.as_object().filter(|object| !object.is_empty());
    let message = whole
        .ok_or(HelloError::NotAnObject)?
        .get("message")
        .and_then(Value::as_object)
        .ok_or(HelloError::Message)?;
    // Any value of any size: gateways count on after a reconnect. JSON's big integers are read as fractions.
    let whole_number = |id: &Value| id.is_i64() || id.is_u64() || id.as_f64().is_some_and(|id| id.abs() >= 1e18);
    if !message.get("messageId").is_some_and(whole_number) {
        return Err(HelloError::MessageId);
    }
    if message.get("messageType").and_then(Value::as_str) != Some("CONN:HELLO") {
        return Err(HelloError::MessageType);
    }
    if !message.get("requiresResponse").is_some_and(Value::is_boolean) {
        return Err(HelloError::RequiresResponse);
    }
    Ok(Hello {
        class: text(message, "peerClass"),
        id: text(message, "peerId"),
    })
}

/// A text that fits on a line of a table.
fn text(message: &Map<String, Value>, key: &str) -> Option<String> {
    let text = message.get(key)?.as_str()?;
    Some(text.chars().filter(|c| !c.is_control()).take(80).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn known_peers_are_greeted_and_may_say_more() {
        let gateway = r#"{"message": {"messageId": 42, "messageType": "CONN:HELLO", "requiresResponse": false,
            "peerClass": "micronets-gateway-service", "peerId": "beta \u00e9", "extra": {"k": [1, 2, null]}}, "id": 17}"#;
        let hello = parse(gateway.as_bytes()).unwrap();
        assert_eq!(hello.class.as_deref(), Some("micronets-gateway-service"));
        assert_eq!(hello.id.as_deref(), Some("beta é"));
        let bare = br#"{"message":{"requiresResponse":true,"messageType":"CONN:HELLO","messageId":-3}}"#;
        assert_eq!(parse(bare), Ok(Hello::default()));
    }

    #[test]
    fn everything_else_is_refused_by_its_fault() {
        let message = |inside: &str| format!("{{\"message\":{{{inside}}}}}");
        let (id, kind, response) = (
            "\"messageId\":0",
            "\"messageType\":\"CONN:HELLO\"",
            "\"requiresResponse\":false",
        );
        for (text, fault) in [
            ("hello there".to_owned(), HelloError::NotJson),
            (String::new(), HelloError::NotJson),
            ("[]".to_owned(), HelloError::NotAnObject),
            ("{}".to_owned(), HelloError::NotAnObject),
            ("{\"message\": 3}".to_owned(), HelloError::Message),
            ("{\"other\": {}}".to_owned(), HelloError::Message),
            (message(&format!("{kind},{response}")), HelloError::MessageId),
            (
                message(&format!("\"messageId\":\"0\",{kind},{response}")),
                HelloError::MessageId,
            ),
            (
                message(&format!("\"messageId\":true,{kind},{response}")),
                HelloError::MessageId,
            ),
            (
                message(&format!("\"messageId\":0.5,{kind},{response}")),
                HelloError::MessageId,
            ),
            (message(&format!("{id},{response}")), HelloError::MessageType),
            (
                message(&format!("{id},\"messageType\":\"REST:REQUEST\",{response}")),
                HelloError::MessageType,
            ),
            (message(&format!("{id},{kind}")), HelloError::RequiresResponse),
            (
                message(&format!("{id},{kind},\"requiresResponse\":\"false\"")),
                HelloError::RequiresResponse,
            ),
        ] {
            assert_eq!(parse(text.as_bytes()), Err(fault), "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = parse(&bytes);
        }

        #[test]
        fn any_integer_will_do(id in any::<i64>(), response in any::<bool>(), class in ".{0,100}") {
            let hello = serde_json::json!({ "message": { "messageId": id, "messageType": "CONN:HELLO",
                "requiresResponse": response, "peerClass": class } });
            let read = parse(hello.to_string().as_bytes()).unwrap();
            prop_assert!(read.class.is_some_and(|class| class.chars().count() <= 80));
        }
    }
}
