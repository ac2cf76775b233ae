//! Frames: how records stand in a file so that a torn or damaged one is known (BOOK F1).
//!
//! `magic(4) length(4) crc32(4) body`, little-endian; the CRC covers length and body. The magic
//! holds a byte that no UTF-8 text has, so no row of JSON can be taken for a frame when a reader
//! looks for the next good one after damage.

const MAGIC: [u8; 4] = [0xB0, 0x0C, 0xF5, 0xE1];

/// Bytes before the body.
pub(in crate::store) const OVERHEAD: usize = 12;

/// No body is longer; a length beyond it is damage, not a reason to allocate.
pub(in crate::store) const BODY_LIMIT: usize = 1 << 20;

/// What stands at one place of a file.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::store) enum Frame<'a> {
    /// A whole frame.
    Whole {
        /// What it holds.
        body: &'a [u8],
        /// Where the next one begins.
        next: usize,
    },
    /// Nothing: the file ends here, or what follows was never written on (`spare_file.rs`).
    End,
    /// Something that is not a whole frame.
    Broken,
}

/// Reads the frame at `at`.
pub(in crate::store) fn read(bytes: &[u8], at: usize) -> Frame<'_> {
    let Some(rest) = bytes.get(at..) else {
        return Frame::End;
    };
    // A frame begins with its magic, so the first byte settles it nearly always.
    if rest.iter().all(|byte| *byte == 0) {
        return Frame::End;
    }
    let Some((head, tail)) = rest.split_at_checked(OVERHEAD) else {
        return Frame::Broken;
    };
    let length = number(&head[4..8]) as usize;
    if head[..4] != MAGIC || length > BODY_LIMIT {
        return Frame::Broken;
    }
    match tail.get(..length) {
        Some(body) if checksum(&head[4..8], body) == number(&head[8..12]) => Frame::Whole {
            body,
            next: at + OVERHEAD + length,
        },
        _ => Frame::Broken,
    }
}

/// The length that the frame at `at` claims, whether or not it is whole.
pub(in crate::store) fn claimed(bytes: &[u8], at: usize) -> Option<&[u8]> {
    let rest = bytes.get(at..)?;
    let (head, tail) = rest.split_at_checked(OVERHEAD)?;
    let length = (number(&head[4..8]) as usize).min(BODY_LIMIT).min(tail.len());
    (head[..4] == MAGIC).then(|| &tail[..length])
}

/// Where the next whole frame after `from` begins.
pub(in crate::store) fn find(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    loop {
        let rest = bytes.get(at..)?;
        at += rest.windows(MAGIC.len()).position(|window| window == MAGIC)?;
        if let Frame::Whole { .. } = read(bytes, at) {
            return Some(at);
        }
        at += 1;
    }
}

/// Begins a frame at the end of `buffer`; the body follows, then [`finish`] with what this gave.
pub(in crate::store) fn begin(buffer: &mut Vec<u8>) -> usize {
    let at = buffer.len();
    buffer.extend_from_slice(&MAGIC);
    buffer.extend_from_slice(&[0; OVERHEAD - MAGIC.len()]);
    at
}

/// Ends the frame that began at `at`.
pub(in crate::store) fn finish(buffer: &mut [u8], at: usize) {
    let length = u32::try_from(buffer.len() - at - OVERHEAD).expect("bodies are far below 4 GiB");
    let (head, body) = buffer[at..].split_at_mut(OVERHEAD);
    head[4..8].copy_from_slice(&length.to_le_bytes());
    let sum = checksum(&length.to_le_bytes(), body);
    head[8..12].copy_from_slice(&sum.to_le_bytes());
}

fn checksum(length: &[u8], body: &[u8]) -> u32 {
    let mut sum = crc32fast::Hasher::new();
    sum.update(length);
    sum.update(body);
    sum.finalize()
}

fn number(bytes: &[u8]) -> u32 {
    u32::from_le_bytes(bytes.try_into().expect("four bytes were cut out"))
}

