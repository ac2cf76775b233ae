//! `completions` and `man`.

use clap_complete::Shell;

use super::CliError;

pub(super) fn completions(shell: Shell, mut command: clap::Command) -> Result<(), CliError> {
    let mut out = Vec::new();
    clap_complete::generate(shell, &mut command, "gatelodge", &mut out);
    written(&out);
    Ok(())
}

/// One page with every command, or with those of `only`, which is a program of its own where it is called by its name:
/// what `man` shows when packages install it.
pub(super) fn man(command: clap::Command, only: Option<&str>) -> Result<(), CliError> {
    let command = match only {
        None => command,
        Some(name) => command
            .find_subcommand(name)
            .cloned()
            .ok_or_else(|| CliError::usage(format_args!("there is no command {name}")))?,
    };
    let mut out = Vec::new();
    page(command, &mut out).map_err(CliError::failed)?;
    written(&out);
    Ok(())
}

/// A reader that went away (`| head`) is no fault.
fn written(out: &[u8]) {
    let _ = std::io::Write::write_all(&mut std::io::stdout(), out);
}

fn page(command: clap::Command, out: &mut Vec<u8>) -> std::io::Result<()> {
    let mut command = command.disable_help_subcommand(true);
    command.build();
    clap_mangen::Man::new(command.clone()).render(out)?;
    out.extend_from_slice(b".SH COMMANDS\n");
    each(&command, command.get_name(), out)
}

fn each(command: &clap::Command, path: &str, out: &mut Vec<u8>) -> std::io::Result<()> {
    for inner in command.get_subcommands().filter(|inner| !inner.is_hide_set()) {
        let path = format!("{path} {}", inner.get_name());
        out.extend_from_slice(format!(".SS {path}\n").as_bytes());
        let man = clap_mangen::Man::new(inner.clone());
        man.render_description_section(out)?;
        if inner.get_arguments().next().is_some() {
            man.render_options_section(out)?;
        }
        each(inner, &path, out)?;
    }
    Ok(())
}
