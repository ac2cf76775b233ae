//! What is passed over: values of other kinds than hashes, which the people counter never had.

use std::io::BufRead;

use super::error::RdbError;
use super::source::Source;

/// Passes a value of this kind over, and says what it was.
pub(super) fn value<R: BufRead>(source: &mut Source<R>, kind: u8) -> Result<&'static str, RdbError> {
    let many = |source: &mut Source<R>, each: fn(&mut Source<R>) -> Result<(), RdbError>| {
        let count = source.length()?;
        (0..count).try_for_each(|_| each(source))
    };
    let what = match kind {
        0 => {
            source.skip_text()?;
            "a text"
        }
        1 | 14 => {
            many(source, Source::skip_text)?;
            "a list"
        }
        2 => {
            many(source, Source::skip_text)?;
            "a set"
        }
        3 => {
            many(source, |source| {
                source.skip_text()?;
                // The score in digits; three lengths stand for no number and the infinities.
                match source.byte()? {
                    253..=255 => Ok(()),
                    length => source.skip(u64::from(length)),
                }
            })?;
            "a sorted set"
        }
        5 => {
            many(source, |source| {
                source.skip_text()?;
                source.skip(8)
            })?;
            "a sorted set"
        }
        7 => {
            source.length()?;
            module(source)?;
            "a value of a module"
        }
        10 | 11 | 12 | 17 | 20 => {
            source.skip_text()?;
            "a list or a set"
        }
        9 => {
            source.skip_text()?;
            "a hash as Redis before 2.6 wrote it"
        }
        18 => {
            many(source, |source| {
                source.length()?;
                source.skip_text()
            })?;
            "a list"
        }
        15 | 19 | 21 => {
            stream(source, kind)?;
            "a stream"
        }
        22 | 24 => {
            source.skip(if kind == 24 { 8 } else { 0 })?;
            many(source, |source| {
                source.length()?;
                source.skip_text()?;
                source.skip_text()
            })?;
            "a hash whose fields expire"
        }
        23 | 25 => {
            source.skip(if kind == 25 { 8 } else { 0 })?;
            source.skip_text()?;
            "a hash whose fields expire"
        }
        found => {
            let (at, found, what) = (source.at(), u64::from(found), "a value of kind");
            return Err(RdbError::Unknown { at, what, found });
        }
    };
    Ok(what)
}

/// What a module wrote: numbers and texts, each with its kind before it, until 0.
pub(super) fn module<R: BufRead>(source: &mut Source<R>) -> Result<(), RdbError> {
    loop {
        match source.length()? {
            0 => return Ok(()),
            1 | 2 => drop(source.length()?),
            3 => source.skip(4)?,
            4 => source.skip(8)?,
            5 => source.skip_text()?,
            found => {
                let (at, what) = (source.at(), "a value of a module of kind");
                return Err(RdbError::Unknown { at, what, found });
            }
        }
    }
}

/// Entries in packs, then numbers of the whole, then groups of readers with what each has not acknowledged.
fn stream<R: BufRead>(source: &mut Source<R>, kind: u8) -> Result<(), RdbError> {
    for _ in 0..source.length()? {
        source.skip_text()?;
        source.skip_text()?;
    }
    let numbers = if kind == 15 { 3 } else { 8 };
    for _ in 0..numbers {
        source.length()?;
    }
    for _ in 0..source.length()? {
        source.skip_text()?;
        let numbers = if kind == 15 { 2 } else { 3 };
        for _ in 0..numbers {
            source.length()?;
        }
        for _ in 0..source.length()? {
            source.skip(16 + 8)?;
            source.length()?;
        }
        for _ in 0..source.length()? {
            source.skip_text()?;
            source.skip(if kind == 21 { 16 } else { 8 })?;
            let pending = source.length()?;
            source.skip(
                pending
                    .checked_mul(16)
                    .ok_or_else(|| source.damaged("a group of a stream"))?,
            )?;
        }
    }
    Ok(())
}
