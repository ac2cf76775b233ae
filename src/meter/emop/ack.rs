//! How a meter takes a request: the control byte's upper five bits (EMOP §1.2).

use std::fmt;

/// A meter's verdict on a request. Everything but [`Ack::Accepted`] is a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Ack {
    /// 0: done.
    Accepted,
    /// 1: the request arrived damaged; it may be sent again.
    CrcError,
    /// 2: the frame is not formed as the meter wants it.
    FormatError,
    /// 3: the frame, or the object in it, has the wrong length.
    LengthError,
    /// 4: more was asked for than a reply may hold.
    TooLarge,
    /// 5: this meter has no such object.
    UnknownObject,
    /// 6: not with these rights, or read-only, or the value could not be stored.
    Security,
    /// 7: the frame's address is not this meter's.
    AddressError,
    /// 8 to 31: in no document.
    Other(u8),
}

impl Ack {
    /// The verdict with this code; only five bits count.
    #[must_use]
    pub fn from_code(code: u8) -> Ack {
        match code & 0x1F {
            0 => Ack::Accepted,
            1 => Ack::CrcError,
            2 => Ack::FormatError,
            3 => Ack::LengthError,
            4 => Ack::TooLarge,
            5 => Ack::UnknownObject,
            6 => Ack::Security,
            7 => Ack::AddressError,
            other => Ack::Other(other),
        }
    }

    /// The answer's code on the wire, 0 to 31.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Ack::Accepted => 0,
            Ack::CrcError => 1,
            Ack::FormatError => 2,
            Ack::LengthError => 3,
            Ack::TooLarge => 4,
            Ack::UnknownObject => 5,
            Ack::Security => 6,
            Ack::AddressError => 7,
            Ack::Other(code) => code & 0x1F,
        }
    }

    /// One word for it, as logs and vectors have it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Ack::Accepted => "ok",
            Ack::CrcError => "crc_error",
            Ack::FormatError => "format_error",
            Ack::LengthError => "length_error",
            Ack::TooLarge => "too_large",
            Ack::UnknownObject => "unknown_object",
            Ack::Security => "security",
            Ack::AddressError => "address_error",
            Ack::Other(_) => "other",
        }
    }
}

impl fmt::Display for Ack {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = match self {
            Ack::Accepted => "accepted",
            Ack::CrcError => "the request arrived damaged",
            Ack::FormatError => "frame format error",
            Ack::LengthError => "wrong length",
            Ack::TooLarge => "more asked for than a reply may hold",
            Ack::UnknownObject => "unknown object",
            Ack::Security => "refused",
            Ack::AddressError => "wrong frame address",
            Ack::Other(_) => "a code in no document",
        };
        write!(f, "NAK {} {words}", self.code())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_its_own() {
        for code in 0..32 {
            assert_eq!(Ack::from_code(code).code(), code);
        }
        assert_eq!(Ack::from_code(0x25), Ack::UnknownObject, "three bits belong to others");
    }
}
