//! Snapshots: all rows as they stood at one sequence number, in key order (BOOK F3).
//!
//! A header, then frames (`frame.rs`): blocks of rows of about 64 KiB, and at the end a count of
//! what was written. A snapshot is made from the one before it and sealed segments, never from the
//! table, so an error of the table cannot travel into it (BOOK P13).

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;

use crate::domain::Seq;
use crate::store::FileError;
use crate::store::files::{self, Disk, DiskFile};
use crate::store::log::frame::{self, Body, Frame};

const MAGIC: [u8; 8] = *b"GLSNAP\0\x01";
const HEADER: usize = 48;
const ROWS: u8 = 16;
const END: u8 = 17;
const BLOCK: usize = 64 << 10;

/// Rows changed since a snapshot: what stands there now, or that nothing does.
pub(in crate::store) type Overlay = BTreeMap<Vec<u8>, Option<Vec<u8>>>;

/// How a snapshot begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::store) struct Header {
    pub(in crate::store) epoch: u32,
    /// The newest change in it.
    pub(in crate::store) seq: Seq,
    /// Stamp of that change.
    pub(in crate::store) at: Option<Timestamp>,
    /// Newest stamp of a trusted clock up to then.
    pub(in crate::store) trusted: Option<Timestamp>,
}

impl Header {
    fn encode(&self) -> [u8; HEADER] {
        let stamp = |at: Option<Timestamp>| at.map_or(i64::MIN, Timestamp::as_microsecond).to_le_bytes();
        let mut bytes = [0; HEADER];
        bytes[..8].copy_from_slice(&MAGIC);
        bytes[8..12].copy_from_slice(&self.epoch.to_le_bytes());
        bytes[16..24].copy_from_slice(&self.seq.0.to_le_bytes());
        bytes[24..32].copy_from_slice(&stamp(self.at));
        bytes[32..40].copy_from_slice(&stamp(self.trusted));
        let sum = crc32fast::hash(&bytes[..44]);
        bytes[44..].copy_from_slice(&sum.to_le_bytes());
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Header> {
        let bytes = bytes.get(..HEADER)?;
        let mut body = Body(bytes);
        let sum = u32::from_le_bytes(bytes[44..].try_into().ok()?);
        if body.bytes(8)? != MAGIC || sum != crc32fast::hash(&bytes[..44]) {
            return None;
        }
        let epoch = u32::from_le_bytes(body.bytes(4)?.try_into().ok()?);
        body.bytes(4)?;
        let seq = Seq(body.u64()?);
        let mut stamp = || Some(Timestamp::from_microsecond(body.u64()?.cast_signed()).ok());
        Some(Header {
            epoch,
            seq,
            at: stamp()?,
            trusted: stamp()?,
        })
    }
}

/// The file name of the snapshot at `seq`.
pub(in crate::store) fn name(seq: Seq) -> String {
    format!("{:020}.snap", seq.0)
}

/// The sequence number of the snapshot that is called `name`.
pub(in crate::store) fn parse_name(name: &str) -> Option<Seq> {
    let digits = name.strip_suffix(".snap")?;
    (digits.len() == 20).then(|| digits.parse().ok().map(Seq)).flatten()
}

/// Writes rows, which come in key order, to a new file.
struct Writer {
    file: Arc<dyn DiskFile>,
    path: PathBuf,
    offset: u64,
    buffer: Vec<u8>,
    rows: u64,
    blocks: u64,
}

impl Writer {
    fn push(&mut self, key: &[u8], value: &[u8]) -> Result<(), FileError> {
        if self.buffer.is_empty() {
            frame::begin(&mut self.buffer);
            self.buffer.push(ROWS);
        }
        frame::put_length(&mut self.buffer, key.len());
        self.buffer.extend_from_slice(key);
        frame::put_length(&mut self.buffer, value.len());
        self.buffer.extend_from_slice(value);
        self.rows += 1;
        if self.buffer.len() >= BLOCK {
            self.flush()
        } else {
            Ok(())
        }
    }

