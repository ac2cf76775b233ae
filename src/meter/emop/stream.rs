//! Frames out of a stream that may bring them in any pieces, glued, cut, or between rubbish (EMOP §1.5).

use super::frame::{DELIMITER, FRAME_LIMIT, Frame, FrameError};

/// Finds frames in a stream of bytes. Holds less than one frame, whatever comes: 512 bytes, never more.
#[derive(Clone)]
pub struct StreamDecoder {
    held: [u8; 2 * FRAME_LIMIT],
    length: usize,
    dropped: u64,
}

impl StreamDecoder {
    /// A decoder that has seen nothing.
    #[must_use]
    pub fn new() -> StreamDecoder {
        StreamDecoder {
            held: [0; 2 * FRAME_LIMIT],
            length: 0,
            dropped: 0,
        }
    }

    /// Takes the next piece, and shows every frame that it completes to `each`, in order.
    pub fn push(&mut self, mut piece: &[u8], mut each: impl FnMut(Frame<'_>)) {
        while self.length > 0 && !piece.is_empty() {
            let before = self.length;
            let taken = piece.len().min(self.held.len() - before);
            self.held[before..before + taken].copy_from_slice(&piece[..taken]);
            self.length += taken;
            let used = self.scan_held(&mut each);
            if used >= before {
                // Nothing of the earlier pieces is left; what is, stands in this piece as well.
                piece = &piece[used - before..];
                self.length = 0;
            } else {
                piece = &piece[taken..];
                self.forget(used);
            }
        }
        if self.length == 0 {
            let (used, dropped) = scan(piece, &mut each);
            self.dropped += dropped;
            let rest = &piece[used..];
            self.held[..rest.len()].copy_from_slice(rest);
            self.length = rest.len();
        }
    }

    /// Says that nothing more comes. What looked like the beginning of a frame was rubbish that held
    /// up what follows it: frames behind it are shown to `each`. The decoder is then as new, but for its count.
    pub fn finish(&mut self, mut each: impl FnMut(Frame<'_>)) {
        while self.length > 0 {
            self.dropped += 1;
            self.forget(1);
            let used = self.scan_held(&mut each);
            self.forget(used);
        }
    }

    /// Bytes so far that were part of no frame.
    #[must_use]
    pub fn dropped(&self) -> u64 {
        self.dropped
    }

    /// Bytes held of a frame that is not complete.
    #[must_use]
    pub fn pending(&self) -> usize {
        self.length
    }

    fn scan_held(&mut self, each: &mut impl FnMut(Frame<'_>)) -> usize {
        let (used, dropped) = scan(&self.held[..self.length], each);
        self.dropped += dropped;
        used
    }

    fn forget(&mut self, count: usize) {
        self.held.copy_within(count..self.length, 0);
        self.length -= count;
    }
}

impl Default for StreamDecoder {
    fn default() -> StreamDecoder {
        StreamDecoder::new()
    }
}

/// Shows every frame of `bytes`. Gives how many bytes are done with, and how many of them were in no
/// frame; the rest, less than a frame, may become one.
fn scan(bytes: &[u8], each: &mut impl FnMut(Frame<'_>)) -> (usize, u64) {
    let (mut at, mut framed) = (0, 0);
    while let Some(gap) = bytes[at..].iter().position(|byte| *byte == DELIMITER) {
        at += gap;
        match Frame::decode(&bytes[at..]) {
            Ok(frame) => {
                let length = usize::from(bytes[at + 1]) + 1;
                each(frame);
                framed += length;
                at += length;
            }
            Err(FrameError::Truncated { .. }) => return (at, (at - framed) as u64),
            Err(_) => at += 1,
        }
    }
    (bytes.len(), (bytes.len() - framed) as u64)
}

#[cfg(test)]
mod tests {
    use super::super::frame::{Address, Control};
    use super::*;
    use proptest::prelude::*;

    fn framed(data: &[u8]) -> Vec<u8> {
        let frame = Frame {
            destination: Address::CLIENT,
            source: Address::ANY_METER,
            control: Control(5),
            data,
        };
        frame.encode().unwrap()
    }

    /// Everything found in `bytes`, cut into pieces of the given sizes in turn.
    fn found(bytes: &[u8], pieces: &[usize]) -> Vec<Vec<u8>> {
        let (mut decoder, mut found, mut rest) = (StreamDecoder::new(), Vec::new(), bytes);
        for size in pieces.iter().cycle() {
            if rest.is_empty() {
                break;
            }
            let (piece, after) = rest.split_at((*size).clamp(1, rest.len()));
            decoder.push(piece, |frame| found.push(frame.data.to_vec()));
            assert!(decoder.pending() < FRAME_LIMIT);
            rest = after;
        }
        decoder.finish(|frame| found.push(frame.data.to_vec()));
        let framed: usize = found.iter().map(|data| data.len() + 13).sum();
        assert_eq!(
            decoder.dropped() + framed as u64,
            bytes.len() as u64,
            "every byte is accounted for"
        );
        found
    }

    #[test]
    fn a_false_beginning_does_not_hide_the_frame_behind_it() {
        let mut bytes = vec![DELIMITER, 0xFF, 1, 2];
        bytes.extend(framed(b"here"));
        assert_eq!(found(&bytes, &[1]), [b"here".to_vec()]);
    }

    proptest! {
        #[test]
        fn pieces_make_no_difference(
            parts in proptest::collection::vec((proptest::collection::vec(prop_oneof![Just(DELIMITER), any::<u8>()], 0..40), proptest::collection::vec(any::<u8>(), 1..=243)), 0..6),
            pieces in proptest::collection::vec(1usize..700, 1..20),
        ) {
            let mut bytes = Vec::new();
            for (rubbish, data) in &parts {
                bytes.extend(rubbish);
                bytes.extend(framed(data));
            }
            prop_assert_eq!(found(&bytes, &pieces), found(&bytes, &[bytes.len().max(1)]));
        }

        #[test]
        fn clean_frames_all_come(parts in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 1..=243), 0..20), pieces in proptest::collection::vec(1usize..400, 1..9)) {
            let bytes: Vec<u8> = parts.iter().flat_map(|data| framed(data)).collect();
            prop_assert_eq!(found(&bytes, &pieces), parts);
        }

        #[test]
        fn rubbish_is_never_held(bytes in proptest::collection::vec(prop_oneof![Just(DELIMITER), any::<u8>()], 0..3000), pieces in proptest::collection::vec(1usize..700, 1..20)) {
            found(&bytes, &pieces);
        }
    }
}
