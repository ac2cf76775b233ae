//! After a restore somebody may be here again who was erased since the backup was made (PRIV §4).

use std::sync::Arc;

use super::room::PersonalData;
use super::rows::{self, ErasureRow, NoteRow, StretchRow};
use crate::accounts::{AUDIT, Accounts, Holder, Person, random_id};
use crate::domain::Epoch;
use crate::store::{OpenError, Page, ReadError, RowError, Store, schema};

/// What the books say that were put aside.
#[derive(Default)]
struct Later {
    erasures: Vec<(ErasureRow, Vec<StretchRow>)>,
    /// Whether all of them are there and can be read.
    vouched: bool,
}

impl PersonalData {
    /// Has erasures hold in this life of the book, once.
    ///
    /// # Errors
    ///
    /// When the book cannot be read or written.
    pub async fn settle(&self) -> anyhow::Result<()> {
        let epoch = self.store.epoch().0;
        let noted = rows::noted(&self.store)?;
        if noted.as_ref().is_some_and(|note| note.epoch == epoch) {
            return Ok(());
        }
        // A backup of a version that noted nothing says nothing of whose books lie beside it: theirs may be, and is told.
        let unknown = NoteRow {
            epoch: 0,
            line: String::new(),
        };
        if noted.is_some() || self.store.put_aside()? > 0 {
            let (store, note) = (self.store.clone(), noted.clone().unwrap_or(unknown));
            let later = tokio::task::spawn_blocking(move || later(&store, &note)).await?;
            let later = later.unwrap_or_else(|error| {
                tracing::warn!(%error, "the books that were put aside cannot be looked for");
                Later::default()
            });
            if !later.vouched {
                tracing::warn!(
                    target: AUDIT,
                    "the book is as it was when the backup was made that was restored, or as far as a damaged one could be read: \
                     somebody who was erased since may be here again; the audit names who was, where it is still there, and `gatelodge user forget` \
                     erases them again"
                );
            }
            for erasure in later.erasures {
                self.take_over(erasure).await?;
            }
        }
        let line = noted.map_or_else(random_id, |note| note.line);
        let note = NoteRow { epoch, line };
        self.store.write(move |page| rows::note_on(page, &note)).await?;
        Ok(())
    }

    async fn take_over(&self, erasure: (ErasureRow, Vec<StretchRow>)) -> anyhow::Result<()> {
        let who = known_again(&self.accounts, &erasure.0)?.map(|person| (person.name, person.created));
        let holders: Vec<Arc<dyn Holder>> = self.holders.clone();
        let id = erasure.0.id.clone();
        let change = move |page: &mut Page| {
            let Some(erasing) = rows::take_over_on(page, erasure, who)? else {
                return Ok(false);
            };
            holders.iter().try_for_each(|holder| holder.begin_on(page, &erasing))?;
            Ok::<_, RowError>(true)
        };
        if self.store.write(change).await? {
            self.accounts.ring();
            tracing::info!(
                target: AUDIT, erasure = id,
                "what was erased after the backup was made is erased again, as the book before the restore has it"
            );
        }
        Ok(())
    }
}

fn known_again(accounts: &Accounts, row: &ErasureRow) -> Result<Option<Person>, ReadError> {
    let people = accounts.people()?;
    Ok(people.into_iter().find(|one| row.is_of(&one.name, one.created)))
}

/// The erasures of the books that come after the life in which they were last looked at.
fn later(store: &Store, note: &NoteRow) -> Result<Later, OpenError> {
    let places = [schema::ERASURES, schema::ERASURE_STRETCHES, schema::ERASURE_NOTES];
    let kept = store.kept_since(Epoch(note.epoch), &places)?;
    let mut later = Later {
        erasures: Vec::new(),
        // What was never noted cannot be complete; whether anything is missing is looked at book by book.
        vouched: kept.complete || note.line.is_empty(),
    };
    for book in kept.books {
        // Another box's book, on whose disk the backup was restored, tells of other people.
        let theirs = rows::noted_in(&book);
        if theirs.as_ref().is_none_or(|theirs| theirs.line != note.line) {
            // A book in which nobody was ever erased hides nothing.
            later.vouched &= note.line.is_empty() && theirs.is_none();
            continue;
        }
        match rows::in_kept(&book) {
            Ok(erasures) => later.erasures.extend(erasures),
            Err(error) => {
                tracing::warn!(%error, folder = %book.folder.display(), "erasures there cannot be read");
                later.vouched = false;
            }
        }
    }
    Ok(later)
}