    fn flush(&mut self) -> Result<(), FileError> {
        if !self.buffer.is_empty() {
            frame::finish(&mut self.buffer, 0);
            files::write_all_at(&*self.file, &self.buffer, self.offset)
                .map_err(|source| FileError::new("cannot write", &self.path, source))?;
            self.offset += self.buffer.len() as u64;
            self.blocks += 1;
            self.buffer.clear();
        }
        Ok(())
    }

    fn finish(mut self) -> Result<(), FileError> {
        self.flush()?;
        frame::begin(&mut self.buffer);
        self.buffer.push(END);
        self.buffer.extend_from_slice(&self.rows.to_le_bytes());
        self.buffer.extend_from_slice(&self.blocks.to_le_bytes());
        self.flush()?;
        self.file
            .sync()
            .map_err(|source| FileError::new("cannot sync", &self.path, source))
    }
}

/// Makes the snapshot `header` names in `dir` out of `base` and what changed since: written beside,
/// synced, read back, renamed, folder synced. Gives its path.
pub(in crate::store) fn make(
    disk: &dyn Disk,
    dir: &Path,
    header: &Header,
    base: Option<Rows>,
    changed: Overlay,
) -> Result<PathBuf, FileError> {
    let path = dir.join(name(header.seq));
    let beside = files::beside(&path);
    let file = disk
        .create(&beside)
        .map_err(|source| FileError::new("cannot create", &beside, source))?;
    files::write_all_at(&*file, &header.encode(), 0)
        .map_err(|source| FileError::new("cannot write", &beside, source))?;
    let mut writer = Writer {
        file,
        path: beside.clone(),
        offset: HEADER as u64,
        buffer: Vec::with_capacity(BLOCK + 8192),
        rows: 0,
        blocks: 0,
    };
    merge(base, changed, |key, value| writer.push(key, value))?;
    writer.finish()?;
    let check = check(disk, &beside)?;
    if check.header != Some(*header) || !check.damaged.is_empty() {
        return Err(FileError::not_as_written(&beside));
    }
    files::rename_synced(disk, &beside, &path)?;
    Ok(path)
}

/// Gives the rows of `base` with `changed` laid over them, in key order.
pub(in crate::store) fn merge<E: From<FileError>>(
    base: Option<Rows>,
    changed: Overlay,
    mut each: impl FnMut(&[u8], &[u8]) -> Result<(), E>,
) -> Result<(), E> {
    let mut changed = changed.into_iter().peekable();
    if let Some(mut base) = base {
        while let Some(block) = base.next_block()? {
            for (key, value) in block_rows(&block).unwrap_or_default() {
                while let Some((new, row)) = changed.next_if(|(new, _)| new.as_slice() < key) {
                    row.map_or(Ok(()), |row| each(&new, &row))?;
                }
                match changed.next_if(|(new, _)| new == key) {
                    Some((new, Some(row))) => each(&new, &row)?,
                    Some((_, None)) => {}
                    None => each(key, value)?,
                }
            }
        }
    }
    for (key, row) in changed {
        row.map_or(Ok(()), |row| each(&key, &row))?;
    }
    Ok(())
}

/// The rows of a block in key order; `None` when it is not a block of rows.
pub(in crate::store) fn block_rows(body: &[u8]) -> Option<Vec<(&[u8], &[u8])>> {
    let mut body = Body(body);
    let mut rows: Vec<(&[u8], &[u8])> = Vec::new();
    (body.byte()? == ROWS).then_some(())?;
    while !body.0.is_empty() {
        let length = body.length()?;
        let key = body.bytes(length)?;
        let length = body.length()?;
        let value = body.bytes(length)?;
        if rows.last().is_some_and(|(last, _)| *last >= key) {
            return None;
        }
        rows.push((key, value));
    }
    Some(rows)
}

/// A range of keys whose rows cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::store) struct LostKeys {
    /// After this key; `None`: from the first.
    pub(in crate::store) after: Option<Vec<u8>>,
    /// Before this key; `None`: to the last.
    pub(in crate::store) before: Option<Vec<u8>>,
}

/// What was found in a snapshot file.
#[derive(Clone, Debug, Default)]
pub(in crate::store) struct Check {
    /// Its header, if that is whole.
    pub(in crate::store) header: Option<Header>,
    /// Rows that can be read.
    pub(in crate::store) rows: u64,
    /// Its length in bytes.
    pub(in crate::store) bytes: u64,
    /// What cannot be read.
    pub(in crate::store) damaged: Vec<LostKeys>,
}

