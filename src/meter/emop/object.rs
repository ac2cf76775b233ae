//! What a meter can be asked for, by number (EMOP §3, §13).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Three bytes, high byte first, that name one object of a meter; an OBIS code's three middle parts.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId(u32);

/// No object number.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ObjectIdError {
    /// Neither six hex digits nor three parts with points between.
    #[error(
        "`{0}` is not an object: give six hex digits (600100), or three parts (60.01.00 in hex, 96.1.0 in decimal)"
    )]
    NotAnObject(String),
    /// Beyond three bytes.
    #[error("object numbers go from 0 to 16777215, not {0}")]
    OutOfRange(i64),
}

impl ObjectId {
    /// The object with this number; for numbers written in source, so only the low 24 bits count.
    #[must_use]
    pub const fn new(number: u32) -> ObjectId {
        ObjectId(number & 0x00FF_FFFF)
    }

    /// The object with these bytes on the wire.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 3]) -> ObjectId {
        ObjectId(u32::from_be_bytes([0, bytes[0], bytes[1], bytes[2]]))
    }

    /// As the wire has it.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; 3] {
        let [_, a, b, c] = self.0.to_be_bytes();
        [a, b, c]
    }

    /// The object's number, 0 to 16777215.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }
}

impl TryFrom<i64> for ObjectId {
    type Error = ObjectIdError;

    fn try_from(number: i64) -> Result<ObjectId, ObjectIdError> {
        let inside = u32::try_from(number).ok().filter(|number| *number <= 0x00FF_FFFF);
        inside.map(ObjectId).ok_or(ObjectIdError::OutOfRange(number))
    }
}

impl FromStr for ObjectId {
    type Err = ObjectIdError;

    /// A triplet counts as hex when each part has two digits, else as decimal: `60.01.00` is `96.1.0`.
    fn from_str(text: &str) -> Result<ObjectId, ObjectIdError> {
        let wrong = || ObjectIdError::NotAnObject(text.to_owned());
        let hex = |part: &str| part.bytes().all(|byte| byte.is_ascii_hexdigit());
        if text.len() == 6 && hex(text) {
            return u32::from_str_radix(text, 16).map(ObjectId).map_err(|_| wrong());
        }
        let parts: Vec<&str> = text.split('.').collect();
        let &[a, b, c] = parts.as_slice() else {
            return Err(wrong());
        };
        let radix = if [a, b, c].iter().all(|part| part.len() == 2) {
            16
        } else {
            10
        };
        let byte = |part: &str| {
            // The standard parser would take a sign.
            let digits = hex(part).then_some(part).ok_or_else(wrong)?;
            u8::from_str_radix(digits, radix).map_err(|_| wrong())
        };
        Ok(ObjectId::from_bytes([byte(a)?, byte(b)?, byte(c)?]))
    }
}

impl fmt::Display for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:06x}", self.0)
    }
}

impl fmt::Debug for ObjectId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ObjectId({self})")
    }
}

impl Serialize for ObjectId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ObjectId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<ObjectId, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn three_ways_to_write_an_object_mean_the_same() {
        for text in ["600100", "60.01.00", "96.1.0"] {
            assert_eq!(text.parse(), Ok(ObjectId::new(0x60_0100)), "{text}");
        }
        for wrong in [
            "", "6001", "60010g", "+60100", "60.01", "96.1.0.0", "256.1.0", "6.1.g", "-6.1.0", "6..0", "+6.1.0",
            "a.1.0",
        ] {
            assert!(wrong.parse::<ObjectId>().is_err(), "{wrong:?}");
        }
        assert_eq!(
            ObjectId::try_from(0x100_0000),
            Err(ObjectIdError::OutOfRange(0x100_0000))
        );
        assert_eq!(ObjectId::try_from(-1), Err(ObjectIdError::OutOfRange(-1)));
    }

    proptest! {
        #[test]
        fn an_object_is_read_back(bytes: [u8; 3]) {
            let object = ObjectId::from_bytes(bytes);
            prop_assert_eq!(object.to_bytes(), bytes);
            prop_assert_eq!(object.to_string().parse(), Ok(object));
            prop_assert_eq!(ObjectId::try_from(i64::from(object.number())), Ok(object));
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,12}|[0-9a-f]{0,3}\\.[0-9a-f]{0,3}\\.[0-9a-f]{0,3}") {
            let _ = text.parse::<ObjectId>();
        }
    }
}
