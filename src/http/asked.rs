//! What a request of an API asks, and what is wrong with it in the words of that API: which member it is, by its JSON
//! Pointer (RFC 6901), and what is expected there. Types, positions and phrases of the program are not told.

use axum::extract::rejection::{JsonRejection, QueryRejection};
use serde::de::DeserializeOwned;
use serde_path_to_error::{Path, Segment};

/// A body or a query that is not what is asked for.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{words}", .pointer.as_ref().filter(|pointer| !pointer.is_empty()).map(|pointer| format!("{pointer}: ")).unwrap_or_default())]
pub struct AskedError {
    /// Where, as a JSON Pointer (RFC 6901); `None`: nowhere in particular, or that is not told.
    pub pointer: Option<String>,
    /// What is wrong there.
    pub words: String,
}

impl AskedError {
    /// An error of no member.
    #[must_use]
    pub fn whole(words: impl Into<String>) -> AskedError {
        AskedError {
            pointer: None,
            words: words.into(),
        }
    }

    /// The same without anything that was sent, when `tells` finds in it what is not to be repeated.
    #[must_use]
    pub fn unless(self, tells: impl FnOnce(&str) -> bool) -> AskedError {
        match tells(&self.to_string()) {
            true => AskedError::whole("a member or its value is not what is expected"),
            false => self,
        }
    }
}

/// Reads a body that is one JSON object.
///
/// # Errors
///
/// When it is none, or not what is asked for: a list of its values in order is none, though serde would take it.
pub fn object<T: DeserializeOwned>(body: &[u8]) -> Result<T, AskedError> {
    let whole = serde_json::from_slice::<serde::de::IgnoredAny>(body);
    if whole.is_err() || body.trim_ascii_start().first() != Some(&b'{') {
        return Err(AskedError::whole("the body must be one JSON object"));
    }
    let mut reader = serde_json::Deserializer::from_slice(body);
    serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let (place, words) = (pointer(error.path()), error.inner().to_string());
        in_words(place, without_position(&words))
    })
}

/// What is wrong with a query, by its parameter.
#[must_use]
pub fn query(rejection: &QueryRejection) -> AskedError {
    let text = rejection.body_text();
    let told = placed(
        text.strip_prefix("Failed to deserialize query string: ")
            .unwrap_or(&text),
    );
    let name = told.pointer.as_deref().map(|place| place.trim_start_matches('/'));
    AskedError::whole(match name.filter(|name| !name.is_empty()) {
        Some(name) => format!("{name}: {}", told.words),
        None => told.words,
    })
}

/// What is wrong with a body that axum has read.
#[must_use]
pub fn json(rejection: &JsonRejection) -> AskedError {
    let text = rejection.body_text();
    match rejection {
        JsonRejection::JsonDataError(_) => placed(without_position(
            text.strip_prefix("Failed to deserialize the JSON body into the target type: ")
                .unwrap_or(&text),
        )),
        JsonRejection::JsonSyntaxError(_) => AskedError::whole("the body must be one JSON object"),
        _ => AskedError::whole(text),
    }
}

/// What axum says of a place, which it names in front with points between its parts.
fn placed(text: &str) -> AskedError {
    let is_place = |place: &&str| {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'.';
        place.bytes().all(plain)
    };
    match text.split_once(": ").filter(|(place, _)| is_place(place)) {
        Some((place, words)) => in_words(place.split('.').map(below).collect(), words),
        None => in_words(String::new(), text),
    }
}

fn pointer(path: &Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        match segment {
            Segment::Map { key } => pointer.push_str(&below(key)),
            Segment::Seq { index } => pointer.push_str(&below(&index.to_string())),
            Segment::Enum { variant } => pointer.push_str(&below(variant)),
            Segment::Unknown => {}
        }
    }
    pointer
}

/// A member's part of a pointer (RFC 6901 §3).
fn below(name: &str) -> String {
    format!("/{}", name.replace('~', "~0").replace('/', "~1"))
}

/// Without where serde's reader stood.
fn without_position(words: &str) -> &str {
    words.rsplit_once(" at line ").map_or(words, |(words, _)| words)
}

/// serde's phrases as an API says them. What a type said by itself stays as it is.
fn in_words(place: String, words: &str) -> AskedError {
    let at = |pointer: String, words: String| AskedError {
        pointer: Some(pointer),
        words,
    };
    let member = |name: &str| match place.ends_with(&below(name)) {
        true => place.clone(),
        false => format!("{place}{}", below(name)),
    };
    if let Some(name) = quoted(words, "missing field ") {
        return at(member(name), "is missing".to_owned());
    }
    if let Some(name) = quoted(words, "duplicate field ") {
        return at(member(name), "is there twice".to_owned());
    }
    if let Some(name) = quoted(words, "unknown field ") {
        let known = match words.split_once(", expected ") {
            Some((_, known)) => format!("is not known here; known: {}", known.trim_start_matches("one of ")),
            None => "is not known here".to_owned(),
        };
        return at(member(name), known);
    }
    if let Some(name) = quoted(words, "unknown variant ") {
        let known = words.split_once(", expected ").map_or("another", |(_, known)| known);
        return at(
            place,
            format!("`{name}` is none of {}", known.trim_start_matches("one of ")),
        );
    }
    for phrase in ["invalid type: ", "invalid value: ", "invalid length "] {
        let told = words
            .strip_prefix(phrase)
            .and_then(|told| told.split_once(", expected "));
        if let Some((found, expected)) = told {
            return at(place, format!("must be {}, not {}", plain(expected), plainly(found)));
        }
    }
    for (phrase, said) in PHRASES {
        if words.contains(phrase) {
            return at(place, (*said).to_owned());
        }
    }
    at(place, words.to_owned())
}

