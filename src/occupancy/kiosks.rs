//! Screens that show one space to whoever stands before them (OCC §5.13): a link that needs no login, named, listed and
//! taken back. Only the hash of what stands in the link is kept, and all that it is good for is to look.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::accounts::{Secret, random_id};
use crate::domain::SpaceId;
use crate::store::{Ledger, Page, ReadError, RowError, Store, schema};

const KIOSKS: Ledger<KioskRow> = Ledger::new(schema::KIOSKS);
const HASHES: Ledger<KioskPlace> = Ledger::new(schema::KIOSK_HASHES);

/// Screens that one space may have.
pub const MOST: usize = 20;
/// What stands before the key in a screen's address.
pub const PATH: &str = "/k/";

#[derive(Clone, Debug, Serialize, Deserialize)]
struct KioskRow {
    name: String,
    created: Timestamp,
    hash: [u8; 32],
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct KioskPlace {
    space: SpaceId,
    id: String,
}

/// A screen as others may see it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct Kiosk {
    /// Its id, by which it is taken away.
    pub id: String,
    /// Which space it shows.
    #[schema(value_type = String)]
    pub space: SpaceId,
    /// What it is called, such as where it hangs.
    pub name: String,
    /// When it was made.
    #[schema(value_type = String)]
    pub created: Timestamp,
}

/// Makes a screen; the key in its link cannot be shown again. `None` when the space has its number already.
pub fn create_on(
    page: &mut Page,
    space: SpaceId,
    name: String,
    now: Timestamp,
) -> Result<Option<(Kiosk, Secret)>, RowError> {
    if KIOSKS.scan_on(page, space.as_bytes(), None, MOST)?.len() >= MOST {
        return Ok(None);
    }
    let (id, secret) = (random_id(), Secret::random(""));
    let row = KioskRow {
        name: name.clone(),
        created: now,
        hash: secret.hash(),
    };
    HASHES.put_on(page, &row.hash, &KioskPlace { space, id: id.clone() })?;
    KIOSKS.put_on(page, &place(space, &id), &row)?;
    let kiosk = Kiosk {
        id,
        space,
        name,
        created: now,
    };
    Ok(Some((kiosk, secret)))
}

/// Takes a screen away. Answers what it was called, if there was one.
pub fn revoke_on(page: &mut Page, space: SpaceId, id: &str) -> Result<Option<String>, RowError> {
    let key = place(space, id);
    let Some(row) = KIOSKS.get_on(page, &key)? else {
        return Ok(None);
    };
    HASHES.delete_on(page, &row.hash);
    KIOSKS.delete_on(page, &key);
    Ok(Some(row.name))
}

/// Takes every screen of a space that is deleted.
pub fn revoke_all_on(page: &mut Page, space: SpaceId) -> Result<(), RowError> {
    for (key, row) in KIOSKS.scan_on(page, space.as_bytes(), None, MOST)? {
        HASHES.delete_on(page, &row.hash);
        KIOSKS.delete_on(page, &key);
    }
    Ok(())
}

/// The screens of a space, or of all.
pub fn list(store: &Store, space: Option<SpaceId>) -> Result<Vec<Kiosk>, ReadError> {
    let prefix = space.as_ref().map_or(&[][..], |space| space.as_bytes());
    let rows = KIOSKS.scan(store, prefix, None, usize::MAX)?;
    let shown = |(key, row): (Vec<u8>, KioskRow)| {
        Some(Kiosk {
            space: SpaceId::from_bytes(key.get(..16)?.try_into().ok()?),
            id: String::from_utf8_lossy(key.get(16..)?).into_owned(),
            name: row.name,
            created: row.created,
        })
    };
    let mut all: Vec<Kiosk> = rows.into_iter().filter_map(shown).collect();
    all.sort_by(|one, other| (one.space, one.created, &one.id).cmp(&(other.space, other.created, &other.id)));
    Ok(all)
}

/// The space that whoever has this key may look at.
pub fn find(store: &Store, key: &Secret) -> Result<Option<SpaceId>, ReadError> {
    if !Secret::is_formed(key.reveal()) {
        return Ok(None);
    }
    Ok(HASHES.get(store, &key.hash())?.map(|place| place.space))
}

fn place(space: SpaceId, id: &str) -> Vec<u8> {
    [space.as_bytes().as_slice(), id.as_bytes()].concat()
}
