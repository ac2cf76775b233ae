//! Lines of the pasted list that came to nothing: kept beside the configuration until they do, so that the next quickstart
//! asks those meters again.

use std::path::PathBuf;

use super::super::{CliError, Common};
use crate::config;
use crate::files::{self, Readers};
use crate::meter::list::Listed;

const NAME: &str = "quickstart-meters-left.txt";

fn place(common: &Common) -> PathBuf {
    config::beside(&common.file()).with_file_name(NAME)
}

/// What is left, as it is read from a list; empty when nothing is.
pub(super) fn read(common: &Common) -> String {
    std::fs::read_to_string(place(common)).unwrap_or_default()
}

/// Keeps these, or nothing.
pub(super) fn keep(common: &Common, left: &[&Listed]) -> Result<(), CliError> {
    let file = place(common);
    if left.is_empty() {
        let _ = std::fs::remove_file(file);
        return Ok(());
    }
    let lines = left.iter().map(|one| {
        let name = one.name.as_deref().unwrap_or_default();
        format!("{} {} {name}", one.serial, one.link).trim_end().to_owned() + "\n"
    });
    let head =
        "# Meters that gatelodge quickstart could not add; it asks them again. Correct a line here, or take it out.\n";
    let text = std::iter::once(head.to_owned()).chain(lines).collect::<String>();
    files::write(&file, text.as_bytes(), Readers::All).map_err(CliError::failed)
}
