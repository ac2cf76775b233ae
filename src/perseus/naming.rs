//! What applications call people: each application another name for each person, by a key that survives a restore and is
//! never changed (PER §3.1).

use aws_lc_rs::hmac;
use data_encoding::{BASE64URL_NOPAD, HEXLOWER};

use super::build_error::BuildError;
use crate::accounts::{Person, random};
use crate::store::{Ledger, RowError, Store, schema};

/// The key, and the life of the book in which the room last stood.
pub(super) const NAMING_KEY: Ledger<String> = Ledger::new(schema::PERSEUS_KEYS);
/// Where the key is.
pub(super) const ACCOUNTS: &[u8] = b"accounts";

/// The key by which names are made.
pub(super) struct Naming(hmac::Key);

impl Naming {
    /// The key in the book; it is made when there is none.
    ///
    /// # Errors
    ///
    /// When the book cannot be read or written.
    pub(super) async fn of(store: &Store) -> Result<Naming, BuildError> {
        let kept = match NAMING_KEY.get(store, ACCOUNTS)? {
            Some(kept) => kept,
            None => {
                let made = HEXLOWER.encode(&random::<32>());
                let written = store.write(move |page| {
                    if let Some(kept) = NAMING_KEY.get_on(page, ACCOUNTS)? {
                        return Ok(kept);
                    }
                    NAMING_KEY.put_on(page, ACCOUNTS, &made)?;
                    Ok::<_, RowError>(made)
                });
                written.await.map_err(|error| BuildError::Write(error.to_string()))?
            }
        };
        Ok(Naming(hmac::Key::new(hmac::HMAC_SHA256, kept.as_bytes())))
    }

    /// A person as one application knows them.
    pub(super) fn account(&self, person: &Person, client: &str) -> String {
        let mut context = hmac::Context::with_key(&self.0);
        // The names have no zero byte, so that nothing runs into the next.
        for part in [person.name.as_str(), &person.created.to_string(), client] {
            context.update(part.as_bytes());
            context.update(&[0]);
        }
        format!("pw_{}", BASE64URL_NOPAD.encode(&context.sign().as_ref()[..18]))
    }
}
