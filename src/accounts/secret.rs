//! Secrets that people and programs carry: made of random bytes, kept only as hashes.

use std::fmt;

use aws_lc_rs::digest::{SHA256, digest};
use aws_lc_rs::rand;
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};
use zeroize::Zeroizing;

/// A secret in clear, shown once; `Debug` does not show it.
#[derive(Clone)]
pub struct Secret(Zeroizing<String>);

impl Secret {
    /// 256 random bits behind `prefix`, which tells people and scanners what it is.
    #[must_use]
    pub fn random(prefix: &str) -> Secret {
        Secret(Zeroizing::new(format!(
            "{prefix}{}",
            BASE64URL_NOPAD.encode(&random::<32>())
        )))
    }

    /// A secret that somebody gave us.
    #[must_use]
    pub fn given(text: impl Into<String>) -> Secret {
        Secret(Zeroizing::new(text.into()))
    }

    /// Whether a text has the form of one that [`Secret::random`] made without a prefix.
    #[must_use]
    pub fn is_formed(text: &str) -> bool {
        BASE64URL_NOPAD
            .decode(text.as_bytes())
            .is_ok_and(|bytes| bytes.len() == 32)
    }

    /// The secret itself.
    #[must_use]
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// What is kept of it. Only for secrets of full entropy: passwords are stretched instead.
    #[must_use]
    pub fn hash(&self) -> [u8; 32] {
        let mut hash = [0; 32];
        hash.copy_from_slice(digest(&SHA256, self.0.as_bytes()).as_ref());
        hash
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("***")
    }
}

/// Random bytes from the system.
#[must_use]
pub fn random<const N: usize>() -> [u8; N] {
    let mut bytes = [0; N];
    rand::fill(&mut bytes).expect("the system has random bytes");
    bytes
}

/// A short random name for a thing that is no secret, such as a token's id.
#[must_use]
pub fn random_id() -> String {
    HEXLOWER.encode(&random::<6>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_do_not_show_and_do_not_repeat() {
        let (one, two) = (Secret::random("gl_"), Secret::random("gl_"));
        assert_eq!(format!("{one:?}"), "***");
        assert_ne!(one.reveal(), two.reveal());
        assert_ne!(one.hash(), two.hash());
        assert_eq!(one.hash(), Secret::given(one.reveal()).hash());
    }
}
