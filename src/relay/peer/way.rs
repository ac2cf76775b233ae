//! How a message goes on to a partner: as it is, as compressed bytes that came so, or compressed here (RFC 7692). Pure.
//!
//! Each leg is compressed or not on its own. Between two compressed ones the bytes that came go on as they are when the
//! partner's window is wide enough for them: they were read to be counted and checked, and no compressor is needed.
//! Nothing of a message is held back for its next piece, and what a message needs is let go with its end.

use crate::relay::extension::Deflate;
use crate::relay::frame::deflate::Deflater;
use crate::relay::frame::{self, Opcode};
use crate::relay::inbound::{CUT, Data};

/// Shorter messages, in bytes, are not compressed here: a compressor costs about 6 µs however little it is given, a
/// hundred times as much as carrying so short a message, and the packet and its headers have to go anyway.
const SMALLEST: usize = 256;

/// How the message under way goes on.
#[derive(Debug)]
pub(super) enum Way {
    /// It does not: there is none, or its beginning went elsewhere.
    Nowhere,
    /// As it is.
    Plain,
    /// As the compressed bytes that it came as.
    Packed,
    /// Compressed here.
    Deflating(Box<Deflater>),
}

impl Way {
    /// For a message that begins with `data` between these legs.
    pub(super) fn of(data: &Data<'_>, from: Option<Deflate>, to: Option<Deflate>) -> Way {
        match (data.packed, from, to) {
            (_, _, None) => Way::Plain,
            (Some(_), Some(from), Some(to)) if from.sends <= to.takes => Way::Packed,
            _ if data.fin && data.payload.len() < SMALLEST => Way::Plain,
            (_, _, Some(to)) => Way::Deflating(Box::new(Deflater::new(to.takes))),
        }
    }

    /// Prepares `data`, which is to be appended to what waits for the partner.
    pub(super) fn prepare<'a>(&mut self, data: &Data<'a>) -> Prepared<'a> {
        let Data {
            opcode,
            fin,
            payload,
            packed,
        } = *data;
        match (self, packed) {
            (Way::Packed, Some([])) if opcode == Opcode::Continuation && !fin && payload.is_empty() => {
                Prepared::Nothing
            }
            (Way::Packed, Some(packed)) => Prepared::Packed(opcode, fin, packed),
            (Way::Deflating(deflater), _) => Prepared::Deflated(opcode, fin, deflater.deflate(payload, fin)),
            (Way::Nowhere | Way::Plain | Way::Packed, _) => Prepared::Plain(opcode, fin, payload),
        }
    }
}

/// A piece in the form in which it goes on.
pub(super) enum Prepared<'a> {
    /// Nothing came of it yet.
    Nothing,
    Plain(Opcode, bool, &'a [u8]),
    Packed(Opcode, bool, &'a [u8]),
    Deflated(Opcode, bool, Vec<u8>),
}

impl Prepared<'_> {
    /// Appends it as frames of up to [`CUT`] bytes.
    pub(super) fn append(&self, out: &mut Vec<u8>) {
        match self {
            Prepared::Nothing => {}
            Prepared::Plain(opcode, fin, payload) => frame::encode(out, *fin, *opcode, payload),
            Prepared::Packed(opcode, fin, packed) => frame::encode_deflated(out, *fin, *opcode, packed),
            Prepared::Deflated(opcode, fin, bytes) => {
                let (mut opcode, mut bytes) = (*opcode, bytes.as_slice());
                while let Some((now, later)) = bytes.split_at_checked(CUT).filter(|(_, later)| !later.is_empty()) {
                    frame::encode_deflated(out, false, opcode, now);
                    (opcode, bytes) = (Opcode::Continuation, later);
                }
                frame::encode_deflated(out, *fin, opcode, bytes);
            }
        }
    }
}
