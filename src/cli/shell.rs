//! `completions` and `man`: a page a command, as packages install them.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::{Args, Command, CommandFactory};
use clap_complete::Shell;

use super::{Cli, CliError, NAMES, man_config};
use crate::files::{self, Readers};

/// The page of the configuration file.
const CONFIGURATION: &str = "gatelodge.toml";

#[derive(Args)]
pub(super) struct Completions {
    /// For which shell
    shell: Shell,
    /// For the binary under this name
    #[arg(value_name = "NAME", value_parser = NAMES)]
    called: Option<String>,
}

#[derive(Args)]
pub(super) struct Manual {
    /// Of this command, or gatelodge.toml for the configuration [default: an overview]
    page: Option<String>,
    /// Write every page into this folder
    #[arg(long, value_name = "FOLDER", conflicts_with = "page")]
    out: Option<PathBuf>,
}

impl Completions {
    pub(super) fn run(self) -> Result<(), CliError> {
        let whole = Cli::command();
        let (mut command, name) = match &self.called {
            None => (whole, "gatelodge"),
            Some(name) => {
                // What every command takes, it takes under its own name too.
                let common = whole
                    .get_arguments()
                    .filter(|argument| argument.is_global_set())
                    .cloned();
                (
                    found(&whole, name)?.clone().args(common.collect::<Vec<_>>()),
                    name.as_str(),
                )
            }
        };
        let mut out = Vec::new();
        clap_complete::generate(self.shell, &mut command, name, &mut out);
        written(&out);
        Ok(())
    }
}

impl Manual {
    pub(super) fn run(self) -> Result<(), CliError> {
        let mut whole = Cli::command().disable_help_subcommand(true);
        whole.build();
        if let Some(folder) = &self.out {
            return all(&whole, folder);
        }
        let mut out = Vec::new();
        let rendered = match self.page.as_deref() {
            None | Some("gatelodge") => overview(&whole, &mut out),
            Some(CONFIGURATION) => man_config::page(&mut out),
            Some(name) => page(found(&whole, name)?, &mut out),
        };
        rendered.map_err(CliError::failed)?;
        written(&out);
        Ok(())
    }
}

fn found<'c>(whole: &'c Command, name: &str) -> Result<&'c Command, CliError> {
    whole
        .find_subcommand(name)
        .ok_or_else(|| CliError::usage(format_args!("there is no command {name}")))
}

/// Every page, by the name under which `man` finds it.
fn all(whole: &Command, folder: &Path) -> Result<(), CliError> {
    let put = |name: &str, text: &[u8]| {
        let file = folder.join(name);
        files::write(&file, text, Readers::All).map_err(CliError::failed)
    };
    files::make_shared(folder).map_err(CliError::failed)?;
    let mut out = Vec::new();
    overview(whole, &mut out).map_err(CliError::failed)?;
    put("gatelodge.1", &out)?;
    for command in whole.get_subcommands().filter(|command| !command.is_hide_set()) {
        let mut out = Vec::new();
        page(command, &mut out).map_err(CliError::failed)?;
        let name = command.get_name();
        if NAMES.contains(&name) {
            put(&format!("{name}.1"), &out)?;
            out = format!(".so man1/{name}.1\n").into_bytes();
        }
        put(&format!("gatelodge-{name}.1"), &out)?;
    }
    let mut out = Vec::new();
    man_config::page(&mut out).map_err(CliError::failed)?;
    put("gatelodge.toml.5", &out)
}

/// A reader that went away (`| head`) is no fault.
fn written(out: &[u8]) {
    let _ = io::stdout().write_all(out);
}

/// What there is, and on which pages it stands.
fn overview(whole: &Command, out: &mut Vec<u8>) -> io::Result<()> {
    clap_mangen::Man::new(whole.clone()).render(out)?;
    out.extend_from_slice(b".SH \"SEE ALSO\"\ngatelodge.toml(5), emop(1), mediators(1), certs(1)\n");
    Ok(())
}

/// One command with all that it is a group of.
fn page(command: &Command, out: &mut Vec<u8>) -> io::Result<()> {
    let path = match NAMES.contains(&command.get_name()) {
        true => command.get_name().to_owned(),
        false => format!("gatelodge {}", command.get_name()),
    };
    let groups = command.has_subcommands();
    let shown = command.clone().display_name(path.replace(' ', "-"));
    let man = clap_mangen::Man::new(shown);
    man.render_title(out)?;
    man.render_name_section(out)?;
    man.render_synopsis_section(out)?;
    man.render_description_section(out)?;
    man.render_options_section(out)?;
    if groups {
        out.extend_from_slice(b".SH COMMANDS\n");
        each(command, &path, out)?;
    }
    man.render_extra_section(out)?;
    out.extend_from_slice(b".SH \"SEE ALSO\"\ngatelodge(1), gatelodge.toml(5)\n");
    Ok(())
}

fn each(command: &Command, path: &str, out: &mut Vec<u8>) -> io::Result<()> {
    for inner in command.get_subcommands().filter(|inner| !inner.is_hide_set()) {
        let path = format!("{path} {}", inner.get_name());
        out.extend_from_slice(format!(".SS {path}\n").as_bytes());
        let man = clap_mangen::Man::new(inner.clone());
        man.render_description_section(out)?;
        if inner.get_arguments().any(|argument| !argument.is_global_set()) {
            man.render_options_section(out)?;
        }
        each(inner, &path, out)?;
    }
    Ok(())
}
