//! A compressed message under way (RFC 7692 §7.2.2): what came of it, what comes out, and what has to wait. Pure.

use super::{CUT, Data, Header, Inbound, InboundError, Piece};
use crate::relay::frame::deflate::Inflater;

/// A compressed message under way.
#[derive(Debug, Default)]
pub(super) struct Inflating {
    codec: Inflater,
    /// What came and was not handed out.
    packed: Vec<u8>,
    /// What came out and was not handed out.
    plain: Vec<u8>,
    /// Bytes that were handed out.
    length: u64,
    /// What came after what is handed out, masked as it came.
    rest: Vec<u8>,
    /// It is to be told when to go on.
    pub(super) waits: bool,
}

impl Inflating {
    /// Takes of a part of the message what makes no more than a piece. `ends`: the message ends with it.
    fn take(&mut self, part: &[u8], ends: bool, limit: u64) -> Result<Taken, InboundError> {
        let room = (CUT - self.packed.len()).min(part.len());
        let left = usize::try_from(limit - self.length).unwrap_or(usize::MAX);
        // One byte more than may be is enough to know.
        let most = CUT.min(left.saturating_add(1));
        let is_all = room == part.len();
        let drawn = self
            .codec
            .inflate(&part[..room], ends && is_all, &mut self.plain, most)?;
        self.packed.extend_from_slice(&part[..drawn.taken]);
        if self.plain.len() > left {
            return Err(InboundError::TooLong(limit));
        }
        Ok(match drawn.is_dry && is_all {
            true => Taken::All,
            false => Taken::Some(drawn.taken),
        })
    }

    /// Keeps what comes after a full piece: the rest of its frame, and what follows that.
    pub(super) fn wait(&mut self, of_frame: &[u8], following: &[u8]) {
        self.rest = [of_frame, following].concat();
        self.waits = true;
    }

    /// Gives back what was kept.
    pub(super) fn go_on(&mut self) -> Vec<u8> {
        self.waits = false;
        std::mem::take(&mut self.rest)
    }
}

enum Taken {
    /// And nothing more comes out of it.
    All,
    /// So many bytes, which make a piece.
    Some(usize),
}

impl Inbound {
    /// A part of a frame of a compressed message came. Like [`Inbound::part`].
    pub(super) fn inflate<E: From<InboundError>>(
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
        inflating.length += inflating.plain.len() as u64;
        let mut plain = std::mem::take(&mut inflating.plain);
        let mut packed = std::mem::take(&mut inflating.packed);
        let data = Data {
            packed: Some(&packed),
            ..self.checked(&plain, fin)?
        };
        piece(Piece::Data(data))?;
        // The next piece of the same message finds their room.
        if let Some(inflating) = self.message.as_mut().and_then(|message| message.inflating.as_mut()) {
            plain.clear();
            packed.clear();
            (inflating.plain, inflating.packed) = (plain, packed);
        }
        Ok(waits_at)
    }
}
