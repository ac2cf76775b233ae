//! A dump from its first byte to its sum, key by key.

use std::io::BufRead;

use super::error::RdbError;
use super::packed;
use super::skipping;
use super::source::Source;

/// The longest key that is read; a longer one is called `…`.
const KEY: u64 = 1 << 10;
/// The longest text in a hash, and the longest hash in one piece.
const TEXT: u64 = 64 << 10;
const PIECE: u64 = 1 << 20;
/// Fields of one hash that are read.
const FIELDS: u64 = 64;

/// A key and what it holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// The number of the database that it stands in.
    pub database: u64,
    /// Where it begins, in bytes.
    pub at: u64,
    /// The key; `None`: it is longer than any that is looked for.
    pub key: Option<Vec<u8>>,
    /// When it dies, in milliseconds since 1970.
    pub expires: Option<u64>,
    /// What it holds.
    pub held: Held,
}

/// What a key holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Held {
    /// Fields and their values.
    Hash(Vec<(Vec<u8>, Vec<u8>)>),
    /// A hash with more fields, or longer ones, than are read.
    LargeHash,
    /// Something else, in words.
    Other(&'static str),
}

/// A dump that is read.
pub struct Rdb<R> {
    source: Source<R>,
    version: u32,
    database: u64,
    made: Option<u64>,
    over: bool,
}

impl<R: BufRead> Rdb<R> {
    /// Begins to read.
    ///
    /// # Errors
    ///
    /// When it is no dump.
    pub fn new(bytes: R) -> Result<Rdb<R>, RdbError> {
        let mut source = Source::new(bytes);
        let first = source.byte().map_err(|_| RdbError::Magic)?;
        if first == b'*' {
            return Err(RdbError::CommandLog);
        }
        let rest: [u8; 8] = source.array().map_err(|_| RdbError::Magic)?;
        // Valkey has another name, and one digit less behind it.
        let digits = match (first, &rest) {
            (b'R', [b'E', b'D', b'I', b'S', digits @ ..]) => &digits[..],
            (b'V', [b'A', b'L', b'K', b'E', b'Y', digits @ ..]) => &digits[..],
            _ => return Err(RdbError::Magic),
        };
        let version = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
        Ok(Rdb {
            source,
            version: version.ok_or(RdbError::Magic)?,
            database: 0,
            made: None,
            over: false,
        })
    }

    /// When it was made, in seconds since 1970, as far as it says so.
    #[must_use]
    pub fn made(&self) -> Option<u64> {
        self.made
    }

    /// The next key; `None`: the dump is over, and its sum fits.
    ///
    /// # Errors
    ///
    /// When it cannot be read on; what it gave until then may be damaged too.
    pub fn next_key(&mut self) -> Result<Option<Found>, RdbError> {
        let mut expires = None;
        while !self.over {
            let at = self.source.at();
            match self.source.byte()? {
                0xff => self.end()?,
                0xfe => self.database = self.source.length()?,
                0xfd => expires = Some(u64::from(u32::from_le_bytes(self.source.array()?)) * 1000),
                0xfc => expires = Some(u64::from_le_bytes(self.source.array()?)),
                0xfb => drop((self.source.length()?, self.source.length()?)),
                0xfa => self.about()?,
                0xf9 => drop(self.source.byte()?),
                0xf8 => drop(self.source.length()?),
                0xf7 => {
                    self.source.length()?;
                    skipping::module(&mut self.source)?;
                }
                0xf5 => self.source.skip_text()?,
                0xf4 => drop((self.source.length()?, self.source.length()?, self.source.length()?)),
                kind => {
                    let key = self.source.text(KEY)?;
                    let held = self.held(kind)?;
                    let database = self.database;
                    return Ok(Some(Found {
                        database,
                        at,
                        key,
                        expires,
                        held,
                    }));
                }
            }
        }
        Ok(None)
    }

    fn about(&mut self) -> Result<(), RdbError> {
        let (name, value) = (self.source.text(KEY)?, self.source.text(KEY)?);
        if name.as_deref() == Some(b"ctime") {
            let text = value.and_then(|value| String::from_utf8(value).ok());
            self.made = text.and_then(|text| text.parse().ok());
        }
        Ok(())
    }

    fn end(&mut self) -> Result<(), RdbError> {
        self.over = true;
        if self.version >= 5 {
            let sum = self.source.sum();
            let told = u64::from_le_bytes(self.source.array()?);
            // 0: whoever wrote it was told to leave the sum out.
            if told != 0 && told != sum {
                return Err(RdbError::Sum);
            }
        }
        match self.source.is_over()? {
            true => Ok(()),
            false => Err(RdbError::Commands(self.source.at())),
        }
    }

    fn held(&mut self, kind: u8) -> Result<Held, RdbError> {
        match kind {
            4 => self.hash(),
            13 | 16 => {
                let open = if kind == 13 { packed::ziplist } else { packed::listpack };
                let Some(piece) = self.source.text(PIECE)? else {
                    return Ok(Held::LargeHash);
                };
                let texts = open(&piece).ok_or_else(|| self.source.damaged("a hash in one piece"))?;
                if !texts.len().is_multiple_of(2) {
                    return Err(self.source.damaged("a hash with a field that has no value"));
                }
                if texts.len() as u64 > 2 * FIELDS {
                    return Ok(Held::LargeHash);
                }
                let mut texts = texts.into_iter();
                Ok(Held::Hash(
                    std::iter::from_fn(|| Some((texts.next()?, texts.next()?))).collect(),
                ))
            }
            other => Ok(Held::Other(skipping::value(&mut self.source, other)?)),
        }
    }

    fn hash(&mut self) -> Result<Held, RdbError> {
        let count = self.source.length()?;
        let (mut fields, mut whole) = (Vec::new(), count <= FIELDS);
        for _ in 0..count {
            match whole {
                true => match (self.source.text(TEXT)?, self.source.text(TEXT)?) {
                    (Some(name), Some(value)) => fields.push((name, value)),
                    _ => whole = false,
                },
                false => {
                    self.source.skip_text()?;
                    self.source.skip_text()?;
                }
            }
        }
        Ok(if whole { Held::Hash(fields) } else { Held::LargeHash })
    }
}
