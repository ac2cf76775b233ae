//! Spaces: the rows that the occupancy room writes and everybody may read.

use std::sync::Arc;

use jiff::Timestamp;

use super::census::Census;
pub use super::census::{Counts, SpaceLimits, TooManySpacesError};
use super::{Ledger, Page, ReadError, RowError, Store, WriteError, schema};
use crate::domain::units::Span;
use crate::domain::{Event, Occupancy, Removal, Space, SpaceId, SpaceOrigin, Thresholds};

const ROWS: Ledger<Space> = Ledger::new(schema::SPACES);
/// How many rows are read at a time when spaces are counted.
const COUNTED_AT_ONCE: usize = 1024;
const USES: Ledger<Timestamp> = Ledger::new(schema::SPACE_USE);

/// A space as it is asked for.
#[derive(Clone, Debug)]
pub struct NewSpace {
    /// Its identity, made by the caller from random bytes.
    pub id: SpaceId,
    /// Its name, if it has one.
    pub name: Option<String>,
    /// The count and maximum it starts with.
    pub occupancy: Occupancy,
    /// Through which door it comes.
    pub origin: SpaceOrigin,
    /// Words to find it by.
    pub tags: Vec<String>,
    /// From when on it counts as filling up and as full.
    pub thresholds: Thresholds,
    /// After how long without use an operator's space dies.
    pub ttl: Option<Span>,
    /// Whether people may be counted in above the maximum by whoever says so each time.
    pub overfill: bool,
    /// Whether nobody knows who makes it, so that it is of the share of anonymous callers.
    pub is_anonymous: bool,
}

impl NewSpace {
    /// A space with nothing special about it.
    #[must_use]
    pub fn plain(id: SpaceId, name: Option<String>, occupancy: Occupancy, origin: SpaceOrigin) -> NewSpace {
        NewSpace {
            id,
            name,
            occupancy,
            origin,
            tags: Vec::new(),
            thresholds: Thresholds::default(),
            ttl: None,
            overfill: false,
            is_anonymous: false,
        }
    }
}

