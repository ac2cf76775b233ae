//! A space as the old people counter kept it: a hash, all of whose fields are texts (MOVE §4).

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::domain::SpaceId;

/// A space of the old people counter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counted {
    /// What it is known by in the old URLs, which go on being good.
    pub id: SpaceId,
    pub name: Option<String>,
    /// People inside.
    pub current: u32,
    /// People allowed inside.
    pub maximum: u32,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub last_updated: Timestamp,
}

/// A hash is no space.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CountedError {
    /// Its key is none of a space.
    #[error("its key is no UUID in lower case with hyphens")]
    Key,
    /// The field that names it says another.
    #[error("its field space_id says `{0}`")]
    OtherId(String),
    /// A field is missing.
    #[error("it has no field {0}")]
    Lacks(&'static str),
    /// A field is there twice.
    #[error("it has the field {0} twice")]
    Twice(&'static str),
    /// A text is no UTF-8.
    #[error("its field {0} is no UTF-8")]
    NotUtf8(&'static str),
    /// A number is none.
    #[error("its field {field} is no count of people: `{found}`")]
    Number {
        /// Which field.
        field: &'static str,
        found: String,
    },
    /// A moment is none.
    #[error("its field {field} is no moment: `{found}`")]
    Moment {
        /// Which field.
        field: &'static str,
        found: String,
    },
}

impl Counted {
    /// Reads the hash of `key`.
    ///
    /// # Errors
    ///
    /// When it is no space.
    pub fn read(key: &[u8], fields: &[(Vec<u8>, Vec<u8>)]) -> Result<Counted, CountedError> {
        let key = std::str::from_utf8(key).map_err(|_| CountedError::Key)?;
        let id: SpaceId = key.parse().map_err(|_| CountedError::Key)?;
        if id.to_string() != key {
            return Err(CountedError::Key);
        }
        let field = |name: &'static str| {
            let mut found = fields.iter().filter(|(known, _)| known == name.as_bytes());
            let (_, value) = found.next().ok_or(CountedError::Lacks(name))?;
            if found.next().is_some() {
                return Err(CountedError::Twice(name));
            }
            std::str::from_utf8(value).map_err(|_| CountedError::NotUtf8(name))
        };
        let number = |name| {
            let text = field(name)?;
            text.parse().map_err(|_| CountedError::Number {
                field: name,
                found: short(text),
            })
        };
        let moment = |name| {
            let text = field(name)?;
            moment(text).ok_or_else(|| CountedError::Moment {
                field: name,
                found: short(text),
            })
        };
        let told = field("space_id")?;
        if told != key {
            return Err(CountedError::OtherId(short(told)));
        }
        let name = field("space_name")?;
        Ok(Counted {
            id,
            name: (!name.is_empty()).then(|| name.to_owned()),
            current: number("occupancy_current")?,
            maximum: number("occupancy_maximum")?,
            created: moment("created")?,
            last_updated: moment("last_updated")?,
        })
    }
}

/// UTC, with or without its letter, and with a fraction unless that is 0.
fn moment(text: &str) -> Option<Timestamp> {
    if let Ok(at) = text.parse() {
        return Some(at);
    }
    let civil: DateTime = text.parse().ok()?;
    Some(civil.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

/// The beginning of a text, for what is said of it.
fn short(text: &str) -> String {
    text.chars().take(60).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const KEY: &str = "7fcccca5-5ee3-4c82-a0fc-4d1df69a882d";

    fn fields(changed: &[(&str, &str)]) -> Vec<(Vec<u8>, Vec<u8>)> {
        let plain = [
            ("space_id", KEY),
            ("space_name", ""),
            ("occupancy_current", "60"),
            ("occupancy_maximum", "50"),
            ("created", "2021-03-01T09:00:00.000001Z"),
            ("last_updated", "2021-03-01T09:30:00"),
        ];
        let value = |name: &str, plain: &str| {
            let other = changed.iter().find(|(changed, _)| *changed == name);
            other.map_or(plain, |(_, value)| *value).as_bytes().to_vec()
        };
        plain
            .iter()
            .map(|(name, plain)| (name.as_bytes().to_vec(), value(name, plain)))
            .collect()
    }

    #[test]
    fn a_space_is_read_and_what_is_wrong_is_named() {
        let space = Counted::read(KEY.as_bytes(), &fields(&[])).unwrap();
        assert_eq!((space.current, space.maximum, space.name), (60, 50, None));
        assert_eq!(space.last_updated.to_string(), "2021-03-01T09:30:00Z");
        for (changed, fault) in [
            (("space_id", "x"), "its field space_id says `x`"),
            (
                ("occupancy_current", "-1"),
                "its field occupancy_current is no count of people: `-1`",
            ),
            (("created", "yesterday"), "its field created is no moment: `yesterday`"),
        ] {
            let error = Counted::read(KEY.as_bytes(), &fields(&[changed])).unwrap_err();
            assert_eq!(error.to_string(), fault);
        }
        let upper = Counted::read(KEY.to_uppercase().as_bytes(), &fields(&[]));
        assert_eq!(upper, Err(CountedError::Key));
        assert_eq!(
            Counted::read(KEY.as_bytes(), &fields(&[])[1..]),
            Err(CountedError::Lacks("space_id"))
        );
    }

    proptest! {
        #[test]
        fn any_fields_are_a_space_or_refused(values in proptest::collection::vec("\\PC{0,30}|[0-9T:.Z-]{0,30}", 6)) {
            let mut all = fields(&[]);
            for (field, value) in all.iter_mut().skip(1).zip(values) { field.1 = value.into_bytes() }
            let _ = Counted::read(KEY.as_bytes(), &all);
        }
    }
}
