//! Books that were put aside by a restore or a salvage, read again: what was decided in them after the backup was made is
//! not to be forgotten (BOOK P14).

use std::collections::BTreeMap;

use crate::domain::{Epoch, Seq};
use crate::store::files::Disk;
use crate::store::keep::generation::{self, BookNote, Generation, PastLife};
use crate::store::keep::note::{self, Note};
use crate::store::keep::snapshot;
use crate::store::open::salvage;
use crate::store::open::survey::Survey;
use crate::store::schema::Place;
use crate::store::{KeptBook, KeptBooks, OpenError, Store};

impl Store {
    /// How many books lie beside this one that a restore or a salvage put aside.
    ///
    /// # Errors
    ///
    /// When the folder cannot be read.
    pub fn put_aside(&self) -> Result<usize, OpenError> {
        let keeper = &self.shared().keeper;
        let (disk, current) = (&*keeper.disk, &keeper.generation);
        let Some(book) = current.dir.parent() else {
            return Ok(0);
        };
        let generations = generation::find(disk, book)?;
        Ok(generations.iter().filter(|one| one.number < current.number).count())
    }

    /// The books beside this one whose last life was `since` or a later one, with the rows of these ledgers as they stood
    /// at the last change. Blocks while it reads them.
    ///
    /// # Errors
    ///
    /// When the folder cannot be read. A book that cannot be read is given with `whole` false.
    pub fn kept_since(&self, since: Epoch, places: &[Place]) -> Result<KeptBooks, OpenError> {
        let keeper = &self.shared().keeper;
        let (disk, current) = (&*keeper.disk, &keeper.generation);
        let Some(book) = current.dir.parent() else {
            return Ok(KeptBooks::default());
        };
        let generations = generation::find(disk, book)?;
        let older = generations.into_iter().filter(|one| one.number < current.number);
        let books = older.map(|one| read(disk, one, places));
        let books: Vec<KeptBook> = books
            .filter(|book| book.epoch.is_none_or(|epoch| epoch.0 >= since.0))
            .collect();
        let complete = match note::read::<BookNote>(disk, &current.note())? {
            Note::Whole(note) => is_complete(&note, since, &books),
            Note::Absent | Note::Damaged => false,
        };
        Ok(KeptBooks { books, complete })
    }
}

/// Whether every life that was put aside since is there, whole, as far as it went; the first of them, at least as far as
/// the backup.
fn is_complete(note: &BookNote, since: Epoch, books: &[KeptBook]) -> bool {
    let lives: Vec<&PastLife> = note.aside.iter().filter(|life| life.epoch >= since.0).collect();
    let is_there = |life: &PastLife| {
        let same = |book: &&KeptBook| book.epoch == Some(Epoch(life.epoch)) && book.whole && book.last >= life.last;
        life.whole && books.iter().any(|book| same(&book))
    };
    let begins = lives
        .iter()
        .any(|life| life.epoch == since.0 && note.restored.is_none_or(|through| life.last >= through));
    begins && lives.into_iter().all(is_there)
}

fn read(disk: &dyn Disk, generation: Generation, places: &[Place]) -> KeptBook {
    let mut kept = KeptBook {
        folder: generation.dir.clone(),
        epoch: None,
        last: Seq::ZERO,
        whole: false,
        rows: BTreeMap::new(),
    };
    let taken = Survey::take(disk, generation, None);
    let read = taken.and_then(|survey| -> Result<(), OpenError> {
        kept.epoch = survey.book.as_ref().map(|book| Epoch(book.epoch));
        kept.last = survey.last;
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
