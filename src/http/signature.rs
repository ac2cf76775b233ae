//! How a webhook's receiver knows who sent it, and when: the HMAC-SHA256 of id, time and body, as Standard Webhooks has it
//! (<https://www.standardwebhooks.com>, section "Signature scheme").

use std::path::Path;

use aws_lc_rs::hmac;
use data_encoding::BASE64;
use zeroize::Zeroizing;

use crate::files::read_secret;

/// What a secret begins with when the rest is base64.
const PREFIX: &str = "whsec_";
/// The shortest secret, in bytes.
const SHORTEST: usize = 16;

/// Secrets that requests are signed with, the newest first.
pub struct Secrets(Vec<Zeroizing<Vec<u8>>>);

/// The text holds no secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SecretsError {
    /// There is none.
    #[error("it is empty: put a secret of 16 bytes or more in it")]
    Empty,
    /// One is too short to be one.
    #[error("a secret in it is shorter than 16 bytes")]
    Short,
    /// One that begins as base64 is none.
    #[error("a secret in it begins with whsec_ and is not base64")]
    Base64,
}

impl Secrets {
    /// Reads secrets, one a line: `whsec_` and base64, or any text.
    pub fn parse(text: &str) -> Result<Secrets, SecretsError> {
        let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
        let secret = |line: &str| {
            let bytes = match line.strip_prefix(PREFIX) {
                Some(rest) => BASE64.decode(rest.as_bytes()).map_err(|_| SecretsError::Base64)?,
                None => line.as_bytes().to_vec(),
            };
            let bytes = Zeroizing::new(bytes);
            if bytes.len() < SHORTEST {
                Err(SecretsError::Short)
            } else {
                Ok(bytes)
            }
        };
        let secrets: Vec<_> = lines.map(secret).collect::<Result<_, _>>()?;
        if secrets.is_empty() {
            Err(SecretsError::Empty)
        } else {
            Ok(Secrets(secrets))
        }
    }

    /// The header `webhook-signature`: one signature by each secret, so that a secret can be changed without a gap.
    #[must_use]
    pub fn sign(&self, id: &str, seconds: i64, body: &[u8]) -> String {
        let signature = |secret: &Zeroizing<Vec<u8>>| {
            let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, secret));
            context.update(format!("{id}.{seconds}.").as_bytes());
            context.update(body);
            format!("v1,{}", BASE64.encode(context.sign().as_ref()))
        };
        self.0.iter().map(signature).collect::<Vec<_>>().join(" ")
    }
}

impl Secrets {
    /// Whether one of the signatures in the header `webhook-signature` is one of ours, by any of the secrets.
    #[must_use]
    pub fn signed(&self, id: &str, seconds: &str, body: &[u8], header: &str) -> bool {
        let said = [id.as_bytes(), b".", seconds.as_bytes(), b".", body].concat();
        let given = header.split(' ').filter_map(|one| one.strip_prefix("v1,"));
        given.filter_map(|one| BASE64.decode(one.as_bytes()).ok()).any(|one| {
            let by = |secret: &Zeroizing<Vec<u8>>| {
                hmac::verify(&hmac::Key::new(hmac::HMAC_SHA256, secret), &said, &one).is_ok()
            };
            self.0.iter().any(by)
        })
    }
}

/// A file of secrets cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum SecretFileError {
    /// It cannot be read.
    #[error("it cannot be read: {0}")]
    Unread(#[from] std::io::Error),
    /// It holds none.
    #[error(transparent)]
    Secrets(#[from] SecretsError),
}

/// The secrets in a file.
///
/// # Errors
/// When it cannot be read or holds no secret.
pub fn read_secrets(file: &Path) -> Result<Secrets, SecretFileError> {
    let text = read_secret(file)?;
    Ok(Secrets::parse(&text)?)
}

/// Reads a file of secrets as it will be read before each request.
///
/// # Errors
/// When it cannot be read or holds no secret.
pub fn check_secret(file: &Path) -> Result<(), SecretFileError> {
    read_secrets(file).map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_read_in_both_forms_and_each_signs() {
        let both = Secrets::parse("whsec_MDEyMzQ1Njc4OWFiY2RlZg==\n\n0123456789abcdef\n").unwrap();
        let signed = both.sign("1.2.0", 1_800_000_000, b"{}");
        let (one, other) = signed.split_once(' ').unwrap();
        assert_eq!(one, other, "they are the same secret");
        assert_ne!(one, both.sign("1.2.1", 1_800_000_000, b"{}").split_once(' ').unwrap().0);
        assert_ne!(one, both.sign("1.2.0", 1_800_000_001, b"{}").split_once(' ').unwrap().0);
        assert!(both.signed("1.2.0", "1800000000", b"{}", &signed));
        assert!(both.signed("1.2.0", "1800000000", b"{}", &format!("v1a,x v1,!! {one}")));
        for (id, seconds, body, header) in [
            ("1.2.1", "1800000000", &b"{}"[..], one),
            ("1.2.0", "1800000001", b"{}", one),
            ("1.2.0", "1800000000", b"{ }", one),
            ("1.2.0", "1800000000", b"{}", "v1,"),
            ("1.2.0", "1800000000", b"{}", ""),
        ] {
            assert!(!both.signed(id, seconds, body, header), "{id} {seconds} {header}");
        }
        for (text, error) in [
            (" \n", SecretsError::Empty),
            ("short", SecretsError::Short),
            ("whsec_!", SecretsError::Base64),
        ] {
            assert_eq!(Secrets::parse(text).err(), Some(error));
        }
    }
}
