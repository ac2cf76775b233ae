//! What constants cannot be.

use crate::meter::emop::object::ObjectId;

/// Constants that cannot be meant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InferredError {
    /// Two kinds of request would look alike.
    #[error("format byte {0} is taken: 1, 3 and 4 are certain, and events and intervals need one each")]
    FormatTaken(u8),
    /// An event's parts lie outside of it, or it has no size.
    #[error("an event of {size} bytes has no place for a time at {timestamp}, a number at {id} and a counter at {set}")]
    EventTooSmall {
        /// Bytes of an event.
        size: usize,
        /// Place of its time.
        timestamp: usize,
        /// Place of its number.
        id: usize,
        /// Place of its counter.
        set: usize,
    },
    /// More names than a status has bits.
    #[error("a status has 16 bits, {0} names are given")]
    StatusBits(usize),
    /// No day of the week.
    #[error("Sunday's number is 0 to 6, not {0}")]
    Sunday(u8),
    /// An object that is known by another name.
    #[error("object {id} is {taken}; {name} needs another")]
    ObjectTaken {
        /// The object's number.
        id: ObjectId,
        /// What it is known as.
        taken: String,
        /// What it was to be.
        name: String,
    },
    /// A message is 243 bytes at most.
    #[error("place {0} lies outside of every reply")]
    Beyond(usize),
}
