//! A file that this program alone writes, laid over the configuration that is not its own: what stands in it, and what
//! shall. `quickstart` has one beside the configuration, the page `/setup` one in the data folder.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use toml_edit::{DocumentMut, Item, Table};

use super::{ConfigError, Flags, Loaded, examine_with};
use crate::files::{self, FileError, Readers, Unfinished};

/// Such a file, while it is changed.
pub struct Overlay {
    path: PathBuf,
    /// What it begins with, for whoever opens it.
    head: &'static str,
    readers: Readers,
    /// What stands there.
    before: Option<String>,
    document: DocumentMut,
}

/// Why such a file cannot be changed.
#[derive(Debug, thiserror::Error)]
pub enum OverlayError {
    /// It cannot be read.
    #[error("{}: {error}", .path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// Somebody else wrote in it, and that is no TOML.
    #[error("{}: {what}", .path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        what: String,
    },
}

/// What the file would say, written beside its place.
pub struct Draft {
    file: Unfinished,
    text: String,
}

impl Overlay {
    /// Reads what stands at `path`; there may be nothing. What is written there begins with `head`.
    ///
    /// # Errors
    ///
    /// When it cannot be read, or is no TOML.
    pub fn open(path: PathBuf, head: &'static str, readers: Readers) -> Result<Overlay, OverlayError> {
        let before = match std::fs::read_to_string(&path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => None,
            Err(error) => return Err(OverlayError::Read { path, error }),
        };
        match before.as_deref().unwrap_or_default().parse::<DocumentMut>() {
            Ok(document) => Ok(Overlay {
                path,
                head,
                readers,
                before,
                document,
            }),
            Err(error) => Err(OverlayError::Syntax {
                path,
                what: error.message().to_owned(),
            }),
        }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Says `section.key` to be `value`.
    pub fn set(&mut self, section: &str, key: &str, value: impl Into<toml_edit::Value>) {
        if let Some(table) = self.section(section) {
            table.insert(key, Item::Value(value.into()));
        }
    }

    /// A section that stands with everything as usual, unless it stands already.
    pub fn section(&mut self, section: &str) -> Option<&mut Table> {
        if let Some(inline) = self.document.get(section).and_then(Item::as_inline_table) {
            let table = inline.clone().into_table();
            self.document.insert(section, Item::Table(table));
        }
        let item = self
            .document
            .entry(section)
            .or_insert_with(|| Item::Table(Table::new()));
        item.as_table_mut()
    }

    /// What was set since it was last put in place is not set.
    pub fn forget(&mut self) {
        if let Ok(document) = self.before.as_deref().unwrap_or_default().parse() {
            self.document = document;
        }
    }

    /// What it would say, written beside its place; `None`: nothing else than what it says.
    ///
    /// # Errors
    ///
    /// When nothing can be written there.
    pub fn draft(&self) -> Result<Option<Draft>, FileError> {
        let mut text = self.document.to_string();
        // Its first line is the mark by which a head is known.
        let mark = self.head.lines().next().unwrap_or_default();
        if !text.contains(mark) {
            text.insert_str(0, self.head);
        }
        if self.before.as_deref().unwrap_or(self.head) == text {
            return Ok(None);
        }
        let mut file = Unfinished::create(&self.path, self.readers)?;
        let written = file.file().write_all(text.as_bytes());
        written.map_err(|source| FileError::new("written", &self.path, source))?;
        Ok(Some(Draft { file, text }))
    }

    /// Puts a draft in place.
    ///
    /// # Errors
    ///
    /// When it cannot be written to the end; then what was before stands there.
    pub fn put(&mut self, draft: Draft) -> Result<Put<'_>, FileError> {
        draft.file.finish()?;
        Ok(Put {
            overlay: self,
            text: draft.text,
        })
    }
}

/// A draft that is in place, and may still be taken back.
pub struct Put<'o> {
    overlay: &'o mut Overlay,
    text: String,
}

impl Put<'_> {
    /// It stays.
    pub fn keep(self) {
        self.overlay.before = Some(self.text);
    }

    /// What was before stands there again.
    ///
    /// # Errors
    ///
    /// When it cannot be written.
    pub fn take_back(self) -> Result<(), FileError> {
        let Overlay {
            path, readers, before, ..
        } = self.overlay;
        match before {
            Some(text) => files::write(path, text.as_bytes(), *readers),
            None => std::fs::remove_file(&*path).map_err(|source| FileError::new("removed", path, source)),
        }
    }
}

impl Draft {
    /// The whole configuration with it in its place, as [`examine_with`] reads it, and every fault.
    #[must_use]
    pub fn examine(&self, flags: &Flags, overlay: &Overlay) -> (Option<Loaded>, Vec<ConfigError>) {
        examine_with(flags, (overlay.path(), self.file.beside()))
    }

    /// Faults name the file, and not its draft: whoever looks for the place finds no draft there.
    pub fn at_its_place(&self, overlay: &Overlay, faults: &mut [ConfigError]) {
        let (drafted, meant) = (
            self.file.beside().display().to_string(),
            overlay.path().display().to_string(),
        );
        for fault in faults {
            fault.place = fault.place.replace(&drafted, &meant);
        }
    }
}
