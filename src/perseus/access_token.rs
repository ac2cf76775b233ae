//! Access tokens: JWTs that are bound to a client's certificate (RFC 9068, RFC 8705 §3; PER §3.1). Pure.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair};
use data_encoding::BASE64URL_NOPAD;
use jiff::{SignedDuration, Timestamp};
use jsonwebtoken::{Algorithm, DecodingKey, Header, Validation, decode, decode_header};
use serde::{Deserialize, Serialize};

use crate::pki;

/// The kind that the header says (RFC 9068 §2.1).
const TYPE: &str = "at+jwt";
/// How far clocks may differ (FAPI 2.0 §5.3.2.1).
const SKEW: SignedDuration = SignedDuration::from_secs(10);
/// The longest token that is looked at, in bytes.
const LONGEST: usize = 4_096;

/// What a token says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Claims {
    /// Who issued it.
    pub iss: String,
    /// The person, by the name that this application knows them by.
    pub sub: String,
    /// For whom it is.
    pub aud: Vec<String>,
    /// The application.
    pub client_id: String,
    /// The licence.
    pub scope: String,
    /// The same, as older readers look for it.
    pub scp: Vec<String>,
    /// In seconds since 1970.
    pub iat: i64,
    /// In seconds since 1970.
    pub nbf: i64,
    /// In seconds since 1970.
    pub exp: i64,
    /// Its own name.
    pub jti: String,
    /// The certificate that it is bound to.
    pub cnf: Confirmation,
    /// The permission that it rests on.
    pub pid: String,
    /// The grant that it came from.
    pub gid: String,
    /// The epoch of the book that knows of it: after a restore it is none.
    pub epoch: u32,
}

/// The certificate that a token is bound to (RFC 8705 §3.1).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confirmation {
    /// The SHA-256 of the certificate, base64url.
    #[serde(rename = "x5t#S256")]
    pub x5t_s256: String,
}

/// What a token must fit.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    pub issuer: &'a str,
    pub audience: &'a str,
    /// The application of the certificate that came with it.
    pub client: &'a str,
    /// The certificate's thumbprint, base64url.
    pub x5t_s256: &'a str,
    pub epoch: u32,
}

/// A token is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// It is no JWT, or not of our kind.
    #[error("the token cannot be read")]
    Unreadable,
    /// None of our keys signed it.
    #[error("the token is not signed by this service")]
    Signature,
    /// It is another service's, or for another.
    #[error("the token is not for this service")]
    Service,
    /// It has ended.
    #[error("the token has expired")]
    Expired,
    /// It begins in the future.
    #[error("the token is not valid yet")]
    NotYet,
    /// It is another application's.
    #[error("the token is not this application's")]
    Client,
    /// It is bound to another certificate.
    #[error("the token is bound to another certificate")]
    Certificate,
    /// It is from before a restore.
    #[error("the token is from before this service was restored")]
    Restored,
}

/// A key pair that signs tokens.
#[derive(Clone)]
pub struct TokenKey {
    /// Its thumbprint (RFC 7638).
    pub kid: String,
    /// Read once: to read a private key takes as long as to sign with it.
    signs: Arc<EcdsaKeyPair>,
    /// What its tokens begin with: their header (RFC 7515 §7.1) and a dot.
    head: Arc<str>,
    verifies: DecodingKey,
}

impl fmt::Debug for TokenKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TokenKey({})", self.kid)
    }
}

impl TokenKey {
    /// A key by its PKCS#8 PEM and the coordinates of its public point, base64url.
    pub(super) fn new(kid: &str, pem: &str, (x, y): (&str, &str)) -> Option<TokenKey> {
        let mut header = Header::new(Algorithm::ES256);
        header.typ = Some(TYPE.to_owned());
        header.kid = Some(kid.to_owned());
        let header = serde_json::to_vec(&header).ok()?;
        let der = pki::pem::private_key(pem.as_bytes()).ok()?;
        let pair = EcdsaKeyPair::from_private_key_der(&ECDSA_P256_SHA256_FIXED_SIGNING, der.secret_der());
        Some(TokenKey {
            kid: kid.to_owned(),
            signs: Arc::new(pair.ok()?),
            head: format!("{}.", BASE64URL_NOPAD.encode(&header)).into(),
            verifies: DecodingKey::from_ec_components(x, y).ok()?,
        })
    }

