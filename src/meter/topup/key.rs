//! The box's own key for codes: they lie in the book sealed, and are known again by a keyed hash after they were wiped
//! (EMOP §21.1).

use std::path::Path;

use aws_lc_rs::hmac;

use crate::accounts::{self, SealKeyError, Sealed, Sealer};
use crate::domain::MeterId;
use crate::meter::emop::Token;

/// What seals codes, and knows them again.
pub(super) struct SealKey {
    key: accounts::SealKey,
    seals: Sealer,
    known: hmac::Key,
}

impl SealKey {
    /// The key in `file`; it is made when it is not there.
    pub(super) fn open(file: &Path) -> Result<SealKey, SealKeyError> {
        Ok(SealKey::of(accounts::SealKey::open(file)?))
    }

    /// A key that lives as long as the process.
    pub(super) fn passing() -> SealKey {
        SealKey::of(accounts::SealKey::passing())
    }

    fn of(key: accounts::SealKey) -> SealKey {
        SealKey {
            seals: key.sealer("seals codes"),
            known: hmac::Key::new(hmac::HMAC_SHA256, key.part("knows codes again").as_ref()),
            key,
        }
    }

    /// Its name, which does not say it.
    pub(super) fn name(&self) -> &str {
        self.key.name()
    }

    /// Whether it was made because there was none.
    pub(super) fn is_new(&self) -> bool {
        self.key.is_new()
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
    pub(super) fn seal(&self, meter: &MeterId, token: &Token) -> Sealed {
        self.seals.seal(meter.as_str().as_bytes(), token.digits())
    }

    /// The code; `None`: another key sealed it.
    pub(super) fn unseal(&self, meter: &MeterId, sealed: &Sealed) -> Option<Token> {
        let digits = self.seals.unseal(meter.as_str().as_bytes(), sealed)?;
        std::str::from_utf8(&digits).ok()?.parse().ok()
    }

    /// Whether this key sealed it.
    pub(super) fn opens(&self, sealed: &Sealed) -> bool {
        self.seals.opens(sealed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_is_sealed_for_its_meter_and_known_again_there() {
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
        assert_eq!(SealKey::passing().unseal(&meter, &sealed), None);
    }
}
