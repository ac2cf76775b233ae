//! Month files on disk: written beside and put in place whole, read block by block, checked from end to end.
//!
//! `<generation>/file/readings-2024-12.0003.file` is the third file of its month. Which file of a month counts stands
//! in a row; the others are left over. An open file outlives its name, so readers are not disturbed.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::block::{self, Days, END_BYTES, End, INDEX_LEAVES, Part, Place};
use super::series::{Month, Series};
use crate::store::files::{self, Disk, DiskFile};
use crate::store::log::frame::{self, Frame};
use crate::store::{FileError, Ledger, schema};

/// Which month file of a month counts, by month.
pub(in crate::store) const NAMED: Ledger<Named> = Ledger::new(schema::MONTH_FILES);

/// The month file of a month that counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) struct Named {
    /// The how manieth it is.
    pub(in crate::store) version: u32,
    /// When it was made.
    pub(in crate::store) made: Timestamp,
}

/// The key of the month's row in [`NAMED`].
pub(in crate::store) fn key(month: Month) -> [u8; 4] {
    month.number().to_be_bytes()
}

/// Reads back what [`key`] gave.
pub(in crate::store) fn month_of(key: &[u8]) -> Option<Month> {
    Month::from_number(u32::from_be_bytes(key.try_into().ok()?))
}

/// What the file of this version of the month is called.
pub(in crate::store) fn name(month: Month, version: u32) -> String {
    format!("readings-{month}.{version:04}.side")
}

/// Reads back what [`name`] gave.
pub(in crate::store) fn parse_name(text: &str) -> Option<(Month, u32)> {
    let (month, version) = text.strip_prefix("readings-")?.strip_suffix(".side")?.split_once('.')?;
    let (year, number) = month.split_once('-')?;
    let number: u32 = number.parse().ok().filter(|number| (1..=12).contains(number))?;
    let month = Month::from_number(year.parse::<u32>().ok()?.checked_mul(12)? + number - 1)?;
    let version = version.parse().ok()?;
    (name(month, version) == text).then_some((month, version))
}

/// A month file could not be read.
#[derive(Debug, thiserror::Error)]
pub(in crate::store) enum MonthFileError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error("{} is damaged", .0.display())]
    Damaged(PathBuf),
}

/// Writes a month file; nothing stands at its name until [`Writer::finish`].
pub(in crate::store) struct Writer<'a> {
    disk: &'a dyn Disk,
    file: Arc<dyn DiskFile>,
    path: PathBuf,
    beside: PathBuf,
    month: Month,
    places: Vec<Place>,
    readings: u64,
    buffer: Vec<u8>,
    /// Bytes of the file before `buffer`.
    written: u64,
}

/// Bytes that are written at once.
const PORTION: usize = 256 << 10;

impl<'a> Writer<'a> {
    pub(in crate::store) fn begin(
        disk: &'a dyn Disk,
        dir: &Path,
        month: Month,
        version: u32,
    ) -> Result<Writer<'a>, FileError> {
        let path = dir.join(name(month, version));
        let beside = files::beside(&path);
        let file = disk
            .create(&beside)
            .map_err(|source| FileError::new("cannot create", &beside, source))?;
        Ok(Writer {
            disk,
            file,
            path,
            beside,
            month,
            places: Vec::new(),
            readings: 0,
            buffer: block::encode(month, &Part::Head(month)),
            written: 0,
        })
    }

    /// Adds a series, which comes after those before it.
    pub(in crate::store) fn add(&mut self, series: Series, days: Days) -> Result<(), FileError> {
        self.readings += days.values().map(|day| day.len() as u64).sum::<u64>();
        let offset = self.offset();
        let bytes = block::encode(self.month, &Part::Leaf(series.clone(), days));
        self.places.push(Place {
            series,
            offset,
            bytes: u32::try_from(bytes.len()).expect("a month of one register is far below 4 GiB"),
        });
        self.buffer.extend_from_slice(&bytes);
        if self.buffer.len() >= PORTION {
            self.flush()?;
        }
        Ok(())
    }

    /// Ends the file, reads it back, and gives it its name, durably. Gives its path.
    pub(in crate::store) fn finish(mut self) -> Result<PathBuf, FileError> {
        let end = End {
            index: self.offset(),
            leaves: self.places.len() as u64,
            readings: self.readings,
        };
        for places in self.places.chunks(INDEX_LEAVES) {
            let part = block::encode(self.month, &Part::Index(places.to_vec()));
            self.buffer.extend_from_slice(&part);
        }
        self.buffer
            .extend_from_slice(&block::encode(self.month, &Part::End(end)));
        self.flush()?;
        self.file
            .sync()
            .map_err(|source| FileError::new("cannot sync", &self.beside, source))?;
        let check = check(self.disk, &self.beside, self.month)?;
        if !check.whole || check.end != end {
            return Err(FileError::not_as_written(&self.beside));
        }
        files::rename_synced(self.disk, &self.beside, &self.path)?;
        Ok(self.path)
    }

    fn offset(&self) -> u64 {
        self.written + self.buffer.len() as u64
    }

    fn flush(&mut self) -> Result<(), FileError> {
        files::write_all_at(&*self.file, &self.buffer, self.written)
            .map_err(|source| FileError::new("cannot write", &self.beside, source))?;
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }
}

