//! `conf.d/10-quickstart.toml`: what quickstart was told, laid over the box's own file, which is never edited.

use std::fs::File;
use std::path::Path;

use hyper::Method;
use rustix::fs::{FlockOperation, flock};
use serde_json::Value;
use toml_edit::Table;

use super::super::{CliError, Common};
use crate::admin::Client;
use crate::app;
use crate::config::{self, Overlay, OverlayError};
use crate::files::{self, Readers};

/// By its name it comes before what people put beside it.
const NAME: &str = "10-quickstart.toml";
const HEAD: &str = "# Written by `gatelodge quickstart`, and by it alone: it is laid over config.toml. What is to be otherwise goes\n\
                    # into a file of its own that comes later, such as 20-ours.toml.\n";

/// The file while one quickstart works on it.
pub(super) struct Settings {
    overlay: Overlay,
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
        let overlay = Overlay::open(path, HEAD, Readers::All).map_err(|error| match &error {
            OverlayError::Read { path, error } => unwritable(path, error),
            OverlayError::Syntax { path, .. } => CliError::configuration(&error).hint(format_args!(
                "mend it, or remove it to begin anew: rm {}",
                path.display()
            )),
        })?;
        Ok(Settings { overlay, _lock: lock })
    }

    /// The file.
    pub(super) fn path(&self) -> &Path {
        self.overlay.path()
    }

    /// Says `section.key` to be `value`, from the next [`apply`](Self::apply) on.
    pub(super) fn set(&mut self, section: &str, key: &str, value: impl Into<toml_edit::Value>) {
        self.overlay.set(section, key, value);
    }

    /// A section that stands with everything as usual, unless it stands already.
    pub(super) fn section(&mut self, section: &str) -> Option<&mut Table> {
        self.overlay.section(section)
    }

    /// Checks the whole configuration as it would be, puts the file in place and has the running box take it over. What
    /// does not work changes nothing.
    pub(super) async fn apply(&mut self, common: &Common, running: Option<&Client>) -> Result<(), CliError> {
        let applied = self.put(common, running).await;
        if applied.is_err() {
            self.overlay.forget();
        }
        applied
    }

    async fn put(&mut self, common: &Common, running: Option<&Client>) -> Result<(), CliError> {
        let Some(draft) = self.overlay.draft().map_err(CliError::failed)? else {
            // One that was killed may have written it without telling the box.
            let Some(client) = running else { return Ok(()) };
            client.ask::<Value>(Method::POST, "/reload", None).await?;
            return Ok(());
        };
        let (loaded, mut faults) = draft.examine(&common.flags(), &self.overlay);
        faults.append(&mut loaded.as_ref().map(app::check).unwrap_or_default().faults);
        draft.at_its_place(&self.overlay, &mut faults);
        CliError::of_faults(faults).map_err(|error| error.hint("nothing was changed"))?;
        let path = self.overlay.path().display().to_string();
        let put = self.overlay.put(draft).map_err(CliError::failed)?;
        if let Some(client) = running
            && let Err(error) = client.ask::<Value>(Method::POST, "/reload", None).await
        {
            // The running box went on with what it had; so does its next start.
            put.take_back().map_err(CliError::failed)?;
            return Err(CliError::configuration(error).hint(format_args!("{path} is as it was")));
        }
        put.keep();
        Ok(())
    }
}

fn unwritable(path: &Path, error: impl std::fmt::Display) -> CliError {
    CliError::failed(format_args!("{}: {error}", path.display()))
        .hint("quickstart writes there: call it as root (sudo), on a file system that can be written to")
}
