//! What keeps the audit from being what it should be, in words.

use std::path::PathBuf;

/// Why the audit is not all that it should be.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// A line does not follow the one before.
    #[error("line {line} of {} does not follow the one before: somebody changed it, or one before it", file.display())]
    Broken { file: PathBuf, line: u64 },
    /// Its folder cannot be used.
    #[error("it cannot be written: {0}")]
    Unwritten(String),
    /// Lines that were there are not.
    #[error("lines that were written are not there any more: {had} were, {has} follow one another now")]
    Missing { had: u64, has: u64 },
    /// Lines are missing.
    #[error("lines that could not be written since the start: {0}")]
    Lost(u64),
}

impl Fault {
    /// What to do about it.
    pub fn next_step(&self) -> &'static str {
        match self {
            Fault::Broken { .. } => {
                "gatelodge verify says which; keep a copy, find out who may write there, and move the month's file away"
            }
            Fault::Missing { .. } => {
                "find out who may write to <data_dir>/audit, and take the files out of a backup to look at; the audit goes on, and \
                 says there that lines are missing"
            }
            Fault::Unwritten(_) => "see that <data_dir>/audit is a folder of the service's own with room, and restart",
            Fault::Lost(_) => {
                "see that the disk has room and works; the log has the lines, and the audit says how many are lost"
            }
        }
    }
}
