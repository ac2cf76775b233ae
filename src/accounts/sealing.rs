//! The box's own key, and what is sealed with it: secrets that lie in the book until they are needed, and that nobody reads
//! who has the book alone. It lies in a file of its own, which a backup has only when its keys are asked for.

use std::path::Path;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{hmac, rand};
use data_encoding::{BASE64, HEXLOWER};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::files::{self, FileError};

/// Bytes of the key.
const LENGTH: usize = 32;

/// The key of the box, of which others follow, each for one purpose.
pub struct SealKey {
    master: hmac::Key,
    /// Names the key without saying it.
    name: String,
    /// Whether there was none before.
    is_new: bool,
}

/// A secret that only this box reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed {
    /// The name of the key that seals it.
    key: String,
    /// Nonce and cipher text, base64.
    text: String,
}

/// Seals for one purpose.
pub struct Sealer {
    cipher: LessSafeKey,
    key: String,
}

/// The key's file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SealKeyError {
    /// It cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// It holds no key.
    #[error("{0} does not hold a key; without the right one codes that wait are asked for again")]
    NoKey(String),
}

impl SealKeyError {
    /// Whether the disk has no room for it.
    #[must_use]
    pub fn is_for_want_of_room(&self) -> bool {
        use std::io::ErrorKind::{QuotaExceeded, StorageFull};
        matches!(self, SealKeyError::File(error) if matches!(error.kind(), StorageFull | QuotaExceeded))
    }
}

impl SealKey {
    /// The key in `file`; it is made when it is not there.
    ///
    /// # Errors
    ///
    /// When the file cannot be read or made, or holds no key.
    pub fn open(file: &Path) -> Result<SealKey, SealKeyError> {
        if let Some(folder) = file.parent() {
            files::make_private(folder)?;
        }
        let made = Zeroizing::new(HEXLOWER.encode(&*random()) + "\n");
        let is_new = match files::write_new(file, made.as_bytes(), files::Readers::Owner) {
            Ok(()) => true,
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => false,
            Err(error) => return Err(error.into()),
        };
        let text = Zeroizing::new(files::read(file)?);
        let key = HEXLOWER.decode(text.trim().as_bytes()).map(Zeroizing::new);
        let key = key.ok().and_then(|key| <[u8; LENGTH]>::try_from(key.as_slice()).ok());
        let key = key.ok_or_else(|| SealKeyError::NoKey(file.display().to_string()))?;
        Ok(SealKey {
            is_new,
            ..SealKey::of(&Zeroizing::new(key))
        })
    }

    /// A key that lives as long as the process.
    #[must_use]
    pub fn passing() -> SealKey {
        SealKey::of(&random())
    }

    fn of(key: &[u8; LENGTH]) -> SealKey {
        let master = hmac::Key::new(hmac::HMAC_SHA256, key);
        let name = HEXLOWER.encode(&hmac::sign(&master, b"names the key").as_ref()[..4]);
        SealKey {
            master,
            name,
            is_new: false,
        }
    }

    /// Its name, which does not say it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether it was made because there was none.
    #[must_use]
    pub fn is_new(&self) -> bool {
        self.is_new
    }

    /// The key that follows of it for `purpose`, 32 bytes.
    #[must_use]
    pub fn part(&self, purpose: &str) -> hmac::Tag {
        hmac::sign(&self.master, purpose.as_bytes())
    }

    /// What seals for `purpose`.
    #[must_use]
    pub fn sealer(&self, purpose: &str) -> Sealer {
        let part = self.part(purpose);
        let key = UnboundKey::new(&AES_256_GCM, part.as_ref()).expect("a hash is as long as the key");
        Sealer {
            cipher: LessSafeKey::new(key),
            key: self.name.clone(),
        }
    }
}

impl Sealer {
    /// Seals a secret of whatever `about` names; it opens with that alone.
    #[must_use]
    pub fn seal(&self, about: &[u8], secret: &[u8]) -> Sealed {
        let mut nonce = [0; NONCE_LEN];
        rand::fill(&mut nonce).expect("the system gives random bytes");
        let mut bytes = secret.to_vec();
        let unique = Nonce::assume_unique_for_key(nonce);
        let sealed = self
            .cipher
            .seal_in_place_append_tag(unique, Aad::from(about), &mut bytes);
        sealed.expect("a secret is short");
        Sealed {
            key: self.key.clone(),
            text: BASE64.encode(&[&nonce[..], &bytes].concat()),
        }
    }

    /// The secret; `None`: another key sealed it, or of something else.
    #[must_use]
    pub fn unseal(&self, about: &[u8], sealed: &Sealed) -> Option<Zeroizing<Vec<u8>>> {
        if !self.opens(sealed) {
            return None;
        }
        let bytes = BASE64.decode(sealed.text.as_bytes()).ok()?;
        let (nonce, text) = bytes.split_first_chunk::<NONCE_LEN>()?;
        let mut text = Zeroizing::new(text.to_vec());
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let secret = self.cipher.open_in_place(nonce, Aad::from(about), &mut text).ok()?;
        Some(Zeroizing::new(secret.to_vec()))
    }

    /// Whether this key sealed it.
    #[must_use]
    pub fn opens(&self, sealed: &Sealed) -> bool {
        sealed.key == self.key
    }
}

fn random() -> Zeroizing<[u8; LENGTH]> {
    let mut key = Zeroizing::new([0; LENGTH]);
    rand::fill(&mut *key).expect("the system gives random bytes");
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn a_key_is_made_once_for_its_owner_and_opens_what_it_sealed() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("keys/seal.key");
        let first = SealKey::open(&file).unwrap();
        assert!(first.is_new());
        let sealed = first.sealer("tests").seal(b"one", b"a secret");
        let again = SealKey::open(&file).unwrap();
        assert!(!again.is_new() && again.name() == first.name());
        let opened = |key: &SealKey, purpose: &str, about: &[u8]| key.sealer(purpose).unseal(about, &sealed);
        assert_eq!(opened(&again, "tests", b"one").unwrap().as_slice(), b"a secret");
        assert!(opened(&again, "tests", b"two").is_none() && opened(&again, "others", b"one").is_none());
        assert!(opened(&SealKey::passing(), "tests", b"one").is_none());
        assert_ne!(sealed, first.sealer("tests").seal(b"one", b"a secret"));
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        std::fs::write(&file, "no key").unwrap();
        assert!(matches!(SealKey::open(&file), Err(SealKeyError::NoKey(_))));
    }
}
