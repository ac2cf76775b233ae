//! `conf.d/10-quickstart.toml`: what quickstart was told, laid over the box's own file, which is never edited.

use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

use hyper::Method;
use rustix::fs::{FlockOperation, flock};
use serde_json::Value;
use toml_edit::{DocumentMut, Item, Table};

use super::super::{CliError, Common};
use crate::admin::Client;
use crate::app;
use crate::config;
use crate::files::{self, Readers, Unfinished};

/// By its name it comes before what people put beside it.
const NAME: &str = "10-quickstart.toml";
const MARK: &str = "# Written by `gatelodge quickstart`";
const HEAD: &str = "# Written by `gatelodge quickstart`, and by it alone: it is laid over config.toml. What is to be otherwise goes\n\
                    # into a file of its own that comes later, such as 20-ours.toml.\n";

/// The file while one quickstart works on it.
pub(super) struct Settings {
    path: PathBuf,
    /// What stands there.
    before: Option<String>,
    document: DocumentMut,
    /// Holds the folder, so that there is one quickstart at a time.
    _lock: File,
}

impl Settings {
    /// Takes the folder beside the configuration, which is made when it is not there.
    pub(super) fn open(common: &Common) -> Result<Settings, CliError> {
        let main = common.file();
        // One that may not be looked at may be there all the same.
        if !main.try_exists().map_err(|error| unwritable(&main, error))? {
            return Err(CliError::configuration(format_args!("{} is not there", main.display()))
                .hint("the package brings one; else copy config.example.toml there, or name yours with --config"));
        }
        let folder = config::beside(&main);
        std::fs::create_dir_all(&folder).map_err(|error| unwritable(&folder, error))?;
        let lock = File::open(&folder).map_err(|error| unwritable(&folder, error))?;
        flock(&lock, FlockOperation::NonBlockingLockExclusive).map_err(|_| {
            CliError::refused(format_args!(
                "another quickstart is under way: it holds {}",
                folder.display()
            ))
            .hint("finish it, or end it: pgrep -af quickstart")
        })?;
        // What one that was killed left behind; nobody else writes here meanwhile.
        let _ = files::sweep(&folder);
        let path = folder.join(NAME);
        let before = match std::fs::read_to_string(&path) {
            Ok(text) => Some(text),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
            Err(error) => return Err(unwritable(&path, error)),
        };
        let document = before.as_deref().unwrap_or_default().parse();
        let document = document.map_err(|error: toml_edit::TomlError| {
            CliError::configuration(format_args!("{}: {}", path.display(), error.message())).hint(format_args!(
                "mend it, or remove it to begin anew: rm {}",
                path.display()
            ))
        })?;
        Ok(Settings {
            path,
            before,
            document,
            _lock: lock,
        })
    }

    /// The file.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Says `section.key` to be `value`, from the next [`apply`](Self::apply) on.
    pub(super) fn set(&mut self, section: &str, key: &str, value: impl Into<toml_edit::Value>) {
        if let Some(table) = self.section(section) {
            table.insert(key, Item::Value(value.into()));
        }
    }

    /// A section that stands with everything as usual, unless it stands already.
    pub(super) fn section(&mut self, section: &str) -> Option<&mut Table> {
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

    /// Checks the whole configuration as it would be, puts the file in place and has the running box take it over. What
    /// does not work changes nothing.
    pub(super) async fn apply(&mut self, common: &Common, running: Option<&Client>) -> Result<(), CliError> {
        let applied = self.put(common, running).await;
        if applied.is_err() {
            self.forget();
        }
        applied
    }

    /// What was set since it was last put in place is not set.
    fn forget(&mut self) {
        if let Ok(document) = self.before.as_deref().unwrap_or_default().parse() {
            self.document = document;
        }
    }

    async fn put(&mut self, common: &Common, running: Option<&Client>) -> Result<(), CliError> {
        let mut text = self.document.to_string();
        if !text.contains(MARK) {
            text.insert_str(0, HEAD);
        }
        if self.before.as_deref().unwrap_or(HEAD) == text {
            // One that was killed may have written it without telling the box.
            let Some(client) = running else { return Ok(()) };
            client.ask::<Value>(Method::POST, "/reload", None).await?;
            return Ok(());
        }
        let mut draft = Unfinished::create(&self.path, Readers::All).map_err(CliError::failed)?;
        let written = draft.file().write_all(text.as_bytes());
        written.map_err(|error| unwritable(&self.path, error))?;
        let (loaded, mut faults) = config::examine_with(&common.flags(), (&self.path, draft.beside()));
        faults.append(&mut loaded.as_ref().map(app::check).unwrap_or_default().faults);
        // Whoever looks for the place finds no draft there.
        let (drafted, meant) = (draft.beside().display().to_string(), self.path.display().to_string());
        for fault in &mut faults {
            fault.place = fault.place.replace(&drafted, &meant);
        }
        CliError::of_faults(faults).map_err(|error| error.hint("nothing was changed"))?;
        draft.finish().map_err(CliError::failed)?;
        if let Some(client) = running
            && let Err(error) = client.ask::<Value>(Method::POST, "/reload", None).await
        {
            self.put_back()?;
            return Err(CliError::configuration(error).hint(format_args!("{} is as it was", self.path.display())));
        }
        self.before = Some(text);
        Ok(())
    }

    /// The running box went on with what it had; so does its next start.
    fn put_back(&mut self) -> Result<(), CliError> {
        let text = self.before.as_deref();
        match text {
            Some(text) => files::write(&self.path, text.as_bytes(), Readers::All).map_err(CliError::failed)?,
            None => std::fs::remove_file(&self.path).map_err(|error| unwritable(&self.path, error))?,
        }
        Ok(())
    }
}

fn unwritable(path: &Path, error: std::io::Error) -> CliError {
    CliError::failed(format_args!("{}: {error}", path.display()))
        .hint("quickstart writes there: call it as root (sudo), on a file system that can be written to")
}
