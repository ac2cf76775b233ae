//! The words that people agreed to, each text once, in files named by their hash (PER §4.5).

use std::path::PathBuf;

use super::licence::fingerprint;
use super::room::Perseus;
use crate::files::{self, Readers};

impl Perseus {
    fn words_file(&self, text: &str) -> Option<PathBuf> {
        let hex = text.len() == 64 && text.bytes().all(|byte| byte.is_ascii_hexdigit());
        hex.then(|| self.words_dir.join(format!("{text}.txt")))
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
        let words = files::read(&self.words_file(text)?).ok()?;
        (fingerprint(&words) == text).then_some(words)
    }
}
