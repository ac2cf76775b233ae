//! The old URLs, read: which of E1–E7 a path is; E6 is `OPTIONS` of any of them (OCC §2). Pure.
//!
//! Matching is on the path as it came, still percent-encoded, and anchored at both ends; parts are
//! decoded afterwards, so a `%2F` inside a name is a slash in the name. `+` stays `+`.

use std::borrow::Cow;

use percent_encoding::percent_decode_str;

/// What a path under the old URLs asks for. Segments are as they came; numbers are digits of any length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target<'p> {
    /// E1: create a space.
    Create {
        /// Digits of the count it starts with.
        current: &'p str,
        /// Digits of its maximum.
        maximum: &'p str,
        /// Its name, still encoded.
        name: Option<&'p str>,
    },
    /// E2: read a space.
    Read(&'p str),
    /// E3: one person more.
    Increment(&'p str),
    /// E4: one person less.
    Decrement(&'p str),
    /// E5: change the maximum.
    Maximum(&'p str, &'p str),
    /// E7: nothing of ours.
    Unknown,
}

impl<'p> Target<'p> {
    /// Reads a path. Routes are tried in the order E1…E5, so `/space/new` is E2 with the id `new`.
    #[must_use]
    pub fn of(path: &'p str) -> Target<'p> {
        let Some(rest) = path.strip_prefix("/space/") else {
            return Target::Unknown;
        };
        let mut parts = [""; 8];
        let mut count = 0;
        for part in rest.split('/') {
            if count == parts.len() {
                return Target::Unknown;
            }
            parts[count] = part;
            count += 1;
        }
        match parts[..count] {
            ["new", "occupancy", "current", current, "max", maximum] if number(current) && number(maximum) => {
                Target::Create {
                    current,
                    maximum,
                    name: None,
                }
            }
            ["new", "occupancy", "current", current, "max", maximum, "name", name]
                if number(current) && number(maximum) && !name.is_empty() =>
            {
                Target::Create {
                    current,
                    maximum,
                    name: Some(name),
                }
            }
            [id] if !id.is_empty() => Target::Read(id),
            [id, "increment"] | [id, "increment", ""] if !id.is_empty() => Target::Increment(id),
            [id, "decrement"] | [id, "decrement", ""] if !id.is_empty() => Target::Decrement(id),
            [id, "max", maximum] | [id, "max", maximum, ""] if !id.is_empty() && number(maximum) => {
                Target::Maximum(id, maximum)
            }
            _ => Target::Unknown,
        }
    }

    /// What `Access-Control-Allow-Methods` lists (OCC §2.4; HEAD by OCC V4).
    #[must_use]
    pub fn methods(&self) -> &'static str {
        match self {
            Target::Read(_) | Target::Unknown => "GET, OPTIONS",
            Target::Create { .. } | Target::Increment(_) | Target::Decrement(_) | Target::Maximum(..) => "PUT, OPTIONS",
        }
    }
}

fn number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// A part whose decoded bytes are not UTF-8.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not UTF-8 after percent-decoding")]
pub struct NotUtf8Error;

/// Decodes one part of a path.
pub fn decode(part: &str) -> Result<Cow<'_, str>, NotUtf8Error> {
    percent_decode_str(part).decode_utf8().map_err(|_| NotUtf8Error)
}

/// A number of the path: its value when it is at most `limit`, else its digits without leading zeros.
pub fn at_most(digits: &str, limit: u32) -> Result<u32, &str> {
    let bare = digits.trim_start_matches('0');
    let bare = if bare.is_empty() { "0" } else { bare };
    bare.parse().ok().filter(|value| *value <= limit).ok_or(bare)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn paths_are_told_apart() {
        use Target::*;
        let created = |name| Create {
            current: "1",
            maximum: "02",
            name,
        };
        for (path, target) in [
            ("/space/new/occupancy/current/1/max/02", created(None)),
            (
                "/space/new/occupancy/current/1/max/02/name/a%2Fb",
                created(Some("a%2Fb")),
            ),
            ("/space/new/occupancy/current/1/max/02/", Unknown),
            ("/space/new/occupancy/current/1/max/02/name/", Unknown),
            ("/space/new/occupancy/current/1/max/02/name/a/b", Unknown),
            ("/space/new/occupancy/current/-1/max/02", Unknown),
            ("/space/new", Read("new")),
            ("/space/new/increment", Increment("new")),
            ("/space/x/increment/", Increment("x")),
            ("/space/x/increment//", Unknown),
            ("/space/x/decrement", Decrement("x")),
            ("/space/x/max/5/", Maximum("x", "5")),
            ("/space/x/max/", Unknown),
            ("/space/x/max/1.5", Unknown),
            ("/space/x/", Unknown),
            ("/space/", Unknown),
            ("/space", Unknown),
            ("//space/x", Unknown),
            ("/Space/x", Unknown),
            ("/spaceship", Unknown),
        ] {
            assert_eq!(Target::of(path), target, "{path}");
        }
    }

    #[test]
    fn numbers_of_any_length_are_judged() {
        assert_eq!(at_most("000", 10), Ok(0));
        assert_eq!(at_most("0012", 100), Ok(12));
        assert_eq!(at_most("100001", 100_000), Err("100001"));
        assert_eq!(
            at_most("00123456789012345678901234567890", 10),
            Err("123456789012345678901234567890")
        );
    }

    proptest! {
        #[test]
        fn any_path_is_read_without_panic(path in "(/space)?(/([a-z0-9%]{0,6}|new|max|increment|name|occupancy|current)){0,10}/?") {
            if let Target::Create { current, maximum, .. } = Target::of(&path) {
                prop_assert!(number(current) && number(maximum));
            }
        }

        #[test]
        fn parts_decode_or_are_refused(part in "\\PC{0,40}|(%[0-9A-Fa-f]{2}){0,8}") {
            let _ = decode(&part);
        }
    }
}