/// Reads a snapshot from end to end.
pub(in crate::store) fn check(disk: &dyn Disk, path: &Path) -> Result<Check, FileError> {
    let mut rows = Rows::open(disk, path)?;
    let mut check = Check {
        header: rows.header,
        bytes: rows
            .file
            .len()
            .map_err(|source| FileError::new("cannot read", path, source))?,
        ..Check::default()
    };
    let mut last: Option<Vec<u8>> = None;
    while let Some(block) = rows.next_block()? {
        let found = block_rows(&block).unwrap_or_default();
        if std::mem::take(&mut rows.skipped) {
            check.damaged.push(LostKeys {
                after: last.take(),
                before: found.first().map(|(key, _)| key.to_vec()),
            });
        }
        check.rows += found.len() as u64;
        last = found.last().map(|(key, _)| key.to_vec());
    }
    if rows.skipped || rows.end != Some(check.rows) || check.header.is_none() {
        let lost = LostKeys {
            after: last.filter(|_| check.header.is_some()),
            before: None,
        };
        // One bad place is reported once: rows missing in the middle make the count wrong as well.
        if rows.skipped || check.damaged.is_empty() {
            check.damaged.push(lost);
        }
    }
    Ok(check)
}

/// Reads the blocks of a snapshot one after the other, going past what is damaged.
pub(in crate::store) struct Rows {
    path: PathBuf,
    file: Arc<dyn DiskFile>,
    header: Option<Header>,
    window: Vec<u8>,
    at: usize,
    offset: u64,
    skipped: bool,
    end: Option<u64>,
}

impl Rows {
    /// Opens the snapshot at `path`.
    pub(in crate::store) fn open(disk: &dyn Disk, path: &Path) -> Result<Rows, FileError> {
        let file = disk
            .open(path)
            .map_err(|source| FileError::new("cannot open", path, source))?;
        let mut head = [0; HEADER];
        files::read_full_at(&*file, &mut head, 0).map_err(|source| FileError::new("cannot read", path, source))?;
        Ok(Rows {
            path: path.to_path_buf(),
            file,
            header: Header::decode(&head),
            window: Vec::new(),
            at: 0,
            offset: HEADER as u64,
            skipped: false,
            end: None,
        })
    }

    /// The next block of rows; `None` at the end.
    pub(in crate::store) fn next_block(&mut self) -> Result<Option<Vec<u8>>, FileError> {
        loop {
            let more = self.fill()?;
            match frame::read(&self.window, self.at) {
                Frame::Whole { body, next } => {
                    let body = body.to_vec();
                    self.at = next;
                    match body.first() {
                        Some(&ROWS) if block_rows(&body).is_some() => return Ok(Some(body)),
                        Some(&END) => self.end = Body(&body[1..]).u64(),
                        _ => self.skipped = true,
                    }
                }
                Frame::End if !more => return Ok(None),
                Frame::End => {}
                Frame::Broken if more => self.read_more(frame::BODY_LIMIT)?,
                Frame::Broken => {
                    self.skipped = true;
                    self.at = frame::find(&self.window, self.at + 1).unwrap_or(self.window.len());
                }
            }
        }
    }

    /// Drops what was read and sees that a block's worth lies ahead. Says whether the file goes on.
    fn fill(&mut self) -> Result<bool, FileError> {
        if self.window.len() - self.at < 2 * BLOCK {
            self.window.drain(..self.at);
            self.at = 0;
            self.read_more(4 * BLOCK)?;
        }
        let length = self
            .file
            .len()
            .map_err(|source| FileError::new("cannot read", &self.path, source))?;
        Ok(self.offset < length)
    }

    fn read_more(&mut self, bytes: usize) -> Result<(), FileError> {
        let from = self.window.len();
        self.window.resize(from + bytes, 0);
        let count = files::read_full_at(&*self.file, &mut self.window[from..], self.offset)
            .map_err(|source| FileError::new("cannot read", &self.path, source))?;
        self.window.truncate(from + count);
        self.offset += count as u64;
        Ok(())
    }
}
