//! The arguments of the imports that have no more than these.

use std::path::PathBuf;

use clap::Args;

/// What is brought, and whether it is only looked at.
#[derive(Args)]
pub(in crate::cli) struct What {
    /// The file or folder
    pub(super) path: PathBuf,
    /// Say what would be done, item by item, and change nothing
    #[arg(long)]
    pub(super) dry_run: bool,
}
