//! The pair of which one half seals keys in backups and the other, which is kept away from the box, opens them.

use age::secrecy::{ExposeSecret, SecretString};

use super::encryption::SealError;

/// An identity of `age` and its recipient.
pub struct BackupKey {
    identity: SecretString,
    /// To whom keys are sealed (`age1…`); it opens nothing.
    pub recipient: String,
}

impl BackupKey {
    /// A new one.
    #[must_use]
    pub fn generate() -> BackupKey {
        BackupKey::of(&age::x25519::Identity::generate())
    }

    /// The one in a file as `age-keygen` writes them: the first line that begins with `AGE-SECRET-KEY-1`.
    ///
    /// # Errors
    ///
    /// When there is none.
    pub fn read(text: &str) -> Result<BackupKey, SealError> {
        let line = text
            .lines()
            .map(str::trim)
            .find(|line| line.starts_with("AGE-SECRET-KEY-1"));
        let identity = line.and_then(|line| line.parse::<age::x25519::Identity>().ok());
        identity.as_ref().map(BackupKey::of).ok_or(SealError::Identity)
    }

    fn of(identity: &age::x25519::Identity) -> BackupKey {
        BackupKey {
            identity: identity.to_string(),
            recipient: identity.to_public().to_string(),
        }
    }

    /// What opens (`AGE-SECRET-KEY-1…`).
    #[must_use]
    pub fn identity(&self) -> &str {
        self.identity.expose_secret()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_age_keygen_writes_it() {
        let key = BackupKey::generate();
        let text = format!(
            "# created: today\n# public key: {}\n{}\n",
            key.recipient,
            key.identity()
        );
        assert_eq!(BackupKey::read(&text).unwrap().recipient, key.recipient);
        for other in ["", "# AGE-SECRET-KEY-1", "AGE-SECRET-KEY-1NONE", &key.recipient] {
            assert!(BackupKey::read(other).is_err(), "{other}");
        }
    }
}
