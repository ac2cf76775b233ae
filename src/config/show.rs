//! The effective configuration, value by value, each with where it came from.

use serde::Serialize;
use serde_json::Value;

use super::Loaded;
use super::outside::name_of;

/// One value in force.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Shown {
    /// Its key, such as `https.listen`.
    pub key: String,
    /// Its value; secrets are paths, so nothing here is one.
    pub value: Value,
    /// The file, environment variable or flag that said so, or `default`.
    pub source: String,
}

/// Every value in force, in the order of the manual.
#[must_use]
pub fn show(loaded: &Loaded) -> Vec<Shown> {
    let values = serde_json::to_value(&loaded.config).expect("the configuration is plain data");
    let mut shown = Vec::new();
    walk(loaded, String::new(), &values, &mut shown);
    shown
}

fn walk(loaded: &Loaded, key: String, value: &Value, shown: &mut Vec<Shown>) {
    match value {
        Value::Object(fields) => {
            for (name, field) in fields {
                let key = if key.is_empty() {
                    name.clone()
                } else {
                    format!("{key}.{name}")
                };
                walk(loaded, key, field, shown);
            }
        }
        Value::Null => {}
        Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            let path: Vec<String> = key.split('.').map(str::to_owned).collect();
            let source = loaded.figment.find_metadata(&key).map_or_else(
                || "default".to_owned(),
                |metadata| match metadata.source.as_ref().and_then(|source| source.file_path()) {
                    Some(file) => file.display().to_string(),
                    None => name_of(metadata, &path),
                },
            );
            shown.push(Shown {
                key,
                value: value.clone(),
                source,
            });
        }
    }
}
