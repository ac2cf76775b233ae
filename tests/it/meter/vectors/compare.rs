//! When a result is the expected one.

use serde_json::Value;

/// The same JSON, where 238 and 238.0 are one number and `{"error": true}` is any error.
pub fn same(wanted: &Value, found: &Value) -> bool {
    match (wanted, found) {
        (Value::Object(wanted), Value::Object(found)) if wanted.contains_key("error") => {
            let any = wanted["error"] == true && found.contains_key("error");
            any || found.get("error") == wanted.get("error")
        }
        (Value::Object(wanted), Value::Object(found)) => {
            wanted.len() == found.len()
                && wanted
                    .iter()
                    .all(|(key, value)| found.get(key).is_some_and(|found| same(value, found)))
        }
        (Value::Array(wanted), Value::Array(found)) => {
            wanted.len() == found.len() && wanted.iter().zip(found).all(|(wanted, found)| same(wanted, found))
        }
        (Value::Number(wanted), Value::Number(found)) => wanted == found || wanted.as_f64() == found.as_f64(),
        _ => wanted == found,
    }
}
