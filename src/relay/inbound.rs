//! What a peer sends, from bytes to pieces of messages (RFC 6455 §5.4). Pure.
//!
//! Frames of up to [`CUT`] bytes come out whole; longer ones in pieces of that length, so that a message of any size
//! passes through little memory, and each piece fits what peers take as one frame (RELAY §3.5).
//!
//! Where it was agreed on, a message may be compressed (RFC 7692). What comes out of it counts, and is checked; it
//! comes in pieces of at most [`CUT`] bytes too, and no faster than it is asked for, since a few bytes may hold
//! gigabytes: after each full piece the reader waits until it is told to go on.

mod inflating;
mod piece;
mod text;

use inflating::{Inflating, Taken};
pub use piece::{CUT, Data, InboundError, Piece};
use text::{NotUtf8, Text};

use super::frame::{self, FrameError, Header, LONGEST_CONTROL, LONGEST_HEADER, Opcode};

/// Reads one peer's bytes.
#[derive(Debug)]
pub struct Inbound {
    limit: u64,
    /// It was agreed that messages may be compressed.
    deflates: bool,
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
    /// It is compressed.
    inflating: Option<Box<Inflating>>,
}

impl Inbound {
    /// A reader that takes messages of up to `limit` bytes.
    #[must_use]
    pub fn new(limit: u64) -> Inbound {
        Inbound {
            limit,
            deflates: false,
            head: [0; LONGEST_HEADER],
            head_length: 0,
            frame: None,
            message: None,
            held: Vec::new(),
            is_over: false,
        }
    }

    /// The reader of a peer that may compress its messages.
    #[must_use]
    pub fn deflating(self, deflates: bool) -> Inbound {
        Inbound { deflates, ..self }
    }

    /// Whether there is more in what was taken, which [`Inbound::resume`] hands out. Until then nothing is to be fed.
    #[must_use]
    pub fn is_waiting(&self) -> bool {
        let message = self.message.as_ref();
        message.is_some_and(|message| message.inflating.as_ref().is_some_and(|inflating| inflating.waits))
    }

    /// Hands out the next piece of what was taken before, and what follows it.
    pub fn resume<E: From<InboundError>>(&mut self, piece: impl FnMut(Piece<'_>) -> Result<(), E>) -> Result<(), E> {
        let inflating = self.message.as_mut().and_then(|message| message.inflating.as_mut());
        let mut rest = inflating.map(|inflating| inflating.go_on()).unwrap_or_default();
        self.feed(&mut rest, piece)
    }

    /// Takes what came, and hands out every piece that is complete; masks are taken off in place.
    ///
    /// After a good-bye nothing more is read.
    pub fn feed<E: From<InboundError>>(
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
            let end = seen + taken as u64;
            self.frame = (end < header.length).then_some((header, end));
            if let Some(taken) = self.part(header, part, &mut piece)? {
                let seen = seen + taken as u64;
                // It is masked again, as the rest of its frame still is.
                frame::unmask(&mut part[taken..], header.mask, seen);
                self.frame = Some((header, seen));
                if let Some(inflating) = self.message.as_mut().and_then(|message| message.inflating.as_mut()) {
                    inflating.wait(&part[taken..], input);
                }
                return Ok(());
            }
            if self.frame.is_some() && input.is_empty() {
                return Ok(());
            }
        }
        Ok(())
    }

    /// The header of the next frame, once it is all there.
    fn header(&mut self, input: &mut &mut [u8]) -> Result<Option<Header>, InboundError> {
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

    fn begin(&mut self, header: Header) -> Result<(), InboundError> {
        // RFC 7692 §6: only the beginning of a message may say that it is compressed.
        if header.deflated && !(self.deflates && matches!(header.opcode, Opcode::Text | Opcode::Binary)) {
            return Err(FrameError::Reserved.into());
        }
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
                    inflating: header.deflated.then(Box::default),
                });
            }
            _ => return Err(InboundError::Order),
        }
        let too_long = |message: &Message| match message.inflating {
            None => message.length > self.limit,
            // What comes out is counted when it comes out; but nobody may send for ever what nothing comes out of.
            Some(_) => message.length > self.limit.saturating_mul(2).saturating_add(CUT as u64),
        };
        match self.message.as_ref().is_some_and(too_long) {
            true => Err(InboundError::TooLong(self.limit)),
            false => Ok(()),
        }
    }

    /// A part of a frame came; it is handed out when the frame is complete or a piece is full. Answers how much of it
    /// was taken, if not all was because the reader is to wait.
    fn part<E: From<InboundError>>(
        &mut self,
        header: Header,
        mut part: &[u8],
        piece: &mut impl FnMut(Piece<'_>) -> Result<(), E>,
    ) -> Result<Option<usize>, E> {
        let ends = self.frame.is_none();
        if header.opcode.is_control() {
            return self.control(header, part, piece).map(|()| None);
        }
        if self.message.as_ref().is_some_and(|message| message.inflating.is_some()) {
            return self.inflate(header, part, piece);
        }
        // Straight from what was read, when nothing of the frame lies here.
        if ends && self.held.is_empty() && part.len() <= CUT {
            return self.hand_out(part, header.fin, piece).map(|()| None);
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
            return self.hand_out(&last, header.fin, piece).map(|()| None);
        }
        Ok(None)
    }

    /// A part of a frame of a compressed message came. Like [`Inbound::part`].
    fn inflate<E: From<InboundError>>(
        &mut self,
        header: Header,
        part: &[u8],
        piece: &mut impl FnMut(Piece<'_>) -> Result<(), E>,
    ) -> Result<Option<usize>, E> {
        let (limit, frame_ends) = (self.limit, self.frame.is_none());
        let fin = frame_ends && header.fin;
        let message = self.message.as_mut().ok_or(InboundError::Order)?;
        let inflating = message.inflating.as_mut().ok_or(InboundError::Order)?;
        let waits_at = match inflating.take(part, fin, limit)? {
            Taken::Some(taken) => Some(taken),
            Taken::All if frame_ends => None,
            Taken::All => return Ok(None),
        };
        let fin = fin && waits_at.is_none();
        let (plain, packed) = inflating.hand_out();
        let data = Data {
            packed: Some(&packed),
            ..self.checked(&plain, fin)?
        };
        piece(Piece::Data(data))?;
        // The next piece of the same message finds their room.
        if let Some(inflating) = self.message.as_mut().and_then(|message| message.inflating.as_mut()) {
            inflating.give_back(plain, packed);
        }
        Ok(waits_at)
    }

    fn control<E: From<InboundError>>(
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
                piece(Piece::Close(frame::close_code(&payload).map_err(InboundError::from)?))
            }
        }
    }

    fn hand_out<E: From<InboundError>>(
        &mut self,
        payload: &[u8],
        fin: bool,
        piece: &mut impl FnMut(Piece<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let data = self.checked(payload, fin)?;
        piece(Piece::Data(data))
    }

    /// The next piece of the message, which is over afterwards when this is its last.
    fn checked<'a>(&mut self, payload: &'a [u8], fin: bool) -> Result<Data<'a>, InboundError> {
        let message = self.message.as_mut().ok_or(InboundError::Order)?;
        if let Some(text) = &mut message.text {
            text.check(payload, fin).map_err(|NotUtf8| InboundError::Utf8)?;
        }
        let opcode = std::mem::replace(&mut message.opcode, Opcode::Continuation);
        if fin {
            self.message = None;
        }
        Ok(Data {
            opcode,
            fin,
            payload,
            packed: None,
        })
    }
}

#[cfg(test)]
mod tests;