    /// Signs a token (JWS, RFC 7515 §3.1; ES256, RFC 7518 §3.4).
    #[must_use]
    pub fn sign(&self, claims: &Claims) -> String {
        let claims = serde_json::to_vec(claims).expect("claims are strings and numbers");
        let mut token = self.head.to_string();
        BASE64URL_NOPAD.encode_append(&claims, &mut token);
        let signature = self.signs.sign(&SystemRandom::new(), token.as_bytes());
        let signature = signature.expect("the key was read as one of this curve");
        token.push('.');
        BASE64URL_NOPAD.encode_append(signature.as_ref(), &mut token);
        token
    }
}

/// The claims of a token that one of these keys signed and that fits, in the order of RFC 9068 §4.
///
/// # Errors
///
/// For the first thing that is wrong with it.
pub fn verify(
    token: &str,
    key_of: impl FnOnce(&str) -> Option<TokenKey>,
    expected: Expected<'_>,
    now: Timestamp,
) -> Result<Claims, TokenError> {
    let claims = verify_signed(token, key_of)?;
    claims.fit(expected, now)?;
    Ok(claims)
}

/// The claims of a token that one of these keys signed, whether or not it is good now.
///
/// # Errors
///
/// When it cannot be read, or none of them did.
pub fn verify_signed(token: &str, key_of: impl FnOnce(&str) -> Option<TokenKey>) -> Result<Claims, TokenError> {
    if token.len() > LONGEST {
        return Err(TokenError::Unreadable);
    }
    let header = decode_header(token).map_err(|_| TokenError::Unreadable)?;
    // The header chooses neither the algorithm nor the key, only which of ours.
    let foreign = header.jwk.is_some() || header.jku.is_some() || header.x5u.is_some() || header.x5c.is_some();
    let is_ours = header
        .typ
        .as_deref()
        .is_some_and(|kind| kind.eq_ignore_ascii_case(TYPE));
    if foreign || has_crit(token) || !is_ours || header.alg != Algorithm::ES256 {
        return Err(TokenError::Unreadable);
    }
    let key = header.kid.as_deref().and_then(key_of).ok_or(TokenError::Signature)?;
    let mut rules = Validation::new(Algorithm::ES256);
    // Times and names are held against what is expected, by the time that the box goes by.
    (rules.validate_exp, rules.validate_nbf, rules.validate_aud) = (false, false, false);
    rules.required_spec_claims.clear();
    match decode::<Claims>(token, &key.verifies, &rules) {
        Ok(decoded) => Ok(decoded.claims),
        Err(error) if matches!(error.kind(), jsonwebtoken::errors::ErrorKind::InvalidSignature) => {
            Err(TokenError::Signature)
        }
        Err(_) => Err(TokenError::Unreadable),
    }
}

impl Claims {
    fn fit(&self, expected: Expected<'_>, now: Timestamp) -> Result<(), TokenError> {
        let (now, skew) = (now.as_second(), SKEW.as_secs());
        if self.iss != expected.issuer || !self.aud.iter().any(|one| one == expected.audience) {
            return Err(TokenError::Service);
        }
        if self.exp.saturating_add(skew) <= now {
            return Err(TokenError::Expired);
        }
        if self.nbf.max(self.iat) > now.saturating_add(skew) {
            return Err(TokenError::NotYet);
        }
        if self.epoch != expected.epoch {
            return Err(TokenError::Restored);
        }
        if self.client_id != expected.client {
            return Err(TokenError::Client);
        }
        match self.cnf.x5t_s256 == expected.x5t_s256 {
            true => Ok(()),
            false => Err(TokenError::Certificate),
        }
    }
}

/// Whether a header demands to be understood in something (RFC 7515 §4.1.11), which the library passes over.
fn has_crit(token: &str) -> bool {
    let header = token.split('.').next().unwrap_or_default();
    let bytes = BASE64URL_NOPAD.decode(header.as_bytes());
    let json = bytes
        .ok()
        .and_then(|bytes| serde_json::from_slice::<serde_json::Value>(&bytes).ok());
    json.is_none_or(|json| json.get("crit").is_some())
}

#[cfg(test)]
mod tests {
    use super::super::token_keys::TokenKeys;
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    const NOW: i64 = 1_800_000_000;

