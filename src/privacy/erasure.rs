//! Erasing somebody: written down in the very change in which their account goes, then carried out, however often the box is
//! stopped in between (PRIV §2).

use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

use jiff::Timestamp;

use super::PersonalData;
use super::archive::Progress;
use super::rows::{self, AskedBy, ErasureRow};
use crate::accounts::{AUDIT, Accounts, AccountsError, Done, Erasing, Subject};
use crate::store::{Page, ReadError};

/// How an erasure stands, without a name.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct ErasureShown {
    /// By which it is asked after.
    pub id: String,
    /// When it was asked for.
    pub asked: Timestamp,
    /// When it was done; absent: it is under way.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ended: Option<Timestamp>,
    /// Of the months of half-hours: those that are done, and all of them.
    pub done: u32,
    /// How many there are.
    pub of: u32,
    /// Why it is no further, when something holds it up; it is tried again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub trouble: Option<String>,
}

/// What is known of an erasure under way beside its row.
#[derive(Default)]
pub(super) struct UnderWay {
    progress: Arc<Progress>,
    trouble: Option<String>,
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
    pub async fn forget(&self, name: &str, by: AskedBy) -> Result<ErasureShown, AccountsError> {
        let subject = self.accounts.subject(name)?;
        let erasing = subject.erasing();
        let row = ErasureRow::new(&erasing, by, subject.now);
        let (holders, written) = (self.holders.clone(), row.clone());
        let change = move |page: &mut Page| {
            // Who asks twice at once is erased once.
            if !Accounts::is_known_on(page, &erasing.name, erasing.created)? {
                return Err(AccountsError::Unknown(erasing.name));
            }
            rows::begin_on(page, &written, &erasing)?;
            holders.iter().try_for_each(|holder| holder.begin_on(page, &erasing))?;
            Ok(())
        };
        let written = self.store.write(change).await;
        written.map_err(|error| error.split().unwrap_or_else(AccountsError::Write))?;
        self.accounts.ring();
        self.archives.forget(name);
        let asked_by = match by {
            AskedBy::Person => "the person",
            AskedBy::Operator => "whoever runs the box",
            AskedBy::Restore => "the box",
        };
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
        let under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        let known = under_way.get(&row.id);
        let count = |read: fn(&Progress) -> u32| known.map_or(0, |known| read(&known.progress));
        ErasureShown {
            id: row.id.clone(),
            asked: row.asked,
            ended: row.ended,
            done: count(|progress| progress.done.load(Ordering::Relaxed)),
            of: count(|progress| progress.of.load(Ordering::Relaxed)),
            trouble: known.and_then(|known| known.trouble.clone()),
        }
    }

    /// Carries out what was begun; whether all of it is done.
    pub(super) async fn carry_out(&self) -> bool {
        let begun = match rows::all(&self.store) {
            Ok(rows) => rows.into_iter().filter(|row| row.ended.is_none()),
            Err(error) => {
                tracing::error!(%error, "erasures cannot be read");
                return false;
            }
        };
        let mut all_done = true;
        for row in begun {
            let outcome = self.carry_out_one(&row).await;
            let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
            match outcome {
                Ok(()) => {
                    under_way.remove(&row.id);
                }
                Err(trouble) => {
                    tracing::warn!(
                        erasure = row.id,
                        error = trouble,
                        "an erasure is not done yet; it is tried again in a minute"
                    );
                    under_way.entry(row.id.clone()).or_default().trouble = Some(trouble);
                    all_done = false;
                }
            }
        }
        all_done
    }

    async fn carry_out_one(&self, row: &ErasureRow) -> Result<(), String> {
        let erasing = rows::erasing(&self.store, row).map_err(|error| error.to_string())?;
        let Some(erasing) = erasing else { return Ok(()) };
        let progress = {
            let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
            Arc::clone(&under_way.entry(row.id.clone()).or_default().progress)
        };
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
        Ok(())
    }
}
