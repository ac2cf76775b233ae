//! What a peer sends, from bytes to pieces of messages (RFC 6455 §5.4). Pure.
//!
//! Frames of up to [`CUT`] bytes come out whole; longer ones in pieces of that length, so that a message of any size
//! passes through little memory, and each piece fits what peers take as one frame (`spec/relay.md` 3.5).

use super::frame::{self, BadClose, FrameError, Header, LONGEST_CONTROL, LONGEST_HEADER, Opcode};

/// The longest piece, in bytes.
pub const CUT: usize = 64 << 10;

/// Something a peer said.
#[derive(Debug, PartialEq, Eq)]
pub enum Piece<'a> {
    /// A message or a part of it.
    Data {
        /// Text or binary at a message's beginning, then continuation.
        opcode: Opcode,
        /// Whether the message ends here.
        fin: bool,
        /// The bytes.
        payload: &'a [u8],
    },
    /// It wants to hear this back.
    Ping(&'a [u8]),
    /// It heard this.
    Pong(&'a [u8]),
    /// It goes.
    Close(Option<u16>),
}

/// What a peer must not send.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A frame is none.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// A continuation of nothing, or a beginning in the middle.
    #[error("the pieces of a message are out of order")]
    Order,
    /// A good-bye is none.
    #[error(transparent)]
    Close(#[from] BadClose),
    /// A text is none.
    #[error("a text is not UTF-8")]
    Utf8,
    /// A message is longer than it may be.
    #[error("a message is longer than {0} bytes")]
    TooLong(u64),
}

impl Fault {
    /// The close code that tells a peer of it (§7.4.1).
    #[must_use]
    pub fn code(&self) -> u16 {
        match self {
            Fault::Frame(_) | Fault::Order | Fault::Close(_) => 1002,
            Fault::Utf8 => 1007,
            Fault::TooLong(_) => 1009,
        }
    }
}

/// Reads one peer's bytes.
#[derive(Debug)]
pub struct Inbound {
    limit: u64,
    /// The beginning of a header.
    head: [u8; LONGEST_HEADER],
    head_length: usize,
    /// The frame under way, and how much of it was seen.
    frame: Option<(Header, u64)>,
    /// The message under way.
    message: Option<Message>,
    /// What came of the frame and was not handed out.
    held: Vec<u8>,
    is_over: bool,
}

#[derive(Debug)]
struct Message {
    length: u64,
    /// The next piece says what the message is; the others continue it.
    opcode: Opcode,
    text: Option<Text>,
}

impl Inbound {
    /// A reader that takes messages of up to `limit` bytes.
    #[must_use]
    pub fn new(limit: u64) -> Inbound {
        Inbound {
            limit,
            head: [0; LONGEST_HEADER],
            head_length: 0,
            frame: None,
            message: None,
            held: Vec::new(),
            is_over: false,
        }
    }

    /// Takes what came, and hands out every piece that is complete; masks are taken off in place.
    ///
    /// After a good-bye nothing more is read.
    pub fn feed<E: From<Fault>>(
        &mut self,
        mut input: &mut [u8],
        mut piece: impl FnMut(Piece<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        while !self.is_over {
            let (header, seen) = match self.frame {
                Some(frame) => frame,
                None => match self.header(&mut input)? {
                    Some(header) => (header, 0),
                    None => return Ok(()),
                },
            };
            let wanted = header.length - seen;
            let taken = usize::try_from(wanted).unwrap_or(usize::MAX).min(input.len());
            let (part, rest) = std::mem::take(&mut input).split_at_mut(taken);
            input = rest;
            frame::unmask(part, header.mask, seen);
            let seen = seen + taken as u64;
            self.frame = (seen < header.length).then_some((header, seen));
            self.part(header, part, &mut piece)?;
            if self.frame.is_some() && input.is_empty() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// The header of the next frame, once it is all there.
    fn header(&mut self, input: &mut &mut [u8]) -> Result<Option<Header>, Fault> {
        let before = self.head_length;
        let added = input.len().min(LONGEST_HEADER - before);
        self.head[before..before + added].copy_from_slice(&input[..added]);
        let Some((header, length)) = frame::decode(&self.head[..before + added])? else {
            self.head_length += added;
            *input = &mut [];
            return Ok(None);
        };
        self.head_length = 0;
        *input = &mut std::mem::take(input)[length - before..];
        self.begin(header)?;
        Ok(Some(header))
    }

    fn begin(&mut self, header: Header) -> Result<(), Fault> {
        if header.opcode.is_control() {
            return Ok(());
        }
        match (&mut self.message, header.opcode) {
            (Some(message), Opcode::Continuation) => message.length = message.length.saturating_add(header.length),
            (None, Opcode::Text | Opcode::Binary) => {
                self.message = Some(Message {
                    length: header.length,
                    opcode: header.opcode,
                    text: (header.opcode == Opcode::Text).then(Text::default),
                });
            }
            _ => return Err(Fault::Order),
        }
        let length = self.message.as_ref().map_or(0, |message| message.length);
        if length > self.limit {
            Err(Fault::TooLong(self.limit))
        } else {
            Ok(())
        }
    }

    /// A part of a frame came; it is handed out when the frame is complete or a piece is full.
    fn part<E: From<Fault>>(
        &mut self,
        header: Header,
        mut part: &[u8],
        piece: &mut impl FnMut(Piece<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let ends = self.frame.is_none();
        if header.opcode.is_control() {
            return self.control(header, part, piece);
        }
        // Straight from what was read, when nothing of the frame lies here.
        if ends && self.held.is_empty() && part.len() <= CUT {
            return self.hand_out(part, header.fin, piece);
        }
        while self.held.len() + part.len() > CUT {
            let (now, later) = part.split_at(CUT - self.held.len());
            part = later;
            let mut full = std::mem::take(&mut self.held);
            full.extend_from_slice(now);
            self.hand_out(&full, false, piece)?;
            full.clear();
            self.held = full;
        }
        if self.held.is_empty() && !part.is_empty() {
            let wanted = header.length.min(CUT as u64) as usize;
            self.held.reserve(wanted.min(4 * part.len().next_power_of_two()));
        }
        self.held.extend_from_slice(part);
        if ends {
            let last = std::mem::take(&mut self.held);
            return self.hand_out(&last, header.fin, piece);
        }
        Ok(())
    }

    fn control<E: From<Fault>>(
        &mut self,
        header: Header,
        part: &[u8],
        piece: &mut impl FnMut(Piece<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        // A control frame may stand between frames only, never inside one, so `held` is free for it.
        self.held.extend_from_slice(part);
        if self.frame.is_some() {
            return Ok(());
        }
        let payload = std::mem::take(&mut self.held);
        debug_assert!(payload.len() <= LONGEST_CONTROL);
        match header.opcode {
            Opcode::Ping => piece(Piece::Ping(&payload)),
            Opcode::Pong => piece(Piece::Pong(&payload)),
            _ => {
                self.is_over = true;
                piece(Piece::Close(frame::close_code(&payload).map_err(Fault::from)?))
            }
        }
    }

    fn hand_out<E: From<Fault>>(
        &mut self,
        payload: &[u8],
        fin: bool,
        piece: &mut impl FnMut(Piece<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let message = self.message.as_mut().ok_or(Fault::Order)?;
        if let Some(text) = &mut message.text {
            text.check(payload, fin).map_err(|NotUtf8| Fault::Utf8)?;
        }
        let opcode = std::mem::replace(&mut message.opcode, Opcode::Continuation);
        if fin {
            self.message = None;
        }
        piece(Piece::Data { opcode, fin, payload })
    }
}

/// Checks a text that comes in pieces, which may end inside a character.
#[derive(Debug, Default)]
struct Text {
    begun: [u8; 4],
    length: usize,
}

struct NotUtf8;

impl Text {
    fn check(&mut self, mut part: &[u8], ends: bool) -> Result<(), NotUtf8> {
        while self.length > 0 && !part.is_empty() {
            self.begun[self.length] = part[0];
            self.length += 1;
            part = &part[1..];
            match std::str::from_utf8(&self.begun[..self.length]) {
                Ok(_) => self.length = 0,
                Err(error) if error.error_len().is_some() => return Err(NotUtf8),
                Err(_) => {}
            }
        }
        if let Err(error) = std::str::from_utf8(part) {
            if error.error_len().is_some() {
                return Err(NotUtf8);
            }
            let begun = &part[error.valid_up_to()..];
            self.begun[..begun.len()].copy_from_slice(begun);
            self.length = begun.len();
        }
        if ends && self.length > 0 { Err(NotUtf8) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests;
