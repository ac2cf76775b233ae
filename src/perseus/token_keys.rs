//! The keys that sign access tokens: one signs, the next is published before it does, those that signed stay until no
//! token of theirs lives (PER §3.2). A file of their own holds them; `jwks` is what the world sees.

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use arc_swap::ArcSwap;
use data_encoding::BASE64URL_NOPAD;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Value as Json, json};
use zeroize::Zeroizing;

use super::access_token::TokenKey;
use crate::files::{self, FileError, Readers};
use crate::pki::{FreshKey, sha256};

/// A key signs so long.
const LIFE: SignedDuration = SignedDuration::from_hours(24 * 90);
/// A key is published so long before it signs: readers keep what they read for five minutes.
const NOTICE: SignedDuration = SignedDuration::from_secs(600);
/// A key that signed is published so long after: longer than any token lives.
const AFTER: SignedDuration = SignedDuration::from_hours(2);

/// The keys cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum TokenKeysError {
    /// The file cannot be read or written.
    #[error(transparent)]
    File(#[from] FileError),
    /// It holds something else.
    #[error(
        "{0} does not hold keys of tokens; move it away, and new ones are made: applications then ask for new tokens"
    )]
    NoKeys(String),
    /// The next key is too new.
    #[error("the next key was published less than ten minutes ago: it may sign from {0:.0} on")]
    TooSoon(Timestamp),
}

/// A key as its file has it.
#[derive(Clone, Serialize, Deserialize)]
struct Kept {
    kid: String,
    /// PKCS#8, PEM.
    key: Zeroizing<String>,
    x: String,
    y: String,
    /// When it was published.
    published: Timestamp,
    /// When it began to sign; absent: it is the next.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    signs: Option<Timestamp>,
    /// When it ceased to sign; absent: it has not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ceased: Option<Timestamp>,
}

impl Kept {
    fn made(now: Timestamp) -> Kept {
        let FreshKey { pem, x, y } = FreshKey::p256();
        // RFC 7638 §3.2: the required members in the order of their names.
        let thumbprint = sha256(format!(r#"{{"crv":"P-256","kty":"EC","x":"{x}","y":"{y}"}}"#).as_bytes());
        Kept {
            kid: BASE64URL_NOPAD.encode(&thumbprint),
            key: pem,
            x,
            y,
            published: now,
            signs: None,
            ceased: None,
        }
    }

    fn is_over(&self, now: Timestamp) -> bool {
        self.ceased.is_some_and(|ceased| now.duration_since(ceased) > AFTER)
    }

    fn public(&self) -> Json {
        json!({ "kty": "EC", "crv": "P-256", "use": "sig", "alg": "ES256", "kid": self.kid, "x": self.x, "y": self.y })
    }
}

/// All of them at one moment.
struct Ring {
    kept: Vec<Kept>,
    /// The same, as they sign and verify.
    ready: Vec<TokenKey>,
    jwks: String,
}

impl Ring {
    fn of(kept: Vec<Kept>) -> Option<Ring> {
        let ready = kept
            .iter()
            .map(|one| TokenKey::new(&one.kid, &one.key, (&one.x, &one.y)));
        let ready = ready.collect::<Option<Vec<_>>>()?;
        let signing = kept.iter().filter(|one| one.signs.is_some() && one.ceased.is_none());
        if signing.count() != 1 {
            return None;
        }
        let public: Vec<Json> = kept.iter().map(Kept::public).collect();
        let jwks = json!({ "keys": public }).to_string();
        Some(Ring { kept, ready, jwks })
    }
}

/// The keys of the box; clones share them.
#[derive(Clone)]
pub struct TokenKeys {
    file: PathBuf,
    ring: Arc<ArcSwap<Ring>>,
    /// Held while they change.
    turn: Arc<Mutex<()>>,
}

impl TokenKeys {
    /// The keys in `file`; they are made when it is not there.
    ///
    /// # Errors
    ///
    /// When the file cannot be used.
    pub fn open(file: &Path, now: Timestamp) -> Result<TokenKeys, TokenKeysError> {
        if let Some(folder) = file.parent() {
            files::make_private(folder)?;
        }
        let no_keys = || TokenKeysError::NoKeys(file.display().to_string());
        let kept = match files::read(file) {
            Ok(text) => {
                let text = Zeroizing::new(text);
                serde_json::from_str(&text).map_err(|_| no_keys())?
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let signs = Kept {
                    signs: Some(now),
                    ..Kept::made(now)
                };
                let kept = vec![signs, Kept::made(now)];
                write(file, &kept)?;
                kept
            }
            Err(error) => return Err(error.into()),
        };
        let ring = Ring::of(kept).ok_or_else(no_keys)?;
        Ok(TokenKeys {
            file: file.to_owned(),
            ring: Arc::new(ArcSwap::from_pointee(ring)),
            turn: Arc::default(),
        })
    }

    /// What the world sees (RFC 7517 §5).
    #[must_use]
    pub fn jwks(&self) -> String {
        self.ring.load().jwks.clone()
    }

    /// The key of this name.
    #[must_use]
    pub fn of(&self, kid: &str) -> Option<TokenKey> {
        self.ring.load().ready.iter().find(|key| key.kid == kid).cloned()
    }

    /// The one that signs.
    #[must_use]
    pub fn signing(&self) -> TokenKey {
        let ring = self.ring.load();
        let signing = ring
            .kept
            .iter()
            .position(|one| one.signs.is_some() && one.ceased.is_none());
        let place = signing.expect("a ring has one that signs");
        ring.ready[place].clone()
    }

    /// Has the next key sign when the present one has signed for its life, and forgets those that are over. Says whether
    /// something changed.
    ///
    /// # Errors
    ///
    /// When the file cannot be written: then nothing changed.
    pub fn tend(&self, now: Timestamp) -> Result<bool, TokenKeysError> {
        let (due, over) = {
            let ring = self.ring.load();
            let signing = ring.kept.iter().find(|one| one.signs.is_some() && one.ceased.is_none());
            let since = signing.and_then(|one| one.signs);
            let due = since.is_some_and(|since| now.duration_since(since) >= LIFE);
            (due, ring.kept.iter().any(|one| one.is_over(now)))
        };
        match (due, over) {
            (true, _) => self.rotate(now).map(|()| true),
            (false, true) => self
                .change(|kept| {
                    kept.retain(|one| !one.is_over(now));
                    Ok(())
                })
                .map(|()| true),
            (false, false) => Ok(false),
        }
    }

    /// Has the next key sign from now on.
    ///
    /// # Errors
    ///
    /// When that one is too new, or the file cannot be written: then nothing changed.
    pub fn rotate(&self, now: Timestamp) -> Result<(), TokenKeysError> {
        self.change(|kept| {
            // Looked at in turn, so that of two at once the second finds the next one too new.
            let next = kept.iter().find(|one| one.signs.is_none()).map(|one| one.published);
            if let Some(published) = next.filter(|published| now.duration_since(*published) < NOTICE) {
                let from = published.saturating_add(NOTICE).unwrap_or(published);
                return Err(TokenKeysError::TooSoon(from));
            }
            for one in kept.iter_mut() {
                match (one.signs, one.ceased) {
                    (Some(_), None) => one.ceased = Some(now),
                    (None, _) => one.signs = Some(now),
                    (Some(_), Some(_)) => {}
                }
            }
            kept.retain(|one| !one.is_over(now));
            kept.push(Kept::made(now));
            Ok(())
        })
    }

    fn change(&self, change: impl FnOnce(&mut Vec<Kept>) -> Result<(), TokenKeysError>) -> Result<(), TokenKeysError> {
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        let mut kept = self.ring.load().kept.clone();
        change(&mut kept)?;
        let ring = Ring::of(kept).ok_or_else(|| TokenKeysError::NoKeys(self.file.display().to_string()))?;
        write(&self.file, &ring.kept)?;
        self.ring.store(Arc::new(ring));
        Ok(())
    }
}

fn write(file: &Path, kept: &[Kept]) -> Result<(), TokenKeysError> {
    let text = serde_json::to_string_pretty(kept).expect("keys are plain texts");
    files::write(file, Zeroizing::new(text).as_bytes(), Readers::Owner)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + hours * 3_600).unwrap()
    }

