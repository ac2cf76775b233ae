//! The version, and under which licences the binary is handed on.

use std::io::Read;

use clap::Args;
use flate2::read::GzDecoder;

use super::{CliError, print};

/// The box's own licence.
const LICENCE: &str = include_str!("../../packaging/LICENSE");

/// What is linked in besides, and under which licences; `packaging/notices` makes and packs it.
const THIRD_PARTY: &[u8] = include_bytes!("../../packaging/THIRD-PARTY.gz");

/// What `gatelodge version` takes.
#[derive(Args)]
pub(super) struct Version {
    /// Print the licence, and those of everything that is linked in
    #[arg(long, alias = "licenses")]
    licences: bool,
}

impl Version {
    /// Prints what is asked for.
    pub(super) fn run(&self) -> Result<(), CliError> {
        if self.licences {
            print::lines(format_args!("{LICENCE}"));
            print::lines(format_args!("{}", third_party().trim_end()));
        } else {
            print::line(format_args!("gatelodge {}", env!("CARGO_PKG_VERSION")));
        }
        Ok(())
    }
}

fn third_party() -> String {
    let mut text = String::new();
    GzDecoder::new(THIRD_PARTY)
        .read_to_string(&mut text)
        .expect("the notices were packed before the binary was built");
    text
}
