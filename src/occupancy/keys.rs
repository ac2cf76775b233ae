//! Keys of one space: what apps and door counters carry instead of the operator's token
//! (OCC §5.1). Only their hashes are kept.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::accounts::{Secret, random_id};
use crate::domain::SpaceId;
use crate::store::{Ledger, Page, ReadError, RowError, Store, schema};

const KEYS: Ledger<KeyRow> = Ledger::new(schema::SPACE_KEYS);
const HASHES: Ledger<KeyPlace> = Ledger::new(schema::SPACE_KEY_HASHES);

/// What begins every key of a space.
pub const PREFIX: &str = "gatespace_";
/// Keys one space may have.
pub const MOST: usize = 50;

/// What a key is good for; each can do what those before it can.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum KeyRole {
    /// Reads; reading with it does not renew the space's life.
    Viewer,
    /// Counts and resets.
    Counter,
    /// Changes and deletes the space, and makes keys.
    Owner,
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct KeyRow {
    role: KeyRole,
    label: Option<String>,
    created: Timestamp,
    hash: [u8; 32],
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct KeyPlace {
    space: SpaceId,
    id: String,
    role: KeyRole,
}

/// A key as others may see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Key {
    /// Its id, by which it is revoked.
    pub id: String,
    /// What it is good for.
    pub role: KeyRole,
    /// What it is called.
    pub label: Option<String>,
    /// When it was made.
    #[schema(value_type = String)]
    pub created: Timestamp,
}

/// A key that was found for a bearer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// Its id: what logs call it.
    pub id: String,
    /// Of which space it is.
    pub space: SpaceId,
    /// What it is good for.
    pub role: KeyRole,
}

/// Makes a key; the secret cannot be shown again. `None` when the space has its number already.
pub fn create_on(
    page: &mut Page,
    space: SpaceId,
    role: KeyRole,
    label: Option<String>,
    now: Timestamp,
) -> Result<Option<(Key, Secret)>, RowError> {
    if KEYS.scan_on(page, space.as_bytes(), None, MOST)?.len() >= MOST {
        return Ok(None);
    }
    let (id, secret) = (random_id(), Secret::random(PREFIX));
    let row = KeyRow {
        role,
        label: label.clone(),
        created: now,
        hash: secret.hash(),
    };
    HASHES.put_on(
        page,
        &row.hash,
        &KeyPlace {
            space,
            id: id.clone(),
            role,
        },
    )?;
    KEYS.put_on(page, &place(space, &id), &row)?;
    Ok(Some((
        Key {
            id,
            role,
            label,
            created: now,
        },
        secret,
    )))
}

/// Revokes a key. Answers whether there was one.
pub fn revoke_on(page: &mut Page, space: SpaceId, id: &str) -> Result<bool, RowError> {
    let key = place(space, id);
    let Some(row) = KEYS.get_on(page, &key)? else {
        return Ok(false);
    };
    HASHES.delete_on(page, &row.hash);
    KEYS.delete_on(page, &key);
    Ok(true)
}

/// Takes every key of a space that is deleted.
pub fn revoke_all_on(page: &mut Page, space: SpaceId) -> Result<(), RowError> {
    for (key, row) in KEYS.scan_on(page, space.as_bytes(), None, MOST)? {
        HASHES.delete_on(page, &row.hash);
        KEYS.delete_on(page, &key);
    }
    Ok(())
}

/// The keys of a space.
pub fn list(store: &Store, space: SpaceId) -> Result<Vec<Key>, ReadError> {
    let rows = KEYS.scan(store, space.as_bytes(), None, MOST)?;
    let shown = |(key, row): (Vec<u8>, KeyRow)| Key {
        id: String::from_utf8_lossy(&key[16..]).into_owned(),
        role: row.role,
        label: row.label,
        created: row.created,
    };
    Ok(rows.into_iter().map(shown).collect())
}

/// Whose key this secret is.
pub fn find(store: &Store, secret: &Secret) -> Result<Option<Held>, ReadError> {
    let found = HASHES.get(store, &secret.hash())?;
    Ok(found.map(|place| Held {
        id: place.id,
        space: place.space,
        role: place.role,
    }))
}

fn place(space: SpaceId, id: &str) -> Vec<u8> {
    [space.as_bytes().as_slice(), id.as_bytes()].concat()
}
