//! Panics, kept in a small file of the data folder: what broke the box last is asked for after it was started again. A
//! line holds when, where in the source, and the words of the panic, as standard error has them.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;

use crate::files::write_private;
use crate::uplink::LogLine;

/// Bytes after which nothing more is added until the next start, which keeps the newer half.
pub(super) const MOST: u64 = 256 << 10;

/// The file.
#[derive(Debug)]
pub(super) struct PanicFile(PathBuf);

impl PanicFile {
    /// The file at this place, and the lines that are in it. One that cannot be read has none.
    pub(super) fn open(path: PathBuf) -> (PanicFile, Vec<LogLine>) {
        let bytes = std::fs::read(&path).unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        let mut from = text
            .len()
            .saturating_sub(usize::try_from(MOST / 2).unwrap_or(usize::MAX));
        from = text.ceil_char_boundary(from);
        // The first of the newer half is whole only where a line begins.
        let newer = match &text[from..] {
            half if from == 0 => half,
            half => half.split_once('\n').map_or("", |(_, whole)| whole),
        };
        if from > 0
            && let Err(error) = write_private(&path, newer.as_bytes())
        {
            tracing::warn!(%error, file = %path.display(), "the file of panics could not be shortened");
        }
        let lines = newer.lines().filter_map(line).collect();
        (PanicFile(path), lines)
    }

    /// Adds a line. It is called while something panics, so it neither logs nor fails.
    pub(super) fn add(&self, line: &LogLine) {
        let opened = OpenOptions::new().create(true).append(true).mode(0o600).open(&self.0);
        let Ok(mut file) = opened else { return };
        if file.metadata().is_ok_and(|metadata| metadata.len() < MOST) {
            // One write: two threads that panic at once do not mix their words.
            let _ = file.write_all(format!("{} {}\n", line.at, line.text).as_bytes());
        }
    }
}

fn line(text: &str) -> Option<LogLine> {
    let (at, text) = text.split_once(' ')?;
    Some(LogLine {
        at: at.parse().ok()?,
        text: text.to_owned(),
    })
}
