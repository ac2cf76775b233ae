//! The bytes of a dump, counted and summed up, and the numbers and texts that they are.

use std::io::{self, BufRead, Read};

use crc::{CRC_64_REDIS, Crc, Digest, Table};

use super::error::RdbError;
use super::lzf;

static SUM: Crc<u64, Table<16>> = Crc::<u64, Table<16>>::new(&CRC_64_REDIS);

/// Bytes that are asked for at once: memory grows with what is there, and not with what is declared.
const STEP: u64 = 64 << 10;

pub(super) struct Source<R> {
    bytes: R,
    at: u64,
    sum: Digest<'static, u64, Table<16>>,
}

/// A length, or a number or text in a form of its own.
enum Length {
    Of(u64),
    Special(u8),
}

impl<R: BufRead> Source<R> {
    pub(super) fn new(bytes: R) -> Source<R> {
        Source {
            bytes,
            at: 0,
            sum: SUM.digest(),
        }
    }

    /// How many bytes were read.
    pub(super) fn at(&self) -> u64 {
        self.at
    }

    /// The sum of what was read.
    pub(super) fn sum(&self) -> u64 {
        self.sum.clone().finalize()
    }

    /// Whether nothing follows.
    pub(super) fn is_over(&mut self) -> Result<bool, RdbError> {
        Ok(self.bytes.fill_buf()?.is_empty())
    }

    pub(super) fn damaged(&self, what: &'static str) -> RdbError {
        RdbError::Damaged { at: self.at, what }
    }

    fn is_cut(&self, error: io::Error) -> RdbError {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => RdbError::Cut(self.at),
            _ => RdbError::Read(error),
        }
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], RdbError> {
        let mut array = [0; N];
        let read = self.bytes.read_exact(&mut array);
        read.map_err(|error| self.is_cut(error))?;
        self.sum.update(&array);
        self.at += N as u64;
        Ok(array)
    }

    pub(super) fn byte(&mut self) -> Result<u8, RdbError> {
        Ok(self.array::<1>()?[0])
    }

    pub(super) fn take(&mut self, length: u64) -> Result<Vec<u8>, RdbError> {
        let mut taken = Vec::new();
        let mut left = length;
        while left > 0 {
            let step = left.min(STEP);
            let before = taken.len();
            let read = self.bytes.by_ref().take(step).read_to_end(&mut taken)?;
            self.sum.update(&taken[before..]);
            self.at += read as u64;
            if (read as u64) < step {
                return Err(RdbError::Cut(self.at));
            }
            left -= step;
        }
        Ok(taken)
    }

    pub(super) fn skip(&mut self, length: u64) -> Result<(), RdbError> {
        let mut left = length;
        while left > 0 {
            let buffer = self.bytes.fill_buf()?;
            if buffer.is_empty() {
                return Err(RdbError::Cut(self.at));
            }
            let taken = buffer.len().min(usize::try_from(left).unwrap_or(usize::MAX));
            self.sum.update(&buffer[..taken]);
            self.bytes.consume(taken);
            self.at += taken as u64;
            left -= taken as u64;
        }
        Ok(())
    }

    fn any_length(&mut self) -> Result<Length, RdbError> {
        let first = self.byte()?;
        Ok(match first >> 6 {
            0 => Length::Of(u64::from(first)),
            1 => Length::Of(u64::from(first & 0x3f) << 8 | u64::from(self.byte()?)),
            2 if first == 0x80 => Length::Of(u64::from(u32::from_be_bytes(self.array()?))),
            2 if first == 0x81 => Length::Of(u64::from_be_bytes(self.array()?)),
            3 => Length::Special(first & 0x3f),
            _ => {
                let (at, found) = (self.at, u64::from(first));
                let what = "a length of kind";
                return Err(RdbError::Unknown { at, what, found });
            }
        })
    }

    pub(super) fn length(&mut self) -> Result<u64, RdbError> {
        match self.any_length()? {
            Length::Of(length) => Ok(length),
            Length::Special(_) => Err(self.damaged("a text stands where a length belongs")),
        }
    }

    /// A text of at most `longest` bytes; a longer one is passed over, and is `None`.
    pub(super) fn text(&mut self, longest: u64) -> Result<Option<Vec<u8>>, RdbError> {
        let number = match self.any_length()? {
            Length::Of(length) if length <= longest => return Ok(Some(self.take(length)?)),
            Length::Of(length) => {
                self.skip(length)?;
                return Ok(None);
            }
            Length::Special(0) => i64::from(i8::from_le_bytes(self.array()?)),
            Length::Special(1) => i64::from(i16::from_le_bytes(self.array()?)),
            Length::Special(2) => i64::from(i32::from_le_bytes(self.array()?)),
            Length::Special(3) => return self.compressed(longest),
            Length::Special(found) => {
                let (at, found, what) = (self.at, u64::from(found), "a text of kind");
                return Err(RdbError::Unknown { at, what, found });
            }
        };
        Ok(Some(number.to_string().into_bytes()))
    }

    fn compressed(&mut self, longest: u64) -> Result<Option<Vec<u8>>, RdbError> {
        let (packed, whole) = (self.length()?, self.length()?);
        // What is packed is shorter than what it holds.
        if whole > longest || packed > whole {
            self.skip(packed)?;
            return Ok(None);
        }
        let packed = self.take(packed)?;
        let whole = usize::try_from(whole).unwrap_or(usize::MAX);
        let opened = lzf::open(&packed, whole);
        opened.map(Some).ok_or_else(|| self.damaged("a compressed text"))
    }

    pub(super) fn skip_text(&mut self) -> Result<(), RdbError> {
        match self.any_length()? {
            Length::Of(length) => self.skip(length),
            Length::Special(0) => self.skip(1),
            Length::Special(1) => self.skip(2),
            Length::Special(2) => self.skip(4),
            Length::Special(3) => {
                let packed = self.length()?;
                self.length()?;
                self.skip(packed)
            }
            Length::Special(found) => {
                let (at, found, what) = (self.at, u64::from(found), "a text of kind");
                Err(RdbError::Unknown { at, what, found })
            }
        }
    }
}