/// A month file that is read block by block.
pub(in crate::store) struct MonthFile {
    file: Arc<dyn DiskFile>,
    path: PathBuf,
    month: Month,
    places: Vec<Place>,
}

impl MonthFile {
    /// Opens the file; `None` when there is none of this name.
    pub(in crate::store) fn open(
        disk: &dyn Disk,
        path: &Path,
        month: Month,
    ) -> Result<Option<MonthFile>, MonthFileError> {
        let file = match disk.open(path) {
            Ok(file) => file,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(FileError::new("cannot open", path, source).into()),
        };
        let mut file = MonthFile {
            file,
            path: path.to_path_buf(),
            month,
            places: Vec::new(),
        };
        let length = file
            .file
            .len()
            .map_err(|source| FileError::new("cannot read", path, source))?;
        let ends_at = length.checked_sub(END_BYTES as u64).ok_or_else(|| file.damaged())?;
        let [Part::End(end)] = &file.parts(ends_at, END_BYTES as u64)?[..] else {
            return Err(file.damaged());
        };
        let index = ends_at.checked_sub(end.index).ok_or_else(|| file.damaged())?;
        for part in file.parts(end.index, index)? {
            let Part::Index(places) = part else {
                return Err(file.damaged());
            };
            file.places.extend(places);
        }
        let in_order = file.places.is_sorted_by(|one, next| one.series < next.series);
        if file.places.len() as u64 != end.leaves || !in_order {
            return Err(file.damaged());
        }
        Ok(Some(file))
    }

    /// The series in it, in order.
    pub(in crate::store) fn series(&self) -> impl Iterator<Item = &Series> {
        self.places.iter().map(|place| &place.series)
    }

    /// The days of `series`; none when it is not in here.
    pub(in crate::store) fn days(&self, series: &Series) -> Result<Days, MonthFileError> {
        let Ok(at) = self.places.binary_search_by(|place| place.series.cmp(series)) else {
            return Ok(Days::new());
        };
        let place = &self.places[at];
        let mut parts = self.parts(place.offset, u64::from(place.bytes))?;
        match parts.pop() {
            Some(Part::Leaf(found, days)) if parts.is_empty() && found == *series => Ok(days),
            Some(_) | None => Err(self.damaged()),
        }
    }

    /// The frames that fill `bytes` from `offset` on.
    fn parts(&self, offset: u64, bytes: u64) -> Result<Vec<Part>, MonthFileError> {
        let length = self
            .file
            .len()
            .map_err(|source| FileError::new("cannot read", &self.path, source))?;
        if offset.checked_add(bytes).is_none_or(|end| end > length) {
            return Err(self.damaged());
        }
        let mut content = vec![0; usize::try_from(bytes).map_err(|_| self.damaged())?];
        let count = files::read_full_at(&*self.file, &mut content, offset)
            .map_err(|source| FileError::new("cannot read", &self.path, source))?;
        let (mut at, mut parts) = (0, Vec::new());
        while at < content.len() {
            let Frame::Whole { body, next } = frame::read(&content[..count], at) else {
                return Err(self.damaged());
            };
            parts.push(block::decode(self.month, body).ok_or_else(|| self.damaged())?);
            at = next;
        }
        Ok(parts)
    }

