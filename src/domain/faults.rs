//! What is wrong with what somebody configured, collected, so that all of it is told at once. Pure.

use std::fmt;

/// One thing that is wrong: where, what, and what would be right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The key that it is about, from the top, with dots.
    pub key: String,
    /// Other keys, or tables with all their keys, that it comes of too.
    pub also: Vec<String>,
    /// What is wrong.
    pub what: String,
    /// What would be right.
    pub right: String,
}

/// Faults in the order in which they were found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Faults(Vec<Fault>);

impl Faults {
    /// Adds one that the value under `key` has by itself.
    pub fn add(&mut self, key: impl Into<String>, what: impl Into<String>, right: impl Into<String>) {
        self.joint(key, &[], what, right);
    }

    /// Adds one that the value under `key` has only beside those under `also`, which may be whole tables.
    pub fn joint(&mut self, key: impl Into<String>, also: &[&str], what: impl Into<String>, right: impl Into<String>) {
        self.0.push(Fault {
            key: key.into(),
            also: also.iter().map(|key| (*key).to_owned()).collect(),
            what: what.into(),
            right: right.into(),
        });
    }

    /// Adds all that were found in the table at `place`, whose keys begin there.
    pub fn within(&mut self, place: &str, inner: Faults) {
        let whole = |key: String| match key.as_str() {
            "" => place.to_owned(),
            _ => format!("{place}.{key}"),
        };
        self.0.extend(inner.0.into_iter().map(|fault| Fault {
            key: whole(fault.key),
            also: fault.also.into_iter().map(whole).collect(),
            ..fault
        }));
    }

    /// Adds all of `others`.
    pub fn append(&mut self, others: Faults) {
        self.0.extend(others.0);
    }

    /// Whether nothing is wrong.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Each of them.
    pub fn iter(&self) -> impl Iterator<Item = &Fault> {
        self.0.iter()
    }

    /// What was made, when nothing is wrong with it.
    pub fn or<T>(self, made: T) -> Result<T, Faults> {
        match self.is_empty() {
            true => Ok(made),
            false => Err(self),
        }
    }
}

impl IntoIterator for Faults {
    type Item = Fault;
    type IntoIter = std::vec::IntoIter<Fault>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl fmt::Display for Faults {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (place, fault) in self.0.iter().enumerate() {
            let before = if place == 0 { "" } else { "; " };
            write!(f, "{before}`{}` {}", fault.key, fault.what)?;
        }
        Ok(())
    }
}

impl std::error::Error for Faults {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_wrong_in_a_table_is_wrong_at_its_place() {
        let mut inner = Faults::default();
        inner.add("name", "is empty", "a name");
        inner.joint("", &["from", ""], "has half", "both");
        let mut all = Faults::default();
        all.within("room.door.1", inner);
        let keys: Vec<&str> = all.iter().map(|fault| fault.key.as_str()).collect();
        assert_eq!(keys, ["room.door.1.name", "room.door.1"]);
        let last = all.iter().last().unwrap();
        assert_eq!(last.also, ["room.door.1.from", "room.door.1"]);
        assert_eq!(all.to_string(), "`room.door.1.name` is empty; `room.door.1` has half");
        assert!(all.or(()).is_err() && Faults::default().or(()).is_ok());
    }
}
