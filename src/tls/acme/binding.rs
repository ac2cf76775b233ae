//! An account that is bound to one that the operator has with the server's owner (RFC 8555 §7.3.4).

use std::path::{Path, PathBuf};

use aws_lc_rs::hmac;
use data_encoding::BASE64URL_NOPAD;
use serde_json::{Value, json};
use zeroize::Zeroizing;

use crate::files::read_secret;

/// The account elsewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// What it is called there.
    pub key_id: String,
    /// A file with its key, as it was given out: base64url.
    pub key_file: PathBuf,
}

/// The key of an account elsewhere cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BindingError {
    /// Its file cannot be read.
    #[error("acme.eab_key_file: {} cannot be read: {source}", .path.display())]
    Unread { path: PathBuf, source: std::io::Error },
    /// The file holds no key.
    #[error("acme.eab_key_file: {} holds no key: one line of base64url, as the server's owner gave it out", .0.display())]
    NoKey(PathBuf),
}

impl Binding {
    /// The part of a request for an account that binds it: the account's public key (`jwk`), signed by the key of the
    /// account elsewhere for `url`, where the request goes.
    pub(super) fn proof(&self, url: &str, jwk: &Value) -> Result<Value, BindingError> {
        let key = key(&self.key_file)?;
        Ok(signed(&self.key_id, &key, url, jwk))
    }
}

/// Looks whether a file holds the key of an account elsewhere.
///
/// # Errors
/// When it cannot be read, or holds none.
pub fn check_binding_key(file: &Path) -> Result<(), BindingError> {
    key(file).map(drop)
}

fn key(file: &Path) -> Result<Zeroizing<Vec<u8>>, BindingError> {
    let text = read_secret(file).map_err(|source| BindingError::Unread {
        path: file.to_owned(),
        source,
    })?;
    // Some give it out in the other alphabet of base64, or with its padding.
    let text = Zeroizing::new(text.trim().trim_end_matches('=').replace('+', "-").replace('/', "_"));
    let key = BASE64URL_NOPAD.decode(text.as_bytes()).ok();
    let key = key.map(Zeroizing::new).filter(|key| !key.is_empty());
    key.ok_or_else(|| BindingError::NoKey(file.to_owned()))
}

fn signed(key_id: &str, key: &[u8], url: &str, jwk: &Value) -> Value {
    let encode = |bytes: &[u8]| BASE64URL_NOPAD.encode(bytes);
    let protected = json!({ "alg": "HS256", "kid": key_id, "url": url }).to_string();
    let (protected, payload) = (encode(protected.as_bytes()), encode(jwk.to_string().as_bytes()));
    let mac = hmac::sign(
        &hmac::Key::new(hmac::HMAC_SHA256, key),
        format!("{protected}.{payload}").as_bytes(),
    );
    json!({ "protected": protected, "payload": payload, "signature": encode(mac.as_ref()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_read_as_it_is_given_out_and_nothing_else_is_one() {
        let file = tempfile::NamedTempFile::new().unwrap();
        let read = |text: &str| {
            std::fs::write(file.path(), text).unwrap();
            key(file.path()).map(|key| key.to_vec())
        };
        let secret = [0xFB, 0xFF, 0xFE, 1];
        for text in ["-__-AQ\n", "+//+AQ==", "  -__-AQ  "] {
            assert_eq!(read(text).unwrap(), secret, "{text}");
        }
        for text in ["", "\n", "not a key", "====", "a b"] {
            assert!(matches!(read(text), Err(BindingError::NoKey(_))), "{text}");
        }
    }

    /// The signature by Python's hmac of the same bytes.
    #[test]
    fn what_is_signed_is_the_accounts_key_for_the_address() {
        let proof = signed(
            "kid-1",
            b"0123456789abcdef",
            "https://a.example/new",
            &json!({ "kty": "EC" }),
        );
        let decode = |part: &str| {
            let text = proof[part].as_str().unwrap();
            serde_json::from_slice::<Value>(&BASE64URL_NOPAD.decode(text.as_bytes()).unwrap()).unwrap()
        };
        assert_eq!(
            decode("protected"),
            json!({ "alg": "HS256", "kid": "kid-1", "url": "https://a.example/new" })
        );
        assert_eq!(decode("payload"), json!({ "kty": "EC" }));
        assert_eq!(proof["signature"], "ADvGvmjXx9gdVn9BtZdRHii3igBgAGtefeUAR3YwOp4");
    }
}
