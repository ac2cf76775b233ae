//! `support-bundle`: what a supporter needs in one file, without people and secrets; what is in it is shown before it is
//! written.

mod gathering;

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

use super::reach::{absolute, block_on};
use super::{CliError, Common, print};
use crate::files::{self, Readers, Unfinished};
use gathering::Part;

#[derive(Args)]
pub(super) struct SupportBundle {
    /// The ZIP file to write
    file: PathBuf,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Show every line that would be in it, and write nothing
    #[arg(long)]
    show: bool,
    /// A file with the box's log, where journald does not have it
    #[arg(long, value_name = "FILE")]
    log: Option<PathBuf>,
}

impl SupportBundle {
    pub(super) fn run(self, common: &Common) -> Result<(), CliError> {
        if !common.json {
            print::note(format_args!(
                "looking at the box; meters that do not answer take a while …"
            ));
        }
        let parts = block_on(gathering::gather(common, self.log.as_deref()))?;
        if self.show {
            for part in &parts {
                print::line(format_args!("==== {}: {}", part.name, part.about));
                print::lines(format_args!("{}", part.text));
            }
            return Ok(());
        }
        if common.json {
            let listed: Vec<_> = parts
                .iter()
                .map(|part| serde_json::json!({ "name": part.name, "about": part.about, "bytes": part.text.len() }))
                .collect();
            print::json(&listed);
        } else {
            let rows = parts.iter().map(|part| {
                [
                    part.name.to_owned(),
                    format!("{} KiB", part.text.len().div_ceil(1024)),
                    part.about.to_owned(),
                ]
            });
            print::table(["file", "size", "holds"], rows);
            print::line(format_args!(
                "names of people and meters, passwords, codes, keys and mail addresses are taken out; --show shows every line"
            ));
        }
        if !self.yes && !agreed(&self.file)? {
            return Err(CliError::refused("nothing was written").hint("--yes writes it without asking"));
        }
        let to = files::place(&self.file).map_err(CliError::usage)?;
        write(&to, &parts)?;
        if !common.json {
            print::line(format_args!("{}", absolute(&to).display()));
        }
        Ok(())
    }
}

/// Whether somebody at the terminal wants it written.
fn agreed(file: &Path) -> Result<bool, CliError> {
    if !std::io::stdin().is_terminal() {
        return Ok(false);
    }
    print::note(format_args!("write {}? [y/N]", file.display()));
    let mut said = String::new();
    std::io::stdin().read_line(&mut said).map_err(CliError::failed)?;
    Ok(matches!(said.trim(), "y" | "Y" | "yes"))
}

/// Whole or not there.
fn write(to: &Path, parts: &[Part]) -> Result<(), CliError> {
    let mut unfinished = Unfinished::create(to, Readers::Owner).map_err(CliError::failed)?;
    let mut zip = ZipWriter::new(unfinished.file());
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for part in parts {
        zip.start_file(part.name, options).map_err(CliError::failed)?;
        zip.write_all(part.text.as_bytes()).map_err(CliError::failed)?;
    }
    zip.finish().map_err(CliError::failed)?;
    unfinished.finish().map_err(CliError::failed)
}
