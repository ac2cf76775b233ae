//! What is told of a write: the frame before, and what the meter holds after (EMOP §22.4). Pure.

use serde::{Deserialize, Serialize};

use crate::meter::emop::catalogue::Kind;
use crate::meter::emop::message::Message;
use crate::meter::emop::{Dialect, ObjectId};
use crate::meter::tariffs::{FrameShown, payload_in_words};

/// What an object holds after it was written.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadBack {
    /// The object's name, or its number when it has none.
    pub object: String,
    /// What was written.
    pub wanted: String,
    /// What it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held: Option<String>,
    /// Whether that is the same; absent: it moves on by itself, or could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub same: Option<bool>,
    /// Why it could not be read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unread: Option<String>,
}

fn name(dialect: &Dialect, object: ObjectId) -> String {
    let known = dialect.catalogue().of(object);
    known.map_or_else(|| object.to_string(), |known| known.name.to_string())
}

fn in_words(dialect: &Dialect, object: ObjectId, payload: &[u8]) -> String {
    match dialect.catalogue().of(object) {
        Some(known) => payload_in_words(known, payload, dialect),
        None => data_encoding::HEXLOWER.encode(payload),
    }
}

/// The frame that would write this.
#[must_use]
pub fn frame(dialect: &Dialect, object: ObjectId, payload: &[u8]) -> FrameShown {
    let data = Message::write(object, payload);
    FrameShown::of(&name(dialect, object), &data, in_words(dialect, object, payload))
}

impl ReadBack {
    /// What came of reading an object that was written.
    #[must_use]
    pub fn of(dialect: &Dialect, (object, payload): (ObjectId, &[u8]), held: Result<Vec<u8>, String>) -> ReadBack {
        let moves_on = dialect
            .catalogue()
            .of(object)
            .is_some_and(|object| object.kind == Kind::Clock);
        let (held, unread) = match held {
            Ok(held) => (Some(held), None),
            Err(why) => (None, Some(why)),
        };
        let same = held
            .as_ref()
            .filter(|_| !moves_on)
            .map(|held| held.starts_with(payload));
        ReadBack {
            object: name(dialect, object),
            wanted: in_words(dialect, object, payload),
            held: held.map(|held| in_words(dialect, object, &held)),
            same,
            unread,
        }
    }

    /// In one line, for people.
    #[must_use]
    pub fn words(&self) -> String {
        let ReadBack { object, wanted, .. } = self;
        match (&self.held, self.same) {
            (Some(held), Some(false)) => format!("{object} holds {held}, not {wanted}"),
            (Some(held), _) => format!("{object} holds {held}"),
            (None, _) => format!(
                "{object} was written, and cannot be read back: {}",
                self.unread.as_deref().unwrap_or_default()
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::meter::emop::Inferred;
    use crate::meter::emop::dialect::InferredWrites;

    #[test]
    fn what_a_meter_holds_is_told_beside_what_was_written() {
        let dialect = Dialect::new(Inferred::default(), InferredWrites::Allowed).unwrap();
        let told = |name: &str, payload: &[u8], held: Result<&[u8], &str>| {
            let object = dialect.catalogue().named(name).map(|object| object.id);
            let object = object.unwrap_or_else(|| name.parse().unwrap());
            let held = held.map(<[u8]>::to_vec).map_err(str::to_owned);
            ReadBack::of(&dialect, (object, payload), held)
        };
        for (name, payload, held, same, words) in [
            (
                "prepay_enabled_flag",
                &[1][..],
                Ok(&[1][..]),
                Some(true),
                "prepay_enabled_flag holds on",
            ),
            (
                "load_switch",
                &[3],
                Ok(&[0]),
                Some(false),
                "load_switch holds normal_button_always, not never_button_required",
            ),
            ("ffff0b", &[1], Ok(&[1]), Some(true), "ffff0b holds 01"),
            (
                "ffff0b",
                &[1],
                Err("NAK 5"),
                None,
                "ffff0b was written, and cannot be read back: NAK 5",
            ),
            (
                "time",
                &[26, 2, 10, 12, 0, 0, 2],
                Ok(&[26, 2, 10, 12, 0, 3, 2]),
                None,
                "time holds 2026-02-10T12:00:03Z",
            ),
        ] {
            let told = told(name, payload, held);
            assert_eq!((told.same, told.words().as_str()), (same, words));
        }
        let backlight = dialect.catalogue().named("backlight").unwrap().id;
        let shown = frame(&dialect, backlight, &[1]);
        assert_eq!(
            (shown.object.as_str(), shown.means.as_str()),
            ("backlight", "always_on_sp")
        );
        assert!(
            shown.frame.starts_with("7e") && shown.frame.contains("01ffff110101"),
            "{}",
            shown.frame
        );
    }
}
