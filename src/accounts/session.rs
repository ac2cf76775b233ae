//! Sessions: who is signed in, known by a cookie of which only the hash is kept.

use std::num::NonZeroU32;

use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::people::PEOPLE;
use super::permission::Who;
use super::secret::Secret;
use super::{Accounts, AccountsError, password};
use crate::store::{Ledger, Page, ReadError, RowError, schema};

const SESSIONS: Ledger<SessionRow> = Ledger::new(schema::SESSIONS);

/// A session ends when it was not used for this long…
pub const IDLE_LIFE: SignedDuration = SignedDuration::from_hours(24);
/// …and in any case after this long.
pub const WHOLE_LIFE: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Use is written down at most this often.
const NOTE_EVERY: SignedDuration = SignedDuration::from_mins(10);

/// Wrong passwords for one name: five at once, then one every twelve seconds.
const TRIES_A_MINUTE: NonZeroU32 = NonZeroU32::new(5).expect("five is not zero");

#[derive(Clone, Debug, Serialize, Deserialize)]
struct SessionRow {
    person: String,
    generation: u32,
    created: Timestamp,
    used: Timestamp,
}

impl SessionRow {
    fn is_over(&self, now: Timestamp) -> bool {
        now.duration_since(self.used) > IDLE_LIFE || now.duration_since(self.created) > WHOLE_LIFE
    }
}

/// Slows down guessing: a bucket a name, in memory.
pub(super) struct Guesses(DefaultKeyedRateLimiter<String>);

impl Default for Guesses {
    fn default() -> Guesses {
        Guesses(RateLimiter::keyed(Quota::per_minute(TRIES_A_MINUTE)))
    }
}

impl Guesses {
    fn allow(&self, name: &str) -> bool {
        if self.0.len() > 1_000 {
            self.0.retain_recent();
        }
        let shown: String = name.chars().take(64).collect();
        self.0.check_key(&shown).is_ok()
    }
}

impl Accounts {
    /// Signs a person in; the secret is the cookie's value.
    pub async fn sign_in(&self, name: &str, password: Secret, now: Timestamp) -> Result<Secret, AccountsError> {
        if !self.guesses.allow(name) {
            return Err(AccountsError::TooManyTries);
        }
        let person = PEOPLE.get(&self.store, name.as_bytes())?;
        let kept = person.as_ref().and_then(|person| person.password.clone());
        if !password::verify(password, kept).await {
            return Err(AccountsError::WrongPassword);
        }
        let person = person.ok_or(AccountsError::WrongPassword)?;
        self.begin_session(person.name, person.generation, now).await
    }

    /// Signs in a person who just proved themselves by a one-time link.
    pub async fn sign_in_invited(&self, name: &str, now: Timestamp) -> Result<Secret, AccountsError> {
        let person = PEOPLE
            .get(&self.store, name.as_bytes())?
            .ok_or(AccountsError::WrongPassword)?;
        self.begin_session(person.name, person.generation, now).await
    }

    async fn begin_session(&self, person: String, generation: u32, now: Timestamp) -> Result<Secret, AccountsError> {
        let cookie = Secret::random("");
        let hash = cookie.hash();
        self.write(move |page| {
            // The password may have changed while this one was being stretched.
            let still = PEOPLE
                .get_on(page, person.as_bytes())?
                .is_some_and(|row| row.generation == generation);
            if !still {
                return Err(AccountsError::WrongPassword);
            }
            sweep(page, now)?;
            SESSIONS.put_on(
                page,
                &hash,
                &SessionRow {
                    person,
                    generation,
                    created: now,
                    used: now,
                },
            )?;
            Ok(())
        })
        .await?;
        Ok(cookie)
    }

    /// Who carries this cookie, if its session still lives.
    pub fn session(&self, cookie: &Secret, now: Timestamp) -> Result<Option<Who>, ReadError> {
        let key = cookie.hash();
        let Some(row) = SESSIONS.get(&self.store, &key)?.filter(|row| !row.is_over(now)) else {
            return Ok(None);
        };
        let person = PEOPLE
            .get(&self.store, row.person.as_bytes())?
            .filter(|person| person.generation == row.generation);
        if person.is_some() && now.duration_since(row.used) > NOTE_EVERY {
            self.note_use(key, now);
        }
        Ok(person.map(|person| Who::Person {
            name: person.name,
            role: person.role,
            meters: person.meters,
        }))
    }

    /// Ends the session of this cookie.
    pub async fn sign_out(&self, cookie: &Secret) -> Result<(), AccountsError> {
        let key = cookie.hash();
        self.write(move |page| {
            SESSIONS.delete_on(page, &key);
            Ok(())
        })
        .await
    }

    /// Nobody waits for this, and a failure only shortens a session.
    fn note_use(&self, key: [u8; 32], now: Timestamp) {
        let store = self.store.clone();
        let noting = async move {
            let noted = store
                .write_bulk(move |page| -> Result<(), RowError> {
                    if let Some(mut row) = SESSIONS.get_on(page, &key)? {
                        row.used = now;
                        SESSIONS.put_on(page, &key, &row)?;
                    }
                    Ok(())
                })
                .await;
            if let Err(error) = noted {
                tracing::debug!(%error, "the use of a session was not written down");
            }
        };
        #[expect(clippy::disallowed_methods, reason = "one short write that ends by itself")]
        tokio::spawn(noting);
    }
}

/// Ends every session of a person.
pub(super) fn end_all(page: &mut Page, person: &str) -> Result<(), RowError> {
    for (key, row) in SESSIONS.scan_on(page, &[], None, usize::MAX)? {
        if row.person == person {
            SESSIONS.delete_on(page, &key);
        }
    }
    Ok(())
}

/// Clears away some sessions that are over; there are never many.
fn sweep(page: &mut Page, now: Timestamp) -> Result<(), RowError> {
    for (key, row) in SESSIONS.scan_on(page, &[], None, 1_000)? {
        if row.is_over(now) {
            SESSIONS.delete_on(page, &key);
        }
    }
    Ok(())
}
