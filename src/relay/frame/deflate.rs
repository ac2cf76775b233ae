//! A message's payload compressed and back again (RFC 7692 §7.2), a piece at a time. Pure.
//!
//! No context is taken over from one message to the next, either way (§7.1.1): a codec lives for one message and no
//! longer, and whoever lets messages pass as they are needs to know nothing of the ones before.

use flate2::{Compress, Compression, Decompress, FlushCompress, FlushDecompress, Status};

/// What a flush ends with: who sends takes it off the end of a message, who receives puts it back (§7.2.1, §7.2.2).
const TAIL: [u8; 4] = [0, 0, 0xff, 0xff];
/// The end of a message whose last piece is empty, before [`TAIL`] (§7.2.3.6).
const NOTHING: u8 = 0;
/// The smallest step in which room for what comes out grows.
const STEP: usize = 1 << 10;

/// The bytes are not what §7.2.2 lets come out of a compressor.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a compressed message cannot be read")]
pub struct DeflateError;

/// Reads one compressed message, whatever window it was written with.
#[derive(Debug)]
pub struct Inflater {
    codec: Decompress,
    /// How much of [`TAIL`] was put back.
    tail: usize,
}

/// What came of reading.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Drawn {
    /// Bytes of the input that are done with.
    pub taken: usize,
    /// All of them, and nothing more comes out; otherwise there was no more room.
    pub is_dry: bool,
}

impl Default for Inflater {
    fn default() -> Inflater {
        Inflater {
            codec: Decompress::new(false),
            tail: 0,
        }
    }
}

impl Inflater {
    /// Appends what comes out of `input` to `out` until that has `most` bytes. `ends`: the message ends with `input`.
    ///
    /// # Errors
    /// The bytes are no compressed message.
    pub fn inflate(&mut self, input: &[u8], ends: bool, out: &mut Vec<u8>, most: usize) -> Result<Drawn, DeflateError> {
        let mut taken = 0;
        while out.len() < most {
            let of_input = taken < input.len();
            let source = match (of_input, ends) {
                (true, _) => &input[taken..],
                (false, true) => &TAIL[self.tail..],
                (false, false) => &[],
            };
            let (read, before) = (self.codec.total_in(), out.len());
            out.resize(most.min(before + STEP.max(4 * source.len())), 0);
            let made = self.codec.total_out();
            let status = self
                .codec
                .decompress(source, &mut out[before..], FlushDecompress::None)
                .map_err(|_| DeflateError)?;
            let (read, made) = (self.codec.total_in() - read, self.codec.total_out() - made);
            out.truncate(before + made as usize);
            match of_input {
                true => taken += read as usize,
                false => self.tail += read as usize,
            }
            match status {
                // §7.2.3.4: a block may say that it is the last one, and others follow it nevertheless.
                Status::StreamEnd => self.codec.reset(false),
                _ if read > 0 || made > 0 => {}
                _ if source.is_empty() => return Ok(Drawn { taken, is_dry: true }),
                _ => return Err(DeflateError),
            }
        }
        Ok(Drawn { taken, is_dry: false })
    }
}

/// Writes one compressed message.
#[derive(Debug)]
pub struct Deflater {
    codec: Compress,
}

impl Deflater {
    /// For a receiver with a window of 2^`window` bytes, 9 to 15.
    #[must_use]
    pub fn new(window: u8) -> Deflater {
        Deflater {
            codec: Compress::new_with_window_bits(Compression::fast(), false, window),
        }
    }

    /// A piece of the message, compressed; `ends`: its last. Nothing of a piece stays here to wait for the next one.
    #[must_use]
    pub fn deflate(&mut self, mut piece: &[u8], ends: bool) -> Vec<u8> {
        let mut out = Vec::with_capacity(piece.len() + piece.len() / 8 + 64);
        loop {
            let before = self.codec.total_in();
            self.codec
                .compress_vec(piece, &mut out, FlushCompress::Sync)
                .expect("a compressor takes any bytes at any time");
            piece = &piece[(self.codec.total_in() - before) as usize..];
            // With room left over, the flush is complete.
            if piece.is_empty() && out.len() < out.capacity() {
                break;
            }
            out.reserve(STEP);
        }
        if ends {
            match out.ends_with(&TAIL) {
                true => out.truncate(out.len() - TAIL.len()),
                false => out.push(NOTHING),
            }
        }
        out
    }
}

#[cfg(test)]
mod tests;
