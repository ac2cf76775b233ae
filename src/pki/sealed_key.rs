//! Keys that a passphrase opens (RFC 5958 §3, RFC 8018 §6.2), as authorities of other systems keep theirs.

use pkcs8::pkcs5::pbes2::Kdf;
use pkcs8::pkcs5::{self, EncryptionScheme};
use pkcs8::{EncryptedPrivateKeyInfo, SecretDocument};
use zeroize::Zeroizing;

/// Rounds of the derivation that are carried out at most; OpenSSL takes 2,048 by itself, and careful people a million.
const ROUNDS: u32 = 20_000_000;
/// Bytes that scrypt may take at most.
const MEMORY: u64 = 128 << 20;

/// A sealed key was not opened.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SealedKeyError {
    /// It is sealed in a way that is not known, or in the old way of OpenSSL, whose derivation is one round of MD5.
    #[error(
        "the key is sealed in a way that this box does not open; `openssl pkcs8 -topk8 -v2 aes-256-cbc -in FILE -out NEW` seals \
         it anew"
    )]
    Kind,
    /// Opening it would take for ever.
    #[error("the key asks for more work than any that is meant to be opened: it is damaged, or a trap")]
    Work,
    /// Not with this passphrase.
    #[error("the passphrase does not open the key")]
    Passphrase,
}

/// The key in `text` (PEM, `ENCRYPTED PRIVATE KEY`), as PEM that is wiped after use.
///
/// # Errors
///
/// When it is sealed in another way, or with another passphrase.
pub fn open_key(text: &str, passphrase: &str) -> Result<Zeroizing<String>, SealedKeyError> {
    let begin = "-----BEGIN ENCRYPTED PRIVATE KEY-----";
    let end = "-----END ENCRYPTED PRIVATE KEY-----";
    let from = text.find(begin).ok_or(SealedKeyError::Kind)?;
    let to = text[from..].find(end).ok_or(SealedKeyError::Kind)? + from + end.len();
    let text = text[from..to].replace("\r\n", "\n");
    let (_, sealed) = SecretDocument::from_pem(&text).map_err(|_| SealedKeyError::Kind)?;
    let sealed = EncryptedPrivateKeyInfo::try_from(sealed.as_bytes()).map_err(|_| SealedKeyError::Kind)?;
    let EncryptionScheme::Pbes2(parameters) = &sealed.encryption_algorithm else {
        return Err(SealedKeyError::Kind);
    };
    let bounded = match &parameters.kdf {
        Kdf::Pbkdf2(parameters) => parameters.iteration_count <= ROUNDS,
        Kdf::Scrypt(parameters) => {
            let blocks = u64::from(parameters.block_size) * u64::from(parameters.parallelization).max(1);
            let bytes = parameters.cost_parameter.checked_mul(128 * blocks);
            bytes.is_some_and(|bytes| bytes <= MEMORY)
        }
        _ => return Err(SealedKeyError::Kind),
    };
    if !bounded {
        return Err(SealedKeyError::Work);
    }
    let opened = sealed.decrypt(passphrase.as_bytes()).map_err(|error| match error {
        pkcs8::Error::EncryptedPrivateKey(
            pkcs5::Error::NoPbes1CryptSupport
            | pkcs5::Error::UnsupportedAlgorithm { .. }
            | pkcs5::Error::AlgorithmParametersInvalid { .. },
        ) => SealedKeyError::Kind,
        _ => SealedKeyError::Passphrase,
    })?;
    let text = opened.to_pem("PRIVATE KEY", pkcs8::LineEnding::LF);
    text.map_err(|_| SealedKeyError::Passphrase)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::pki::pem;

    macro_rules! key {
        ($name:literal) => {
            include_str!(concat!("../../tests/vectors/moving/keys/", $name, ".pem"))
        };
    }

    #[test]
    fn keys_that_openssl_sealed_are_opened() {
        let plain = pem::private_key(key!("plain").as_bytes()).unwrap();
        for sealed in [key!("aes"), key!("des"), key!("scrypt")] {
            // Words and line ends of other systems around it do no harm.
            let sealed = format!("a key:\r\n{}", sealed.replace('\n', "\r\n"));
            let opened = open_key(&sealed, "words").unwrap();
            assert_eq!(pem::private_key(opened.as_bytes()).unwrap(), plain);
            assert_eq!(open_key(&sealed, "other").unwrap_err(), SealedKeyError::Passphrase);
        }
    }

    #[test]
    fn traps_and_old_ways_are_refused_at_once() {
        for (sealed, error) in [
            (key!("v1"), SealedKeyError::Kind),
            (key!("plain"), SealedKeyError::Kind),
            (key!("rounds"), SealedKeyError::Work),
            (key!("memory"), SealedKeyError::Work),
        ] {
            assert_eq!(open_key(sealed, "words").unwrap_err(), error);
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn a_key_with_a_letter_changed_is_opened_or_refused(place in any::<prop::sample::Index>(), letter in "[A-Za-z0-9+/=]") {
            let mut text = key!("aes").to_owned();
            let place = 40 + place.index(text.len() - 80);
            text.replace_range(place..=place, &letter);
            let _ = open_key(&text, "words");
        }
    }
}
