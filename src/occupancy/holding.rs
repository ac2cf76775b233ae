//! What the room holds of people: that they put a count right (PRIV §1, §2). It needs no room to be open.

use std::io;

use async_trait::async_trait;

use super::corrections::{self, CORRECTIONS, person};
use crate::accounts::{Done, Erasing, Held, Holder, Subject, TakeError, Taking};
use crate::store::{Page, ReadError, RowError, Store};
use crate::texts::Texts;

/// Who stands in a row whose person was erased.
const NOBODY: &str = "somebody who was erased";
/// Rows that one change writes.
const AT_ONCE: usize = 24;

/// What the occupancy room holds of people.
pub struct OccupancyHolding {
    store: Store,
}

impl OccupancyHolding {
    /// Of this book.
    #[must_use]
    pub fn new(store: Store) -> OccupancyHolding {
        OccupancyHolding { store }
    }

    /// Where the corrections stand that somebody made.
    fn of(&self, by: &str) -> Result<Vec<Vec<u8>>, ReadError> {
        let mut theirs = Vec::new();
        corrections::each(&self.store, |place, row| theirs.extend((row.by == by).then_some(place)))?;
        Ok(theirs)
    }
}

#[async_trait]
impl Holder for OccupancyHolding {
    fn held(&self, of: &Subject, t: Texts) -> Result<Vec<Held>, ReadError> {
        let count = self.of(&person(&of.name))?.len();
        let held = (count > 0).then(|| Held::goes(&t.say1("held-counts", "count", count)));
        Ok(held.into_iter().collect())
    }

    fn steps(&self, _: &Subject) -> Result<u32, ReadError> {
        Ok(1)
    }

    fn take(&self, of: &Subject, into: &mut dyn Taking) -> Result<(), TakeError> {
        let (by, mut lines) = (person(&of.name), Vec::new());
        corrections::each(&self.store, |_, row| lines.extend((row.by == by).then_some(row)))?;
        if !lines.is_empty() {
            let file = into.begin("counts-put-right.ndjson")?;
            for line in lines {
                serde_json::to_writer(&mut *file, &line).map_err(io::Error::from)?;
                writeln!(file)?;
            }
        }
        into.step()
    }

    async fn erase(&self, erasing: &Erasing, _: Done) -> Result<(), String> {
        if erasing.name.is_empty() {
            return Ok(());
        }
        let by = person(&erasing.name);
        let theirs = self.of(&by).map_err(|error| error.to_string())?;
        for some in theirs.chunks(AT_ONCE) {
            let (some, by) = (some.to_vec(), by.clone());
            let disowned = self.store.write_bulk(move |page| disown_on(page, &some, &by)).await;
            disowned.map_err(|error| error.to_string())?;
        }
        Ok(())
    }
}

fn disown_on(page: &mut Page, places: &[Vec<u8>], by: &str) -> Result<(), RowError> {
    for place in places {
        let row = CORRECTIONS.get_on(page, place)?;
        if let Some(mut row) = row.filter(|row| row.by == by) {
            row.by = NOBODY.to_owned();
            CORRECTIONS.put_on(page, place, &row)?;
        }
    }
    Ok(())
}
