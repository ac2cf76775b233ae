//! Notes: small JSON files with a checksum, put in place whole or not at all (BOOK F6).

use std::path::Path;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::store::FileError;
use crate::store::files::{self, Disk};

/// What stands where a note was looked for.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::store) enum Note<T> {
    /// Nothing.
    Absent,
    /// A file that is not whole.
    Damaged,
    /// The note.
    Whole(T),
}

/// Reads the note at `path`.
pub(in crate::store) fn read<T: DeserializeOwned>(disk: &dyn Disk, path: &Path) -> Result<Note<T>, FileError> {
    Ok(match files::read_path(disk, path)? {
        None => Note::Absent,
        Some(bytes) => decode(&bytes).map_or(Note::Damaged, Note::Whole),
    })
}

/// Puts `note` at `path`, durably.
pub(in crate::store) fn write<T: Serialize>(disk: &dyn Disk, path: &Path, note: &T) -> Result<(), FileError> {
    let mut text = serde_json::to_string_pretty(note).expect("notes are plain structs");
    let sum = crc32fast::hash(text.as_bytes());
    text.push_str(&format!("\n{sum:08x}\n"));
    files::write_beside(disk, path, text.as_bytes())
}

fn decode<T: DeserializeOwned>(bytes: &[u8]) -> Option<T> {
    let text = std::str::from_utf8(bytes).ok()?.strip_suffix('\n')?;
    let (json, sum) = text.rsplit_once('\n')?;
    (u32::from_str_radix(sum, 16) == Ok(crc32fast::hash(json.as_bytes()))).then_some(())?;
    serde_json::from_str(json).ok()
}
