//! Files that systemd hands to a service: `credential:NAME` in place of a path (systemd.exec(5), "CREDENTIALS").

use std::borrow::Cow;
use std::ffi::OsStr;
use std::io;
use std::path::{Component, Path};

use zeroize::Zeroizing;

/// What stands before the name of a credential.
const PREFIX: &str = "credential:";
/// Where systemd says the folder of them is.
const FOLDER: &str = "CREDENTIALS_DIRECTORY";

/// Whether a path is the name of a credential.
#[must_use]
pub fn is_credential(path: &Path) -> bool {
    path.to_str().is_some_and(|text| text.starts_with(PREFIX))
}

/// Where what is configured as `path` lies: there, or as systemd's credential of that name.
///
/// # Errors
/// When the name is none, or systemd gave this process no credentials.
#[expect(
    clippy::disallowed_methods,
    reason = "systemd says it there, to each process anew; it is no setting"
)]
pub fn resolved(path: &Path) -> io::Result<Cow<'_, Path>> {
    within(path, std::env::var_os(FOLDER).as_deref())
}

/// A file with a secret in it, whole, read as it stands now.
///
/// # Errors
/// When it cannot be read, or is no text.
pub fn read_secret(path: &Path) -> io::Result<Zeroizing<String>> {
    std::fs::read_to_string(resolved(path)?).map(Zeroizing::new)
}

fn within<'p>(path: &'p Path, folder: Option<&OsStr>) -> io::Result<Cow<'p, Path>> {
    let Some(name) = path.to_str().and_then(|text| text.strip_prefix(PREFIX)) else {
        return Ok(Cow::Borrowed(path));
    };
    let mut parts = Path::new(name).components();
    let is_name = matches!(parts.next(), Some(Component::Normal(part)) if part == name);
    if !is_name {
        return Err(io::Error::new(
            io::ErrorKind::InvalidInput,
            "a credential is named like a file, without a folder: credential:NAME",
        ));
    }
    let folder = folder.filter(|folder| !folder.is_empty()).ok_or_else(|| {
        let what = format!("systemd gave this process no credentials; LoadCredential={name}:PATH in its unit does");
        io::Error::new(io::ErrorKind::NotFound, what)
    })?;
    Ok(Cow::Owned(Path::new(folder).join(name)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_lies_in_the_folder_of_systemd_and_nowhere_else() {
        let at = |text: &'static str| within(Path::new(text), Some(OsStr::new("/run/credentials/x"))).unwrap();
        assert_eq!(at("credential:mqtt"), Path::new("/run/credentials/x/mqtt"));
        assert_eq!(at("/etc/mqtt"), Path::new("/etc/mqtt"));
        for wrong in [
            "credential:",
            "credential:..",
            "credential:../x",
            "credential:/etc/x",
            "credential:a/b",
            "credential:a/",
        ] {
            let error = within(Path::new(wrong), Some(OsStr::new("/run"))).unwrap_err();
            assert_eq!(error.kind(), io::ErrorKind::InvalidInput, "{wrong}");
        }
        let error = within(Path::new("credential:mqtt"), None).unwrap_err();
        assert!(error.to_string().contains("LoadCredential=mqtt:"), "{error}");
    }
}
