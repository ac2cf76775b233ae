//! What the service may write to: its unit lets it at folders of its own alone (systemd.exec(5), `ProtectSystem=`), and at the
//! one for backups by a drop-in that is written here. Without it a stick that is mounted while the box runs is written to until
//! the next start, and never after.

use std::path::Path;
use std::process::Command;

use super::super::CliError;
use crate::files::{self, Readers};

const UNIT: &str = "gatelodge.service";
const DROP_IN: &str = "/etc/systemd/system/gatelodge.service.d/backups.conf";

/// Whether the service may write to `folder` however often it is started; `None`: the box that runs as `process` is none that
/// systemd started by the unit.
pub(super) fn lets_in(process: Option<u32>, folder: &Path) -> Option<bool> {
    let asked = Command::new("systemctl")
        .args(["show", UNIT, "--property=MainPID,ProtectSystem,ReadWritePaths"])
        .output()
        .ok()?;
    judge(&String::from_utf8_lossy(&asked.stdout), process?, folder)
}

fn judge(shown: &str, process: u32, folder: &Path) -> Option<bool> {
    let value = |name: &str| {
        shown
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix('='))
    };
    (value("MainPID")?.parse() == Ok(process)).then_some(())?;
    if value("ProtectSystem")? != "strict" {
        return Some(true);
    }
    let paths = value("ReadWritePaths").unwrap_or_default().split_whitespace();
    let mut bare = paths.map(|path| path.trim_start_matches(['-', '+']));
    Some(bare.any(|path| folder.starts_with(path)))
}

/// Lets it in from its next start on, which is now.
pub(super) fn let_in(folder: &Path) -> Result<(), CliError> {
    let text = folder
        .to_str()
        .filter(|text| !text.contains([' ', '\t', '\n', '"', '\'', '\\', '%']));
    let text = text.ok_or_else(|| {
        CliError::usage(format_args!(
            "{} has a space or a sign in it that no unit of systemd takes",
            folder.display()
        ))
        .hint("mount it under another name")
    })?;
    let file = Path::new(DROP_IN);
    files::make_shared(file.parent().unwrap_or(Path::new("/"))).map_err(CliError::failed)?;
    let drop_in = format!(
        "# Written by `gatelodge quickstart`: the folder for backups, which may be a stick that is not there.\n\
         [Service]\nReadWritePaths=-{text}\n"
    );
    files::write(file, drop_in.as_bytes(), Readers::All).map_err(CliError::failed)?;
    for arguments in [&["daemon-reload"][..], &["restart", UNIT]] {
        let done = Command::new("systemctl")
            .args(arguments)
            .status()
            .map_err(CliError::failed)?;
        if !done.success() {
            return Err(
                CliError::failed(format_args!("systemctl {} did not work", arguments.join(" ")))
                    .hint("journalctl -u gatelodge -n 50"),
            );
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_let_in_by_the_paths_of_the_unit() {
        let shown = "MainPID=7\nProtectSystem=strict\nReadWritePaths=-/var/backups/gatelodge -/mnt/usb\n";
        for (process, folder, judged) in [
            (7, "/var/backups/gatelodge", Some(true)),
            (7, "/mnt/usb/lodge", Some(true)),
            (7, "/mnt/usb2", Some(false)),
            (8, "/mnt/usb", None),
        ] {
            assert_eq!(judge(shown, process, Path::new(folder)), judged, "{folder}");
        }
        assert_eq!(judge("MainPID=7\nProtectSystem=no\n", 7, Path::new("/mnt")), Some(true));
        assert_eq!(judge("", 7, Path::new("/mnt")), None);
    }
}
