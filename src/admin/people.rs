//! People and tokens as whoever runs the box manages them: by command, at `/v1` and on pages alike.

use serde::{Deserialize, Serialize};

use super::AdminState;
use super::problem::AdminError;
use crate::accounts::{AUDIT, Beginning, Link, Person, Role, Scope, Secret, Shared, Standing, Token, Wanted, Who};
use crate::domain::{MeterId, SpaceId};

/// A person who is to be added.
#[derive(Deserialize)]
pub struct NewPerson {
    /// What they sign in with.
    pub name: String,
    /// What they are to the box.
    pub role: Role,
    /// Absent: they choose one by a one-time link.
    pub password: Option<String>,
    /// The meters that are theirs.
    #[serde(default)]
    pub meters: Vec<Wanted>,
    /// The spaces that a doorman sees; none: all.
    #[serde(default)]
    pub spaces: Vec<SpaceId>,
}

/// A person who was added.
#[derive(Serialize)]
pub struct Added {
    /// Who.
    pub person: Person,
    /// The code of their one-time link; absent: they have a password.
    #[serde(serialize_with = "revealed")]
    pub code: Option<Secret>,
    /// Who else has their meters.
    pub shared: Vec<Shared>,
    /// Meters that the registry has not.
    pub unknown_meters: Vec<MeterId>,
    /// Spaces that there are not.
    pub unknown_spaces: Vec<SpaceId>,
}

/// The answer is the only place where it is ever written.
fn revealed<S: serde::Serializer>(code: &Option<Secret>, serializer: S) -> Result<S::Ok, S::Error> {
    code.as_ref().map(Secret::reveal).serialize(serializer)
}

/// A person with what is theirs, and who else has it.
#[derive(Serialize)]
pub struct Linked {
    /// Who.
    #[serde(flatten)]
    pub person: Person,
    /// Who else has their meters.
    pub shared: Vec<Shared>,
    /// Meters that the registry has not.
    pub unknown_meters: Vec<MeterId>,
    /// What was theirs until now, and is theirs again only later.
    pub postponed: Vec<Link>,
}

/// A doorman with the spaces that they see from now on; none: all.
#[derive(Serialize)]
pub struct Doorman {
    /// Who.
    pub name: String,
    /// What they see.
    pub spaces: Vec<SpaceId>,
    /// Spaces that there are not.
    pub unknown_spaces: Vec<SpaceId>,
}

impl AdminState {
    /// Adds a person, and makes their one-time link where no password is given.
    ///
    /// # Errors
    ///
    /// When a value is not taken, there is such a person, or the book does not take it.
    pub async fn add_person(&self, new: NewPerson, by: &Who) -> Result<Added, AdminError> {
        let now = self.accounts.now();
        let unknown_meters = self.unknown_meters(&new.meters);
        let invited = new.password.is_none();
        let standing = Standing {
            role: new.role,
            meters: self.beginnings(new.meters)?,
            spaces: new.spaces,
        };
        let password = new.password.map(Secret::given);
        let person = self.accounts.add_person(&new.name, standing, password, now).await?;
        audited(by, &person.name, "add");
        let code = match invited {
            true => Some(self.accounts.invite(&person.name, now).await?),
            false => None,
        };
        Ok(Added {
            code,
            shared: self.accounts.shared(&person)?,
            unknown_meters,
            unknown_spaces: self.unknown_spaces(&person.spaces),
            person,
        })
    }

    /// Removes a person with all that hangs on their name.
    ///
    /// # Errors
    ///
    /// When there is no such person, they are the last admin and nobody at the command line does it, or the book does not take it.
    pub async fn remove_person(&self, name: &str, by: &Who) -> Result<(), AdminError> {
        self.accounts.remove_person(name, *by == Who::Operator).await?;
        audited(by, name, "remove");
        Ok(())
    }

    /// Says that exactly these meters are a person's.
    ///
    /// # Errors
    ///
    /// When there is no such person, a value is not taken, or the book does not take it.
    pub async fn set_meters(&self, name: &str, meters: Vec<Wanted>, by: &Who) -> Result<Linked, AdminError> {
        let unknown_meters = self.unknown_meters(&meters);
        let meters = self.beginnings(meters)?;
        let before = self.accounts.person(name)?;
        let person = self.accounts.set_meters(name, meters).await?;
        audited(by, name, "meters");
        let shared = self.accounts.shared(&person)?;
        let postponed = before.map_or_else(Vec::new, |before| postponed(&before, &person));
        Ok(Linked {
            person,
            shared,
            unknown_meters,
            postponed,
        })
    }

