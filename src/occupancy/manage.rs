//! What the operator does with spaces: list, create, show, set and delete them.

use serde::{Deserialize, Serialize};

use super::Occupancy;
use crate::accounts::random;
use crate::domain::{OCCUPANCY_LIMIT, Occupancy as Counts, Space, SpaceId, SpaceOrigin};
use crate::store::spaces::{Counts as SpaceCounts, NewSpace, SetSpace, SpaceError, SpacesWriter, TooManySpacesError};
use crate::store::{ReadError, RowError, Unwritten, WriteError};

/// The longest name the operator may give, in characters.
const NAME_CHARACTERS: usize = 500;

/// A space the operator asks for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Create {
    pub name: Option<String>,
    /// The count it starts with.
    #[serde(default)]
    pub current: u32,
    pub maximum: u32,
    /// Whether whoever knows its id may use it through the old URLs.
    #[serde(default)]
    pub open: bool,
}

/// What the operator sets; what is absent stays.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Set {
    /// A new name.
    pub name: Option<String>,
    /// A new count.
    pub current: Option<u32>,
    /// A new maximum.
    pub maximum: Option<u32>,
}

/// The operator's request was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum ManageError {
    /// There is no such space.
    #[error("there is no space {0}")]
    Unknown(SpaceId),
    /// A number is out of bounds.
    #[error("{what} is {found}, it must be {least} to {OCCUPANCY_LIMIT}")]
    Bounds {
        /// Which number.
        what: &'static str,
        found: u32,
        /// The least it may be.
        least: u32,
    },
    /// The name is too long.
    #[error("the name has {0} characters, at most {NAME_CHARACTERS} fit")]
    Name(usize),
    /// Nothing is to be set.
    #[error("nothing to set: give a name, a count or a maximum")]
    Nothing,
    /// There are too many spaces.
    #[error(transparent)]
    TooMany(TooManySpacesError),
    /// The book could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The book did not take the change.
    #[error("not written: {0}")]
    Write(Unwritten),
    /// A row could not be read or written.
    #[error(transparent)]
    Row(#[from] RowError),
}

impl Occupancy {
    /// Up to `limit` living spaces after `after`, in the order of their ids.
    pub fn list(&self, after: Option<SpaceId>, limit: usize) -> Result<Vec<Space>, ReadError> {
        let mut found = Vec::new();
        let mut after = after;
        while found.len() < limit {
            let some = self.spaces.list(after, limit - found.len())?;
            let Some(last) = some.last() else { break };
            after = Some(last.id);
            found.extend(some.into_iter().filter(|space| self.lives(space)));
        }
        Ok(found)
    }

    /// What may be told of living spaces to whoever watches the box: those of anonymous callers only where they are
    /// published.
    pub fn published(&self) -> Result<Vec<Space>, ReadError> {
        let mut all = self.list(None, usize::MAX)?;
        all.retain(|space| self.config.publish_anonymous || space.origin != SpaceOrigin::Open);
        Ok(all)
    }

    /// How many spaces there are, whoever made them.
    #[must_use]
    pub fn counts(&self) -> SpaceCounts {
        self.writer.counts()
    }

    /// One living space.
    pub fn show(&self, id: SpaceId) -> Result<Space, ManageError> {
        self.get(id)?.ok_or(ManageError::Unknown(id))
    }

    /// Creates a space.
    pub async fn create(&self, request: Create) -> Result<Space, ManageError> {
        bounds("maximum", request.maximum, 1)?;
        bounds("current", request.current, 0)?;
        name_fits(request.name.as_deref())?;
        let counts = Counts {
            current: request.current,
            maximum: request.maximum,
        };
        let origin = if request.open {
            SpaceOrigin::Shared
        } else {
            SpaceOrigin::Operator
        };
        let new = NewSpace::plain(SpaceId::from_random(random()), request.name, counts, origin);
        self.writer.create(new, self.now()).await.map_err(written)
    }

    /// Sets name, count or maximum.
    pub async fn set(&self, id: SpaceId, set: Set) -> Result<Space, ManageError> {
        if set.name.is_none() && set.current.is_none() && set.maximum.is_none() {
            return Err(ManageError::Nothing);
        }
        set.maximum.map_or(Ok(()), |maximum| bounds("maximum", maximum, 1))?;
        set.current.map_or(Ok(()), |current| bounds("current", current, 0))?;
        name_fits(set.name.as_deref())?;
        self.show(id)?;
        let set = SetSpace {
            name: set.name.map(Some),
            current: set.current,
            maximum: set.maximum,
        };
        self.writer.set(id, set, self.now()).await.map_err(written)
    }

    /// One person in (`by` = 1) or out (−1), as far as it fits. Answers how many it really were, and the space after it.
    pub async fn step(&self, id: SpaceId, by: i64) -> Result<(i64, Space), ManageError> {
        let now = self.now();
        let written = self.store.write(move |page| {
            let before = SpacesWriter::get_on(page, id)?;
            let mut space = before.clone();
            match space.change(by, now) {
                0 => Ok((0, before)),
                applied => Ok((applied, SpacesWriter::put_on(page, space, &before)?)),
            }
        });
        written.await.map_err(self::written)
    }

    /// Deletes a space.
    pub async fn delete(&self, id: SpaceId) -> Result<(), ManageError> {
        self.writer.delete(id).await.map_err(written)?;
        self.last_use.forget(id);
        Ok(())
    }
}

pub(super) fn written(error: WriteError<SpaceError>) -> ManageError {
    match error.split() {
        Ok(SpaceError::Unknown(id)) => ManageError::Unknown(id),
        Ok(SpaceError::TooMany(many)) => ManageError::TooMany(many),
        Ok(SpaceError::Row(error)) => ManageError::Row(error),
        Err(why) => ManageError::Write(why),
    }
}

pub(super) fn bounds(what: &'static str, found: u32, least: u32) -> Result<(), ManageError> {
    if (least..=OCCUPANCY_LIMIT).contains(&found) {
        Ok(())
    } else {
        Err(ManageError::Bounds { what, found, least })
    }
}

pub(super) fn name_fits(name: Option<&str>) -> Result<(), ManageError> {
    let length = name.map_or(0, |name| name.chars().count());
    if length <= NAME_CHARACTERS {
        Ok(())
    } else {
        Err(ManageError::Name(length))
    }
}
