//! To whom the keys in backups are sealed.

use std::path::Path;

use anyhow::{Context, Result};

use crate::files::read_secret;

/// The first line of a file that is neither empty nor a comment.
///
/// # Errors
///
/// When the file cannot be read, or holds no such line.
pub fn recipient(file: &Path) -> Result<String> {
    let text = read_secret(file).with_context(|| format!("reading the recipient in {}", file.display()))?;
    let line = text
        .lines()
        .map(str::trim)
        .find(|line| !line.is_empty() && !line.starts_with('#'));
    Ok(line
        .with_context(|| format!("{} holds no recipient", file.display()))?
        .to_owned())
}
