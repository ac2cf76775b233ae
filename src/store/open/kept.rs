//! Books that were put aside by a restore or a salvage, read again: what was decided in them after the backup was made is
//! not to be forgotten (BOOK P14).

use std::collections::BTreeMap;

use crate::domain::Epoch;
use crate::store::files::Disk;
use crate::store::keep::generation::{self, Generation};
use crate::store::keep::snapshot;
use crate::store::open::salvage;
use crate::store::open::survey::Survey;
use crate::store::schema::Place;
use crate::store::{KeptBook, OpenError, Store};

impl Store {
    /// The books beside this one whose last life was `since` or a later one, oldest first, with the rows of these ledgers
    /// as they stood at the last change. Blocks while it reads them.
    ///
    /// # Errors
    ///
    /// When the folder cannot be read. A book that cannot be read is given with `whole` false.
    pub fn kept_since(&self, since: Epoch, places: &[Place]) -> Result<Vec<KeptBook>, OpenError> {
        let keeper = &self.shared().keeper;
        let current = &keeper.generation;
        let Some(book) = current.dir.parent() else {
            return Ok(Vec::new());
        };
        let generations = generation::find(&*keeper.disk, book)?;
        let older = generations.into_iter().filter(|one| one.number < current.number);
        let books = older.map(|one| read(&*keeper.disk, one, places));
        Ok(books
            .filter(|book| book.epoch.is_none_or(|epoch| epoch.0 >= since.0))
            .collect())
    }
}

fn read(disk: &dyn Disk, generation: Generation, places: &[Place]) -> KeptBook {
    let mut kept = KeptBook {
        folder: generation.dir.clone(),
        epoch: None,
        whole: false,
        rows: BTreeMap::new(),
    };
    let taken = Survey::take(disk, generation, None);
    let read = taken.and_then(|survey| -> Result<(), OpenError> {
        kept.epoch = survey.book.as_ref().map(|book| Epoch(book.epoch));
        kept.whole = survey.losses.is_empty();
        let (base, changed) = salvage::readable_rows(disk, &survey)?;
        snapshot::merge(base, changed, |key, row| {
            if places.iter().any(|place| key.first() == Some(&place.prefix)) {
                kept.rows.insert(key.to_vec(), row.to_vec());
            }
            Ok(())
        })
    });
    if let Err(error) = read {
        tracing::warn!(%error, folder = %kept.folder.display(), "a book that was put aside cannot be read");
        kept.whole = false;
    }
    kept
}
