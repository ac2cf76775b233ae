//! People: their names, roles and passwords, and the one-time links that let them choose one.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};

use super::link::Link;
use super::password::Turn;
use super::person::{self, PEOPLE, Person, PersonRow, Standing};
use super::secret::Secret;
use super::{AUDIT, Accounts, AccountsError, naming, password, spaces, tries};
use crate::store::{KeptBook, Ledger, Page, ReadError, RowError, Store, Time, schema};

const INVITATIONS: Ledger<Invitation> = Ledger::new(schema::INVITATIONS);

/// How many meters can be one person's.
const METERS: usize = 50;

/// How long a one-time link is good for.
pub const INVITATION_LIFE: SignedDuration = SignedDuration::from_hours(24);

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Invitation {
    person: String,
    expires: Timestamp,
}

impl Invitation {
    fn is_good(&self, time: &Time) -> bool {
        let made = self.expires.saturating_sub(INVITATION_LIFE).unwrap_or(self.expires);
        !time.has_passed(INVITATION_LIFE, made)
    }
}

impl Accounts {
    /// Adds a person; without a password they need a one-time link ([`Accounts::invite`]).
    pub async fn add_person(
        &self,
        name: &str,
        standing: impl Into<Standing>,
        password: Option<Secret>,
        now: Timestamp,
    ) -> Result<Person, AccountsError> {
        check_name(name)?;
        let Standing {
            role,
            meters,
            spaces: linked,
        } = standing.into();
        let linked = spaces::checked(role, linked)?;
        let links = naming::named(Vec::new(), &meters, now);
        check_links(&links, now)?;
        let password = match password {
            Some(password) => Some(hashed(password, None).await?),
            None => None,
        };
        let mut row = PersonRow {
            name: name.to_owned(),
            role,
            password,
            created: now,
            generation: 0,
            meters: Vec::new(),
            spaces: linked,
        };
        let (kept, links) = self
            .write(move |page| {
                if PEOPLE.get_on(page, row.name.as_bytes())?.is_some() {
                    return Err(AccountsError::Exists(row.name));
                }
                person::put_on(page, &mut row, &links, now)?;
                Ok((row, links))
            })
            .await?;
        tracing::info!(target: AUDIT, person = kept.name, role = kept.role.name(), "a person was added");
        Ok(Person::of(kept, links, now))
    }

    /// Gives a person a new password and ends their sessions.
    pub async fn set_password(&self, name: &str, password: Secret) -> Result<(), AccountsError> {
        let hash = hashed(password, None).await?;
        let person = name.to_owned();
        self.write(move |page| {
            change(page, &person, |row| row.password = Some(hash))?;
            Ok(tries::forgive_on(page, &person)?)
        })
        .await?;
        self.tries.forgive(name);
        self.ring();
        tracing::info!(target: AUDIT, person = name, "a person was given a new password");
        Ok(())
    }

    /// Removes a person, their sessions and their links. The last admin who can sign in is removed by the `operator` alone, who
    /// can make another one by command.
    ///
    /// # Errors
    ///
    /// When there is no such person, they are that admin, or the book does not take it.
    pub async fn remove_person(&self, name: &str, operator: bool) -> Result<(), AccountsError> {
        let person = name.to_owned();
        self.write(move |page| {
            let row = PEOPLE
                .get_on(page, person.as_bytes())?
                .ok_or_else(|| AccountsError::Unknown(person.clone()))?;
            if !operator && row.is_admin() && !has_another_admin(page, &row)? {
                return Err(AccountsError::LastAdmin(person));
            }
            Ok(remove_on(page, &person)?)
        })
        .await?;
        self.ring();
        tracing::info!(target: AUDIT, person = name, "a person was removed");
        Ok(())
    }

    /// Everybody, by name.
    pub fn people(&self) -> Result<Vec<Person>, ReadError> {
        let rows = PEOPLE.scan(&self.store, &[], None, usize::MAX)?.into_iter();
        let all = rows.map(|(_, row)| self.person(&row.name));
        all.filter_map(Result::transpose).collect()
    }

    /// The person of that name.
    pub fn person(&self, name: &str) -> Result<Option<Person>, ReadError> {
        let found = person::find(&self.store, name)?;
        Ok(found.map(|(row, links)| Person::of(row, links, self.now())))
    }

    /// The people of a book that was put aside, with their links.
    ///
    /// # Errors
    ///
    /// When a row there is none of theirs.
    pub fn people_in(book: &KeptBook, now: Timestamp) -> Result<Vec<Person>, ReadError> {
        let found = person::in_kept(book)?;
        Ok(found
            .into_iter()
            .map(|(row, links)| Person::of(row, links, now))
            .collect())
    }

    /// Whether nobody could sign in: there is no person yet.
    pub fn is_empty(&self) -> Result<bool, ReadError> {
        Ok(PEOPLE.scan(&self.store, &[], None, 1)?.is_empty())
    }

