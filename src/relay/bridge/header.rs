//! Headers as messages have them: lists of names and values (RELAY §4.1). Pure.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::error::MessageError;

/// A header's name and value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Header {
    pub name: String,
    pub value: String,
}

#[derive(Deserialize)]
struct Named {
    name: String,
    // The original's bridge reads `val` (RELAY §5).
    #[serde(alias = "val")]
    value: String,
}

/// A list of names and values; absent or null: none.
pub(super) fn named(message: &Map<String, Value>, key: &'static str) -> Result<Vec<Header>, MessageError> {
    let Some(list) = message.get(key).filter(|list| !list.is_null()) else {
        return Ok(Vec::new());
    };
    let list: Vec<Named> = serde_json::from_value(list.clone()).map_err(|_| MessageError::Field(key))?;
    let header = |Named { name, value }| Header { name, value };
    Ok(list.into_iter().map(header).collect())
}

/// The headers as they are sent.
pub(super) fn shown(headers: &[Header]) -> Value {
    let header = |header: &Header| json!({ "name": header.name, "value": header.value });
    headers.iter().map(header).collect()
}
