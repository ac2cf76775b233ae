//! Proof that the box holds the key of an authority (UPLINK §1.4): a platform that is to trust the
//! authority gives out a code, which is signed by the authority's own key.

use rcgen::{KeyPair, SigningKey};
use zeroize::Zeroizing;

use super::{Hierarchy, Pki};
use crate::files::{self, FileError};

/// The longest code that is signed, in bytes.
const LONGEST: usize = 1_024;

/// A code is not signed.
#[derive(Debug, thiserror::Error)]
pub enum PossessionError {
    /// The text is none that a platform gives out. What is signed by this key is believed, so it is text, and no
    /// certificate in disguise.
    #[error("that is no code: a line of up to {LONGEST} printable letters, digits and signs")]
    Code,
    /// There is no such authority here, or its key cannot be read.
    #[error(transparent)]
    Key(#[from] FileError),
    /// The key cannot sign.
    #[error("the root's key of the {hierarchy} hierarchy cannot sign: {source}")]
    Sign { hierarchy: Hierarchy, source: rcgen::Error },
}

impl Pki {
    /// The signature of a code by the root of a hierarchy, as `openssl dgst -sha256 -sign` writes it.
    pub fn sign_code(&self, hierarchy: Hierarchy, code: &str) -> Result<Vec<u8>, PossessionError> {
        let line = code.trim_end_matches(['\r', '\n']);
        let is_line = line.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        if line.is_empty() || code.len() > LONGEST || !is_line {
            return Err(PossessionError::Code);
        }
        let fault = |source| PossessionError::Sign { hierarchy, source };
        let key = Zeroizing::new(files::read(&self.files(hierarchy).root_key)?);
        let key = KeyPair::from_pem(&key).map_err(fault)?;
        key.sign(code.as_bytes()).map_err(fault)
    }
}
