//! What a person is to the box: the rows, and what others may see of them.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::link::Link;
use super::naming::Beginning;
use super::permission::Role;
use crate::domain::{MeterId, SpaceId};
use crate::store::{KeptBook, Ledger, Page, ReadError, RowError, Store, schema};

/// People by name.
pub(super) const PEOPLE: Ledger<PersonRow> = Ledger::new(schema::PEOPLE);

/// Links by person, meter and since: a row each, since a row has its limit and a person's past has none.
const LINKS: Ledger<Link> = Ledger::new(schema::LINKS);

/// Links that have ended of which one person sees the past; the oldest are forgotten.
const ENDED: usize = 200;

/// A person as the book has them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct PersonRow {
    pub(super) name: String,
    pub(super) role: Role,
    pub(super) password: Option<String>,
    pub(super) created: Timestamp,
    /// Rises with every new password; sessions of an older one are dead.
    pub(super) generation: u32,
    /// Meters that earlier builds linked, which said no time: theirs since they were added. They become rows of their
    /// own with the next change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) meters: Vec<MeterId>,
    /// The spaces that a doorman sees; empty: all of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) spaces: Vec<SpaceId>,
}

impl PersonRow {
    /// Whether they can sign in and manage people.
    pub(super) fn is_admin(&self) -> bool {
        self.role == Role::Admin && self.password.is_some()
    }

    /// What earlier builds linked.
    fn undated(&self) -> impl Iterator<Item = Link> {
        self.meters.iter().map(|meter| Link {
            meter: meter.clone(),
            since: self.created,
            until: None,
        })
    }
}

/// The person of that name, with their links.
pub(super) fn find(store: &Store, name: &str) -> Result<Option<(PersonRow, Vec<Link>)>, ReadError> {
    // Links first: one that becomes a row of its own meanwhile is missed rather than taken for one without an end.
    let rows = LINKS.scan(store, &key(name), None, usize::MAX)?;
    let Some(row) = PEOPLE.get(store, name.as_bytes())? else {
        return Ok(None);
    };
    let mut links: Vec<Link> = row.undated().collect();
    links.extend(rows.into_iter().map(|(_, link)| link));
    links.sort();
    Ok(Some((row, links)))
}

/// The people of a book that was put aside, with their links.
pub(super) fn in_kept(book: &KeptBook) -> Result<Vec<(PersonRow, Vec<Link>)>, ReadError> {
    let rows = LINKS.of_kept(book)?;
    let people = PEOPLE.of_kept(book)?.into_iter().map(|(_, row)| {
        let theirs = key(&row.name);
        let links = rows.iter().filter(|(place, _)| place.starts_with(&theirs));
        let links = row.undated().chain(links.map(|(_, link)| link.clone())).collect();
        (row, links)
    });
    Ok(people.collect())
}

/// A person's links, as this change and those before it leave them.
pub(super) fn links_on(page: &Page, row: &PersonRow) -> Result<Vec<Link>, RowError> {
    let rows = LINKS.scan_on(page, &key(&row.name), None, usize::MAX)?;
    let mut links: Vec<Link> = row.undated().collect();
    links.extend(rows.into_iter().map(|(_, link)| link));
    Ok(links)
}

/// Writes a person with these links and no others.
pub(super) fn put_on(page: &mut Page, row: &mut PersonRow, links: &[Link], now: Timestamp) -> Result<(), RowError> {
    let ended = links.iter().filter(|link| link.is_over(now)).count();
    let mut forgotten: Vec<&Link> = links.iter().filter(|link| link.is_over(now)).collect();
    forgotten.sort_by_key(|link| link.until);
    forgotten.truncate(ended.saturating_sub(ENDED));
    forget_links_on(page, &row.name)?;
    for link in links.iter().filter(|link| !forgotten.contains(link)) {
        let mut place = key(&row.name);
        place.extend(link.meter.as_str().as_bytes());
        place.push(0);
        place.extend(link.since.to_string().as_bytes());
        LINKS.put_on(page, &place, link)?;
    }
    row.meters.clear();
    PEOPLE.put_on(page, row.name.as_bytes(), row)
}

/// Forgets whatever was linked to somebody.
pub(super) fn forget_links_on(page: &mut Page, name: &str) -> Result<(), RowError> {
    for (place, _) in LINKS.scan_on(page, &key(name), None, usize::MAX)? {
        LINKS.delete_on(page, &place);
    }
    Ok(())
}

/// What begins the keys of a person's links; no name has that byte.
fn key(name: &str) -> Vec<u8> {
    [name.as_bytes(), &[0]].concat()
}

/// What a person is to the box, and what in it is theirs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// What they are to the box.
    pub role: Role,
    /// The meters that are theirs to see, whatever their role.
    pub meters: Vec<Beginning>,
    /// The spaces that a doorman sees; empty: all of them.
    pub spaces: Vec<SpaceId>,
}

impl From<Role> for Standing {
    fn from(role: Role) -> Standing {
        Standing {
            role,
            meters: Vec::new(),
            spaces: Vec::new(),
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
    /// The meters that are theirs just now.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub meters: Vec<MeterId>,
    /// All that was, is and will be theirs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub links: Vec<Link>,
    /// The spaces that a doorman sees; empty: all of them.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub spaces: Vec<SpaceId>,
}

impl Person {
    /// A person with their links, as it is at `now`.
    pub(super) fn of(row: PersonRow, links: Vec<Link>, now: Timestamp) -> Person {
        let mut meters: Vec<MeterId> = links
            .iter()
            .filter(|link| link.in_force(now))
            .map(|link| link.meter.clone())
            .collect();
        meters.dedup();
        Person {
            name: row.name,
            role: row.role,
            password_set: row.password.is_some(),
            created: row.created,
            meters,
            links,
            spaces: row.spaces,
        }
    }
}
