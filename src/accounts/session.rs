//! Sessions: who is signed in, known by a cookie of which only the hash is kept.

use std::net::IpAddr;

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::person::{PEOPLE, PersonRow};
use super::secret::Secret;
use super::tries::{Failed, Place, Proof as Proven};
use super::who::{Proof, Who};
use super::{AUDIT, Accounts, AccountsError, password, person, tries};
use crate::http::truncated;
use crate::store::{Ledger, Page, ReadError, RowError, Store, Time, schema};

const SESSIONS: Ledger<SessionRow> = Ledger::new(schema::SESSIONS);

/// A session ends when it was not used for this long…
pub const IDLE_LIFE: SignedDuration = SignedDuration::from_hours(24);
/// …and in any case after this long.
pub const WHOLE_LIFE: SignedDuration = SignedDuration::from_hours(30 * 24);
/// Use is written down at most this often.
const NOTE_EVERY: SignedDuration = SignedDuration::from_mins(10);

#[derive(Clone, Debug, Serialize, Deserialize)]
struct SessionRow {
    person: String,
    generation: u32,
    created: Timestamp,
    used: Timestamp,
    /// When the password, or the link in its place, was last asked for; absent: when it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    proved: Option<Timestamp>,
}

impl SessionRow {
    fn is_over(&self, time: &Time) -> bool {
        time.has_passed(IDLE_LIFE, self.used) || time.has_passed(WHOLE_LIFE, self.created)
    }
}

impl Accounts {
    /// Signs a person in who comes from `from`; the secret is the cookie's value.
    ///
    /// # Errors
    ///
    /// When the name or the password is wrong, there were too many wrong ones, or too many are at it now.
    pub async fn sign_in(
        &self,
        name: &str,
        password: Secret,
        from: (IpAddr, Timestamp),
    ) -> Result<Secret, AccountsError> {
        self.sign_in_instead(name, password, from, None).await
    }

    /// As [`Accounts::sign_in`], from a browser whose cookie the new one takes the place of: the session before it ends with
    /// the same change, so that none lives on that nobody carries.
    ///
    /// # Errors
    ///
    /// As there.
    pub async fn sign_in_instead(
        &self,
        name: &str,
        password: Secret,
        (from, now): (IpAddr, Timestamp),
        before: Option<&Secret>,
    ) -> Result<Secret, AccountsError> {
        let place = Place::new(name, from);
        // Whoever is held back takes no place in the queue.
        let held = |wait| AccountsError::TooManyTries { wait };
        self.tries.look(&self.store, place, now)?.map_err(held)?;
        let turn = password::turn().await?;
        let attempt = self.tries.begin(&self.store, place, now).await?.map_err(held)?;
        let person = PEOPLE.get(&self.store, name.as_bytes())?;
        let kept = person.as_ref().and_then(|person| person.password.clone());
        if !turn.verify(password, kept).await {
            self.failed(attempt.failed(), person.as_ref(), (from, now)).await;
            return Err(AccountsError::WrongPassword);
        }
        attempt.succeeded();
        let person = person.ok_or(AccountsError::WrongPassword)?;
        let how = (Proven::Password, before);
        self.begin_session((person.name, person.generation), how, (from, now))
            .await
    }

    /// Writes a failure down. A book that takes nothing keeps nobody's guesses from being counted until the next start.
    async fn failed(&self, failed: Failed, person: Option<&PersonRow>, (from, now): (IpAddr, Timestamp)) {
        let peer = truncated(from);
        // A name that nobody has may be a password in the wrong field.
        match person {
            Some(person) => tracing::warn!(target: AUDIT, person = person.name, %peer, "a sign-in failed"),
            None => tracing::warn!(target: AUDIT, %peer, "a sign-in failed: nobody has that name"),
        }
        if failed.name_is_full || failed.address_is_full {
            let what = if failed.address_is_full {
                "from there"
            } else {
                "for that name"
            };
            tracing::warn!(target: AUDIT, %peer, what, "sign-ins are held back");
        }
        let written = self.store.write(move |page| failed.write_on(page, now)).await;
        match written {
            Ok(next) => self.tries.swept(next),
            Err(error) => tracing::warn!(%error, "a failed sign-in was not written down"),
        }
    }

    /// Signs in a person who just proved themselves by a one-time link.
    pub async fn sign_in_invited(
        &self,
        name: &str,
        (from, now): (IpAddr, Timestamp),
        before: Option<&Secret>,
    ) -> Result<Secret, AccountsError> {
        let person = PEOPLE
            .get(&self.store, name.as_bytes())?
            .ok_or(AccountsError::WrongPassword)?;
        let how = (Proven::Link, before);
        self.begin_session((person.name, person.generation), how, (from, now))
            .await
    }