    /// Says which spaces a doorman sees; none: all.
    ///
    /// # Errors
    ///
    /// When there is no such person, they are no doorman, or the book does not take it.
    pub async fn set_spaces(&self, name: &str, spaces: Vec<SpaceId>, by: &Who) -> Result<Doorman, AdminError> {
        let person = self.accounts.set_spaces(name, spaces).await?;
        audited(by, name, "spaces");
        let unknown_spaces = self.unknown_spaces(&person.spaces);
        Ok(Doorman {
            name: person.name,
            spaces: person.spaces,
            unknown_spaces,
        })
    }

    /// A code for a new one-time link; older links die.
    ///
    /// # Errors
    ///
    /// When there is no such person, or the book does not take it.
    pub async fn invite(&self, name: &str, by: &Who) -> Result<Secret, AdminError> {
        let code = self.accounts.invite(name, self.accounts.now()).await?;
        audited(by, name, "invite");
        Ok(code)
    }

    /// Makes a token; its secret is shown this once.
    ///
    /// # Errors
    ///
    /// When a value is not taken, or the book does not take it.
    pub async fn create_token(
        &self,
        (name, scopes): (&str, Vec<Scope>),
        by: &Who,
    ) -> Result<(Token, Secret), AdminError> {
        let now = self.accounts.now();
        let (token, secret) = self.accounts.create_token(name, scopes, now).await?;
        audited_token(by, &token.id, "create");
        Ok((token, secret))
    }

    /// Ends a token.
    ///
    /// # Errors
    ///
    /// When there is no such token, or the book does not take it.
    pub async fn revoke_token(&self, id: &str, by: &Who) -> Result<(), AdminError> {
        self.accounts.revoke_token(id).await?;
        audited_token(by, id, "revoke");
        Ok(())
    }

    /// Every space that can be linked to a doorman, with its name.
    ///
    /// # Errors
    ///
    /// When the book cannot be read.
    pub fn spaces_to_link(&self) -> Result<Vec<(SpaceId, Option<String>)>, AdminError> {
        let room = self
            .running
            .as_ref()
            .and_then(|running| running.occupancy.borrow().clone());
        let spaces = room.map(|room| room.list(None, MOST_SHOWN)).transpose()?;
        let spaces = spaces.unwrap_or_default().into_iter();
        Ok(spaces.map(|space| (space.id, space.name)).collect())
    }

    /// Spaces that are to be somebody's and that the running box has not. Without one nobody knows.
    fn unknown_spaces(&self, wanted: &[SpaceId]) -> Vec<SpaceId> {
        let Some(running) = &self.running else {
            return Vec::new();
        };
        let room = running.occupancy.borrow().clone();
        let is_known = |space: &SpaceId| room.as_ref().is_some_and(|room| room.show(*space).is_ok());
        wanted.iter().copied().filter(|space| !is_known(space)).collect()
    }

    /// Meters that are to be somebody's and that the registry of the running box has not. Without one nobody knows.
    fn unknown_meters(&self, wanted: &[Wanted]) -> Vec<MeterId> {
        let Some(running) = &self.running else {
            return Vec::new();
        };
        let room = running.meters.borrow().clone();
        let is_known = |meter: &MeterId| room.as_ref().is_some_and(|room| room.show(meter).is_ok());
        let meters = wanted.iter().map(|one| one.meter.clone());
        meters.filter(|meter| !is_known(meter)).collect()
    }

    /// From which moments on meters are to be somebody's: days begin where the house stands.
    fn beginnings(&self, wanted: Vec<Wanted>) -> Result<Vec<Beginning>, AdminError> {
        let timezone = self.timezone();
        let all = wanted.into_iter().map(|one| one.beginning(&timezone));
        all.collect::<Result<_, _>>()
            .map_err(|error| AdminError::argument(error.to_string()))
    }
}

/// More spaces than this are linked by command.
const MOST_SHOWN: usize = 200;

/// Who did it stands beside what was done, which the accounts write down themselves.
pub(super) fn audited(by: &Who, person: &str, act: &str) {
    let by = by.in_audit();
    tracing::info!(target: AUDIT, by, person, act, "somebody managed a person");
}

fn audited_token(by: &Who, token: &str, act: &str) {
    let by = by.in_audit();
    tracing::info!(target: AUDIT, by, token, act, "somebody managed a token");
}

/// Links to come of meters that were a person's, and are not until those begin: whoever gave a day to come for what is in
/// force may not have meant to end it.
fn postponed(before: &Person, after: &Person) -> Vec<Link> {
    let stopped = before.meters.iter().filter(|meter| !after.meters.contains(meter));
    let again = stopped.filter_map(|meter| {
        let open = after
            .links
            .iter()
            .filter(|link| link.meter == *meter && link.until.is_none());
        open.min_by_key(|link| link.since)
    });
    again.cloned().collect()
}
