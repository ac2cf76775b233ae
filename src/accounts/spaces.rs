//! Which spaces a doorman sees: those that are linked to them, or all where none is.

use super::permission::Role;
use super::person::{self, PEOPLE, Person};
use super::who::Who;
use super::{AUDIT, Accounts, AccountsError};
use crate::domain::SpaceId;

/// How many spaces can be linked to one person.
const MOST: usize = 50;

/// What is linked to somebody of that role, each once.
pub(super) fn checked(role: Role, mut spaces: Vec<SpaceId>) -> Result<Vec<SpaceId>, AccountsError> {
    spaces.sort();
    spaces.dedup();
    match spaces.len() {
        0 => Ok(spaces),
        _ if role != Role::Doorman => Err(AccountsError::NoDoorman),
        count if count > MOST => Err(AccountsError::TooManySpaces(MOST)),
        _ => Ok(spaces),
    }
}

impl Accounts {
    /// Says which spaces a doorman sees from now on; none: all of them. Whoever is signed in is held to it at once.
    ///
    /// # Errors
    ///
    /// When there is no such person, they are no doorman, or the book does not take it.
    pub async fn set_spaces(&self, name: &str, spaces: Vec<SpaceId>) -> Result<Person, AccountsError> {
        let (person, now) = (name.to_owned(), self.now());
        let after = self
            .write(move |page| {
                let row = PEOPLE.get_on(page, person.as_bytes())?;
                let mut row = row.ok_or_else(|| AccountsError::Unknown(person.clone()))?;
                row.spaces = checked(row.role, spaces)?;
                let links = person::links_on(page, &row)?;
                PEOPLE.put_on(page, row.name.as_bytes(), &row)?;
                Ok(Person::of(row, links, now))
            })
            .await?;
        self.ring();
        tracing::info!(target: AUDIT, person = name, spaces = after.spaces.len(), "other spaces are a doorman's");
        Ok(after)
    }
}

impl Who {
    /// The only spaces that they see; `None`: all of them, as far as they may see any.
    #[must_use]
    pub fn only_spaces(&self) -> Option<&[SpaceId]> {
        match self {
            Who::Person {
                role: Role::Doorman,
                spaces,
                ..
            } if !spaces.is_empty() => Some(spaces),
            Who::Person { .. } | Who::Token { .. } | Who::Operator => None,
        }
    }

    /// Whether this space is among those that they see, as far as they may see any.
    #[must_use]
    pub fn sees_space(&self, space: SpaceId) -> bool {
        self.only_spaces().is_none_or(|only| only.contains(&space))
    }
}

#[cfg(test)]
mod tests {
    use super::super::who::Proof;
    use super::*;

    fn space(byte: u8) -> SpaceId {
        SpaceId::from_random([byte; 16])
    }

    #[test]
    fn a_link_narrows_a_doorman_and_nobody_else() {
        for role in Role::ALL {
            for linked in [vec![], vec![space(1)], vec![space(1), space(2)]] {
                let who = Who::Person {
                    name: "p".into(),
                    role,
                    links: Vec::new(),
                    spaces: linked.clone(),
                    proof: Proof::default(),
                };
                for byte in 1..4 {
                    let narrowed = role == Role::Doorman && !linked.is_empty();
                    let sees = !narrowed || linked.contains(&space(byte));
                    assert_eq!(who.sees_space(space(byte)), sees, "{role:?} {linked:?} {byte}");
                }
                let taken = checked(role, linked.clone());
                assert_eq!(taken.is_ok(), role == Role::Doorman || linked.is_empty());
            }
        }
        assert!(Who::Operator.sees_space(space(1)));
        let twice = checked(Role::Doorman, vec![space(2), space(1), space(2)]).unwrap();
        assert_eq!(twice.len(), 2);
        let many = (0..=50).map(space).collect();
        assert!(matches!(
            checked(Role::Doorman, many),
            Err(AccountsError::TooManySpaces(50))
        ));
    }
}
