//! The words that people agreed to, each text once, in files named by their hash (PER §4.5).

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::ledger;
use super::licence::fingerprint;
use super::room::Perseus;
use crate::files::{self, Readers};
use crate::pki::DamagedFile;
use crate::store::ReadError;

/// The longest words, in bytes.
const LONGEST: u64 = 64 << 10;

/// Reads words: of a plain file alone, which somebody may have put something else in the place of.
fn read(path: &Path) -> Result<String, String> {
    let found = std::fs::symlink_metadata(path).map_err(|error| error.to_string())?;
    if !found.is_file() || found.len() > LONGEST {
        return Err("is no file of words: they were changed".to_owned());
    }
    files::read(path).map_err(|error| error.to_string())
}

fn file_of(folder: &Path, text: &str) -> Option<PathBuf> {
    let hex = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    hex.then(|| folder.join(format!("{text}.txt")))
}

/// The words of that fingerprint in `folder`, when they are still what they were.
pub(super) fn agreed_to(folder: &Path, text: &str) -> Option<String> {
    let words = read(&file_of(folder, text)?).ok()?;
    (fingerprint(&words) == text).then_some(words)
}

/// The files of words in `folder` that are not what they were.
#[must_use]
pub fn examine_words(folder: &Path) -> Vec<DamagedFile> {
    let Ok(found) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut damaged = Vec::new();
    for path in found.flatten().map(|entry| entry.path()) {
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        let Some(text) = name.strip_suffix(".txt") else {
            continue;
        };
        let why = match read(&path) {
            Ok(words) if fingerprint(&words) == text => continue,
            Ok(_) => "are not the words that people agreed to: they were changed".to_owned(),
            Err(error) => error,
        };
        damaged.push(DamagedFile { path, why });
    }
    damaged.sort_by(|one, other| one.path.cmp(&other.path));
    damaged
}

impl Perseus {
    /// The files of words that somebody agreed to and that are not there.
    ///
    /// # Errors
    ///
    /// When the book cannot be read.
    pub fn missing_words(&self) -> Result<Vec<DamagedFile>, ReadError> {
        let agreed: BTreeSet<String> = ledger::all(&self.store)?.into_iter().map(|row| row.text).collect();
        let files = agreed.iter().filter_map(|text| self.words_file(text));
        let missing = files.filter(|file| !file.exists());
        let why = "words that somebody agreed to are not there; a backup has them".to_owned();
        Ok(missing.map(|path| DamagedFile { path, why: why.clone() }).collect())
    }

    fn words_file(&self, text: &str) -> Option<PathBuf> {
        file_of(&self.words_dir, text)
    }

    /// Keeps words on disk, before anybody's agreement to them is written down.
    pub(super) fn keep_words(&self, text: &str, words: &str) -> Result<(), ()> {
        let file = self.words_file(text).ok_or(())?;
        if self.words_of(text).is_some() {
            return Ok(());
        }
        let kept =
            files::make_private(&self.words_dir).and_then(|()| files::write(&file, words.as_bytes(), Readers::All));
        kept.map_err(|error| tracing::error!(%error, "the words that somebody agrees to cannot be kept"))
    }

    /// The words that were agreed to, when they are still what they were.
    pub(super) fn words_of(&self, text: &str) -> Option<String> {
        agreed_to(&self.words_dir, text)
    }
}