/// A change to a space was not made.
#[derive(Debug, thiserror::Error)]
pub enum SpaceError {
    /// There is no such space.
    #[error("there is no space {0}")]
    Unknown(SpaceId),
    /// There are too many.
    #[error(transparent)]
    TooMany(#[from] TooManySpacesError),
    /// The row could not be read or written.
    #[error(transparent)]
    Row(#[from] RowError),
}

/// Reads spaces.
#[derive(Clone)]
pub struct Spaces {
    store: Store,
}

impl Spaces {
    /// The spaces of this book.
    #[must_use]
    pub fn new(store: Store) -> Spaces {
        Spaces { store }
    }

    /// The space with this id, as it stands on disk.
    pub fn get(&self, id: SpaceId) -> Result<Option<Space>, ReadError> {
        ROWS.get(&self.store, id.as_bytes())
    }

    /// Up to `limit` spaces after `after`, in the order of their ids.
    pub fn list(&self, after: Option<SpaceId>, limit: usize) -> Result<Vec<Space>, ReadError> {
        let after = after.as_ref().map(|id| id.as_bytes().as_slice());
        Ok(ROWS
            .scan(&self.store, &[], after, limit)?
            .into_iter()
            .map(|(_, space)| space)
            .collect())
    }

    /// When open spaces after `after` were last used, as far as it was written down.
    pub fn uses(&self, after: Option<SpaceId>, limit: usize) -> Result<Vec<(SpaceId, Timestamp)>, ReadError> {
        let after = after.as_ref().map(|id| id.as_bytes().as_slice());
        let rows = USES.scan(&self.store, &[], after, limit)?;
        Ok(rows
            .into_iter()
            .filter_map(|(key, at)| Some((SpaceId::from_bytes(key.try_into().ok()?), at)))
            .collect())
    }
}

/// Writes spaces. Only the occupancy room has one.
#[derive(Clone)]
pub struct SpacesWriter {
    store: Store,
    census: Arc<Census>,
}

impl SpacesWriter {
    /// A writer of the spaces of this book, that makes as many as it is asked for.
    #[must_use]
    pub fn new(store: Store) -> SpacesWriter {
        SpacesWriter::with_limits(store, SpaceLimits::NONE)
    }

    /// A writer that makes no more than `limits` allow, once it has [counted](Self::count).
    #[must_use]
    pub fn with_limits(store: Store, limits: SpaceLimits) -> SpacesWriter {
        SpacesWriter {
            store,
            census: Arc::new(Census::new(limits)),
        }
    }

    /// Counts the spaces that are there; to be called before the first is made, and now and then, since what was
    /// counted may not have been written after all.
    pub fn count(&self) -> Result<Counts, ReadError> {
        let spaces = Spaces::new(self.store.clone());
        let (mut after, mut found) = (None, Counts::default());
        loop {
            let some = spaces.list(after, COUNTED_AT_ONCE)?;
            let Some(last) = some.last() else { break };
            after = Some(last.id);
            some.iter().for_each(|space| found.add(space.origin));
        }
        self.census.recount(found);
        Ok(found)
    }

    /// How many spaces there are, as far as is known.
    #[must_use]
    pub fn counts(&self) -> Counts {
        self.census.counts()
    }

    /// Creates a space.
    pub async fn create(&self, new: NewSpace, now: Timestamp) -> Result<Space, WriteError<SpaceError>> {
        let here = self.clone();
        self.store.write(move |page| here.create_on(page, new, now)).await
    }

    /// Creates a space as part of a larger change.
    pub fn create_on(&self, page: &mut Page, new: NewSpace, now: Timestamp) -> Result<Space, SpaceError> {
        self.bring_on(page, new, (now, now))
    }

    /// Creates a space that was made and last changed elsewhere, then.
    pub fn bring_on(
        &self,
        page: &mut Page,
        new: NewSpace,
        (created, last_updated): (Timestamp, Timestamp),
    ) -> Result<Space, SpaceError> {
        self.census.admit(new.origin, new.is_anonymous)?;
        let space = Space {
            id: new.id,
            name: new.name,
            occupancy: new.occupancy,
            created,
            last_updated,
            origin: new.origin,
            seq: page.seq(),
            tags: new.tags,
            thresholds: new.thresholds,
            ttl: new.ttl,
            overfill: new.overfill,
        };
        ROWS.put_on(page, space.id.as_bytes(), &space)?;
        page.record(Event::SpaceCreated {
            space: space.id,
            name: space.name.clone(),
            occupancy: space.occupancy,
        });
        Ok(space)
    }

    /// The space as a larger change finds it.
    pub fn get_on(page: &Page, id: SpaceId) -> Result<Space, SpaceError> {
        ROWS.get_on(page, id.as_bytes())?.ok_or(SpaceError::Unknown(id))
    }

    /// Writes a space that a larger change has changed; `before` is what it found.
    pub fn put_on(page: &mut Page, mut space: Space, before: &Space) -> Result<Space, RowError> {
        space.seq = page.seq();
        ROWS.put_on(page, space.id.as_bytes(), &space)?;
        page.record(changed(&space, before.occupancy));
        Ok(space)
    }

    /// Deletes a space as part of a larger change.
    pub fn delete_on(&self, page: &mut Page, space: &Space) {
        self.remove(page, space, Removal::Deleted);
    }

    fn remove(&self, page: &mut Page, space: &Space, why: Removal) {
        let id = space.id;
        ROWS.delete_on(page, id.as_bytes());
        USES.delete_on(page, id.as_bytes());
        page.record(Event::SpaceRemoved { space: id, why });
        self.census.removed(space);
    }

    /// Adds one person, unless the space is full. Answers the space after the attempt.
    pub async fn enter(&self, id: SpaceId, now: Timestamp) -> Result<Space, WriteError<SpaceError>> {
        self.change(id, move |space| space.enter(now)).await
    }

    /// Takes one person away, unless nobody is there. Answers the space after the attempt.
    pub async fn leave(&self, id: SpaceId, now: Timestamp) -> Result<Space, WriteError<SpaceError>> {
        self.change(id, move |space| space.leave(now)).await
    }

    /// Sets the maximum, and brings the count down to it.
    pub async fn set_maximum(
        &self,
        id: SpaceId,
        maximum: u32,
        now: Timestamp,
    ) -> Result<Space, WriteError<SpaceError>> {
        self.change(id, move |space| {
            space.set_maximum(maximum, now);
            true
        })
        .await
    }

    /// Sets name, count or maximum as the operator says.
    pub async fn set(&self, id: SpaceId, set: SetSpace, now: Timestamp) -> Result<Space, WriteError<SpaceError>> {
        self.change(id, move |space| {
            set.apply(space, now);
            true
        })
        .await
    }

    /// Deletes a space.
    pub async fn delete(&self, id: SpaceId) -> Result<(), WriteError<SpaceError>> {
        let here = self.clone();
        self.store
            .write(move |page| {
                let space = SpacesWriter::get_on(page, id)?;
                here.delete_on(page, &space);
                Ok(())
            })
            .await
    }

    /// Writes down when spaces were last used: rows of their own, no event, no new version.
    pub async fn note_uses(&self, uses: Vec<(SpaceId, Timestamp)>) -> Result<(), WriteError<SpaceError>> {
        self.store
            .write_bulk(move |page| {
                for (id, at) in uses {
                    if ROWS.get_on(page, id.as_bytes())?.is_some() {
                        USES.put_on(page, id.as_bytes(), &at)?;
                    }
                }
                Ok(())
            })
            .await
    }

    /// Removes spaces that were idle too long.
    pub async fn expire(&self, ids: Vec<SpaceId>) -> Result<(), WriteError<SpaceError>> {
        let here = self.clone();
        self.store
            .write_bulk(move |page| {
                for id in ids {
                    if let Some(space) = ROWS.get_on(page, id.as_bytes())? {
                        here.remove(page, &space, Removal::Idle);
                    }
                }
                Ok(())
            })
            .await
    }

    /// Reads the space, lets `act` change it, and writes it when `act` says that it did.
    async fn change(
        &self,
        id: SpaceId,
        act: impl FnOnce(&mut Space) -> bool + Send + 'static,
    ) -> Result<Space, WriteError<SpaceError>> {
        self.store
            .write(move |page| {
                let mut space = ROWS.get_on(page, id.as_bytes())?.ok_or(SpaceError::Unknown(id))?;
                let before = space.occupancy;
                if act(&mut space) {
                    space.seq = page.seq();
                    ROWS.put_on(page, id.as_bytes(), &space)?;
                    page.record(changed(&space, before));
                }
                Ok(space)
            })
            .await
    }
}

/// What the operator sets; `None` leaves a value as it is.
#[derive(Clone, Debug, Default)]
pub struct SetSpace {
    /// A new name; `Some(None)` takes the name away.
    pub name: Option<Option<String>>,
    /// A new count.
    pub current: Option<u32>,
    /// A new maximum.
    pub maximum: Option<u32>,
}

impl SetSpace {
    fn apply(self, space: &mut Space, now: Timestamp) {
        if let Some(name) = self.name {
            space.name = name;
        }
        if let Some(maximum) = self.maximum {
            space.set_maximum(maximum, now);
        }
        if let Some(current) = self.current {
            space.occupancy.current = current;
        }
        space.last_updated = now;
    }
}

fn changed(space: &Space, before: Occupancy) -> Event {
    Event::SpaceChanged {
        space: space.id,
        by: i64::from(space.occupancy.current) - i64::from(before.current),
        occupancy: space.occupancy,
    }
}

/// Whether there is such a space, as a larger change finds it.
pub fn exists_on(page: &Page, id: SpaceId) -> Result<bool, RowError> {
    Ok(ROWS.get_on(page, id.as_bytes())?.is_some())
}
