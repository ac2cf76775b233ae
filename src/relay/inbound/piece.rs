//! What comes out of a peer's bytes: pieces of messages, or what a peer must not send.

use crate::relay::frame::deflate::DeflateError;
use crate::relay::frame::{CloseError, FrameError, Opcode};

/// The longest piece, in bytes.
pub const CUT: usize = 64 << 10;

/// Something a peer said.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// A message or a part of it.
    Data(Data<'a>),
    /// It wants to hear this back.
    Ping(&'a [u8]),
    /// It heard this.
    Pong(&'a [u8]),
    /// It goes.
    Close(Option<u16>),
}

/// A message or a part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Data<'a> {
    /// Text or binary at a message's beginning, then continuation.
    pub opcode: Opcode,
    /// Whether the message ends here.
    pub fin: bool,
    /// The bytes.
    pub payload: &'a [u8],
    /// As what they came, where their message is compressed: up to [`CUT`] bytes.
    pub packed: Option<&'a [u8]>,
}

/// What a peer must not send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InboundError {
    /// A frame is none.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// A continuation of nothing, or a beginning in the middle.
    #[error("the pieces of a message are out of order")]
    Order,
    /// A good-bye is none.
    #[error(transparent)]
    Close(#[from] CloseError),
    /// A text is none.
    #[error("a text is not UTF-8")]
    Utf8,
    /// A compressed message is none.
    #[error(transparent)]
    Deflate(#[from] DeflateError),
    /// A message is longer than it may be.
    #[error("a message is longer than {0} bytes")]
    TooLong(u64),
}

impl InboundError {
    /// The close code that tells a peer of it (§7.4.1).
    #[must_use]
    pub fn code(&self) -> u16 {
        match self {
            InboundError::Frame(_) | InboundError::Order | InboundError::Close(_) => 1002,
            InboundError::Utf8 | InboundError::Deflate(_) => 1007,
            InboundError::TooLong(_) => 1009,
        }
    }
}
