//! The box's own key for codes: they lie in the book sealed, and are known again by a keyed hash after they were wiped
//! (EMOP §21.1).

use std::path::Path;

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use aws_lc_rs::{hmac, rand};
use data_encoding::{BASE64, HEXLOWER};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

use crate::domain::MeterId;
use crate::files::{self, FileError};
use crate::meter::emop::Token;

/// Bytes of the key.
const LENGTH: usize = 32;

/// The key of the box, and what follows from it.
pub(super) struct SealKey {
    cipher: LessSafeKey,
    known: hmac::Key,
    /// Names the key without saying it.
    name: String,
    /// Whether there was none before.
    is_new: bool,
}

/// A code that only this box reads.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct SealedCode {
    /// The name of the key that seals it.
    key: String,
    /// Nonce and cipher text, base64.
    text: String,
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
    pub(super) fn open(file: &Path) -> Result<SealKey, SealKeyError> {
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

    /// Its name, which does not say it.
    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Whether it was made because there was none.
    pub(super) fn is_new(&self) -> bool {
        self.is_new
    }

    /// A key that lives as long as the process.
    pub(super) fn passing() -> SealKey {
        SealKey::of(&random())
    }

    fn of(key: &[u8; LENGTH]) -> SealKey {
        let master = hmac::Key::new(hmac::HMAC_SHA256, key);
        let part = |what: &str| hmac::sign(&master, what.as_bytes());
        let seals = UnboundKey::new(&AES_256_GCM, part("seals codes").as_ref()).expect("a hash is as long as the key");
        SealKey {
            cipher: LessSafeKey::new(seals),
            known: hmac::Key::new(hmac::HMAC_SHA256, part("knows codes again").as_ref()),
            name: HEXLOWER.encode(&part("names the key").as_ref()[..4]),
            is_new: false,
        }
    }

    /// By what a code of a meter is known again.
    pub(super) fn mark(&self, meter: &MeterId, token: &Token) -> [u8; 32] {
        let mut context = hmac::Context::with_key(&self.known);
        // A serial has no zero byte, so that nothing runs into the code.
        context.update(meter.as_str().as_bytes());
        context.update(&[0]);
        context.update(token.digits());
        let mut mark = [0; 32];
        mark.copy_from_slice(context.sign().as_ref());
        mark
    }

    /// Seals a code for the book.
    pub(super) fn seal(&self, meter: &MeterId, token: &Token) -> SealedCode {
        let mut nonce = [0; NONCE_LEN];
        rand::fill(&mut nonce).expect("the system gives random bytes");
        let mut bytes = token.digits().to_vec();
        let sealed = self.cipher.seal_in_place_append_tag(
            Nonce::assume_unique_for_key(nonce),
            Aad::from(meter.as_str().as_bytes()),
            &mut bytes,
        );
        sealed.expect("a code is short");
        SealedCode {
            key: self.name.clone(),
            text: BASE64.encode(&[&nonce[..], &bytes].concat()),
        }
    }

    /// The code; `None`: another key sealed it.
    pub(super) fn unseal(&self, meter: &MeterId, sealed: &SealedCode) -> Option<Token> {
        if !self.opens(sealed) {
            return None;
        }
        let bytes = BASE64.decode(sealed.text.as_bytes()).ok()?;
        let (nonce, text) = bytes.split_first_chunk::<NONCE_LEN>()?;
        let mut text = Zeroizing::new(text.to_vec());
        let aad = Aad::from(meter.as_str().as_bytes());
        let nonce = Nonce::assume_unique_for_key(*nonce);
        let digits = self.cipher.open_in_place(nonce, aad, &mut text).ok()?;
        std::str::from_utf8(digits).ok()?.parse().ok()
    }

    /// Whether this key sealed it.
    pub(super) fn opens(&self, sealed: &SealedCode) -> bool {
        sealed.key == self.name
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
        let meter: MeterId = "EML1".parse().unwrap();
        let token: Token = "71466394621589161020".parse().unwrap();
        let sealed = first.seal(&meter, &token);
        let text = serde_json::to_string(&sealed).unwrap();
        assert!(!text.contains("7146") && sealed != first.seal(&meter, &token));
        let again = SealKey::open(&file).unwrap();
        assert_eq!(again.unseal(&meter, &sealed), Some(token.clone()));
        assert_eq!(again.unseal(&"EML2".parse().unwrap(), &sealed), None);
        assert_eq!(again.mark(&meter, &token), first.mark(&meter, &token));
        assert_ne!(again.mark(&"EML2".parse().unwrap(), &token), first.mark(&meter, &token));
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(SealKey::passing().unseal(&meter, &sealed), None);
        std::fs::write(&file, "no key").unwrap();
        assert!(matches!(SealKey::open(&file), Err(SealKeyError::NoKey(_))));
    }
}
