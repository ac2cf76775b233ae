//! Slows down guessing (OWASP Authentication Cheat Sheet, "Account Lockout"): only failures count, five for a name and
//! twenty from an address within a quarter of an hour. An address from which the person of that name signed in before
//! has five tries of its own, so that nobody can shut a person out from elsewhere.
//!
//! Failures are rows, so that a restart forgets none; names and addresses stand in them as hashes. What is being tried
//! counts as a failure until it is known, or many tries at once would all be let in.

mod memory;
mod place;
#[cfg(test)]
mod tests;

use std::collections::hash_map::Entry;
use std::sync::{Mutex, MutexGuard, PoisonError};

use jiff::Timestamp;
use tokio::sync::Notify;

use crate::store::{Page, ReadError, RowError, Store};
use memory::{A_NAME, AN_ADDRESS, Held, Memory, live};
use place::{Bucket, FAILURES};

pub(super) use place::{Place, Proof, forget_places_on, forgive_on, places_of, signed_in_on, sweep_places_on};

/// Rows that are looked through at a time for those that count no more.
const SWEPT: usize = 50;

/// The failures, and what is being tried.
#[derive(Default)]
pub(super) struct Tries {
    memory: Mutex<Memory>,
    settled: Notify,
}

/// A try that is let in. Dropped without a word, it counts as a failure until the next start.
pub(super) struct Try<'t> {
    tries: &'t Tries,
    buckets: [Bucket; 2],
    began: Timestamp,
    open: bool,
}

/// What a failure came to.
pub(super) struct Failed {
    rows: Vec<(Bucket, Vec<Timestamp>)>,
    swept: Vec<u8>,
    /// No more is let in for the name.
    pub(super) name_is_full: bool,
    /// No more is let in from the address.
    pub(super) address_is_full: bool,
}

impl Tries {
    /// Whether a try would be let in now.
    ///
    /// # Errors
    ///
    /// Seconds until it would be.
    pub(super) fn look(&self, store: &Store, place: Place, now: Timestamp) -> Result<Result<(), u64>, ReadError> {
        let buckets = self.load(store, place, now)?;
        Ok(match self.lock().held(buckets, now) {
            Some(Held::For(seconds)) => Err(seconds),
            Some(Held::Until) | None => Ok(()),
        })
    }

    /// Lets a try in, as soon as it is known whether it may be.
    ///
    /// # Errors
    ///
    /// Seconds until it may be.
    pub(super) async fn begin(
        &self,
        store: &Store,
        place: Place,
        now: Timestamp,
    ) -> Result<Result<Try<'_>, u64>, ReadError> {
        let buckets = self.load(store, place, now)?;
        loop {
            // Listens before it looks, so that no end is missed.
            let settled = self.settled.notified();
            tokio::pin!(settled);
            settled.as_mut().enable();
            {
                let mut memory = self.lock();
                match memory.held(buckets, now) {
                    None => {
                        for bucket in buckets {
                            *memory.trying.entry(bucket).or_default() += 1;
                        }
                        return Ok(Ok(Try {
                            tries: self,
                            buckets,
                            began: now,
                            open: true,
                        }));
                    }
                    Some(Held::For(seconds)) => return Ok(Err(seconds)),
                    Some(Held::Until) => {}
                }
            }
            settled.await;
        }
    }

    /// What a try counts under, with what the book knows of it.
    fn load(&self, store: &Store, place: Place, now: Timestamp) -> Result<[Bucket; 2], ReadError> {
        let known = place::is_known(store, place, now)?;
        let buckets = [if known { place.here } else { place.name }, place.address];
        let mut memory = self.lock();
        for bucket in buckets {
            if let Entry::Vacant(unknown) = memory.failures.entry(bucket) {
                unknown.insert(FAILURES.get(store, &bucket)?.unwrap_or_default());
            }
        }
        memory.forget_old(now);
        Ok(buckets)
    }

    fn lock(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Somebody is in, and what failed before is forgotten as far as their proof goes.
    pub(super) fn forget(&self, place: Place, proof: Proof) {
        let mut memory = self.lock();
        for bucket in proof.forgets(place) {
            memory.failures.remove(&bucket);
        }
    }

    /// Nothing that failed for the name counts any more ([`forgive_on`]).
    pub(super) fn forgive(&self, name: &str) {
        let prefix = place::beginning(name);
        self.lock().failures.retain(|bucket, _| bucket[..16] != prefix);
    }

    /// From where the next failure sweeps.
    pub(super) fn swept(&self, next: Vec<u8>) {
        self.lock().swept = next;
    }
}

impl Try<'_> {
    /// Ends the try with the right password.
    pub(super) fn succeeded(mut self) {
        self.open = false;
    }

    /// Ends the try with a wrong one.
    pub(super) fn failed(mut self) -> Failed {
        self.open = false;
        let mut memory = self.tries.lock();
        memory.note(&self.buckets, self.began);
        let row = |bucket: &Bucket| (*bucket, memory.failures[bucket].clone());
        let rows: Vec<_> = self.buckets.iter().map(row).collect();
        Failed {
            name_is_full: rows[0].1.len() >= A_NAME,
            address_is_full: rows[1].1.len() >= AN_ADDRESS,
            swept: memory.swept.clone(),
            rows,
        }
    }
}

impl Drop for Try<'_> {
    fn drop(&mut self) {
        {
            let mut memory = self.tries.lock();
            for bucket in self.buckets {
                if let Some(trying) = memory.trying.get_mut(&bucket) {
                    *trying -= 1;
                    if *trying == 0 {
                        memory.trying.remove(&bucket);
                    }
                }
            }
            if self.open {
                memory.note(&self.buckets, self.began);
            }
        }
        self.tries.settled.notify_waiters();
    }
}

impl Failed {
    /// Writes it down, and sweeps some that count no more. Answers where the next sweep goes on.
    pub(super) fn write_on(self, page: &mut Page, now: Timestamp) -> Result<Vec<u8>, RowError> {
        for (bucket, failures) in &self.rows {
            FAILURES.put_on(page, bucket, failures)?;
        }
        let after = (!self.swept.is_empty()).then_some(self.swept.as_slice());
        let rows = FAILURES.scan_on(page, &[], after, SWEPT)?;
        let next = match rows.last() {
            Some((last, _)) if rows.len() == SWEPT => last.clone(),
            _ => Vec::new(),
        };
        for (bucket, failures) in rows {
            if live(&failures, now).is_empty() {
                FAILURES.delete_on(page, &bucket);
            }
        }
        Ok(next)
    }
}
