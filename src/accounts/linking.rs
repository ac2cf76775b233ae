//! Meters become somebody's, and are no more: named anew, or all at once when they move out.

use jiff::Timestamp;
use serde::Serialize;

use super::link::Link;
use super::naming::{self, Beginning};
use super::people::{check_links, withdraw_invitations};
use super::person::{self, PEOPLE, Person};
use super::{AUDIT, Accounts, AccountsError, session};
use crate::store::ReadError;

/// What ended when somebody moved out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MovedOut {
    /// What is theirs no more, each with its end; empty: nothing was in force, and nothing was changed.
    pub ended: Vec<Link>,
    /// How many sessions of theirs are over.
    pub sessions: usize,
    /// How many one-time links are good for nothing any more.
    pub invitations: usize,
}

/// A meter that is somebody else's at the same time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Shared {
    /// Whose.
    pub name: String,
    /// The meter, and when it is theirs.
    #[serde(flatten)]
    pub link: Link,
}

impl Accounts {
    /// Says that exactly these meters are a person's: what is left out ends now, what stays keeps its since unless one
    /// is named.
    ///
    /// # Errors
    ///
    /// When there is no such person, they would have too many, or the book does not take it.
    pub async fn set_meters(&self, name: &str, meters: Vec<Beginning>) -> Result<Person, AccountsError> {
        let (person, now) = (name.to_owned(), self.now());
        let (before, after) = self
            .write(move |page| {
                let row = PEOPLE.get_on(page, person.as_bytes())?;
                let mut row = row.ok_or_else(|| AccountsError::Unknown(person.clone()))?;
                let before = person::links_on(page, &row)?;
                let links = naming::named(before.clone(), &meters, now);
                check_links(&links, now)?;
                person::put_on(page, &mut row, &links, now)?;
                Ok((before, Person::of(row, links, now)))
            })
            .await?;
        self.ring();
        let begun = serials(
            after
                .links
                .iter()
                .filter(|link| !before.contains(link) && !link.is_over(now)),
        );
        let gone = before
            .iter()
            .filter(|link| !after.links.contains(link) && !link.is_over(now));
        let ended = serials(gone.filter(|link| !after.links.iter().any(|other| continues(link, other, now))));
        tracing::info!(
            target: AUDIT, person = name, meters = after.meters.len(), begun, ended, "other meters are a person's"
        );
        Ok(after)
    }

    /// Who else has a meter at the same time as this person has it or will have it: a couple, or somebody who was to
    /// move out.
    ///
    /// # Errors
    ///
    /// When the book cannot be read.
    pub fn shared(&self, person: &Person) -> Result<Vec<Shared>, ReadError> {
        let now = self.now();
        let mut found = Vec::new();
        for other in self.people()?.into_iter().filter(|other| other.name != person.name) {
            let open = person.links.iter().filter(|link| !link.is_over(now));
            let both = other
                .links
                .iter()
                .filter(|link| open.clone().any(|own| own.overlaps(link)));
            found.extend(both.map(|link| Shared {
                name: other.name.clone(),
                link: link.clone(),
            }));
        }
        Ok(found)
    }

    /// Ends at `at` whatever is a person's, their sessions and their one-time links. When nothing is in force, nothing
    /// is changed. Their password stays: with it they see what was theirs.
    ///
    /// # Errors
    ///
    /// When there is no such person, `at` is to come or before a link began, or the book does not take it.
    pub async fn move_out(&self, name: &str, at: Timestamp) -> Result<MovedOut, AccountsError> {
        let (person, now) = (name.to_owned(), self.now());
        let done = self
            .write(move |page| {
                let row = PEOPLE.get_on(page, person.as_bytes())?;
                let mut row = row.ok_or_else(|| AccountsError::Unknown(person.clone()))?;
                let (links, ended) = leaving(person::links_on(page, &row)?, at, now)?;
                if ended.is_empty() {
                    return Ok(MovedOut {
                        ended,
                        sessions: 0,
                        invitations: 0,
                    });
                }
                person::put_on(page, &mut row, &links, now)?;
                Ok(MovedOut {
                    ended,
                    sessions: session::end_all(page, &person)?,
                    invitations: withdraw_invitations(page, &person)?,
                })
            })
            .await?;
        self.ring();
        if !done.ended.is_empty() {
            let meters = serials(done.ended.iter());
            let (sessions, invitations) = (done.sessions, done.invitations);
            tracing::info!(
                target: AUDIT, person = name, meters, until = %at, sessions, invitations, "a person moved out"
            );
        }
        Ok(done)
    }

    /// What [`Accounts::move_out`] would end; nothing is changed.
    ///
    /// # Errors
    ///
    /// As [`Accounts::move_out`].
    pub fn would_end(&self, name: &str, at: Timestamp) -> Result<Vec<Link>, AccountsError> {
        let found = person::find(&self.store, name)?;
        let (_, links) = found.ok_or_else(|| AccountsError::Unknown(name.to_owned()))?;
        Ok(leaving(links, at, self.now())?.1)
    }
}

fn leaving(links: Vec<Link>, at: Timestamp, now: Timestamp) -> Result<(Vec<Link>, Vec<Link>), AccountsError> {
    if at > now {
        return Err(AccountsError::ToCome);
    }
    naming::moved_out(links, at, now).map_err(|link| AccountsError::NotYet(link.meter, link.since))
}

/// Whether a link goes on in another, whose since alone was corrected.
fn continues(before: &Link, after: &Link, now: Timestamp) -> bool {
    before.meter == after.meter && !after.is_over(now)
}

fn serials<'l>(links: impl Iterator<Item = &'l Link>) -> String {
    links.map(|link| link.meter.as_str()).collect::<Vec<_>>().join(" ")
}
