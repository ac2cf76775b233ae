//! What a value is and what is wanted in its place, in words for people: serde's are for programmers.

use figment::error::{Actual, Kind};

/// What is wrong with the value of a key, and what would be right, for those errors that are about a value alone.
pub(super) fn of_value(kind: &Kind) -> Option<String> {
    match kind {
        Kind::InvalidType(actual, expected) | Kind::InvalidValue(actual, expected) => {
            Some(format!("is {}, where {} is wanted", found(actual), wanted(expected)))
        }
        Kind::InvalidLength(length, expected) => {
            Some(format!("has {length} values, where {} is wanted", wanted(expected)))
        }
        Kind::ISizeOutOfRange(number) => Some(format!("is the number `{number}`, which is out of range")),
        Kind::USizeOutOfRange(number) => Some(format!("is the number `{number}`, which is out of range")),
        Kind::Unsupported(actual) => Some(format!("is {}, which is not wanted here", found(actual))),
        Kind::UnsupportedKey(actual, _) => Some(format!("has {} as a key, where a word is wanted", found(actual))),
        Kind::DuplicateField(field) => Some(format!("has `{field}` twice")),
        Kind::Message(words) => Some(said(words).to_owned()),
        Kind::UnknownField(..) | Kind::UnknownVariant(..) | Kind::MissingField(_) => None,
    }
}

/// What stands there.
fn found(actual: &Actual) -> String {
    match actual {
        Actual::Bool(value) => value.to_string(),
        Actual::Unsigned(number) => format!("the number `{number}`"),
        Actual::Signed(number) => format!("the number `{number}`"),
        Actual::Float(number) => format!("the number `{number}`"),
        Actual::Char(text) => format!("{:?}", text.to_string()),
        Actual::Str(text) => format!("{text:?}"),
        Actual::Seq | Actual::TupleVariant => "a list".to_owned(),
        Actual::Map | Actual::StructVariant | Actual::NewtypeVariant | Actual::Enum => "a table".to_owned(),
        Actual::Unit | Actual::Option => "nothing".to_owned(),
        Actual::Bytes(_) | Actual::NewtypeStruct | Actual::UnitVariant => "a value of another kind".to_owned(),
        Actual::Other(text) => text.clone(),
    }
}

/// What serde expects, as people write it. What types of our own expect is in words for people already.
fn wanted(expected: &str) -> String {
    let expected = expected.trim_start_matches('&');
    let words = match expected {
        "path string" | "std::path::PathBuf" | "std::path::Path" => "a path in quotes",
        "a string" | "string" | "a borrowed string" | "a character" => "a text in quotes",
        "a boolean" => "true or false",
        "a sequence" | "sequence" => "a list in brackets",
        "a map" | "map" | "struct" => "a table",
        "f32" | "f64" => "a number",
        "socket address" => "an address with its port (\"127.0.0.1:8080\")",
        "IP address" | "IPv4 address" | "IPv6 address" => "an address (\"127.0.0.1\")",
        "enum" | "a variant identifier" | "variant identifier" | "a field identifier" => "a word in quotes",
        _ if expected.starts_with("variant index ") => "a word in quotes",
        // `struct Entry`, and `struct Entry with 5 elements`.
        _ if expected.starts_with("struct ") => "a table",
        _ => return compound(expected).unwrap_or_else(|| expected.to_owned()),
    };
    words.to_owned()
}

/// What is expected in several words, of which one is a name or a number.
fn compound(expected: &str) -> Option<String> {
    let (kind, rest) = expected.rsplit_once(' ').unwrap_or(("", expected));
    match kind {
        "enum" => Some("a word in quotes".to_owned()),
        "an array of length" | "a tuple of size" => Some(format!("a list of {rest} values in brackets")),
        "" => whole(rest, "0"),
        "a nonzero" => whole(rest, "1"),
        _ => None,
    }
}

/// The whole numbers of a type, from the least that it may be when it has no sign.
fn whole(name: &str, least: &str) -> Option<String> {
    let bits = name.strip_prefix('u').or_else(|| name.strip_prefix('i'))?;
    let is_signed = name.starts_with('i');
    let (lowest, highest) = match (bits, is_signed) {
        ("8", false) => (least.to_owned(), u8::MAX.to_string()),
        ("16", false) => (least.to_owned(), u16::MAX.to_string()),
        ("32", false) => (least.to_owned(), u32::MAX.to_string()),
        ("8", true) => (i8::MIN.to_string(), i8::MAX.to_string()),
        ("16", true) => (i16::MIN.to_string(), i16::MAX.to_string()),
        ("32", true) => (i32::MIN.to_string(), i32::MAX.to_string()),
        // Nobody counts so far.
        ("64" | "128" | "size", false) => return Some(format!("a whole number from {least} on")),
        ("64" | "128" | "size", true) => return Some("a whole number".to_owned()),
        _ => return None,
    };
    Some(format!("a whole number from {lowest} to {highest}"))
}

/// What the standard library says of a text that is none of its values, in words that say what would be one.
fn said(words: &str) -> &str {
    match words {
        "invalid socket address syntax" => "is no address with a port, such as \"127.0.0.1:8080\"",
        "invalid IP address syntax" => "is no address, such as \"127.0.0.1\"",
        _ => words,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_serde_expects_is_said_as_people_write_it() {
        for (expected, words) in [
            ("&std::path::PathBuf", "a path in quotes"),
            ("path string", "a path in quotes"),
            ("struct Entry", "a table"),
            ("enum LogFormat", "a word in quotes"),
            ("variant index 0 <= i < 2", "a word in quotes"),
            ("u8", "a whole number from 0 to 255"),
            ("u16", "a whole number from 0 to 65535"),
            ("i16", "a whole number from -32768 to 32767"),
            ("a nonzero u16", "a whole number from 1 to 65535"),
            ("usize", "a whole number from 0 on"),
            ("i64", "a whole number"),
            ("f64", "a number"),
            ("a boolean", "true or false"),
            ("an array of length 3", "a list of 3 values in brackets"),
            ("a length of time such as \"10m\"", "a length of time such as \"10m\""),
        ] {
            assert_eq!(wanted(expected), words);
        }
    }
}
