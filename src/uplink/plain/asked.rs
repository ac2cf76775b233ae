//! Commands over a plain broker (UPLINK §5.1): `<prefix>/cmd/<name>` with `{"id": …, "args": …}`, and
//! what came of each on `…/result`. Pure; a message that was kept by the broker is no command, for nobody gave it now.

use serde_json::{Value, json};

use super::Topics;
use crate::domain::{Operation, OperationState};
use crate::uplink::config::is_device_id;
use crate::uplink::connection::wire::{Delivered, Message};
use crate::uplink::names::kind;
use crate::uplink::operations::OperationRequest;

/// The command in a message, if there is one.
#[must_use]
pub fn asked(topics: &Topics, device: &str, delivered: &Delivered) -> Option<OperationRequest> {
    let name = topics.command_of(&delivered.topic).filter(|name| is_device_id(name))?;
    if delivered.retained {
        return None;
    }
    let body: Value = serde_json::from_slice(&delivered.payload).unwrap_or_default();
    let id = match &body["id"] {
        Value::String(id) => Some(kept_text(id.chars().filter(|c| !c.is_control()).take(64).collect())),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    };
    let mut line = quoted(name);
    match &body["args"] {
        Value::String(arguments) => line = format!("{line} {arguments}"),
        Value::Array(arguments) => {
            for argument in arguments {
                let argument = argument.as_str().map_or_else(|| argument.to_string(), str::to_owned);
                line = format!("{line} {}", quoted(&argument));
            }
        }
        Value::Number(argument) => line = format!("{line} {argument}"),
        _ => {}
    }
    Some(OperationRequest {
        operation: Operation {
            id,
            device: device.to_owned(),
            kind: format!("{}{name}", kind::PLAIN),
        },
        arguments: vec![line],
        source: None,
    })
}

/// What came of a command; that it was begun is not told.
#[must_use]
pub fn result(topics: &Topics, operation: &Operation, state: &OperationState) -> Option<Message> {
    let name = operation.kind.strip_prefix(kind::PLAIN)?;
    let (ok, text) = match state {
        OperationState::Executing => return None,
        OperationState::Failed(why) => (false, why),
        OperationState::Successful(text) => (true, text),
    };
    let id = operation.id.as_deref().map(as_it_came);
    let body = json!({"id": id, "ok": ok, "text": text});
    Some(Message::new(topics.command_result(name), body.to_string()))
}

/// A text as the id of an operation, told from a number: one that could be taken for something else is kept quoted.
fn kept_text(id: String) -> String {
    let is_text = id.starts_with('"') || serde_json::from_str::<serde_json::Number>(&id).is_ok();
    if is_text { Value::String(id).to_string() } else { id }
}

/// The id as whoever gave it wrote it: a number is a number, and a text a text.
fn as_it_came(id: &str) -> Value {
    match serde_json::from_str(id) {
        Ok(value @ (Value::Number(_) | Value::String(_))) => value,
        _ => id.into(),
    }
}

/// A word that a reader of command lines takes for one.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::uplink::operations::words;
    use proptest::prelude::*;

    fn delivered(topic: &str, payload: &[u8], retained: bool) -> Delivered {
        Delivered {
            topic: topic.into(),
            payload: payload.to_vec().into(),
            retained,
            id: 1,
        }
    }

    #[test]
    fn a_command_is_its_topic_and_its_arguments_and_one_that_was_kept_is_none() {
        let topics = Topics::new("emop/lodge-1".into());
        let of = |topic: &str, payload: &str, retained| {
            asked(&topics, "lodge-1", &delivered(topic, payload.as_bytes(), retained))
        };
        let line = |payload: &str| {
            of("emop/lodge-1/cmd/meter", payload, false)
                .unwrap()
                .arguments
                .remove(0)
        };
        let split = |payload: &str| words(&line(payload)).unwrap();
        assert_eq!(split(r#"{"id":1,"args":["EML 1","it's"]}"#), ["meter", "EML 1", "it's"]);
        assert_eq!(split(r#"{"args":"EML1"}"#), ["meter", "EML1"]);
        assert_eq!(split("no JSON"), ["meter"]);
        let found = of("emop/lodge-1/cmd/uptime", r#"{"id":"a-1"}"#, false).unwrap();
        assert_eq!(
            (found.operation.id.as_deref(), &*found.operation.kind),
            (Some("a-1"), "cmd/uptime")
        );
        assert_eq!(of("emop/lodge-1/cmd/uptime", "{}", true), None);
        for wrong in [
            "emop/lodge-1/cmd/uptime/result",
            "emop/lodge-2/cmd/uptime",
            "emop/lodge-1/cmd/",
            "cmd/x",
        ] {
            assert_eq!(of(wrong, "{}", false), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn an_id_comes_back_as_it_was_given(text in "[a-z0-9\"\\\\.-]{0,12}", number: i64, hundredths in -100_000i32..100_000) {
            let topics = Topics::new("p".into());
            for id in [json!(text), json!(number), json!(f64::from(hundredths) / 100.0), json!(number.to_string()), Value::Null] {
                let body = json!({"id": id}).to_string();
                let found = asked(&topics, "d", &delivered("p/cmd/x", body.as_bytes(), false)).unwrap();
                let told = result(&topics, &found.operation, &OperationState::Successful(String::new())).unwrap();
                let told: Value = serde_json::from_slice(&told.payload).unwrap();
                prop_assert_eq!(&told["id"], &id);
            }
        }

        #[test]
        fn any_argument_is_one_word_and_any_bytes_are_read(argument in ".{0,30}", bytes in proptest::collection::vec(any::<u8>(), 0..60)) {
            let topics = Topics::new("p".into());
            let body = json!({"args": [argument]}).to_string();
            let found = asked(&topics, "d", &delivered("p/cmd/x", body.as_bytes(), false)).unwrap();
            prop_assert_eq!(words(&found.arguments[0]).unwrap(), ["x".to_owned(), argument]);
            let _ = asked(&topics, "d", &delivered("p/cmd/x", &bytes, false));
        }
    }
}
