//! Sequence numbers: the order in which changes were written in the book.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The place of one change in the book's log; the first change is 1, and no number is used twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Seq(pub u64);

impl Seq {
    /// Before the first change.
    pub const ZERO: Seq = Seq(0);

    /// The sequence number after this one.
    #[must_use]
    pub fn next(self) -> Seq {
        Seq(self.0 + 1)
    }
}

impl fmt::Display for Seq {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Which life of the book a generation of files belongs to: new after a restore, and after a salvage that lost something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Epoch(pub u32);

impl fmt::Display for Epoch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// The id of a change as programs, brokers and receivers know it: `<epoch>.<seq>`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ChangeId {
    /// Of the run that wrote it: microseconds since 1970 at least, where the clock is believed.
    pub epoch: u64,
    /// Its place.
    pub seq: Seq,
}

impl fmt::Display for ChangeId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.epoch, self.seq)
    }
}

/// A text that is no id of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an id of a change is two numbers with a point between them")]
pub struct ChangeIdError;

impl std::str::FromStr for ChangeId {
    type Err = ChangeIdError;

    fn from_str(text: &str) -> Result<ChangeId, ChangeIdError> {
        let (epoch, seq) = text.split_once('.').ok_or(ChangeIdError)?;
        // A sign or leading zeros would make two texts of one id.
        let number = |text: &str| !text.starts_with(['+', '-']) && (text == "0" || !text.starts_with('0'));
        if !number(epoch) || !number(seq) {
            return Err(ChangeIdError);
        }
        Ok(ChangeId {
            epoch: epoch.parse().map_err(|_| ChangeIdError)?,
            seq: Seq(seq.parse().map_err(|_| ChangeIdError)?),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_changes_are_written_in_one_way() {
        for text in ["1.2", "1790000000.18446744073709551615", "0.0"] {
            assert_eq!(text.parse::<ChangeId>().unwrap().to_string(), text);
        }
        for text in [
            "",
            "1",
            "1.",
            ".1",
            "+1.2",
            "01.2",
            "1.-2",
            "1.2.3",
            "18446744073709551616.1",
        ] {
            assert_eq!(text.parse::<ChangeId>(), Err(ChangeIdError), "{text}");
        }
    }
}
