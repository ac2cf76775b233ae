//! A compressed message under way (RFC 7692 §7.2.2): what came of it, what comes out, and what has to wait. Pure.

use super::piece::{CUT, InboundError};
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
    pub(super) fn take(&mut self, part: &[u8], ends: bool, limit: u64) -> Result<Taken, InboundError> {
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

    /// Takes out what came out, and what it came as; it counts as handed out.
    pub(super) fn hand_out(&mut self) -> (Vec<u8>, Vec<u8>) {
        self.length += self.plain.len() as u64;
        (std::mem::take(&mut self.plain), std::mem::take(&mut self.packed))
    }

    /// Gives back what was handed out, for the room that it has.
    pub(super) fn give_back(&mut self, mut plain: Vec<u8>, mut packed: Vec<u8>) {
        plain.clear();
        packed.clear();
        (self.plain, self.packed) = (plain, packed);
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

/// How much of a part was taken.
pub(super) enum Taken {
    /// And nothing more comes out of it.
    All,
    /// So many bytes, which make a piece.
    Some(usize),
}
