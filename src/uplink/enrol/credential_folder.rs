//! What the box was given to prove itself by: files of its data folder (`data_dir/uplink`), each whole or not there, and
//! for its owner's eyes. They are in no backup: a box that lost them is enrolled again.

use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use super::bootstrap::Login;
use crate::files::{FileError, make_private, write_private};
use crate::pki::{self, InspectError};

/// The folder of what was given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CredentialFolder(PathBuf);

/// What was given could not be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum CredentialFolderError {
    /// Not written.
    #[error(transparent)]
    Folder(#[from] FileError),
    /// A file could not be read or removed.
    #[error("{}: {source}", .path.display())]
    File { path: PathBuf, source: io::Error },
    /// The login is not as the box writes it.
    #[error("{} holds no login: {source}", .path.display())]
    Login { path: PathBuf, source: serde_json::Error },
    /// The certificate cannot be read.
    #[error(transparent)]
    Certificate(#[from] InspectError),
    /// A file of a pair holds no certificate.
    #[error("{} holds no certificate", .0.display())]
    Empty(PathBuf),
}

/// When a certificate is good.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    /// Its beginning.
    pub from: Timestamp,
    /// Its end.
    pub until: Timestamp,
}

#[derive(Serialize, Deserialize)]
struct Row {
    tenant: String,
    username: String,
    password: String,
}

impl CredentialFolder {
    /// What was given to the box of this data folder.
    #[must_use]
    pub fn of(data_dir: &Path) -> CredentialFolder {
        CredentialFolder(data_dir.join("uplink"))
    }

    /// Key and chain that are shown.
    #[must_use]
    pub fn identity(&self) -> PathBuf {
        self.0.join("identity.pem")
    }

    /// Key and chain that are to be shown once the broker has taken them.
    #[must_use]
    pub fn next(&self) -> PathBuf {
        self.0.join("identity.next.pem")
    }

    /// The login that was granted.
    #[must_use]
    pub fn granted(&self) -> PathBuf {
        self.0.join("login.json")
    }

    /// Keeps a fresh pair: beside the one that is shown, or in its place where there is none. Answers where.
    pub fn put(&self, key: &str, chain: &str) -> Result<PathBuf, CredentialFolderError> {
        make_private(&self.0)?;
        let place = if self.identity().exists() {
            self.next()
        } else {
            self.identity()
        };
        let pair = Zeroizing::new(format!("{chain}{key}"));
        write_private(&place, pair.as_bytes())?;
        Ok(place)
    }

    /// The next pair is the one that is shown from now on. Cut off anywhere, both files hold a whole pair.
    pub fn take_next(&self) -> Result<(), CredentialFolderError> {
        let next = self.next();
        let pair = std::fs::read(&next).map(Zeroizing::new).map_err(fault(&next))?;
        write_private(&self.identity(), &pair)?;
        self.drop_next()
    }

    /// The next pair is none.
    pub fn drop_next(&self) -> Result<(), CredentialFolderError> {
        let next = self.next();
        std::fs::remove_file(&next).map_err(fault(&next))
    }

    /// When the certificate that is shown is good; `None`: there is none yet.
    pub fn life(&self) -> Result<Option<Life>, CredentialFolderError> {
        let file = self.identity();
        if !file.exists() {
            return Ok(None);
        }
        let chain = pki::show(&file)?;
        let leaf = chain.first().ok_or(CredentialFolderError::Empty(file))?;
        Ok(Some(Life {
            from: leaf.not_before,
            until: leaf.not_after,
        }))
    }

    /// Keeps a login in place of any other.
    pub fn put_login(&self, login: &Login) -> Result<(), CredentialFolderError> {
        make_private(&self.0)?;
        let row = Row {
            tenant: login.tenant.clone(),
            username: login.username.clone(),
            password: login.password.to_string(),
        };
        let text = serde_json::to_vec(&row).map(Zeroizing::new);
        drop(Zeroizing::new(row.password));
        Ok(write_private(&self.granted(), &text.expect("three texts are JSON"))?)
    }

    /// The login, when there is one.
    pub fn login(&self) -> Result<Option<Login>, CredentialFolderError> {
        let path = self.granted();
        let text = match std::fs::read(&path) {
            Ok(text) => Zeroizing::new(text),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(fault(&path)(error)),
        };
        let row: Row = serde_json::from_slice(&text).map_err(|source| CredentialFolderError::Login { path, source })?;
        Ok(Some(Login {
            tenant: row.tenant,
            username: row.username,
            password: Zeroizing::new(row.password),
        }))
    }
}

fn fault(path: &Path) -> impl FnOnce(io::Error) -> CredentialFolderError {
    let path = path.to_owned();
    move |source| CredentialFolderError::File { path, source }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_second_pair_waits_beside_the_first_until_it_is_taken_and_all_of_it_is_private() {
        let data = tempfile::tempdir().unwrap();
        let kept = CredentialFolder::of(data.path());
        assert_eq!(kept.put("key 1\n", "chain 1\n").unwrap(), kept.identity());
        assert_eq!(kept.put("key 2\n", "chain 2\n").unwrap(), kept.next());
        let text = |path: PathBuf| std::fs::read_to_string(path).unwrap();
        assert_eq!(text(kept.identity()), "chain 1\nkey 1\n");
        assert_eq!(kept.next().metadata().unwrap().permissions().mode() & 0o777, 0o600);
        kept.take_next().unwrap();
        assert_eq!(text(kept.identity()), "chain 2\nkey 2\n");
        assert!(!kept.next().exists());
        assert!(kept.life().is_err(), "what is no certificate has no life");
    }

    #[test]
    fn a_login_is_kept_with_everything_that_passwords_have_in_them() {
        let data = tempfile::tempdir().unwrap();
        let kept = CredentialFolder::of(data.path());
        assert!(kept.login().unwrap().is_none());
        let login = Login {
            tenant: "t1".into(),
            username: "device_box".into(),
            password: Zeroizing::new("a\"b,c\\ \u{e4}\n".into()),
        };
        kept.put_login(&login).unwrap();
        assert!(kept.login().unwrap() == Some(login));
        assert_eq!(kept.granted().metadata().unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::write(kept.granted(), "{").unwrap();
        assert!(matches!(kept.login(), Err(CredentialFolderError::Login { .. })));
    }
}
