//! Whether the service gets at the serial lines that meters hang on, as it sees them itself.

use std::fs;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::path::{Path, PathBuf};

use hyper::Method;

use super::super::steps::{bad, good, look as doubt};
use super::Patient;
use crate::meter::MeterShown;
use crate::meter::link::Target;
use crate::tls::Step;

/// How the service is let at serial lines.
const LET_IN: &str = "install -D -m 644 /usr/share/gatelodge/serial.conf /etc/systemd/system/gatelodge.service.d/serial.conf; \
                      systemctl daemon-reload; systemctl restart gatelodge";

/// Who a process is to files.
#[derive(Debug, PartialEq, Eq)]
struct Caller {
    uid: u32,
    groups: Vec<u32>,
}

pub(super) async fn look(patient: &Patient) -> Vec<Step> {
    let Some((client, status)) = &patient.running else {
        return Vec::new();
    };
    if status.meters.is_none() {
        return Vec::new();
    }
    let meters: Vec<MeterShown> = client.ask(Method::GET, "/meters", None).await.unwrap_or_default();
    let lines = meters
        .iter()
        .filter_map(|shown| match shown.meter.link.parse::<Target>() {
            Ok(Target::Serial(line)) => Some(line.path),
            Ok(_) | Err(_) => None,
        });
    let process = status.process;
    lines.map(|line| judge(&line, process)).collect()
}

fn judge(line: &Path, process: Option<u32>) -> Step {
    let name = line.display().to_string();
    // What the service sees is not what this command sees: it may have devices of its own.
    let seen = process.map(|process| within(process, line));
    let about = match seen.as_deref().map(fs::metadata) {
        Some(Ok(about)) => about,
        Some(Err(error)) if error.kind() == std::io::ErrorKind::NotFound => {
            return match line.exists() {
                true => bad(&name, "it is plugged in, and the service does not see it", LET_IN),
                false => bad(
                    &name,
                    "it is not plugged in",
                    "ls /dev/serial/by-id names those that are",
                ),
            };
        }
        Some(Err(error)) => return doubt(&name, error, "call this as root, or as the service's user"),
        None => {
            return doubt(
                &name,
                "the box does not say which process it is",
                "systemctl restart gatelodge",
            );
        }
    };
    if !about.file_type().is_char_device() {
        return bad(
            &name,
            "it is no serial line",
            "ls /dev/serial/by-id names those that are",
        );
    }
    let caller = process.and_then(|process| fs::read_to_string(format!("/proc/{process}/status")).ok());
    match caller.as_deref().and_then(read) {
        Some(caller) if may(&caller, (about.mode(), about.uid(), about.gid())) => {
            good(&name, "the service may read and write it")
        }
        Some(_) => bad(
            &name,
            "the service may not read and write it: it is not in the line's group",
            LET_IN,
        ),
        None => doubt(&name, "who the service is cannot be read", "call this as root"),
    }
}

/// A path as that process sees it (proc(5), `/proc/pid/root`).
fn within(process: u32, path: &Path) -> PathBuf {
    let below = path.strip_prefix("/").unwrap_or(path);
    Path::new("/proc").join(process.to_string()).join("root").join(below)
}

/// Its effective user and all of its groups (proc(5), `/proc/pid/status`).
fn read(status: &str) -> Option<Caller> {
    let numbers = |name: &str| -> Option<Vec<u32>> {
        let line = status.lines().find_map(|line| line.strip_prefix(name))?;
        Some(
            line.split_whitespace()
                .filter_map(|number| number.parse().ok())
                .collect(),
        )
    };
    let mut groups = numbers("Groups:")?;
    groups.extend(numbers("Gid:")?.get(1));
    Some(Caller {
        uid: *numbers("Uid:")?.get(1)?,
        groups,
    })
}

/// Whether it may read and write what has this mode, owner and group.
fn may(caller: &Caller, (mode, owner, group): (u32, u32, u32)) -> bool {
    let wanted = match caller.uid {
        0 => return true,
        uid if uid == owner => 0o600,
        _ if caller.groups.contains(&group) => 0o060,
        _ => 0o006,
    };
    mode & wanted == wanted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_may_use_a_line_is_read_of_the_process() {
        let status = "Name:\tgatelodge\nUid:\t997\t997\t997\t997\nGid:\t996\t996\t996\t996\nGroups:\t20 996 \n";
        let caller = read(status).unwrap();
        assert_eq!(
            caller,
            Caller {
                uid: 997,
                groups: vec![20, 996, 996]
            }
        );
        // A line as udev makes it: root and dialout.
        assert!(may(&caller, (0o20660, 0, 20)));
        assert!(!may(
            &Caller {
                uid: 997,
                groups: vec![996]
            },
            (0o20660, 0, 20)
        ));
        assert!(!may(&caller, (0o20640, 0, 20)));
        assert!(may(&Caller { uid: 0, groups: vec![] }, (0o20600, 0, 0)));
        assert_eq!(read("Name:\tx\n"), None);
    }
}