    /// A code for a link with which a person chooses a password, once, within a day. Older links die.
    pub async fn invite(&self, name: &str, now: Timestamp) -> Result<Secret, AccountsError> {
        let code = Secret::random("");
        let (hash, person) = (code.hash(), name.to_owned());
        let expires = now.checked_add(INVITATION_LIFE).unwrap_or(Timestamp::MAX);
        self.write(move |page| {
            PEOPLE
                .get_on(page, person.as_bytes())?
                .ok_or_else(|| AccountsError::Unknown(person.clone()))?;
            withdraw_invitations(page, &person)?;
            INVITATIONS.put_on(page, &hash, &Invitation { person, expires })?;
            Ok(())
        })
        .await?;
        tracing::info!(target: AUDIT, person = name, "a one-time link was made for a person");
        Ok(code)
    }

    /// Whose link this is, if it is still good.
    pub fn invited(&self, code: &Secret, now: Timestamp) -> Result<Option<String>, ReadError> {
        let found = INVITATIONS.get(&self.store, &code.hash())?;
        Ok(found
            .filter(|invitation| invitation.is_good(&self.time_at(now)))
            .map(|invitation| invitation.person))
    }

    /// Uses a one-time link up: its person has this password from now on. Answers who it was.
    pub async fn accept_invitation(
        &self,
        code: &Secret,
        password: Secret,
        now: Timestamp,
    ) -> Result<String, AccountsError> {
        password::check(&password)?;
        let hash = hashed(password, Some(password::turn().await?)).await?;
        let (code, time) = (code.hash(), self.time_at(now));
        let name = self
            .write(move |page| {
                let found = INVITATIONS
                    .get_on(page, &code)?
                    .filter(|invitation| invitation.is_good(&time));
                let name = found.ok_or(AccountsError::Invitation)?.person;
                INVITATIONS.delete_on(page, &code);
                change(page, &name, |row| row.password = Some(hash))?;
                Ok(name)
            })
            .await?;
        self.ring();
        tracing::info!(target: AUDIT, person = name, "a person chose a password by their one-time link");
        Ok(name)
    }
}

/// Whether somebody else can sign in who manages people.
fn has_another_admin(page: &mut Page, row: &PersonRow) -> Result<bool, RowError> {
    let all = PEOPLE.scan_on(page, &[], None, usize::MAX)?;
    Ok(all.iter().any(|(_, other)| other.is_admin() && other.name != row.name))
}

/// Takes a person with all that hangs on their name in the accounts.
pub(super) fn remove_on(page: &mut Page, name: &str) -> Result<(), RowError> {
    PEOPLE.delete_on(page, name.as_bytes());
    person::forget_links_on(page, name)?;
    withdraw_invitations(page, name)?;
    super::session::end_all(page, name)?;
    tries::forgive_on(page, name)?;
    tries::forget_places_on(page, name)
}

/// Until when a one-time link of somebody is good, if there is one.
pub(super) fn invited_until(store: &Store, name: &str) -> Result<Option<Timestamp>, ReadError> {
    let rows = INVITATIONS.scan(store, &[], None, usize::MAX)?;
    let theirs = rows.into_iter().map(|(_, row)| row).find(|row| row.person == name);
    Ok(theirs.map(|row| row.expires))
}

fn change(page: &mut Page, name: &str, act: impl FnOnce(&mut PersonRow)) -> Result<(), AccountsError> {
    let mut row = PEOPLE
        .get_on(page, name.as_bytes())?
        .ok_or_else(|| AccountsError::Unknown(name.to_owned()))?;
    act(&mut row);
    row.generation += 1;
    PEOPLE.put_on(page, name.as_bytes(), &row)?;
    super::session::end_all(page, name)?;
    Ok(())
}

/// Nobody chooses a password by an older link any more; answers how many links there were.
pub(super) fn withdraw_invitations(page: &mut Page, name: &str) -> Result<usize, RowError> {
    let rows = INVITATIONS.scan_on(page, &[], None, usize::MAX)?;
    let theirs = rows.iter().filter(|(_, invitation)| invitation.person == name);
    Ok(theirs.map(|(key, _)| INVITATIONS.delete_on(page, key)).count())
}

/// Whether no more meters are somebody's, or will be, than can be.
pub(super) fn check_links(links: &[Link], now: Timestamp) -> Result<(), AccountsError> {
    if links.iter().filter(|link| !link.is_over(now)).count() > METERS {
        return Err(AccountsError::TooManyMeters(METERS));
    }
    Ok(())
}

/// What is kept of a password; who runs the box needs no place among those from outside.
async fn hashed(password: Secret, turn: Option<Turn>) -> Result<String, AccountsError> {
    password::check(&password)?;
    let turn = match turn {
        Some(turn) => turn,
        None => password::operators_turn().await,
    };
    Ok(turn.hash(password).await)
}

/// Names are short, and of characters that look the same to everybody.
fn check_name(name: &str) -> Result<(), AccountsError> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_' | '@' | '+');
    if name.is_empty() || name.len() > 64 || !name.chars().all(plain) {
        return Err(AccountsError::Name(name.to_owned()));
    }
    Ok(())
}
