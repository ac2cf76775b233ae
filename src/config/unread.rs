//! Values that could not be read, and what stands for those that must be there: what else is wrong is found all the
//! same, and what only follows from their absence is not told.

use std::collections::{BTreeMap, BTreeSet};

use figment::error::Kind;
use figment::value::Value;

use super::ConfigError;
use super::error::meant;

/// What could not be read. Paths are those of what somebody wrote: of what is left, entries of a list may stand further
/// ahead.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Unread {
    /// The paths of values that could not be read.
    paths: Vec<Vec<String>>,
    /// Those for which something stands.
    stood_for: BTreeSet<Vec<String>>,
    /// The entries of lists that were taken away, by the list's path.
    gone: BTreeMap<Vec<String>, BTreeSet<usize>>,
}

/// Keys without which a table is none, and something that each of them can hold.
const STAND_INS: [(&str, &str); 13] = [
    ("backup.s3.access_key_id", "stand-in"),
    ("backup.s3.endpoint", "https://stand-in.invalid"),
    ("backup.s3.secret_file", "/"),
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
        self.paths.iter().any(is_in)
    }

    /// Whether `key` is a list that has lost entries which could not be read.
    #[must_use]
    pub fn has_thinned(&self, key: &str) -> bool {
        let key: Vec<String> = key.split('.').map(str::to_owned).collect();
        self.gone.contains_key(&key)
    }

    /// Where somebody wrote what is found at `key` of what is left.
    #[must_use]
    pub fn written(&self, key: &str) -> String {
        let path: Vec<String> = key.split('.').map(str::to_owned).collect();
        self.path_written(&path).join(".")
    }

    /// As [`Unread::written`].
    pub(super) fn path_written(&self, path: &[String]) -> Vec<String> {
        let mut written: Vec<String> = Vec::new();
        for part in path {
            let gone = self.gone.get(&written);
            let place = gone.and_then(|gone| Some((gone, part.parse::<usize>().ok()?)));
            let stood = place.and_then(|(gone, place)| (0..).filter(|place| !gone.contains(place)).nth(place));
            written.push(stood.map_or_else(|| part.clone(), |place: usize| place.to_string()));
        }
        written
    }

    /// Whether the value at `key`, or something in the table of that name, could not be read.
    #[must_use]
    pub fn touches(&self, key: &str) -> bool {
        let key: Vec<&str> = key.split('.').collect();
        self.paths
            .iter()
            .any(|path| path.iter().zip(&key).all(|(path, key)| path == key))
    }

    /// Whether an error only follows from another that was told: a key is missing that was mistyped.
    pub(super) fn is_known(&self, error: &figment::Error) -> bool {
        let Kind::MissingField(field) = &error.kind else {
            return false;
        };
        let mut path = self.path_written(&error.path);
        path.push(field.to_string());
        self.paths.contains(&path)
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
            let mut path = self.path_written(&path);
            path.pop();
            path.push(meant.to_owned());
            self.paths.push(path);
        }
        let written = self.path_written(&path);
        self.paths.push(written.clone());
        let stand_in = stand_in(&path).filter(|_| !self.stood_for.contains(&written));
        if stand_in.is_some_and(|text| put(values, &path, text)) {
            self.stood_for.insert(written);
            return true;
        }
        match remove(values, &path) {
            Some(Removed { depth, of_list }) => {
                let entry = written.get(depth).and_then(|place| place.parse().ok());
                if let Some(place) = entry.filter(|_| of_list) {
                    self.gone.entry(written[..depth].to_vec()).or_default().insert(place);
                }
                true
            }
            None => false,
        }
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

/// What was taken away: under so many keys it stood, in a list or in a table.
#[derive(Clone, Copy)]
struct Removed {
    depth: usize,
    of_list: bool,
}

impl Removed {
    /// The same, as seen from the table or list around.
    fn within(self) -> Removed {
        let depth = self.depth + 1;
        Removed { depth, ..self }
    }
}

/// Takes the value at `path` away; when there is none (something is missing), the table that lacks it. `None`: nothing
/// was there.
fn remove(values: &mut Value, path: &[String]) -> Option<Removed> {
    let (first, rest) = path.split_first()?;
    let inner = inner(values, first).filter(|_| !rest.is_empty());
    if let Some(removed) = inner.and_then(|inner| remove(inner, rest)) {
        return Some(removed.within());
    }
    let of_list = match values {
        Value::Dict(_, table) => table.remove(first).map(|_| false),
        Value::Array(_, entries) => {
            let place = first.parse::<usize>().ok().filter(|place| *place < entries.len());
            place.map(|place| drop(entries.remove(place))).map(|()| true)
        }
        _ => None,
    };
    of_list.map(|of_list| Removed { depth: 0, of_list })
}

#[cfg(test)]
mod tests {
    use figment::Figment;
    use figment::providers::{Format, Serialized, Toml};

    use super::super::Config;
    use super::*;

    #[test]
    fn what_must_be_there_has_something_that_stands_for_it() {
        let text = "[backup.s3]\n[uplink]\n[[uplink.rule]]\n[[grpc.client]]\n[[meter]]\n[[occupancy.webhook]]\n[[relay.meetup]]\n";
        let mut values: Value = Figment::from(Toml::string(text)).extract().unwrap();
        let mut unread = Unread::default();
        while let Err(error) = Figment::from(Serialized::defaults(&values)).extract::<Config>() {
            for error in error {
                assert!(unread.look_past(&error, &mut values), "{error}");
            }
        }
        let mut told: Vec<String> = unread.paths.iter().map(|path| path.join(".")).collect();
        told.sort();
        assert_eq!(told, STAND_INS.map(|(path, _)| path.replace('*', "0")));
    }

    #[test]
    fn what_could_not_be_read_touches_what_is_in_it_and_around_it() {
        let unread = Unread {
            paths: vec![vec!["uplink".into(), "auth".into()]],
            ..Unread::default()
        };
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

    #[test]
    fn entries_of_a_list_keep_their_numbers_when_others_go() {
        let text = "[https]\nlisten = [1, \"127.0.0.1:1\", 2, 3, \"127.0.0.1:2\", 4]\n";
        let mut values: Value = Figment::from(Toml::string(text)).extract().unwrap();
        let mut unread = Unread::default();
        while let Err(error) = Figment::from(Serialized::defaults(&values)).extract::<Config>() {
            assert!(unread.look_past(&error, &mut values), "{error}");
        }
        let told: Vec<String> = unread.paths.iter().map(|path| path.join(".")).collect();
        assert_eq!(
            told,
            ["https.listen.0", "https.listen.2", "https.listen.3", "https.listen.5"]
        );
        assert_eq!(unread.written("https.listen.0"), "https.listen.1");
        assert_eq!(unread.written("https.listen.1.port"), "https.listen.4.port");
        assert_eq!(unread.written("http.listen.1"), "http.listen.1");
        assert!(unread.has_thinned("https.listen") && !unread.has_thinned("http.listen"));
    }
}
