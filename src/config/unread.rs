//! Values that could not be read, and what stands for those that must be there: what else is wrong is found all the
//! same, and what only follows from their absence is not told.

use figment::error::Kind;
use figment::value::Value;

use super::ConfigError;
use super::error::meant;

/// The paths of values that could not be read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unread(Vec<Vec<String>>);

/// Keys without which a table is none, and something that each of them can hold.
const STAND_INS: [(&str, &str); 11] = [
    ("backup.directory", "/"),
    ("grpc.client.*.name", "stand-in"),
    ("meter.*.link", "tcp://stand-in.invalid:1"),
    ("meter.*.serial", "EML0000000000"),
    ("occupancy.webhook.*.name", "stand-in"),
    ("occupancy.webhook.*.secret_file", "/"),
    ("occupancy.webhook.*.url", "https://stand-in.invalid/"),
    ("relay.meetup.*.id", "stand-in"),
    ("uplink.kind", "mqtt"),
    ("uplink.rule.*.id", "stand-in"),
    ("uplink.url", "mqtts://stand-in.invalid:8883"),
];

impl Unread {
    /// Whether `key`, or a table that it is in, could not be read.
    #[must_use]
    pub fn covers(&self, key: &str) -> bool {
        let key: Vec<&str> = key.split('.').collect();
        let is_in =
            |path: &Vec<String>| path.len() <= key.len() && path.iter().zip(&key).all(|(path, key)| path == key);
        self.0.iter().any(is_in)
    }

    /// Whether the value at `key`, or something in the table of that name, could not be read.
    #[must_use]
    pub fn touches(&self, key: &str) -> bool {
        let key: Vec<&str> = key.split('.').collect();
        self.0
            .iter()
            .any(|path| path.iter().zip(&key).all(|(path, key)| path == key))
    }

    /// Takes the value that an error is about out of `values`, or puts something in its place when there must be one.
    /// Whether anything changed; what did not cannot be looked past.
    pub(super) fn look_past(&mut self, error: &figment::Error, values: &mut Value) -> bool {
        let mut path = ConfigError::path_of(error);
        if let Kind::MissingField(field) = &error.kind {
            path.push(field.to_string());
        }
        // Whoever mistypes a key means another, which is missing no more than it is there.
        if let Kind::UnknownField(field, known) = &error.kind
            && let Some(meant) = meant(field, known)
        {
            let mut path = path.clone();
            path.pop();
            path.push(meant.to_owned());
            self.0.push(path);
        }
        let is_new = !self.0.contains(&path);
        self.0.push(path.clone());
        let stand_in = stand_in(&path).filter(|_| is_new);
        stand_in.is_some_and(|text| put(values, &path, text)) || remove(values, &path)
    }
}

fn stand_in(path: &[String]) -> Option<&'static str> {
    let fits = |pattern: &str| {
        let mut parts = pattern.split('.');
        path.iter()
            .all(|part| parts.next().is_some_and(|one| one == "*" || one == part))
            && parts.next().is_none()
    };
    STAND_INS
        .iter()
        .find(|(pattern, _)| fits(pattern))
        .map(|(_, text)| *text)
}

fn inner<'v>(values: &'v mut Value, key: &str) -> Option<&'v mut Value> {
    match values {
        Value::Dict(_, table) => table.get_mut(key),
        Value::Array(_, entries) => key.parse().ok().and_then(|place: usize| entries.get_mut(place)),
        _ => None,
    }
}

/// Puts a text at `path`. Whether there is a table for it.
fn put(values: &mut Value, path: &[String], text: &str) -> bool {
    let [tables @ .., key] = path else { return false };
    let table = tables.iter().try_fold(values, |values, key| inner(values, key));
    let Some(Value::Dict(_, table)) = table else {
        return false;
    };
    table.insert(key.clone(), Value::from(text));
    true
}

/// Takes the value at `path` away; when there is none (something is missing), the table that lacks it. Whether
/// anything was there.
fn remove(values: &mut Value, path: &[String]) -> bool {
    let [first, rest @ ..] = path else { return false };
    match values {
        Value::Dict(_, table) => {
            let inner_went = !rest.is_empty() && table.get_mut(first).is_some_and(|inner| remove(inner, rest));
            inner_went || table.remove(first).is_some()
        }
        Value::Array(_, entries) => {
            let Some(place) = first.parse::<usize>().ok().filter(|place| *place < entries.len()) else {
                return false;
            };
            let inner_went = !rest.is_empty() && remove(&mut entries[place], rest);
            if !inner_went {
                entries.remove(place);
            }
            true
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use figment::Figment;
    use figment::providers::{Format, Serialized, Toml};

    use super::super::Config;
    use super::*;

    #[test]
    fn what_must_be_there_has_something_that_stands_for_it() {
        let text = "[backup]\n[uplink]\n[[uplink.rule]]\n[[grpc.client]]\n[[meter]]\n[[occupancy.webhook]]\n[[relay.meetup]]\n";
        let mut values: Value = Figment::from(Toml::string(text)).extract().unwrap();
        let mut unread = Unread::default();
        while let Err(error) = Figment::from(Serialized::defaults(&values)).extract::<Config>() {
            for error in error {
                assert!(unread.look_past(&error, &mut values), "{error}");
            }
        }
        let mut told: Vec<String> = unread.0.iter().map(|path| path.join(".")).collect();
        told.sort();
        assert_eq!(told, STAND_INS.map(|(path, _)| path.replace('*', "0")));
    }

    #[test]
    fn what_could_not_be_read_touches_what_is_in_it_and_around_it() {
        let unread = Unread(vec![vec!["uplink".into(), "auth".into()]]);
        for (key, touched, covered) in [
            ("uplink.auth", true, true),
            ("uplink", true, false),
            ("uplink.auth.kind", true, true),
            ("uplink.url", false, false),
            ("uplinks", false, false),
        ] {
            assert_eq!((unread.touches(key), unread.covers(key)), (touched, covered), "{key}");
        }
    }
}