/// What readers of the program say of a value by themselves, and how an API says it.
const PHRASES: &[(&str, &str)] = &[
    ("provided string was not `true` or `false`", "must be true or false"),
    ("number out of range", "is a larger number than can be read"),
    ("invalid digit found in string", "must be a whole number"),
    ("cannot parse integer from empty string", "must be a whole number"),
    (
        "number too large to fit in target type",
        "is a larger number than can be read",
    ),
    (
        "number too small to fit in target type",
        "is a smaller number than can be read",
    ),
    ("invalid float literal", "must be a number"),
    ("invalid unicode code point", "must be text in UTF-8"),
    (
        "surrogate in hex escape",
        "must be text in UTF-8: a \\u escape of half a character is none",
    ),
    (
        "unexpected end of hex escape",
        "must be text in UTF-8: a \\u escape of half a character is none",
    ),
    ("stream did not contain valid UTF-8", "must be text in UTF-8"),
    ("recursion limit exceeded", "is nested too deep"),
];

/// What was found, in words of JSON.
fn plainly(found: &str) -> &str {
    match found {
        "sequence" => "a list",
        "map" => "an object",
        "unit value" | "Option value" => "null",
        _ => found,
    }
}

/// The name in backticks that follows a phrase.
fn quoted<'w>(words: &'w str, phrase: &str) -> Option<&'w str> {
    let (name, _) = words.strip_prefix(phrase)?.strip_prefix('`')?.split_once('`')?;
    Some(name)
}

/// What a type of the program is called in JSON.
fn plain(expected: &str) -> &str {
    match expected {
        "u8" | "u16" | "u32" | "u64" | "usize" => "a whole number, 0 or more",
        "i8" | "i16" | "i32" | "i64" | "isize" => "a whole number",
        "f32" | "f64" => "a number",
        "a boolean" => "true or false",
        _ if expected.starts_with("struct ") || expected == "a map" => "an object",
        _ if expected.starts_with("enum ") || expected == "string or map" => "one of the words that are known here",
        _ => expected,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde::Deserialize;

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only whether it is read counts")]
    struct Wanted {
        name: String,
        many: Option<u32>,
        inner: Option<Inner>,
        kind: Option<Kind>,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only whether it is read counts")]
    struct Inner {
        on: Vec<bool>,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Kind {
        Old,
        New,
    }

    #[test]
    fn what_is_wrong_is_said_by_member_and_without_words_of_the_program() {
        for (body, pointer, words) in [
            ("", None, "the body must be one JSON object"),
            ("[\"a\", 1]", None, "the body must be one JSON object"),
            ("{\"name\": ", None, "the body must be one JSON object"),
            ("{}", Some("/name"), "is missing"),
            ("{\"name\": []}", Some("/name"), "must be a string, not a list"),
            ("{\"name\": {}}", Some("/name"), "must be a string, not an object"),
            ("{\"name\": null}", Some("/name"), "must be a string, not null"),
            (
                "{\"name\": \"\\ud800\"}",
                Some("/name"),
                "must be text in UTF-8: a \\u escape of half a character is none",
            ),
            (
                "{\"name\": \"a\", \"many\": 1e999}",
                Some("/many"),
                "is a larger number than can be read",
            ),
            ("{\"name\": \"a\", \"name\": \"b\"}", Some("/name"), "is there twice"),
            ("{\"name\": 5}", Some("/name"), "must be a string, not integer `5`"),
            (
                "{\"name\": \"a\", \"many\": -1}",
                Some("/many"),
                "must be a whole number, 0 or more, not integer `-1`",
            ),
            (
                "{\"name\": \"a\", \"inner\": {\"on\": [true, 1]}}",
                Some("/inner/on/1"),
                "must be true or false, not integer `1`",
            ),
            ("{\"name\": \"a\", \"inner\": {}}", Some("/inner/on"), "is missing"),
            (
                "{\"name\": \"a\", \"kind\": \"odd\"}",
                Some("/kind"),
                "`odd` is none of `old` or `new`",
            ),
        ] {
            let error = object::<Wanted>(body.as_bytes()).unwrap_err();
            assert_eq!(
                (error.pointer.as_deref(), error.words.as_str()),
                (pointer, words),
                "{body}"
            );
        }
        let unknown = object::<Wanted>(b"{\"name\": \"a\", \"a/b\": 1}").unwrap_err();
        assert_eq!(unknown.pointer.as_deref(), Some("/a~1b"));
        assert!(
            unknown.words.starts_with("is not known here; known: `name`"),
            "{unknown}"
        );
        assert_eq!(
            unknown.unless(|text| text.contains("a~1b")).to_string(),
            "a member or its value is not what is expected"
        );
    }
}
