//! One frame: a request or a reply (EMOP §1).
//!
//! `7e L destination(4) source(4) control data CRC(2)`, where `L` counts every byte but the first.
//! Nothing is stuffed: 0x7e may stand anywhere inside.

use super::{Ack, crc::crc};

/// The first byte of every frame.
pub const DELIMITER: u8 = 0x7E;
/// The longest data field: the length is one byte, and twelve bytes of the frame are not data.
pub const DATA_LIMIT: usize = 243;
/// The longest frame in bytes.
pub const FRAME_LIMIT: usize = 256;
/// `L` of a frame with one byte of data; no frame is shorter.
const LENGTH_LEAST: u8 = 13;
/// What `L` counts besides data.
const OVERHEAD: usize = 12;

/// One end of a frame: a device type and a 24 bit number, as they stand on the wire (EMOP §1.3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Address(pub [u8; 4]);

impl Address {
    /// Taken by every meter as its own.
    pub const ANY_METER: Address = Address([0; 4]);
    /// The address the original client sends from; meters answer it.
    pub const CLIENT: Address = Address([0x00, 0x21, 0xAE, 0x42]);
}

/// Verdict and sequence number in one byte (EMOP §1.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Control(pub u8);

impl Control {
    /// A verdict on the request with sequence number `sequence`, of which three bits count.
    #[must_use]
    pub fn new(ack: Ack, sequence: u8) -> Control {
        Control((ack.code() << 3) | (sequence & 7))
    }

    /// What the meter says; requests say "accepted".
    #[must_use]
    pub fn ack(self) -> Ack {
        Ack::from_code(self.0 >> 3)
    }

    /// 0 to 7; a reply repeats its request's.
    #[must_use]
    pub fn sequence(self) -> u8 {
        self.0 & 7
    }
}

/// A whole frame with a good checksum.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frame<'a> {
    /// For whom.
    pub destination: Address,
    /// From whom.
    pub source: Address,
    /// Verdict and sequence number.
    pub control: Control,
    /// The data field, 1 to 243 bytes.
    pub data: &'a [u8],
}

/// Why bytes are no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The first byte is another.
    #[error("a frame begins with 0x7e, not {0:#04x}")]
    BadDelimiter(u8),
    /// The bytes end before the frame does.
    #[error("the frame needs {needed} bytes, {held} are there")]
    Truncated {
        /// Bytes of the whole frame, as far as they can be told.
        needed: usize,
        /// Bytes at hand.
        held: usize,
    },
    /// The length byte leaves no room for data.
    #[error("a frame's length is at least 13, not {0}")]
    BadLength(u8),
    /// The checksum is another one.
    #[error("the checksum is {computed:04x}, the frame says {stated:04x}")]
    BadCrc {
        /// Over the bytes as they came.
        computed: u16,
        /// In the frame.
        stated: u16,
    },
}

/// A data field that fits into no frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a data field has 1 to 243 bytes, not {0}")]
pub struct DataLengthError(pub usize);

impl<'a> Frame<'a> {
    /// Reads the frame that `bytes` begin with; what follows it belongs to no one (EMOP §1.5).
    pub fn decode(bytes: &'a [u8]) -> Result<Frame<'a>, FrameError> {
        let held = bytes.len();
        let truncated = |needed| FrameError::Truncated { needed, held };
        let first = *bytes.first().ok_or(truncated(2))?;
        if first != DELIMITER {
            return Err(FrameError::BadDelimiter(first));
        }
        let length = *bytes.get(1).ok_or(truncated(2))?;
        if length < LENGTH_LEAST {
            return Err(FrameError::BadLength(length));
        }
        let end = usize::from(length) + 1;
        let body = bytes.get(1..end).ok_or(truncated(end))?;
        let (summed, stated) = body.split_at(body.len() - 2);
        let stated = u16::from_be_bytes([stated[0], stated[1]]);
        let computed = crc(summed);
        if computed != stated {
            return Err(FrameError::BadCrc { computed, stated });
        }
        Ok(Frame {
            destination: Address([summed[1], summed[2], summed[3], summed[4]]),
            source: Address([summed[5], summed[6], summed[7], summed[8]]),
            control: Control(summed[9]),
            data: &summed[10..],
        })
    }

    /// The frame as bytes, 14 to 256 of them.
    pub fn encode(&self) -> Result<Vec<u8>, DataLengthError> {
        if self.data.is_empty() || self.data.len() > DATA_LIMIT {
            return Err(DataLengthError(self.data.len()));
        }
        let length = u8::try_from(self.data.len() + OVERHEAD).expect("243 and 12 fit into a byte");
        let mut bytes = Vec::with_capacity(usize::from(length) + 1);
        bytes.extend([DELIMITER, length]);
        bytes.extend(self.destination.0);
        bytes.extend(self.source.0);
        bytes.push(self.control.0);
        bytes.extend(self.data);
        let sum = crc(&bytes[1..]);
        bytes.extend(sum.to_be_bytes());
        Ok(bytes)
    }
}

impl FrameError {
    /// One word for it, as vectors have it.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            FrameError::BadDelimiter(_) => "bad_delimiter",
            FrameError::Truncated { .. } => "truncated",
            FrameError::BadLength(_) => "bad_length",
            FrameError::BadCrc { .. } => "bad_crc",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn what_is_framed_is_read_back(
            ends: [[u8; 4]; 2], control: u8,
            data in proptest::collection::vec(any::<u8>(), 0..260),
            after in proptest::collection::vec(any::<u8>(), 0..8),
        ) {
            let frame = Frame { destination: Address(ends[0]), source: Address(ends[1]), control: Control(control), data: &data };
            match frame.encode() {
                Err(DataLengthError(length)) => prop_assert!(length == 0 || length > DATA_LIMIT),
                Ok(mut bytes) => {
                    bytes.extend(after);
                    prop_assert_eq!(Frame::decode(&bytes), Ok(frame));
                }
            }
        }

        #[test]
        fn a_changed_byte_is_always_noticed(data in proptest::collection::vec(any::<u8>(), 1..=243), place: prop::sample::Index, flip in 1u8..) {
            let frame = Frame { destination: Address::CLIENT, source: Address::ANY_METER, control: Control(5), data: &data };
            let mut bytes = frame.encode().unwrap();
            let place = place.index(bytes.len());
            bytes[place] ^= flip;
            // A changed length may, once in 65,536 times, meet bytes that sum up; then it is another frame.
            prop_assert_ne!(Frame::decode(&bytes), Ok(frame));
        }
    }
}