    fn keys() -> (tempfile::TempDir, TokenKeys) {
        let dir = tempfile::tempdir().unwrap();
        let keys = TokenKeys::open(&dir.path().join("keys/tokens.json"), at(0)).unwrap();
        (dir, keys)
    }

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(NOW + second).unwrap()
    }

    fn claims() -> Claims {
        Claims {
            iss: "https://box.example".into(),
            sub: "pw_1".into(),
            aud: vec!["https://box.example:8443".into()],
            client_id: "https://d.example/a/1".into(),
            scope: "https://r.example/licence".into(),
            scp: vec!["https://r.example/licence".into()],
            iat: NOW,
            nbf: NOW,
            exp: NOW + 900,
            jti: "j".into(),
            cnf: Confirmation {
                x5t_s256: "thumb".into(),
            },
            pid: "p".into(),
            gid: "g".into(),
            epoch: 7,
        }
    }

    const EXPECTED: Expected<'_> = Expected {
        issuer: "https://box.example",
        audience: "https://box.example:8443",
        client: "https://d.example/a/1",
        x5t_s256: "thumb",
        epoch: 7,
    };

    #[test]
    fn a_token_is_good_for_its_client_its_certificate_and_its_time() {
        let (_dir, keys) = keys();
        let signed = keys.signing().sign(&claims());
        let verified = |expected, second| verify(&signed, |kid| keys.of(kid), expected, at(second));
        assert_eq!(verified(EXPECTED, 0), Ok(claims()));
        for (second, result) in [
            (-11, Some(TokenError::NotYet)),
            (-10, None),
            (909, None),
            (910, Some(TokenError::Expired)),
        ] {
            assert_eq!(verified(EXPECTED, second).err(), result, "{second}");
        }
        for (expected, error) in [
            (
                Expected {
                    issuer: "https://o.example",
                    ..EXPECTED
                },
                TokenError::Service,
            ),
            (
                Expected {
                    audience: "https://box.example",
                    ..EXPECTED
                },
                TokenError::Service,
            ),
            (
                Expected {
                    client: "https://d.example/a/2",
                    ..EXPECTED
                },
                TokenError::Client,
            ),
            (
                Expected {
                    x5t_s256: "other",
                    ..EXPECTED
                },
                TokenError::Certificate,
            ),
            (Expected { epoch: 8, ..EXPECTED }, TokenError::Restored),
        ] {
            assert_eq!(verified(expected, 0), Err(error));
        }
    }

    /// RFC 8725 §3: the header chooses nothing.
    #[test]
    fn no_header_talks_its_way_in() {
        let (_dir, keys) = keys();
        let (_other_dir, other) = self::keys();
        let verified = |token: &str| verify(token, |kid| keys.of(kid), EXPECTED, at(0));
        let signing = keys.signing();
        let good = signing.sign(&claims());
        let [_, payload, signature] = good.split('.').collect::<Vec<_>>().try_into().unwrap();
        let with = |header: serde_json::Value| {
            format!(
                "{}.{payload}.{signature}",
                BASE64URL_NOPAD.encode(header.to_string().as_bytes())
            )
        };
        let ours = json!({ "alg": "ES256", "typ": "at+jwt", "kid": signing.kid });
        for (name, value) in [
            ("alg", json!("none")),
            ("alg", json!("HS256")),
            ("alg", json!("PS256")),
            ("typ", json!("JWT")),
            ("typ", json!(null)),
            ("kid", json!("1")),
            ("kid", json!(null)),
            ("crit", json!(["exp"])),
            ("jku", json!("https://evil.example/keys")),
            ("x5u", json!("https://evil.example/key")),
            ("jwk", json!({ "kty": "EC", "crv": "P-256", "x": "AA", "y": "AA" })),
        ] {
            let mut header = ours.clone();
            header[name] = value;
            assert!(verified(&with(header.clone())).is_err(), "{header}");
        }
        // Another's key under our name, and a changed claim.
        let foreign = TokenKey {
            kid: signing.kid.clone(),
            ..other.signing()
        }
        .sign(&claims());
        assert_eq!(verified(&foreign), Err(TokenError::Signature));
        let wider = Claims {
            scope: "all".into(),
            ..claims()
        };
        let other = signing.sign(&wider);
        let forged = format!("{}.{signature}", other.rsplit_once('.').unwrap().0);
        assert_eq!(verified(&forged), Err(TokenError::Signature));
        for wrong in [
            "",
            ".",
            "..",
            "a.b.c",
            &good[1..],
            &good[..good.len() - 2],
            &format!("{good}.x"),
            &"a".repeat(9_000),
        ] {
            assert!(verified(wrong).is_err(), "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn no_text_is_taken(token in "[A-Za-z0-9_-]{0,60}(\\.[A-Za-z0-9_-]{0,60}){0,3}|\\PC{0,60}") {
            prop_assert!(verify(&token, |_| None, EXPECTED, at(0)).is_err());
        }
    }
}
