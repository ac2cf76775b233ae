//! Whose the box's files are, and who else may read them.

use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};

use super::super::steps::{bad, good, look as doubt};
use super::Patient;
use crate::tls::Step;

/// Files in which others may not read.
const SECRET: [&str; 3] = [".key.pem", ".pkeycert.pem", ".key"];

pub(super) fn look(patient: &Patient) -> Vec<Step> {
    let folder = &patient.config.data_dir;
    let about = match fs::metadata(folder) {
        Ok(about) => about,
        Err(error) => {
            let words = format!("{}: {error}", folder.display());
            return vec![doubt(
                "data folder",
                words,
                "call this as root, or as the service's user",
            )];
        }
    };
    let mode = about.permissions().mode() & 0o777;
    let named = folder.display();
    let mut steps = vec![match mode & 0o077 {
        0 => good("data folder", format_args!("{named} is its owner's alone")),
        _ => bad(
            "data folder",
            format_args!("others may look into {named} ({mode:03o})"),
            &format!("chmod 0700 {named}"),
        ),
    }];
    let (mut strange, mut open) = (Vec::new(), Vec::new());
    let whole = walk(folder, &mut |path, meta| {
        if meta.uid() != about.uid() {
            strange.push(path.to_owned());
        }
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if SECRET.iter().any(|end| name.ends_with(end)) && meta.permissions().mode() & 0o077 != 0 {
            open.push(path.to_owned());
        }
    });
    if let Err(error) = whole {
        steps.push(doubt("files", error, "call this as root, or as the service's user"));
        return steps;
    }
    let owner = format!("chown -R --from=0 $(stat -c %u:%g {named}) {named}");
    steps.push(told(
        "owner",
        "every file in it is the service's",
        &strange,
        "are somebody else's",
        &owner,
    ));
    steps.push(told(
        "keys",
        "nobody else may read the keys",
        &open,
        "may be read by others",
        "chmod 0600 these files",
    ));
    steps
}

fn told(step: &str, right: &str, wrong: &[PathBuf], are: &str, next: &str) -> Step {
    let Some(first) = wrong.first() else {
        return good(step, right);
    };
    let words = format!("{} files {are}, the first {}", wrong.len(), first.display());
    bad(step, words, next)
}

/// Each file and folder below, without following links.
fn walk(folder: &Path, each: &mut impl FnMut(&Path, &fs::Metadata)) -> Result<(), String> {
    let fault = |error: std::io::Error| format!("{}: {error}", folder.display());
    for entry in fs::read_dir(folder).map_err(fault)? {
        let entry = entry.map_err(fault)?;
        let path = entry.path();
        let meta = match entry.metadata() {
            Ok(meta) => meta,
            // The box works there meanwhile.
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => continue,
            Err(error) => return Err(fault(error)),
        };
        each(&path, &meta);
        if meta.is_dir() {
            match walk(&path, each) {
                Err(_) if !path.exists() => {}
                done => done?,
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Config;
    use crate::tls::StepVerdict;

    #[test]
    fn a_key_that_others_may_read_is_named_with_what_to_do() {
        let dir = tempfile::tempdir().unwrap();
        let patient = Patient {
            config: Config {
                data_dir: dir.path().to_owned(),
                ..Config::default()
            },
            running: None,
        };
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o700)).unwrap();
        let key = dir.path().join("pki/server/root.key.pem");
        fs::create_dir_all(key.parent().unwrap()).unwrap();
        fs::write(&key, "x").unwrap();
        fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
        assert!(look(&patient).iter().all(|step| step.verdict == StepVerdict::Good));
        fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).unwrap();
        fs::set_permissions(dir.path(), fs::Permissions::from_mode(0o750)).unwrap();
        let steps = look(&patient);
        let bad: Vec<&str> = steps
            .iter()
            .filter(|step| step.verdict == StepVerdict::Bad)
            .map(|step| step.step.as_str())
            .collect();
        assert_eq!(bad, ["data folder", "keys"]);
        assert!(steps.iter().any(|step| step.words.contains("root.key.pem")));
    }
}
