//! What a person is to the box: the row, and what others may see of it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::permission::Role;
use crate::domain::MeterId;
use crate::store::{Ledger, schema};

/// People by name.
pub(super) const PEOPLE: Ledger<PersonRow> = Ledger::new(schema::PEOPLE);

/// A person as the book has them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct PersonRow {
    pub(super) name: String,
    pub(super) role: Role,
    pub(super) password: Option<String>,
    pub(super) created: Timestamp,
    /// Rises with every new password; sessions of an older one are dead.
    pub(super) generation: u32,
    /// The meters that are theirs.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) meters: Vec<MeterId>,
}

/// What a person is to the box, and what in it is theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// What they are to the box.
    pub role: Role,
    /// The meters that are theirs to see, whatever their role.
    pub meters: Vec<MeterId>,
}

impl From<Role> for Standing {
    fn from(role: Role) -> Standing {
        Standing {
            role,
            meters: Vec::new(),
        }
    }
}

/// A person as others may see them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Person {
    /// Their name, which they sign in with.
    pub name: String,
    /// What they are to the box.
    pub role: Role,
    /// Whether they have chosen a password yet.
    pub password_set: bool,
    /// When they were added.
    pub created: Timestamp,
    /// The meters that are theirs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub meters: Vec<MeterId>,
}

impl From<PersonRow> for Person {
    fn from(row: PersonRow) -> Person {
        Person {
            name: row.name,
            role: row.role,
            password_set: row.password.is_some(),
            created: row.created,
            meters: row.meters,
        }
    }
}