    async fn begin_session(
        &self,
        (name, generation): (String, u32),
        (proven, before): (Proven, Option<&Secret>),
        (from, now): (IpAddr, Timestamp),
    ) -> Result<Secret, AccountsError> {
        let cookie = Secret::random("");
        let (hash, before) = (cookie.hash(), before.map(Secret::hash));
        let (person, place) = (name.clone(), Place::new(&name, from));
        let time = self.time_at(now);
        self.write(move |page| {
            // The password may have changed while this one was being stretched.
            let still = PEOPLE
                .get_on(page, person.as_bytes())?
                .is_some_and(|row| row.generation == generation);
            if !still {
                return Err(AccountsError::WrongPassword);
            }
            sweep(page, &time)?;
            tries::sweep_places_on(page, now)?;
            tries::signed_in_on(page, place, proven, now)?;
            if let Some(before) = before {
                SESSIONS.delete_on(page, &before);
            }
            SESSIONS.put_on(
                page,
                &hash,
                &SessionRow {
                    person,
                    generation,
                    created: now,
                    used: now,
                    proved: Some(now),
                },
            )?;
            Ok(())
        })
        .await?;
        self.tries.forget(place, proven);
        if before.is_some() {
            self.ring();
        }
        tracing::info!(target: AUDIT, person = name, peer = %truncated(from), "signed in");
        Ok(cookie)
    }

    /// Who carries this cookie, if its session still lives; that it was used is noted.
    pub fn session(&self, cookie: &Secret, now: Timestamp) -> Result<Option<Who>, ReadError> {
        let proof = Proof::of(cookie);
        let Some((who, used)) = self.session_of(proof, now)? else {
            return Ok(None);
        };
        if now.duration_since(used) > NOTE_EVERY {
            self.note_use(proof.0, now);
        }
        Ok(Some(who))
    }

    /// Whose session this is, if it still lives, and when it was used last.
    pub(super) fn session_of(&self, proof: Proof, now: Timestamp) -> Result<Option<(Who, Timestamp)>, ReadError> {
        let row = SESSIONS.get(&self.store, &proof.0)?;
        let Some(row) = row.filter(|row| !row.is_over(&self.time_at(now))) else {
            return Ok(None);
        };
        let found = person::find(&self.store, &row.person)?;
        let person = found.filter(|(person, _)| person.generation == row.generation);
        let who = person.map(|(person, links)| Who::Person {
            name: person.name,
            role: person.role,
            links,
            spaces: person.spaces,
            proof,
        });
        Ok(who.map(|who| (who, row.used)))
    }

    /// When somebody who is signed in last proved who they are; `None`: they are signed in no more.
    ///
    /// # Errors
    ///
    /// When the book cannot be read.
    pub fn proved(&self, who: &Who) -> Result<Option<Timestamp>, ReadError> {
        let Who::Person { proof, .. } = who else {
            return Ok(None);
        };
        let row = SESSIONS.get(&self.store, &proof.0)?;
        Ok(row.map(|row| row.proved.unwrap_or(row.created)))
    }

    /// Ends the session of this cookie.
    pub async fn sign_out(&self, cookie: &Secret) -> Result<(), AccountsError> {
        let key = cookie.hash();
        let person = self
            .write(move |page| {
                let row = SESSIONS.get_on(page, &key)?;
                SESSIONS.delete_on(page, &key);
                Ok(row.map(|row| row.person))
            })
            .await?;
        self.ring();
        if let Some(person) = person {
            tracing::info!(target: AUDIT, person, "signed out");
        }
        Ok(())
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

/// A session as whoever it is of may see it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct SessionShown {
    created: Timestamp,
    used: Timestamp,
    proved: Timestamp,
}

/// The sessions of a person.
pub(super) fn of_person(store: &Store, person: &str) -> Result<Vec<SessionShown>, ReadError> {
    let rows = SESSIONS.all(store)?.into_iter().map(|(_, row)| row);
    let theirs = rows.filter(|row| row.person == person);
    let shown = theirs.map(|row| SessionShown {
        created: row.created,
        used: row.used,
        proved: row.proved.unwrap_or(row.created),
    });
    Ok(shown.collect())
}

/// A session of somebody, as they may see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OwnSession {
    /// When it began.
    pub created: Timestamp,
    /// When it was used last, to within ten minutes.
    pub used: Timestamp,
    /// Whether it is the one that asks.
    pub here: bool,
}

/// The sessions of somebody that live.
pub(super) fn living(store: &Store, (person, here): (&str, Proof), time: &Time) -> Result<Vec<OwnSession>, ReadError> {
    let theirs = SESSIONS.all(store)?.into_iter();
    let theirs = theirs.filter(|(_, row)| row.person == person && !row.is_over(time));
    let shown = theirs.map(|(key, row)| OwnSession {
        created: row.created,
        used: row.used,
        here: key == here.0,
    });
    Ok(shown.collect())
}

/// Ends every session of a person but one; answers how many there were.
pub(super) fn end_others(page: &mut Page, person: &str, here: Proof) -> Result<usize, RowError> {
    let rows = SESSIONS.scan_on(page, &[], None, usize::MAX)?;
    let others = rows.iter().filter(|(key, row)| row.person == person && *key != here.0);
    Ok(others.map(|(key, _)| SESSIONS.delete_on(page, key)).count())
}

/// Ends every session of a person; answers how many there were.
pub(super) fn end_all(page: &mut Page, person: &str) -> Result<usize, RowError> {
    let rows = SESSIONS.scan_on(page, &[], None, usize::MAX)?;
    let theirs = rows.iter().filter(|(_, row)| row.person == person);
    let ended = theirs.map(|(key, _)| SESSIONS.delete_on(page, key)).count();
    Ok(ended)
}

/// Clears away some sessions that are over; there are never many.
fn sweep(page: &mut Page, time: &Time) -> Result<(), RowError> {
    for (key, row) in SESSIONS.scan_on(page, &[], None, 1_000)? {
        if row.is_over(time) {
            SESSIONS.delete_on(page, &key);
        }
    }
    Ok(())
}
