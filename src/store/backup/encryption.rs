//! Sealing: secret files travel in a backup only inside an `age` file.
//!
//! The recipient's key (`age1…`) can lie on the box; its identity, or the passphrase, need not.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::iter;

use age::secrecy::SecretString;
use zeroize::Zeroizing;

/// Secret files by name.
pub(in crate::store) type Secrets = BTreeMap<String, Zeroizing<Vec<u8>>>;

/// To whom secrets are sealed.
#[derive(Clone, Debug)]
pub enum Seal {
    /// To the holder of the identity that belongs to this recipient (`age1…`).
    Recipient(String),
    /// To whoever knows this.
    Passphrase(SecretString),
    /// They are left out.
    LeaveOut,
}

/// With what secrets are opened.
#[derive(Clone, Debug)]
pub enum Unseal {
    /// An identity (`AGE-SECRET-KEY-1…`).
    Identity(SecretString),
    /// A passphrase.
    Passphrase(SecretString),
    /// They are left where they are.
    LeaveOut,
}

/// Secrets could not be sealed or opened.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// The text is not a recipient.
    #[error("not an age recipient (age1…)")]
    Recipient,
    /// The text is not an identity.
    #[error("not an age identity (AGE-SECRET-KEY-1…)")]
    Identity,
    /// Sealing failed.
    #[error("cannot seal the keys: {0}")]
    Seal(#[from] age::EncryptError),
    /// The identity or passphrase does not open them.
    #[error("cannot open the sealed keys: {0}")]
    Open(#[from] age::DecryptError),
    /// Writing into or reading out of the seal failed.
    #[error("cannot read or write the sealed keys: {0}")]
    Stream(#[from] std::io::Error),
    /// What was sealed is not what this version seals.
    #[error("the sealed keys are not in their format")]
    Format,
}

/// Seals `secrets`; `None` when they are to be left out.
pub(in crate::store) fn seal(secrets: &Secrets, to: &Seal) -> Result<Option<Vec<u8>>, SealError> {
    let plain = encode(secrets);
    let recipient: Box<dyn age::Recipient> = match to {
        Seal::LeaveOut => return Ok(None),
        Seal::Recipient(text) => {
            let recipient: age::x25519::Recipient = text.trim().parse().map_err(|_| SealError::Recipient)?;
            Box::new(recipient)
        }
        Seal::Passphrase(passphrase) => Box::new(age::scrypt::Recipient::new(passphrase.clone())),
    };
    let mut sealed = Vec::new();
    let mut writer = age::Encryptor::with_recipients(iter::once(&*recipient))?.wrap_output(&mut sealed)?;
    writer.write_all(&plain)?;
    writer.finish()?;
    Ok(Some(sealed))
}

/// Opens what [`seal`] made; `None` when it is to be left.
pub(in crate::store) fn open(sealed: &[u8], with: &Unseal) -> Result<Option<Secrets>, SealError> {
    use age::secrecy::ExposeSecret;
    let identity: Box<dyn age::Identity> = match with {
        Unseal::LeaveOut => return Ok(None),
        Unseal::Identity(text) => {
            let identity: age::x25519::Identity =
                text.expose_secret().trim().parse().map_err(|_| SealError::Identity)?;
            Box::new(identity)
        }
        Unseal::Passphrase(passphrase) => Box::new(age::scrypt::Identity::new(passphrase.clone())),
    };
    let mut plain = Zeroizing::new(Vec::new());
    age::Decryptor::new_buffered(sealed)?
        .decrypt(iter::once(&*identity))?
        .read_to_end(&mut plain)?;
    decode(&plain).ok_or(SealError::Format).map(Some)
}

/// A count, then each name and content behind its length; eight bytes a number, little-endian.
fn encode(secrets: &Secrets) -> Zeroizing<Vec<u8>> {
    let mut plain = Zeroizing::new(Vec::new());
    let number = |plain: &mut Vec<u8>, number: usize| plain.extend_from_slice(&(number as u64).to_le_bytes());
    number(&mut plain, secrets.len());
    for (name, content) in secrets {
        for part in [name.as_bytes(), content] {
            number(&mut plain, part.len());
            plain.extend_from_slice(part);
        }
    }
    plain
}

fn decode(plain: &[u8]) -> Option<Secrets> {
    let mut body = crate::store::log::frame::Body(plain);
    let count = body.u64()?;
    let mut part = || {
        let length = usize::try_from(body.u64()?).ok()?;
        body.bytes(length)
    };
    let secrets = (0..count)
        .map(|_| {
            let name = std::str::from_utf8(part()?).ok()?.to_owned();
            Some((name, Zeroizing::new(part()?.to_vec())))
        })
        .collect::<Option<Secrets>>()?;
    body.0.is_empty().then_some(secrets)
}

/// Whether a text is an age recipient (`age1…`), to whom can be sealed.
#[must_use]
pub fn is_recipient(text: &str) -> bool {
    text.trim().parse::<age::x25519::Recipient>().is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets() -> Secrets {
        let file = |name: &str, content: &[u8]| (name.to_owned(), Zeroizing::new(content.to_vec()));
        [file("pki/server.key", b"secret"), file("empty", b"")].into()
    }

    #[test]
    fn only_the_identity_opens_what_was_sealed_to_its_recipient() {
        let identity = age::x25519::Identity::generate();
        let sealed = seal(&secrets(), &Seal::Recipient(identity.to_public().to_string()))
            .unwrap()
            .unwrap();
        assert!(!sealed.windows(6).any(|window| window == b"secret"));
        assert_eq!(
            open(&sealed, &Unseal::Identity(identity.to_string())).unwrap(),
            Some(secrets())
        );
        let other = age::x25519::Identity::generate().to_string();
        assert!(matches!(
            open(&sealed, &Unseal::Identity(other)),
            Err(SealError::Open(_))
        ));
        assert_eq!(open(&sealed, &Unseal::LeaveOut).unwrap(), None);
    }

    #[test]
    fn what_is_no_recipient_or_identity_is_refused() {
        let sealed = seal(&secrets(), &Seal::Recipient("age1nonsense".to_owned()));
        assert!(matches!(sealed, Err(SealError::Recipient)));
        let opened = open(b"", &Unseal::Identity("AGE-SECRET-KEY-1NONSENSE".to_owned().into()));
        assert!(matches!(opened, Err(SealError::Identity)));
    }
}