    fn damaged(&self) -> MonthFileError {
        MonthFileError::Damaged(self.path.clone())
    }
}

/// What was found in a month file.
#[derive(Debug, Default)]
pub(in crate::store) struct Check {
    pub(in crate::store) whole: bool,
    /// Series that can be read.
    pub(in crate::store) readable: Vec<Series>,
    /// Series that the index names and that cannot be read. All that is known to be lost, unless the index is lost.
    pub(in crate::store) lost: Vec<Series>,
    pub(in crate::store) end: End,
}

/// Reads a month file from end to end.
pub(in crate::store) fn check(disk: &dyn Disk, path: &Path, month: Month) -> Result<Check, FileError> {
    let mut found = Check::default();
    let (mut places, mut leaves) = (Vec::new(), Vec::new());
    let (mut readings, mut head, mut ended) = (0u64, None, false);
    let gone = walk(disk, path, month, |offset, part| {
        match part {
            Part::Head(month) => head = head.or(Some((offset, month))),
            Part::Leaf(series, days) => {
                readings += days.values().map(|day| day.len() as u64).sum::<u64>();
                leaves.push((series, offset));
            }
            Part::Index(more) => places.extend(more),
            Part::End(end) => (found.end, ended) = (end, true),
        }
        Ok(())
    })?;
    let indexed = places.iter().map(|place: &Place| (&place.series, place.offset));
    let agrees = indexed.eq(leaves.iter().map(|(series, offset)| (series, *offset)));
    let counted = (found.end.leaves, found.end.readings) == (leaves.len() as u64, readings);
    found.whole = !gone && agrees && ended && counted && head == Some((0, month));
    found.readable = leaves.into_iter().map(|(series, _)| series).collect();
    let missing = |place: &Place| !found.readable.contains(&place.series);
    found.lost = places.into_iter().filter(missing).map(|place| place.series).collect();
    Ok(found)
}

/// Gives every part that can be read, with where it begins. Says whether anything was passed over.
pub(in crate::store) fn walk(
    disk: &dyn Disk,
    path: &Path,
    month: Month,
    mut each: impl FnMut(u64, Part) -> Result<(), FileError>,
) -> Result<bool, FileError> {
    let cannot_read = |source| FileError::new("cannot read", path, source);
    let file = disk.open(path).map_err(cannot_read)?;
    let length = file.len().map_err(cannot_read)?;
    let (mut window, mut at, mut begins, mut gone) = (Vec::new(), 0usize, 0u64, false);
    loop {
        let ahead = begins + window.len() as u64;
        if window.len() - at < frame::OVERHEAD + frame::BODY_LIMIT && ahead < length {
            window.drain(..at);
            begins += at as u64;
            at = 0;
            let more = usize::try_from(length - ahead).unwrap_or(usize::MAX);
            let from = window.len();
            window.resize(from + more.min(2 * frame::BODY_LIMIT), 0);
            let count = files::read_full_at(&*file, &mut window[from..], ahead).map_err(cannot_read)?;
            window.truncate(from + count);
            if count == 0 {
                return Ok(true);
            }
        }
        match frame::read(&window, at) {
            Frame::Whole { body, next } => {
                match block::decode(month, body) {
                    Some(part) => each(begins + at as u64, part)?,
                    None => gone = true,
                }
                at = next;
            }
            // Nothing of a month file is written in advance, so zeros at its end are damage too.
            Frame::End if begins + at as u64 >= length => return Ok(gone),
            Frame::End | Frame::Broken => {
                gone = true;
                at = frame::find(&window, at + 1).unwrap_or(window.len());
                if at == window.len() && begins + at as u64 >= length {
                    return Ok(true);
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back_and_no_others() {
        let month = Month::from_number(2024 * 12 + 11).unwrap();
        assert_eq!(name(month, 3), "readings-2024-12.0003.side");
        assert_eq!(parse_name(&name(month, 12_345)), Some((month, 12_345)));
        for wrong in [
            "readings-2024-12.3.side",
            "readings-2024-13.0003.side",
            "readings-1969-12.0003.side",
            "readings-2024-12.0003.side.unfinished",
            "readings-+2024-12.0003.side",
            "x",
        ] {
            assert_eq!(parse_name(wrong), None, "{wrong}");
        }
        assert_eq!(month_of(&key(month)), Some(month));
    }
}
