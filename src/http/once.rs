//! Requests that are sent again are carried out once (OCC §5.2): the answer to the first is kept,
//! in the same change, for as long as the client may try.
//!
//! Kept answers may hold a new key, so they are sealed with what only the client knows: its idempotency key.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use aws_lc_rs::digest::{Context, SHA256};
use data_encoding::BASE64;
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use crate::store::{Ledger, Page, ReadError, RowError, Store, schema};

const ANSWERS: Ledger<AnswerRow> = Ledger::new(schema::ANSWERS);

/// Answers that are looked at in one change.
const AT_A_TIME: usize = 64;

/// Before a sealed answer that begins with its nonce; no base64 has it.
const NONCE_AHEAD: &str = ".";

/// How long an answer is kept.
pub const LIFE: SignedDuration = SignedDuration::from_hours(25);
/// The longest idempotency key, in bytes.
pub const LONGEST: usize = 200;

/// One request that may come again; `Debug` shows nothing of it.
#[derive(Clone)]
pub struct Once {
    index: [u8; 32],
    fingerprint: [u8; 32],
    seal: [u8; 32],
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct AnswerRow {
    fingerprint: [u8; 32],
    status: u16,
    tag: Option<String>,
    /// Base64.
    sealed: String,
    expires: Timestamp,
}

/// An answer as it is kept and given again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    pub status: u16,
    /// Its entity tag.
    pub tag: Option<String>,
    /// Its body, JSON.
    pub body: String,
}

impl std::fmt::Debug for Once {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Once(***)")
    }
}

/// What is known of a request.
pub enum Known {
    /// It is new.
    Nothing,
    /// It was answered so.
    Answered(Answer),
    /// Its key was used for another request.
    Another,
}

impl Once {
    /// The request `what` (method, path and body) of `caller` under the idempotency key `key`.
    #[must_use]
    pub fn new(caller: &str, key: &str, what: &[&[u8]]) -> Once {
        Once {
            index: hash(&[b"index", caller.as_bytes(), key.as_bytes()]),
            fingerprint: hash(&[&[b"what".as_slice()], what].concat()),
            seal: hash(&[b"seal", caller.as_bytes(), key.as_bytes()]),
        }
    }

    /// What is known of it.
    pub fn known_on(&self, page: &Page, now: Timestamp) -> Result<Known, RowError> {
        let kept = ANSWERS.get_on(page, &self.index)?.filter(|kept| kept.expires > now);
        Ok(match kept {
            Some(kept) if kept.fingerprint != self.fingerprint => Known::Another,
            Some(kept) => match self.open(&kept.sealed) {
                Some(body) => Known::Answered(Answer {
                    status: kept.status,
                    tag: kept.tag,
                    body,
                }),
                None => Known::Nothing,
            },
            None => Known::Nothing,
        })
    }

    /// Keeps its answer.
    pub fn keep_on(&self, page: &mut Page, answer: &Answer, now: Timestamp) -> Result<(), RowError> {
        let kept = AnswerRow {
            fingerprint: self.fingerprint,
            status: answer.status,
            tag: answer.tag.clone(),
            sealed: self.seal(&answer.body),
            expires: now.checked_add(LIFE).unwrap_or(Timestamp::MAX),
        };
        ANSWERS.put_on(page, &self.index, &kept)
    }

    fn cipher(&self) -> RandomizedNonceKey {
        RandomizedNonceKey::new(&AES_256_GCM, &self.seal).expect("the key has the cipher's length")
    }

    /// A nonce that was never there before: the same idempotency key may come again when the answer to its first use was
    /// forgotten.
    fn seal(&self, body: &str) -> String {
        let mut bytes = body.as_bytes().to_vec();
        let nonce = self
            .cipher()
            .seal_in_place_append_tag(Aad::from(self.fingerprint), &mut bytes)
            .expect("answers are short");
        format!(
            "{NONCE_AHEAD}{}",
            BASE64.encode(&[&nonce.as_ref()[..], &bytes].concat())
        )
    }

    fn open(&self, sealed: &str) -> Option<String> {
        let (nonce, mut text) = match sealed.strip_prefix(NONCE_AHEAD) {
            Some(sealed) => {
                let bytes = BASE64.decode(sealed.as_bytes()).ok()?;
                let (nonce, text) = bytes.split_first_chunk::<NONCE_LEN>()?;
                (*nonce, text.to_vec())
            }
            // Answers that an earlier build kept.
            None => ([0; NONCE_LEN], BASE64.decode(sealed.as_bytes()).ok()?),
        };
        let nonce = Nonce::assume_unique_for_key(nonce);
        let body = self
            .cipher()
            .open_in_place(nonce, Aad::from(self.fingerprint), &mut text);
        String::from_utf8(body.ok()?.to_vec()).ok()
    }
}

/// Forgets kept answers that nobody may ask for again.
///
/// # Errors
///
/// When the book cannot be read.
pub async fn sweep(store: &Store) -> Result<(), ReadError> {
    if !store.clock_is_trusted() {
        return Ok(());
    }
    let mut after: Option<Vec<u8>> = None;
    while let Some((last, _)) = ANSWERS.scan(store, &[], after.as_deref(), AT_A_TIME)?.pop() {
        let (from, now) = (after.replace(last), store.now());
        let swept = store.write_bulk(move |page| {
            for (index, kept) in ANSWERS.scan_on(page, &[], from.as_deref(), AT_A_TIME)? {
                if kept.expires <= now {
                    ANSWERS.delete_on(page, &index);
                }
            }
            Ok::<(), RowError>(())
        });
        if let Err(error) = swept.await {
            tracing::debug!(%error, "kept answers were not swept; it is tried again");
            return Ok(());
        }
    }
    Ok(())
}

fn hash(parts: &[&[u8]]) -> [u8; 32] {
    let mut context = Context::new(&SHA256);
    for part in parts {
        // The length keeps parts apart.
        context.update(&(part.len() as u64).to_be_bytes());
        context.update(part);
    }
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_same_key_opens_an_answer() {
        let once = Once::new("token x", "key", &[b"POST", b"/v1/spaces", b"{}"]);
        let sealed = once.seal("{\"secret\": 1}");
        assert!(!sealed.contains("secret"));
        assert_eq!(once.open(&sealed).as_deref(), Some("{\"secret\": 1}"));
        for other in [
            Once::new("token y", "key", &[b"POST", b"/v1/spaces", b"{}"]),
            Once::new("token x", "kez", &[b"POST", b"/v1/spaces", b"{}"]),
            Once::new("token x", "key", &[b"POST", b"/v1/spaces", b"{ }"]),
        ] {
            assert_eq!(other.open(&sealed), None);
        }
    }

    #[test]
    fn no_two_answers_are_sealed_alike_and_those_of_earlier_builds_open() {
        let once = Once::new("token x", "key", &[b"POST", b"/v1/spaces", b"{}"]);
        assert_ne!(once.seal("{}"), once.seal("{}"));
        let earlier = "qUQnH+utd76Yzeuzjtz0/dwC";
        assert_eq!(once.open(earlier).as_deref(), Some("{}"));
        for damaged in ["", ".", ".AAAA", "AAAA", "qUQn", &once.seal("{}")[1..]] {
            assert_eq!(once.open(damaged), None, "{damaged}");
        }
    }

    #[test]
    fn parts_do_not_run_into_each_other() {
        assert_ne!(hash(&[b"ab", b"c"]), hash(&[b"a", b"bc"]));
    }
}