    fn kids(keys: &TokenKeys) -> Vec<String> {
        let jwks: Json = serde_json::from_str(&keys.jwks()).unwrap();
        let keys = jwks["keys"].as_array().unwrap();
        keys.iter().map(|key| key["kid"].as_str().unwrap().to_owned()).collect()
    }

    #[test]
    fn a_key_is_published_before_it_signs_and_stays_until_its_tokens_are_over() {
        let dir = tempfile::tempdir().unwrap();
        let file = dir.path().join("keys/tokens.json");
        let keys = TokenKeys::open(&file, at(0)).unwrap();
        let (first, published) = (keys.signing().kid, kids(&keys));
        assert_eq!(published.len(), 2);
        assert_eq!(std::fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(!keys.jwks().contains("PRIVATE") && !keys.jwks().contains("\"d\""));
        assert!(matches!(keys.rotate(at(0)), Err(TokenKeysError::TooSoon(_))));
        assert!(!keys.tend(at(24 * 90 - 1)).unwrap());
        assert!(keys.tend(at(24 * 90)).unwrap());
        let second = keys.signing().kid;
        assert!(
            published.contains(&second) && second != first,
            "the one that was published signs now"
        );
        assert_eq!(kids(&keys).len(), 3);
        assert!(keys.of(&first).is_some(), "its tokens are still good");
        assert!(!keys.tend(at(24 * 90 + 1)).unwrap());
        assert!(keys.tend(at(24 * 90 + 3)).unwrap());
        assert!(keys.of(&first).is_none());
        // The same after a restart.
        let again = TokenKeys::open(&file, at(24 * 91)).unwrap();
        assert_eq!((again.signing().kid, kids(&again)), (second, kids(&keys)));
        std::fs::write(&file, "[]").unwrap();
        assert!(matches!(TokenKeys::open(&file, at(0)), Err(TokenKeysError::NoKeys(_))));
    }
}
