//! Lines that are tied to one another: each has its number, and the hash of the line before. Pure.

use data_encoding::HEXLOWER;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::pki::sha256;

/// Where a chain stands: how many lines it has, and the hash of the last.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Head {
    pub lines: u64,
    /// Hex; empty before the first line.
    pub hash: String,
}

impl Head {
    /// The hash of a line, hex.
    #[must_use]
    pub fn hash(line: &str) -> String {
        HEXLOWER.encode(&sha256(line.as_bytes()))
    }

    /// The next line, without its end, and the chain with it.
    #[must_use]
    pub fn next(&self, at: Timestamp, what: &str, fields: Map<String, Value>) -> (String, Head) {
        let number = self.lines + 1;
        let mut line = Map::new();
        line.insert("n".into(), number.into());
        line.insert("at".into(), at.to_string().into());
        line.insert("what".into(), what.into());
        let own = ["n", "at", "what", "before"];
        line.extend(fields.into_iter().filter(|(name, _)| !own.contains(&name.as_str())));
        line.insert("before".into(), self.hash.clone().into());
        let line = Value::Object(line).to_string();
        let hash = Head::hash(&line);
        (line, Head { lines: number, hash })
    }

    /// The chain with a line that was found; `None`: it does not follow.
    #[must_use]
    pub fn follow(&self, line: &str) -> Option<Head> {
        let found: Value = serde_json::from_str(line).ok()?;
        let number = found["n"].as_u64()?;
        // Where an older month was let go, the first line that is left begins.
        let follows = self.lines == 0 || number == self.lines + 1 && found["before"] == self.hash.as_str();
        follows.then(|| Head {
            lines: number,
            hash: Head::hash(line),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    fn lines(count: u64) -> Vec<String> {
        let mut head = Head::default();
        let made = (0..count).map(|number| {
            let fields = json!({ "by": format!("p{number}"), "n": 99 });
            let Value::Object(fields) = fields else { unreachable!() };
            let at = Timestamp::from_second(1_800_000_000 + i64::try_from(number).unwrap()).unwrap();
            let (line, next) = head.next(at, "signed in", fields);
            head = next;
            line
        });
        made.collect()
    }

    fn followed(lines: &[String]) -> bool {
        let all = lines.iter().try_fold(Head::default(), |head, line| head.follow(line));
        all.is_some_and(|head| head.lines > 0)
    }

    #[test]
    fn a_line_that_is_changed_taken_out_or_put_in_breaks_the_chain() {
        let whole = lines(5);
        assert!(followed(&whole));
        assert!(followed(&whole[2..]), "where older ones were let go");
        for place in 1..4 {
            let mut changed = whole.clone();
            changed[place] = changed[place].replace("signed in", "signed up");
            assert!(!followed(&changed), "{place}");
            let mut without = whole.clone();
            without.remove(place);
            assert!(!followed(&without), "{place}");
            let mut twice = whole.clone();
            twice.insert(place, whole[place].clone());
            assert!(!followed(&twice), "{place}");
        }
    }

    proptest! {
        #[test]
        fn no_line_at_all_follows_but_the_right_one(line in "\\PC{0,80}") {
            let (_, head) = Head::default().next(Timestamp::UNIX_EPOCH, "x", Map::new());
            prop_assert!(head.follow(&line).is_none());
        }
    }
}
