//! Spaces of the old people counter: they keep their ids, so that the addresses which people use go on being good
//! (MOVE §4).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Occupancy;
use super::manage::{ManageError, bounds, name_fits, written};
use crate::domain::{Occupancy as Counts, Space, SpaceId, SpaceOrigin};
use crate::store::spaces::{NewSpace, SpaceError, SpacesWriter};

/// A space that was kept elsewhere.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Kept {
    pub id: SpaceId,
    pub name: Option<String>,
    /// People inside; it may stand above the maximum.
    pub current: u32,
    /// People allowed inside.
    pub maximum: u32,
    /// When it was made.
    pub created: Timestamp,
    /// When it was last changed.
    pub last_updated: Timestamp,
}

/// What came, or would come, of one.
#[derive(Clone, Debug)]
pub enum Brought {
    /// It is here from now on; its dates were put to the present when they were still to come.
    New {
        /// Whether that was so.
        redated: bool,
    },
    /// A space of that id was here, and stays as it is.
    Known(Box<Space>),
}

impl Occupancy {
    /// Takes a space in, unless one of its id is here. A dry run says what would come of it.
    ///
    /// # Errors
    ///
    /// When a number or the name is out of bounds, there are too many spaces, or nothing can be written.
    pub async fn bring(&self, kept: Kept, dry_run: bool) -> Result<Brought, ManageError> {
        bounds("maximum", kept.maximum, 1)?;
        bounds("current", kept.current, 0)?;
        name_fits(kept.name.as_deref())?;
        if let Some(here) = self.get(kept.id)? {
            return Ok(Brought::Known(Box::new(here)));
        }
        let now = self.now();
        let redated = kept.created > now || kept.last_updated > now;
        if dry_run {
            return Ok(Brought::New { redated });
        }
        let counts = Counts {
            current: kept.current,
            maximum: kept.maximum,
        };
        // Whoever knows its id may use it, as before; since an operator brought it, it stays.
        let new = NewSpace::plain(kept.id, kept.name, counts, SpaceOrigin::Shared);
        let dates = (kept.created.min(now), kept.last_updated.min(now));
        let writer = self.writer.clone();
        let brought = self.store.write(move |page| match SpacesWriter::get_on(page, new.id) {
            // Somebody made it meanwhile, or it died here and its row is still there.
            Ok(here) => Ok(Brought::Known(Box::new(here))),
            Err(SpaceError::Unknown(_)) => {
                writer.bring_on(page, new, dates)?;
                Ok(Brought::New { redated })
            }
            Err(error) => Err(error),
        });
        brought.await.map_err(written)
    }
}
