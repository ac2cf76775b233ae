//! What the operator does with spaces: list, create, show, set and delete them.

use serde::{Deserialize, Serialize};

use super::corrections::{self, What, Wish, WishError};
use super::{Occupancy, keys, kiosks};
use crate::accounts::{AUDIT, random};
use crate::domain::{OCCUPANCY_LIMIT, Occupancy as Counts, Space, SpaceId, SpaceOrigin};
use crate::store::spaces::{Counts as SpaceCounts, NewSpace, SpaceError, SpacesWriter, TooManySpacesError};
use crate::store::{ReadError, RowError, Unwritten, WriteError};

/// Why a count was set by somebody who says nothing of it.
const BY_COMMAND: &str = "set by command";
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
    /// Whether it may be overfilled.
    #[serde(default)]
    pub overfill: Option<bool>,
    /// Why the count is set.
    #[serde(default)]
    pub reason: Option<String>,
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
    #[error("nothing to set: give a name, a count, a maximum, or whether it may be overfilled")]
    Nothing,
    /// A correction is not taken.
    #[error(transparent)]
    Wish(#[from] WishError),
    /// The key of a form is none.
    #[error("the key of a request has 16 to 200 visible characters")]
    Key,
    /// The key of a form was used for another one.
    #[error("this key was used for another request")]
    KeyReused,
    /// A screen's name cannot be one.
    #[error("a screen's name is one line of 1 to 100 characters that people can read")]
    KioskName,
    /// There is no such screen.
    #[error("there is no screen of that id; `gatelodge kiosk list` shows them")]
    UnknownKiosk,
    /// The space has as many screens as it may.
    #[error("the space has {0} screens already; take one away first")]
    TooManyKiosks(usize),
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

    /// Sets name, count, maximum, or whether it may be overfilled. A count is a correction of whoever asks, in the words
    /// of an audit.
    pub async fn set(&self, id: SpaceId, set: Set, by: &str) -> Result<Space, ManageError> {
        if set.name.is_none() && set.current.is_none() && set.maximum.is_none() && set.overfill.is_none() {
            return Err(ManageError::Nothing);
        }
        set.maximum.map_or(Ok(()), |maximum| bounds("maximum", maximum, 1))?;
        set.current.map_or(Ok(()), |current| bounds("current", current, 0))?;
        name_fits(set.name.as_deref())?;
        let wish = set.current.map(|current| Wish {
            what: What::SetTo(current),
            reason: Some(set.reason.unwrap_or_else(|| BY_COMMAND.to_owned())),
        });
        wish.as_ref().map_or(Ok(()), Wish::check)?;
        self.show(id)?;
        let who = by.to_owned();
        let set_on = move |page: &mut _, now| {
            let before = SpacesWriter::get_on(page, id)?;
            let mut space = before.clone();
            if let Some(name) = set.name {
                space.name = Some(name);
            }
            if let Some(maximum) = set.maximum {
                space.set_maximum(maximum, now);
            }
            if let Some(overfill) = set.overfill {
                space.overfill = overfill;
            }
            if let Some(wish) = &wish {
                space.occupancy.current = wish.what.count();
                corrections::note_on(page, &before, (wish, &who), now)?;
            }
            space.last_updated = now;
            Ok(SpacesWriter::put_on(page, space, &before)?)
        };
        let space = self.once(None, set_on).await?;
        tracing::info!(target: AUDIT, space = %id, by, "a space was changed");
        Ok(space)
    }

    /// Deletes a space, its keys and its screens, for whoever asks, in the words of an audit.
    pub async fn delete(&self, id: SpaceId, by: &str) -> Result<(), ManageError> {
        let writer = self.writer.clone();
        let delete_on = move |page: &mut _, _| {
            let space = SpacesWriter::get_on(page, id)?;
            keys::revoke_all_on(page, id)?;
            kiosks::revoke_all_on(page, id)?;
            writer.delete_on(page, &space);
            Ok(())
        };
        self.once(None, delete_on).await?;
        self.last_use.forget(id);
        self.accounts.ring();
        tracing::info!(target: AUDIT, space = %id, by, "a space was deleted");
        Ok(())
    }
}

impl From<SpaceError> for ManageError {
    fn from(error: SpaceError) -> ManageError {
        match error {
            SpaceError::Unknown(id) => ManageError::Unknown(id),
            SpaceError::TooMany(many) => ManageError::TooMany(many),
            SpaceError::Row(error) => ManageError::Row(error),
        }
    }
}

pub(super) fn written(error: WriteError<SpaceError>) -> ManageError {
    match error.split() {
        Ok(error) => error.into(),
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
