//! WebSocket frames (RFC 6455 §5), as they stand on the wire. Pure.
//!
//! The relay has a codec of its own because it carries frames rather than messages: a message of any length passes
//! through in pieces, an idle connection holds no buffer, and what is handed on is copied once.

pub mod deflate;

/// The longest payload of a control frame (§5.5).
pub const LONGEST_CONTROL: usize = 125;
/// The longest header: two bytes, eight of length, four of mask.
pub const LONGEST_HEADER: usize = 14;

/// The bit at a message's beginning that says that it is compressed (RFC 7692 §6).
const DEFLATED: u8 = 0x40;

/// What a frame is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Opcode {
    /// More of the message before.
    Continuation,
    /// A text, or the beginning of one.
    Text,
    /// Bytes, or the beginning of them.
    Binary,
    /// Good-bye.
    Close,
    /// Are you there?
    Ping,
    /// I am.
    Pong,
}

impl Opcode {
    const fn number(self) -> u8 {
        match self {
            Opcode::Continuation => 0,
            Opcode::Text => 1,
            Opcode::Binary => 2,
            Opcode::Close => 8,
            Opcode::Ping => 9,
            Opcode::Pong => 10,
        }
    }

    fn of(number: u8) -> Option<Opcode> {
        use Opcode::{Binary, Close, Continuation, Ping, Pong, Text};
        [Continuation, Text, Binary, Close, Ping, Pong]
            .into_iter()
            .find(|opcode| opcode.number() == number)
    }

    /// Whether it may stand between the pieces of a message.
    #[must_use]
    pub fn is_control(self) -> bool {
        matches!(self, Opcode::Close | Opcode::Ping | Opcode::Pong)
    }
}

/// The header of a frame that a client sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Whether its message ends with it.
    pub fin: bool,
    pub opcode: Opcode,
    /// Whether it says that its message is compressed (RFC 7692 §6); whether it may is for its reader to know.
    pub deflated: bool,
    /// What its payload is masked with.
    pub mask: [u8; 4],
    /// Bytes of its payload.
    pub length: u64,
}

/// A header that no client may send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// Bits that mean nothing here, because no extension was agreed on that gives them a meaning.
    #[error("reserved bits are set")]
    Reserved,
    /// §5.2 knows no such frame.
    #[error("unknown opcode {0}")]
    Opcode(u8),
    /// §5.1: what clients send is masked.
    #[error("the frame is not masked")]
    Unmasked,
    /// §5.5.
    #[error("a control frame has over 125 bytes")]
    LongControl,
    /// §5.5.
    #[error("a control frame is in pieces")]
    SplitControl,
    /// §5.2: the highest bit must be 0, and the shortest form must be used.
    #[error("the length of the frame is written wrongly")]
    Length,
}

/// Reads a header and how many bytes it takes; `None`: it is not all there yet.
pub fn decode(bytes: &[u8]) -> Result<Option<(Header, usize)>, FrameError> {
    let &[first, second, ref rest @ ..] = bytes else {
        return Ok(None);
    };
    if first & 0x30 != 0 {
        return Err(FrameError::Reserved);
    }
    let opcode = Opcode::of(first & 0x0f).ok_or(FrameError::Opcode(first & 0x0f))?;
    if second & 0x80 == 0 {
        return Err(FrameError::Unmasked);
    }
    let (fin, short) = (first & 0x80 != 0, second & 0x7f);
    if opcode.is_control() && short > 125 {
        return Err(FrameError::LongControl);
    }
    if opcode.is_control() && !fin {
        return Err(FrameError::SplitControl);
    }
    let Some((length, rest)) = length(short, rest)? else {
        return Ok(None);
    };
    let Some((mask, rest)) = rest.split_first_chunk() else {
        return Ok(None);
    };
    let header = Header {
        fin,
        opcode,
        deflated: first & DEFLATED != 0,
        mask: *mask,
        length,
    };
    Ok(Some((header, bytes.len() - rest.len())))
}

fn length(short: u8, rest: &[u8]) -> Result<Option<(u64, &[u8])>, FrameError> {
    let (length, rest, least) = match short {
        126 => match rest.split_first_chunk() {
            Some((bytes, rest)) => (u64::from(u16::from_be_bytes(*bytes)), rest, 126),
            None => return Ok(None),
        },
        127 => match rest.split_first_chunk() {
            Some((bytes, rest)) => (u64::from_be_bytes(*bytes), rest, 1 << 16),
            None => return Ok(None),
        },
        short => (u64::from(short), rest, 0),
    };
    match length >= least && length < 1 << 63 {
        true => Ok(Some((length, rest))),
        false => Err(FrameError::Length),
    }
}

/// Takes the mask off (or puts it on) a part of a payload that begins `offset` bytes into it.
pub fn unmask(part: &mut [u8], mask: [u8; 4], offset: u64) {
    let turned: [u8; 4] = std::array::from_fn(|place| mask[(offset as usize + place) & 3]);
    let wide = u64::from_ne_bytes([turned, turned].concat().try_into().expect("twice four is eight"));
    let (chunks, rest) = part.as_chunks_mut::<8>();
    for chunk in chunks {
        *chunk = (u64::from_ne_bytes(*chunk) ^ wide).to_ne_bytes();
    }
    for (place, byte) in rest.iter_mut().enumerate() {
        *byte ^= turned[place & 3];
    }
}

/// Appends a frame as servers send them.
pub fn encode(out: &mut Vec<u8>, fin: bool, opcode: Opcode, payload: &[u8]) {
    out.reserve(payload.len() + LONGEST_HEADER);
    out.push(u8::from(fin) << 7 | opcode.number());
    match payload.len() {
        length @ ..126 => out.push(length as u8),
        length @ 126..0x1_0000 => {
            out.push(126);
            out.extend_from_slice(&(length as u16).to_be_bytes());
        }
        length => {
            out.push(127);
            out.extend_from_slice(&(length as u64).to_be_bytes());
        }
    }
    out.extend_from_slice(payload);
}

/// Appends a frame of a compressed message; only its beginning says that it is one.
pub fn encode_deflated(out: &mut Vec<u8>, fin: bool, opcode: Opcode, payload: &[u8]) {
    let at = out.len();
    encode(out, fin, opcode, payload);
    if opcode != Opcode::Continuation {
        out[at] |= DEFLATED;
    }
}

/// Appends a good-bye with its code and reason (§5.5.1); a reason that is too long loses its end.
pub fn encode_close(out: &mut Vec<u8>, code: u16, reason: &str) {
    let mut payload = code.to_be_bytes().to_vec();
    let end = reason.floor_char_boundary(LONGEST_CONTROL - payload.len());
    payload.extend_from_slice(&reason.as_bytes()[..end]);
    encode(out, true, Opcode::Close, &payload);
}

/// The code of a good-bye; `None`: it came without one.
///
/// # Errors
/// A payload that no good-bye may have (§5.5.1, §7.4).
pub fn close_code(payload: &[u8]) -> Result<Option<u16>, CloseError> {
    let Some((code, reason)) = payload.split_first_chunk() else {
        return if payload.is_empty() { Ok(None) } else { Err(CloseError) };
    };
    let code = u16::from_be_bytes(*code);
    let known = matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999);
    match known && std::str::from_utf8(reason).is_ok() {
        true => Ok(Some(code)),
        false => Err(CloseError),
    }
}

/// A good-bye with a code or reason that must not be sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the close frame has a code or reason that must not be sent")]
pub struct CloseError;

#[cfg(test)]
mod tests;