/// Takes values off the front of a body; `None` when it is too short.
pub(in crate::store) struct Body<'a>(pub(in crate::store) &'a [u8]);

impl<'a> Body<'a> {
    pub(in crate::store) fn bytes(&mut self, count: usize) -> Option<&'a [u8]> {
        let (front, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(front)
    }

    pub(in crate::store) fn byte(&mut self) -> Option<u8> {
        Some(self.bytes(1)?[0])
    }

    pub(in crate::store) fn u64(&mut self) -> Option<u64> {
        Some(u64::from_le_bytes(self.bytes(8)?.try_into().ok()?))
    }

    /// A length: seven bits a byte, lowest first, at most five bytes.
    pub(in crate::store) fn length(&mut self) -> Option<usize> {
        let mut value = 0u64;
        for shift in [0, 7, 14, 21, 28] {
            let byte = self.byte()?;
            value |= u64::from(byte & 0x7F) << shift;
            if byte & 0x80 == 0 {
                return usize::try_from(value).ok();
            }
        }
        None
    }
}

/// Appends a length as [`Body::length`] reads it.
pub(in crate::store) fn put_length(buffer: &mut Vec<u8>, length: usize) {
    let mut value = u32::try_from(length).expect("lengths are far below 4 GiB");
    while value >= 0x80 {
        buffer.push((value & 0x7F) as u8 | 0x80);
        value >>= 7;
    }
    buffer.push(value as u8);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn framed(body: &[u8]) -> Vec<u8> {
        let mut buffer = Vec::new();
        let at = begin(&mut buffer);
        buffer.extend_from_slice(body);
        finish(&mut buffer, at);
        buffer
    }

    proptest! {
        #[test]
        fn a_frame_is_read_back(body in proptest::collection::vec(any::<u8>(), 0..300)) {
            let bytes = framed(&body);
            prop_assert_eq!(read(&bytes, 0), Frame::Whole { body: &body, next: bytes.len() });
        }

        #[test]
        fn one_changed_byte_is_always_noticed(body in proptest::collection::vec(any::<u8>(), 0..300), place: prop::sample::Index, flip in 1u8..) {
            let mut bytes = framed(&body);
            let place = place.index(bytes.len());
            bytes[place] ^= flip;
            prop_assert_eq!(read(&bytes, 0), Frame::Broken);
        }

        #[test]
        fn a_cut_frame_is_broken_and_the_next_one_is_found(
            body in proptest::collection::vec(any::<u8>(), 1..100),
            cut: prop::sample::Index,
        ) {
            let whole = framed(&body);
            let cut = 1 + cut.index(whole.len() - 1);
            let mut bytes = whole[..cut].to_vec();
            prop_assert_eq!(read(&bytes, 0), Frame::Broken);
            bytes.extend_from_slice(&whole);
            prop_assert_eq!(find(&bytes, 1), Some(cut));
        }

        #[test]
        fn nothing_but_zeros_is_the_end_and_anything_after_them_is_not(zeros in 0usize..100, then in prop::option::of(1u8..)) {
            let mut bytes = framed(b"body");
            let end = bytes.len();
            bytes.resize(end + zeros, 0);
            bytes.extend(then);
            let expected = if then.is_some() { Frame::Broken } else { Frame::End };
            prop_assert_eq!(read(&bytes, end), expected);
        }

        #[test]
        fn lengths_are_read_back(length in 0usize..=(u32::MAX as usize)) {
            let mut buffer = Vec::new();
            put_length(&mut buffer, length);
            prop_assert_eq!(Body(&buffer).length(), Some(length));
        }

        #[test]
        fn any_bytes_are_read_without_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300), at in 0usize..400) {
            let _: Frame<'_> = read(&bytes, at);
            prop_assert!(find(&bytes, at).is_none_or(|found| found >= at));
        }
    }
}
