//! Erasing somebody: written down in the very change in which their account goes, then carried out, however often the box is
//! stopped in between (PRIV §2.1).

use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::room::PersonalData;
use super::rows::{self, AskedBy, ErasureRow};
use super::under_way::ErasureShown;
use crate::accounts::{AUDIT, Accounts, AccountsError, Done, Erasing, Subject};
use crate::store::{Page, ReadError};

/// Nobody was erased.
#[derive(Debug, thiserror::Error)]
pub enum ForgetError {
    /// There is nobody of that name, or the book does not take it.
    #[error(transparent)]
    Account(#[from] AccountsError),
    /// The clock is not believed.
    #[error("the clock of the box is not right yet, and what is erased is what was said until now")]
    Clock,
}

impl Subject {
    /// What is erased of them.
    pub(super) fn erasing(&self) -> Erasing {
        Erasing {
            name: self.name.clone(),
            created: self.created,
            spans: self.alone(),
            meters: self.meters().into_iter().map(|(meter, _)| meter).collect(),
        }
    }
}

impl PersonalData {
    /// Erases somebody: from this answer on they are nobody here, and what they allowed is over; the rest follows.
    ///
    /// # Errors
    ///
    /// When there is nobody of that name, or the book does not take it: then nothing was changed.
    pub async fn forget(&self, name: &str, by: AskedBy) -> Result<ErasureShown, ForgetError> {
        // What is erased is theirs until now, and a clock that stands ahead would refuse what comes after them.
        if !self.store.clock_is_trusted() {
            return Err(ForgetError::Clock);
        }
        let (holders, wanted, now) = (self.holders.clone(), name.to_owned(), self.store.now());
        let change = move |page: &mut Page| {
            // Read here, so that whoever asks twice at once is erased once, and what becomes another's meanwhile stays.
            let subject = Accounts::subject_on(page, &wanted, now)?;
            let subject = subject.ok_or(AccountsError::Unknown(wanted))?;
            let erasing = subject.erasing();
            let row = ErasureRow::new(&erasing, by, now);
            rows::begin_on(page, &row, &erasing)?;
            holders.iter().try_for_each(|holder| holder.begin_on(page, &erasing))?;
            Ok(row)
        };
        let written = self.store.write(change).await;
        let row = written.map_err(|error| error.split().unwrap_or_else(AccountsError::Write))?;
        self.accounts.ring();
        self.archives.forget(name);
        let asked_by = by.words();
        tracing::info!(target: AUDIT, person = name, erasure = row.id, asked_by, "a person is erased");
        self.wake.notify_one();
        Ok(self.shown(&row))
    }

    /// How an erasure stands; `None`: there is none of that id.
    ///
    /// # Errors
    ///
    /// When the book cannot be read.
    pub fn erasure(&self, id: &str) -> Result<Option<ErasureShown>, ReadError> {
        Ok(rows::find(&self.store, id)?.map(|row| self.shown(&row)))
    }

    fn shown(&self, row: &ErasureRow) -> ErasureShown {
        self.under_way.shown(row)
    }

    /// Carries out what was begun, as far as nothing holds it up.
    pub(super) async fn carry_out(&self) {
        let begun = match rows::all(&self.store) {
            Ok(rows) => rows.into_iter().filter(|row| row.ended.is_none()),
            Err(error) => return tracing::error!(%error, "erasures cannot be read"),
        };
        for row in begun {
            let outcome = self.carry_out_one(&row).await;
            match outcome {
                Ok(()) => self.under_way.done(&row.id),
                Err(trouble) => {
                    tracing::warn!(
                        erasure = row.id,
                        error = trouble,
                        "an erasure is not done yet; it is tried again in a minute"
                    );
                    self.under_way.held_up(&row.id, trouble);
                }
            }
        }
    }

    async fn carry_out_one(&self, row: &ErasureRow) -> Result<(), String> {
        let erasing = rows::erasing(&self.store, row).map_err(|error| error.to_string())?;
        let Some(erasing) = erasing else { return Ok(()) };
        let progress = self.under_way.begun(&row.id);
        let told: Done = Arc::new(move |done, of| {
            progress.of.store(of, Ordering::Relaxed);
            progress.done.store(done, Ordering::Relaxed);
        });
        for holder in &self.holders {
            holder.erase(&erasing, Arc::clone(&told)).await?;
        }
        let (id, now) = (row.id.clone(), self.store.now());
        let ended = self.store.write(move |page| rows::end_on(page, &id, now)).await;
        ended.map_err(|error| error.to_string())?;
        tracing::info!(target: AUDIT, erasure = row.id, "an erasure is done");
        // What the log still has of it goes sooner so; what fails here is done within the week.
        if let Err(error) = self.store.shed().await {
            tracing::warn!(%error, "the log of the book was not turned");
        }
        Ok(())
    }
}
